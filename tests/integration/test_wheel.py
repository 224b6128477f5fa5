"""What is installed: the wheel carries the SQL, the stylesheet and the prices."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from monitor.paths import sql_folder

ROOT = Path(__file__).parents[2]


def test_the_wheel_carries_sql_stylesheet_and_prices(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path / "installed")
    carried = {
        "monitor/sql/migrations/0001_initial.sql",
        "monitor/ui/monitor.tcss",
        "monitor/prices/prices.toml",
    }
    assert carried | {"monitor/py.typed"} <= names
    assert not any(name.startswith(("tests/", "docs/")) for name in names)
    found = subprocess.run(
        [sys.executable, "-c", "import monitor.paths; print(monitor.paths.sql_folder())"],
        cwd=tmp_path / "installed",
        check=True,
        capture_output=True,
        text=True,
    )
    assert found.stdout.strip() == str(tmp_path / "installed" / "monitor" / "sql")


def test_a_checkout_finds_its_own_sql() -> None:
    assert (sql_folder() / "migrations" / "0001_initial.sql").is_file()
    assert sql_folder().parent == ROOT
