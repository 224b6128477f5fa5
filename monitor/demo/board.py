"""The demo's task board: `coordination/task-board.json` in the shape of the system that seed 001 was written for.

Its habits are the real ones (checklist SIB-02 to SIB-07, SIB-10): metrics kept by hand and wrong, a status that it
never declared, keys of its own, two forms of comments, and now and then a write in place that readers meet half done.
"""

from __future__ import annotations

import json
import random
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from monitor.demo.content import task_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from monitor.demo.cast import Member

_STATUSES: Final = ("TODO", "IN_PROGRESS", "REVIEW", "BLOCKED", "DONE")
_PRIORITIES: Final = ("LOW", "MEDIUM", "HIGH", "CRITICAL")
_FINISHED: Final = frozenset({"DONE", "VERIFIED"})
_KEPT_FINISHED: Final = 6
"""Finished tasks kept per agent; older ones leave the board."""
_HALF_WRITTEN_SECONDS: Final = 0.03
_TASKS_PER_AGENT: Final = 100_000
_DAY: Final = 86_400

Task = dict[str, Any]


def iso(at: float) -> str:
    """The time (seconds since the epoch) as JavaScript writes it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def task_id(number: int, task: int) -> str:
    """The id of the `task`-th task of the agent with that number: TASK-101, TASK-102, …, TASK-201, …"""
    return (
        f"TASK-{(number + 1) * 100 + task}"
        if task < 100
        else f"TASK-{(number + 1) * _TASKS_PER_AGENT + task}"
    )


def first_task(seed: int, agent_id: str) -> int:
    """The number of the task that an agent of a new fleet is at: it has done those before it."""
    return random.Random(f"{seed}:{agent_id}:first").randint(2, 3)


class Board:
    """The board and its one writer. Times are seconds since the epoch."""

    def __init__(self, file: Path, members: Sequence[Member], seed: int, now: float) -> None:
        self._file = file
        self._members = {member.id: member for member in members}
        self._seed = seed
        self._start = now - 2 * _DAY
        self._tasks: dict[str, Task] = {}
        self._texts: dict[str, str] = {}
        self._claimed_done = 0
        self._writes = 0
        self._updated = (now, "system")
        self.current: dict[str, int] = {}
        """The number of the task that each agent is at."""
        for member in members:
            self._add_member(member, now)
        self._add_common_tasks(now)

    def take(self, agent_id: str, task: int, now: float) -> None:
        """The agent works on its task of that number; two more wait behind it."""
        for number in range(task, task + 3):
            if task_id(self._members[agent_id].number, number) not in self._tasks:
                self._add(agent_id, number, "TODO", now)
        self._change(agent_id, task, now, status="IN_PROGRESS", blockers=[])

    def block(self, agent_id: str, task: int, reason: str, now: float) -> None:
        """The agent cannot go on, for this reason."""
        blocker = {"reason": reason, "createdAt": iso(now), "createdBy": agent_id}
        self._change(agent_id, task, now, status="BLOCKED", blockers=[blocker])

    def unblock(self, agent_id: str, task: int, now: float) -> None:
        """The agent can go on."""
        changed = self._change(agent_id, task, now, status="IN_PROGRESS", blockers=[])
        changed["comments"].append({"author": "human", "timestamp": iso(now), "message": "Answered; go on."})

    def comment(self, agent_id: str, task: int, text: str, now: float) -> None:
        """Someone notes something on the agent's task; the last five notes stay."""
        comments = self._tasks[task_id(self._members[agent_id].number, task)]["comments"]
        comments.append({"author": agent_id, "timestamp": iso(now), "message": text})
        self._change(agent_id, task, now, comments=comments[-5:])

    def finish(self, agent_id: str, task: int, now: float) -> str:
        """The agent has done its task, and every fourth is verified; returns the task's id and title."""
        self.current[agent_id] = task + 1
        verified = {"status": "VERIFIED", "verifiedBy": "validator", "verifiedAt": iso(now)}
        outcome = verified if task % 4 == 1 else {"status": "DONE"}
        done = self._change(agent_id, task, now, **outcome, actualHours=0.5, testResults="all pass")
        self._claimed_done += task % 2
        self._tidy(agent_id)
        return f"{done['id']} {done['title']}"

    def write(self) -> None:
        """Write the file: by rename, and every sixth time in place, as the real one is."""
        text = self._render()
        self._writes += 1
        if self._writes % 6 == 0:
            with self._file.open("w") as stream:
                stream.write(text[: len(text) // 2])
                stream.flush()
                time.sleep(_HALF_WRITTEN_SECONDS)
                stream.write(text[len(text) // 2 :])
            return
        temporary = self._file.with_name(f".{self._file.name}.new")
        temporary.write_text(text)
        temporary.replace(self._file)

    def _add_member(self, member: Member, now: float) -> None:
        rng = random.Random(f"{self._seed}:board:{member.id}")
        current = self.current[member.id] = first_task(self._seed, member.id)
        for number in range(1, current + 3):
            status = "DONE" if number < current else "TODO"
            age = rng.uniform(2 * 3600, 20 * 3600) if number < current else _DAY
            task = self._add(member.id, number, status, now - age)
            if number % 4 == 1:
                task.update(status="VERIFIED", verifiedBy="validator", verifiedAt=iso(now - age + 900))
            if number < current:
                task.update(actualHours=task["estimatedHours"], testFile=f"tests/test_{task['tags'][0]}.py")
                task["comments"] = ["Done as specified; the pattern is in the memory bank."]

    def _add_common_tasks(self, now: float) -> None:
        """A task for all, one that waits for a person for more than an hour, and one that nobody has taken."""
        text = task_text(self._seed, "system", 0)
        for identity, title, assigned, status, age in (
            ("TASK-001", "Store what worked in the memory bank", "all", "IN_PROGRESS", 1200.0),
            ("TASK-002", "Renew the payment provider's contract", None, "BLOCKED", 5400.0),
            ("TASK-003", "Collect ideas for the next sprint", None, "TODO", 7200.0),
        ):
            task = self._task(identity, title, text.description, status, now - age)
            task["assignedTo"] = assigned
            if status == "BLOCKED":
                reason = "a person has to sign"
                task["blockers"] = [{"reason": reason, "createdAt": iso(now - age), "createdBy": "system"}]
            self._tasks[identity] = task

    def _add(self, agent_id: str, number: int, status: str, at: float) -> Task:
        identity = task_id(self._members[agent_id].number, number)
        text = task_text(self._seed, agent_id, number)
        task = self._task(identity, text.title, text.description, status, at)
        task.update(
            assignedTo=agent_id,
            priority=text.priority,
            tags=list(text.tags),
            estimatedHours=text.hours,
            completionCriteria=list(text.criteria),
        )
        previous = task_id(self._members[agent_id].number, number - 1)
        if previous in self._tasks:
            task["dependencies"] = [previous]
        self._tasks[identity] = task
        return task

    def _task(self, identity: str, title: str, description: str, status: str, at: float) -> Task:
        return {
            "id": identity,
            "title": title,
            "description": description,
            "status": status,
            "priority": "MEDIUM",
            "assignedTo": None,
            "createdBy": "system",
            "createdAt": iso(min(at, self._start)),
            "updatedAt": iso(at),
            "dependencies": [],
            "tags": ["continuous"],
            "estimatedHours": 0,
            "actualHours": 0,
            "completionCriteria": [],
            "blockers": [],
            "comments": [],
        }

    def _change(self, agent_id: str, number: int, now: float, **values: Any) -> Task:
        identity = task_id(self._members[agent_id].number, number)
        task = self._tasks[identity]
        task.update(values, updatedAt=iso(now))
        self._texts.pop(identity, None)
        self._updated = (now, agent_id)
        return task

    def _tidy(self, agent_id: str) -> None:
        finished = [task["id"] for task in self._of(agent_id) if task["status"] in _FINISHED]
        for identity in finished[:-_KEPT_FINISHED]:
            del self._tasks[identity]
            self._texts.pop(identity, None)

    def _of(self, agent_id: str) -> Iterator[Task]:
        return (task for task in self._tasks.values() if task["assignedTo"] == agent_id)

    def _render(self) -> str:
        """The file's text. Only changed tasks are formatted anew: with a thousand agents that is most of the work."""
        for identity, task in self._tasks.items():
            if identity not in self._texts:
                self._texts[identity] = _indented(task)
        at, by = self._updated
        head = {"version": "1.0.0", "lastUpdated": iso(at), "updatedBy": by, "sprint": self._sprint()}
        tail = {
            "taskStatuses": _STATUSES,
            "priorities": _PRIORITIES,
            "agents": self._agents(),
            "metrics": self._metrics(),
        }
        tasks = ",\n    ".join(self._texts[identity] for identity in self._tasks)
        before, after = json.dumps(head, indent=2), json.dumps(tail, indent=2)
        return f'{before[:-2]},\n  "tasks": [\n    {tasks}\n  ],{after[1:]}\n'

    def _sprint(self) -> dict[str, str]:
        return {
            "id": "SPRINT-004",
            "name": "Checkout and search",
            "status": "ACTIVE",
            "startDate": iso(self._start)[:10],
            "endDate": iso(self._start + 7 * _DAY)[:10],
        }

    def _agents(self) -> dict[str, Any]:
        agents: dict[str, Any] = {
            member.id: {"id": member.id, "name": member.name, "activeTasks": [], "completedTasks": []}
            for member in self._members.values()
        }
        for task in self._tasks.values():
            if task["assignedTo"] in agents:
                kind = "completedTasks" if task["status"] in _FINISHED else "activeTasks"
                agents[task["assignedTo"]][kind].append(task["id"])
        return agents

    def _metrics(self) -> dict[str, Any]:
        """Counts that nobody keeps up to date (checklist SIB-06)."""
        return {
            "totalTasks": len(self._tasks) - 1,
            "completedTasks": len(self._members) + self._claimed_done,
            "inProgressTasks": 1,
            "blockedTasks": 0,
            "targetCoverage": 90,
            "currentCoverage": 81.5,
            "testsWritten": 214,
            "testsPassing": 209,
        }


def _indented(task: Task) -> str:
    return json.dumps(task, indent=2).replace("\n", "\n    ")
