"""The reference pages say what the code says (`make docs` writes them)."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from monitor.cli.reference.__main__ import pages
from monitor.cli.reference.database import tables
from monitor.cli.reference.settings import template
from monitor.config import Settings, load

FOLDER = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", ["commands.md", "configuration.md", "database.md", "json.md", "keys.md"])
def test_a_page_is_what_the_code_says_now(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == pages()[name], "run `make docs`"


def test_every_setting_stands_in_the_template_and_its_defaults_are_valid(tmp_path: Path) -> None:
    text = template()
    uncommented = "\n".join(
        line.removeprefix("# ") if " = " in line and line.startswith("# ") else line
        for line in text.split("# [[", maxsplit=1)[0].splitlines()
    )
    file = tmp_path / "c.toml"
    file.write_text(text)
    assert load(file, environ={}).settings == Settings()
    file.write_text(uncommented)
    assert load(file, environ={}).settings == Settings()
    for table in ("intervals", "thresholds", "retention", "rag", "database"):
        for field in msgspec.structs.fields(type(getattr(Settings(), table))):
            assert f"# {field.name} = " in text


def test_every_column_has_a_meaning_and_numbers_have_their_unit() -> None:
    columns = [(table.name, column) for table in tables() for column in table.columns]
    assert not [(table, column.name) for table, column in columns if not column.meaning]
    units = {(table, column.name): column.unit for table, column in columns}
    assert units["agent_metrics", "memory_usage"] == "bytes"
    assert units["agent_metrics", "cpu_usage"] == "%"
    assert units["agent_metrics_daily", "blocked_ms"] == "ms"
    assert units["alerts", "resolved_at"] == units["agent_metrics", "timestamp"] == "time"


def test_a_table_that_a_later_schema_dropped_is_not_shown() -> None:
    names = [table.name for table in tables()]
    assert "board_states" in names
    assert "boards" not in names


def test_every_table_and_every_command_has_its_place() -> None:
    for table in ("agent_metrics", "task_events", "git_commits", "system_health", "rag_metrics", "alerts"):
        assert f"## `{table}`" in pages()["database.md"]
    for command in (
        "record",
        "status",
        "demo",
        "alerts ack",
        "db check",
        "config init",
        "doctor",
        "completions",
    ):
        assert f"## `agent-monitor {command}`" in pages()["commands.md"]
