"""Writes the database of opencode, with the columns of its versions (seen with 1.18)."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

START = 1_767_268_800_000
PROMPT, ANSWER, OUTPUT, CONTENT = "CANARY-prompt", "CANARY-answer", "CANARY-output", "CANARY-content"
OLD = (
    "id TEXT PRIMARY KEY, project_id TEXT, parent_id TEXT, directory TEXT, title TEXT, version TEXT,"
    " time_created INT, time_updated INT"
)
NEW = f"{OLD}, cost REAL, tokens_input INT, agent TEXT, model TEXT, time_compacting INT, time_archived INT"
ROW = "id TEXT PRIMARY KEY, session_id TEXT, time_created INT, time_updated INT, data TEXT"


class OpencodeWriter:
    """A database that its program has open, in WAL mode."""

    def __init__(
        self, home: Path, *, columns: str = NEW, name: str = "opencode.db", wal: bool = True
    ) -> None:
        folder = home / ".local" / "share" / "opencode"
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / name
        self.at = START
        self.count = 0
        self.db = sqlite3.connect(self.path, isolation_level=None)
        self.db.execute(f"PRAGMA journal_mode = {'WAL' if wal else 'DELETE'}")
        self.db.execute(f"CREATE TABLE session ({columns})")
        self.db.execute(f"CREATE TABLE message ({ROW})")
        self.db.execute(
            f"CREATE TABLE part ({ROW.replace('session_id TEXT', 'message_id TEXT, session_id TEXT')})"
        )

    def session(self, session_id: str = "s-1", parent: str | None = None, **values: Any) -> None:
        row: dict[str, Any] = {
            "id": session_id,
            "parent_id": parent,
            "directory": "/shop/a",
            "title": CONTENT,
            "version": "1.18.33",
        }
        row |= {"time_created": self.at, "time_updated": self.at, **values}
        marks = ", ".join("?" * len(row))
        self.db.execute(f"INSERT INTO session ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))

    def message(self, session_id: str = "s-1", number: str = "", **data: Any) -> str:
        self.count += 1
        self.at += 1000
        number = number or f"m-{self.count}"
        created = self.db.execute("SELECT time_created FROM message WHERE id = ?", (number,)).fetchone()
        row = (number, session_id, created[0] if created else self.at, self.at, json.dumps(data))
        self.db.execute("INSERT OR REPLACE INTO message VALUES (?, ?, ?, ?, ?)", row)
        self.db.execute("UPDATE session SET time_updated = ? WHERE id = ?", (self.at, session_id))
        return number

    def prompt(self, session_id: str = "s-1") -> None:
        self.message(session_id, role="user", summary={"diffs": [{"patch": CONTENT}]})

    def answer(
        self, session_id: str = "s-1", number: str = "", finish: str | None = "stop", **data: Any
    ) -> str:
        tokens = {"input": 600, "output": 40, "reasoning": 10, "cache": {"read": 400, "write": 0}}
        values: dict[str, Any] = {
            "role": "assistant",
            "modelID": "test",
            "cost": 0.01,
            "time": {"created": self.at},
        }
        if finish:
            values |= {
                "tokens": tokens,
                "finish": finish,
                "time": {"created": self.at, "completed": self.at + 1000},
            }
        return self.message(session_id, number, **{**values, **data})

    def tool(
        self, status: str, call_id: str = "c1", tool: str = "bash", session_id: str = "s-1", **given: Any
    ) -> None:
        self.at += 1000
        given = given or {"command": f"git commit -m {CONTENT}", "description": CONTENT}
        state: dict[str, Any] = {"status": status, "input": given, "time": {"start": START + 5000}}
        if status not in {"running", "pending"}:
            state |= {"output": OUTPUT, "time": {"start": START + 5000, "end": START + 9000}}
        state |= {"error": "The user rejected permission to use this"} if status == "error" else {}
        data = json.dumps({"type": "tool", "tool": tool, "callID": call_id, "state": state})
        row = (f"p-{call_id}", "m-2", session_id, START, self.at, data)
        self.db.execute("INSERT OR REPLACE INTO part VALUES (?, ?, ?, ?, ?, ?)", row)

    def text(self, session_id: str = "s-1") -> None:
        self.at += 1000
        data = json.dumps({"type": "text", "text": ANSWER})
        self.db.execute(
            "INSERT INTO part VALUES (?, ?, ?, ?, ?, ?)",
            (f"t-{self.at}", "m-2", session_id, self.at, self.at, data),
        )
