"""Queries that walk an index from key to key end, also where damage has put its keys out of order."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from monitor.history.migrations import migrations
from monitor.history.queries import sql
from monitor.paths import sql_folder

WALKS = {
    "agents_to_maintain": "agent_metrics",
    "agents_without_row": "agent_metrics",
    "held_from": "agent_metrics",
    "salvage_agents_of_samples": "agent_metrics",
    "board_roots": "board_states",
    "board_states_at": "board_states",
    "board_tasks_at": "task_events",
    "sources_at": "events",
    "source_events_in_force": "events",
    "systems_to_maintain": "system_states",
    "system_marks_at": "system_states",
}
"""Query to the table that it walks."""
KEYS = {
    "agent_metrics": "agent_id",
    "board_states": "root",
    "task_events": "task_id",
    "events": "subject",
    "system_states": "name",
}
STEPS = 1_000_000
"""Of SQLite's machine: a walk of three keys takes some hundreds."""


def in_a_circle(one: str, other: str) -> int:
    """Paper before scissors before stone before paper: an order as damage makes it."""
    names = ("paper", "scissors", "stone")
    if one == other or one not in names or other not in names:
        return (one > other) - (one < other)
    return -1 if names.index(other) == (names.index(one) + 1) % 3 else 1


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    """A database of the newest schema, in which three rows of each walked table stand in a circle."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        db.create_collation("circle", in_a_circle)
        for migration in migrations():
            db.executescript(migration.up)
        for table, key in KEYS.items():
            columns = [name for (name,) in db.execute(f"SELECT name FROM pragma_table_info('{table}')")]
            db.execute(f"DROP TABLE {table}")
            db.execute(
                f"CREATE TABLE {table} ({', '.join(columns)})".replace(key, f"{key} COLLATE circle", 1)
            )
            for name in ("paper", "scissors", "stone"):
                db.execute(f"INSERT INTO {table} ({key}, timestamp) VALUES (?, 1)", (name,))
        db.execute("UPDATE events SET type = 'source'")
        db.execute("UPDATE task_events SET root = '/'")
        left = [STEPS // 1000]

        def too_long() -> bool:
            left[0] -= 1
            return left[0] < 0

        db.set_progress_handler(too_long, 1000)
        yield db


@pytest.mark.parametrize("query", WALKS)
def test_a_walk_from_key_to_key_ends_where_the_keys_go_in_a_circle(
    db: sqlite3.Connection, query: str
) -> None:
    values = dict.fromkeys(("at", "since", "cut", "limit"), 10)
    db.execute(sql(query), values).fetchall()


def test_every_walk_is_tried() -> None:
    """A new one belongs in the list above; those that count their steps end by that."""
    texts = {path.name: path.read_text() for path in (sql_folder() / "queries").glob("*.sql")}
    names = [name for text in texts.values() for name in re.findall(r"^-- name: (\w+)", text, re.MULTILINE)]
    assert {name for name in names if "RECURSIVE" in sql(name) and ":count" not in sql(name)} == set(WALKS)
