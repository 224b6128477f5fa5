"""The demo of an attached system: a process that keeps its database as the system itself would, with the fleet in it.

What happens is the same for every system: agents beat, tasks are queued, claimed, done or failed, logs are written,
somebody asks something. How a system writes that down stands in `sql/demo/systems/<system>.sql`, a statement for each
thing that can happen; one that a system has no table for is left out. It is started by `monitor.demo.fleet`, runs
without packages, and ends when the pipe on its standard input does.
"""

from __future__ import annotations

import json
import random
import re
import select
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any, Final, NamedTuple

from monitor.demo import content, lifeline

_NAME: Final = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)
_STEP_SECONDS: Final = 1.0
_TASKS_AT_ONCE: Final = 12
"""Open tasks beyond which no new one is made."""
_RUN_SECONDS: Final = (5.0, 40.0)
_HEARTBEAT_SECONDS: Final = 10.0
_RETRIES: Final = 3
_LINES: Final = (
    ("debug", "read {n} files of {area}"),
    ("info", "{verb} the {noun} in {area}"),
    ("info", "{n} tests of {area} pass"),
    ("warning", "{area} answers slowly: {n}0 ms"),
    ("error", "test of the {noun} in {area} fails"),
)


class Orders(NamedTuple):
    """What is to be written where; travels as JSON in the first argument."""

    database: str
    schema: str
    statements: str
    members: list[list[str]]
    """Id, name, role, kind, worktree and pid file of each agent of the fleet."""
    seed: int
    pace: float


class _Task:
    """A task as it goes through the system."""

    def __init__(self, number: int, title: str) -> None:
        self.number = number
        self.title = title
        self.agent = ""
        self.attempts = 0
        self.ends_at = 0.0


class Story:
    """What happens in the system, step by step."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._rng = random.Random(f"{orders.seed}:{Path(orders.statements).stem}")
        parts = _NAME.split(Path(orders.statements).read_text(encoding="utf-8"))
        self._statements = dict(zip(parts[1::2], parts[2::2], strict=True))
        Path(orders.database).parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(orders.database, timeout=10, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.executescript(Path(orders.schema).read_text(encoding="utf-8"))
        self._numbers = iter(range(1, sys.maxsize))
        self._queued: list[_Task] = []
        self._running: list[_Task] = []
        self._question = 0
        self._event = 0
        self._beat_at = 0.0

    def begin(self) -> None:
        """The agents, a project, a workflow, and what is always there."""
        with self._db:
            self._tell("begin")
            for member in self._orders.members:
                self._tell("agent", **self._agent(member[0]))
            self._tell("project", project="project-1", name="The shop")
            for number, member in enumerate(self._orders.members[:2], 1):
                self._tell(
                    "workflow", workflow=f"wf-{number}", name=f"research {number}", **self._agent(member[0])
                )
            for _ in range(_TASKS_AT_ONCE // 2):
                self._new_task()

    def step(self, now: float) -> None:
        """What happens in a second or so."""
        with self._db:
            if now - self._beat_at >= _HEARTBEAT_SECONDS / max(self._orders.pace, 0.1):
                self._beat_at = now
                for member in self._orders.members:
                    self._tell("heartbeat", **self._agent(member[0]))
            for task in [task for task in self._running if task.ends_at <= now]:
                self._end(task)
            if self._queued and len(self._running) < len(self._orders.members):
                self._claim(self._queued.pop(0), now)
            if len(self._queued) + len(self._running) < _TASKS_AT_ONCE and self._rng.random() < 0.3:
                self._new_task()
            for task in self._running:
                if self._rng.random() < 0.5:
                    self._log(task)
            self._talk()
            self._happen()

    # --- what happens -------------------------------------------------------------------------------------------

    def _new_task(self) -> None:
        number = next(self._numbers)
        area, verb, noun = self._words()
        task = _Task(number, f"{verb.capitalize()} the {noun} in {area}")
        self._queued.append(task)
        self._tell("task", **self._of(task), above=f"task-{max(1, number - 1)}")
        self._tell("queued", **self._of(task))

    def _claim(self, task: _Task, now: float) -> None:
        busy = {running.agent for running in self._running}
        task.agent = self._rng.choice([m[0] for m in self._orders.members if m[0] not in busy])
        task.attempts += 1
        task.ends_at = now + self._rng.uniform(*_RUN_SECONDS) / max(self._orders.pace, 0.1)
        self._running.append(task)
        self._tell("claimed", **self._of(task))
        self._tell("busy", **self._of(task))
        self._tell("run", **self._of(task))

    def _end(self, task: _Task) -> None:
        self._running.remove(task)
        failed = self._rng.random() < 0.15
        self._tell("run_failed" if failed else "run_done", **self._of(task))
        self._tell("idle", **self._of(task))
        if failed and task.attempts < _RETRIES:
            self._tell("retried", **self._of(task))
            self._queued.append(task)
        else:
            self._tell("failed" if failed else "done", **self._of(task))
            self._tell(
                "step", **self._of(task), workflow=f"wf-{1 + task.number % 2}", step=1 + task.number % 5
            )

    def _log(self, task: _Task) -> None:
        level, text = self._rng.choice(_LINES)
        area, verb, noun = self._words()
        line = text.format(area=area, verb=verb, noun=noun, n=self._rng.randint(2, 40))
        self._tell("log", **self._of(task), level=level, text=line, value=round(self._rng.uniform(1, 60), 1))

    def _talk(self) -> None:
        """A question, and its answer some time later."""
        if self._question and self._rng.random() < 0.05:
            self._tell(
                "answer",
                question=self._question,
                text="Yes, go on.",
                **self._agent(self._orders.members[0][0]),
            )
            self._question = 0
        elif not self._question and self._running and self._rng.random() < 0.05:
            task = self._rng.choice(self._running)
            self._question = next(self._numbers)
            area = self._rng.choice(content.AREAS)
            self._tell(
                "question",
                question=self._question,
                text=f"May {area} change its interface?",
                **self._of(task),
            )

    def _happen(self) -> None:
        """An event, which is resolved some time later."""
        if self._event and self._rng.random() < 0.05:
            self._tell("resolved", event=self._event)
            self._event = 0
        elif not self._event and self._rng.random() < 0.03:
            self._event = next(self._numbers)
            severity = self._rng.choice(["low", "medium", "high", "critical"])
            area = self._rng.choice(content.AREAS)
            self._tell("event", event=self._event, severity=severity, text=f"The queue of {area} is slow.")

    # --- how it is written --------------------------------------------------------------------------------------

    def _words(self) -> tuple[str, str, str]:
        return (
            self._rng.choice(content.AREAS),
            self._rng.choice(content.VERBS),
            self._rng.choice(content.NOUNS),
        )

    def _agent(self, agent: str) -> dict[str, Any]:
        number, member = next((n, m) for n, m in enumerate(self._orders.members, 1) if m[0] == agent)
        try:
            pid = int(Path(member[5]).read_text())
        except (OSError, ValueError):
            pid = None
        return {
            "agent": agent,
            "agent_number": number,
            "agent_name": member[1],
            "role": member[2],
            "kind": member[3],
            "cwd": member[4],
            "pid": pid,
        }

    def _of(self, task: _Task) -> dict[str, Any]:
        known = {
            "task": f"task-{task.number}",
            "number": task.number,
            "title": task.title,
            "attempts": task.attempts,
            "retries": _RETRIES,
            "run": f"run-{task.number}-{task.attempts}",
            "priority": task.number % 3,
        }
        return {**known, **self._agent(task.agent or self._orders.members[0][0])}

    def _tell(self, what: str, /, **values: Any) -> None:
        """Run the statements of that name, if the system has any; `:now` is the time as SQLite writes it."""
        text = self._statements.get(what)
        if text is None:
            return
        now = time.time()
        values["now"] = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now))
        values["iso"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
        values["millis"] = int(now * 1000)
        for statement in text.split(";\n"):
            if statement.strip():
                self._db.execute(statement, values)


def main() -> None:
    """Tell the story until the standard input ends."""
    orders = Orders(**json.loads(sys.argv[1]))
    lifeline.name_process("demo-system")
    story = Story(orders)
    story.begin()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    # Whoever started this holds the other end of the pipe, and writes nothing.
    while not select.select([sys.stdin], [], [], _STEP_SECONDS / orders.pace if orders.pace else None)[0]:
        story.step(time.monotonic())
