"""A recording of many days, made in a minute: what a recorder writes of agents at work, without waiting for it.

usage: python -m tests.benchmarks.recording FILE [--days 30] [--agents 10] [--step 5]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sqlite3
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from monitor.history.connection import open_writer
from monitor.history.migrations import migrate
from monitor.model import ProcessInfo, Task
from monitor.paths import StatePaths

MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
HOST: Final = "bench"
NIGHTLY_GAP: Final = 10 * MINUTE
"""Between two recorders: one runs a day."""

Row = tuple[Any, ...]


def make_recording(file: Path, *, days: int = 30, agents: int = 10, step: float = 5.0, end: int) -> None:
    """Write a recording of `agents` agents sampled every `step` seconds, that ends at `end` (milliseconds)."""
    asyncio.run(_create(file))
    maker = _Maker(days, agents, round(step * 1000), end)
    with sqlite3.connect(file) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA cache_size = -200000")
        for table, columns, rows in maker.tables():
            marks = ", ".join("?" * len(columns.split(",")))
            db.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
            db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


async def _create(file: Path) -> None:
    db = await open_writer(StatePaths(file.parent, file), 16)
    try:
        await migrate(db)
    finally:
        await db.close()


class _Maker:
    """The rows of each table, in the order of its key: appending is what makes it fast."""

    def __init__(self, days: int, agents: int, step: int, end: int) -> None:
        self.random = random.Random(1)
        self.days, self.step, self.end = days, step, end
        self.start = end - days * DAY
        self.ids = [f"agent-{number:03d}" for number in range(agents)]
        self.statuses: dict[str, list[tuple[int, str]]] = {name: self._lives() for name in self.ids}
        self.trees = [self._tree() for _ in range(100)]

    def tables(self) -> Iterator[tuple[str, str, Iterator[Row]]]:
        yield (
            "recorders",
            "recorder_id, host, boot_id, pid, version, interval_ms, started_at, last_tick_at, stopped_at",
            self._recorders(),
        )
        yield "recorder_intervals", "recorder_id, timestamp, interval_ms", self._intervals()
        who = "name, kind, role, host, worktree, origin"
        yield "agents", f"agent_id, {who}, first_seen, last_seen", self._agents()
        yield "agent_profiles", f"agent_id, timestamp, {who}", self._profiles()
        yield (
            "agent_metrics",
            (
                "agent_id, timestamp, status, current_task, cpu_usage, memory_usage, memory_percent,"
                " uncommitted_changes, uptime_seconds, last_activity, branch, process_count, thread_count, stale"
            ),
            self._samples(),
        )
        yield (
            "agent_details",
            "agent_id, timestamp, pid, process, git_state, git_read_at, ahead, behind, stash_count",
            self._details(),
        )
        yield "agent_processes", "agent_id, timestamp, tree", self._processes()
        yield (
            "agent_status_changes",
            "agent_id, timestamp, since, status, reason, evidence",
            self._status_changes(),
        )
        yield from self._board()
        yield from self._commits()
        yield (
            "system_health",
            (
                "timestamp, overall_status, api_latency, websocket_connections, file_watch_events, error_count,"
                " cpu_usage, memory_usage, disk_usage, memory_percent, swap_percent, disk_percent, load1, load5,"
                " load15, details"
            ),
            self._health(),
        )
        yield (
            "rag_metrics",
            "timestamp, origin, total_patterns, top_patterns",
            ((at, "memory-bank", 40, "[]") for at in range(self.start, self.end, MINUTE // 2)),
        )
        yield from self._alerts()
        yield "events", "timestamp, type, agent_id, subject, details", self._events()

    # --- who and when -------------------------------------------------------------------------------------------

    def _recorders(self) -> Iterator[Row]:
        for number in range(self.days):
            begin = self.start + number * DAY
            stop = min(begin + DAY - NIGHTLY_GAP, self.end)
            last = number == self.days - 1
            yield (
                number + 1,
                HOST,
                "boot",
                4242 + number,
                "1",
                self.step,
                begin,
                stop,
                None if last else stop,
            )

    def _intervals(self) -> Iterator[Row]:
        return ((number + 1, self.start + number * DAY, self.step) for number in range(self.days))

    def _recorded(self, step: int) -> Iterator[int]:
        """The times of every `step` milliseconds in which a recorder ran."""
        for at in range(self.start, self.end, step):
            if (at - self.start) % DAY <= DAY - NIGHTLY_GAP or at > self.end - NIGHTLY_GAP:
                yield at

    def _profile(self, agent_id: str) -> Row:
        return agent_id.title(), "claude-code", "builder", HOST, f"/shop/agents/{agent_id}", "board"

    def _agents(self) -> Iterator[Row]:
        return ((name, *self._profile(name), self.start, self.end) for name in self.ids)

    def _profiles(self) -> Iterator[Row]:
        return ((name, self.start, *self._profile(name)) for name in self.ids)

    def _lives(self) -> list[tuple[int, str]]:
        """Status changes of one agent: some hundred a day."""
        at, words = self.start, ("active", "idle", "blocked", "error", "offline")
        found: list[tuple[int, str]] = []
        while at < self.end:
            word = self.random.choices(words, (50, 30, 12, 2, 6))[0]
            if not found or found[-1][1] != word:
                found.append((at, word))
            at += self.random.randrange(5 * MINUTE, 20 * MINUTE, self.step)
        return found

    # --- series -------------------------------------------------------------------------------------------------

    def _samples(self) -> Iterator[Row]:
        roll, label_every = self.random.random, max(1, MINUTE // self.step)
        for name in self.ids:
            lives, index, task = self.statuses[name], 0, f"TASK-{int(name[-3:]):03d}"
            for count, at in enumerate(self._recorded(self.step)):
                while index + 1 < len(lives) and lives[index + 1][0] <= at:
                    index += 1
                word = lives[index][1]
                labels = (task, f"work/{name}") if not count % label_every else (None, None)
                cpu = round(roll() * (90 if word == "active" else 3), 1)
                memory = (3000 + int(roll() * 400)) * 65_536
                yield (
                    name, at, word, labels[0], cpu, memory, round(memory / 1.6e8, 1), count // 700 % 9,
                    (at - self.start) // 1000, at - int(roll() * MINUTE), labels[1], 8, 24, 0,
                )  # fmt: skip

    def _details(self) -> Iterator[Row]:
        for name in self.ids:
            for count, at in enumerate(self._recorded(2 * MINUTE)):
                yield name, at, 5000 + int(name[-3:]), "claude", "branch", at - 1000, count % 4, 0, 0

    def _tree(self) -> bytes:
        tree = [
            ProcessInfo(
                pid=5000 + depth,
                ppid=4999 + depth,
                name=("claude", "bash", "node", "git", "rg", "python", "make", "cc")[depth],
                state="S",
                depth=depth,
                cpu_usage=float(self.random.randrange(100)),
                memory_usage=self.random.randrange(1, 200) << 20,
                thread_count=self.random.randrange(1, 20),
                started=self.start,
            )
            for depth in range(8)
        ]
        return zlib.compress(msgspec.json.encode(tree))

    def _processes(self) -> Iterator[Row]:
        for name in self.ids:
            lives, index = self.statuses[name], 0
            for count, at in enumerate(self._recorded(MINUTE)):
                while index + 1 < len(lives) and lives[index + 1][0] <= at:
                    index += 1
                if lives[index][1] == "active" or not count:
                    yield name, at, self.trees[count % len(self.trees)]

    def _status_changes(self) -> Iterator[Row]:
        evidence = f'[{{"kind":"files","at":{self.start},"text":"a file changed"}}]'
        for name in self.ids:
            for at, word in self.statuses[name]:
                yield name, at, at - 1000, word, f"it is {word}", evidence

    def _health(self) -> Iterator[Row]:
        details = (
            '{"services":[],"disks":[{"path":"/","total":100000000000,"used":50000000000,"percent":50.0}]}'
        )
        roll = self.random.random
        for count, at in enumerate(self._recorded(10_000)):
            word = "degraded" if roll() < 0.02 else "healthy"
            yield (
                at, word, 3 + roll(), 1, int(roll() * 40), int(word != "healthy"), roll() * 100,
                int(4e9 + roll() * 1e9), 50_000_000_000, 40 + roll() * 10, 0.0, 50.0, roll() * 3, 1.5, 1.2,
                None if count % 6 else details,
            )  # fmt: skip

    # --- what happened ------------------------------------------------------------------------------------------

    def _board(self) -> Iterator[tuple[str, str, Iterator[Row]]]:
        path = "/shop/coordination/task-board.json"
        columns = "root, timestamp, path, version, shape, sprint, last_synced, last_updated, updated_by, error, partial"
        states = (
            ("/shop", at, path, "4", "v4", "", at, at, "agent-000", "", 0)
            for at in range(self.start, self.end, 20 * MINUTE)
        )
        yield "board_states", columns, states
        columns = "task_id, event_type, previous_status, new_status, assigned_to, changed_by, details, timestamp, root"
        yield "task_events", columns, self._task_events()

    def _task_events(self) -> Iterator[Row]:
        steps = (
            ("created", None, "TODO"),
            ("updated", "TODO", "IN_PROGRESS"),
            ("blocked", "IN_PROGRESS", "BLOCKED"),
            ("updated", "BLOCKED", "IN_PROGRESS"),
            ("completed", "IN_PROGRESS", "DONE"),
        )
        for number in range(self.days * 10):
            begin = self.start + number * (self.end - self.start) // (self.days * 10)
            for place, (kind, before, after) in enumerate(steps):
                task_id, agent = f"TASK-{number:03d}", self.ids[number % len(self.ids)]
                task = Task(id=task_id, title=f"Task {number}", status=after, assigned_to=agent, root="/shop")
                details = msgspec.json.encode({"changed": ["status"], "task": task}).decode()
                at = begin + place * HOUR
                if at < self.end:
                    yield task_id, kind, before, after, agent, agent, details, at, "/shop"

    def _commits(self) -> Iterator[tuple[str, str, Iterator[Row]]]:
        made = [
            (f"{number:040x}", self.ids[number % len(self.ids)], self.start + number * (DAY // 200))
            for number in range(self.days * 200)
        ]
        columns = (
            "commit_hash, short_hash, agent_id, author_name, author_email, message, branch, files_changed,"
            " lines_added, lines_deleted, commit_timestamp, recorded_at, attribution, repository"
        )
        commits = (
            (h, h[-7:], name, "Dev", "dev@example.org", f"Change {h[-4:]}", f"work/{name}", 3, 40, 12, at,
             at + 2000, "reflog", "/shop/.git")
            for h, name, at in made
        )  # fmt: skip
        yield "git_commits", columns, commits
        columns = "commit_hash, agent_id, attribution, branch, commit_timestamp, recorded_at"
        holders = ((h, name, "reflog", f"work/{name}", at, at + 2000) for h, name, at in made)
        yield "commit_agents", columns, holders

    def _alerts(self) -> Iterator[tuple[str, str, Iterator[Row]]]:
        fired = [(number, self.start + number * (DAY // 40)) for number in range(self.days * 40)]
        severities = ("info", "warning", "error", "critical")
        columns = (
            "alert_id, rule, subject, type, severity, title, message, source, metadata, acknowledged,"
            " acknowledged_by, acknowledged_at, resolved, resolved_at, created_at"
        )
        alerts = (
            (f"alert-{n}", "agent-blocked", self.ids[n % len(self.ids)], "agent", severities[n % 4],
             f"Agent waits, the {n}th time", "It waits for a person", "agents", "{}", 1, "dev", at + MINUTE, 1,
             at + 20 * MINUTE, at)
            for n, at in fired
        )  # fmt: skip
        yield "alerts", columns, alerts
        columns = (
            "alert_id, timestamp, severity, title, message, metadata, acknowledged, acknowledged_by,"
            " acknowledged_at, resolved, resolved_at"
        )
        changes = (
            (f"alert-{n}", at + later, severities[n % 4], f"Agent waits, the {n}th time",
             "It waits for a person", "{}", int(later > 0), "dev" if later else None,
             at + MINUTE if later else None, int(later > MINUTE), at + later if later > MINUTE else None)
            for n, at in fired
            for later in (0, MINUTE, 20 * MINUTE)
        )  # fmt: skip
        yield "alert_changes", columns, changes

    def _events(self) -> Iterator[Row]:
        states = '{"name":"git","subject":"/shop","state":"ok","since":%d}'
        for count, at in enumerate(range(self.start, self.end, 5 * MINUTE)):
            name = self.ids[count % len(self.ids)]
            yield at, "activity", name, "progress", f'{{"text":"did step {count}"}}'
            if not count % 3:
                pid = 5000 + count % 1000
                yield at, "process-started", name, f"pid {pid}", f'{{"pid":{pid},"name":"claude"}}'
            if not count % 36:
                yield at, "source", f"/shop/agents/{name}", "git", states % at


def main() -> None:
    """Make one, and say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--agents", type=int, default=10)
    parser.add_argument("--step", type=float, default=5.0, help="seconds between two samples")
    options = parser.parse_args()
    begin = time.monotonic()
    end = time.time_ns() // 1_000_000
    make_recording(options.file, days=options.days, agents=options.agents, step=options.step, end=end)
    size = options.file.stat().st_size / 2**20
    print(f"{options.file}: {size:.0f} MiB in {time.monotonic() - begin:.0f} s")


if __name__ == "__main__":
    main()
