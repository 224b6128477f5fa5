"""The tables, as a page made of the migrations and their comments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from monitor.paths import sql_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

INTRODUCTION = """# Database

One SQLite file: `monitor.db` in the state folder, or what `--db` names; `agent-monitor db info` tells which.
Times are whole milliseconds since the epoch in UTC, sizes are bytes, CPU is percent of one core unless said
otherwise, NULL is unknown. Open it read-only (`sqlite3 'file:monitor.db?mode=ro'`): it has one writer, the
recorder. `schema_version` lists the migrations applied, with the checksum of each; a file that was altered, or
a newer database, is refused with exit code 4.
"""


def page() -> str:
    """docs/reference/database.md."""
    lines = [INTRODUCTION]
    for file in sorted((sql_folder() / "migrations").glob("????_*.sql")):
        if file.name.endswith(".down.sql"):
            continue
        lines += [f"## {file.name}", ""]
        for name, remark, columns in tables(file.read_text(encoding="utf-8")):
            lines += [f"### `{name}`", ""]
            lines += [f"{remark}.", ""] if remark else []
            lines += ["| column | type | |", "|---|---|---|"]
            lines += [f"| `{column}` | {kind} | {text} |" for column, kind, text in columns]
            lines += [""]
    return "\n".join(lines).rstrip() + "\n"


def tables(sql: str) -> Iterator[tuple[str, str, list[tuple[str, str, str]]]]:
    """(table, remark, columns) of each CREATE TABLE; a column is (name, type with its constraints, remark)."""
    for match in re.finditer(r"CREATE TABLE (\w+) \((?:[ \t]*--([^\n]*))?\n(.*?)\n\)", sql, re.DOTALL):
        columns = []
        for line in match[3].splitlines():
            code, _, remark = line.strip().partition("--")
            found = re.match(r"(\w+)\s+(TEXT|INTEGER|REAL|BLOB)\b(.*)", code.strip().rstrip(","))
            if found:
                kind = " ".join(f"{found[2]}{found[3]}".split()).replace("|", "/")
                columns.append((found[1], kind, remark.strip()))
        yield match[1], (match[2] or "").strip(), columns
