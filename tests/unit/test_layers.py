"""Who may import what, at run time: the recorder does not pay for a screen (DESIGN.md §2)."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
{imports}
print(sorted(name for name in sys.modules if name.split(".")[0] in {unwanted}))
"""


def imported(imports: str, unwanted: set[str]) -> str:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(imports=imports, unwanted=unwanted)],
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.strip()


def test_the_recorder_imports_neither_textual_nor_rich() -> None:
    recorder = "import monitor.cli.record, monitor.collector.live, monitor.cli.status, monitor.cli.state"
    assert imported(recorder, {"textual", "rich"}) == "[]"


def test_the_command_line_starts_without_what_it_does_not_need() -> None:
    heavy = {"textual", "rich", "git", "asyncio", "aiosqlite", "aiosql", "psutil", "watchfiles"}
    assert imported("import monitor.cli.main", heavy) == "[]"


def test_the_collector_does_not_wait_for_gitpython() -> None:
    assert imported("import monitor.collector.live", {"git"}) == "[]"


def test_the_check_would_notice() -> None:
    assert imported("import monitor.ui.app", {"textual"}) != "[]"
