"""What tasks wait for: which dependency is done, which is open, which nobody knows, and which go in a circle."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Literal, NamedTuple

from monitor.model.board import UNFINISHED_STATUSES, is_done

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from monitor.model.board import Task

WaitState = Literal["circle", "missing", "open", "unsure", "done"]
Key = tuple[str, str]
"""Root and id of a task: a dependency names a task of its own board."""


class Wait(NamedTuple):
    """One dependency of a task, as it stands now."""

    task_id: str
    state: WaitState
    """`circle`: the other one waits for this task in turn; `missing`: the board has no such task; `open`: not done;
    `unsure`: its status is one that the board made up, which may mean anything."""
    status: str = ""
    """The other task's status; empty when the board has no such task."""


class Dependencies:
    """The dependencies among the tasks of one reading of the boards, both ways."""

    def __init__(self, tasks: Iterable[Task]) -> None:
        self._tasks: dict[Key, Task] = {(task.root, task.id): task for task in tasks}
        self._needed_by: dict[Key, list[Task]] = {}
        self._holding: dict[Key, tuple[Key, ...]] = {}
        """Of each task that is not done, those it waits for that are not done either."""
        for key, task in self._tasks.items():
            named = [(task.root, name) for name in dict.fromkeys(task.dependencies)]
            for other in named:
                self._needed_by.setdefault(other, []).append(task)
            if not is_done(task.status):
                self._holding[key] = tuple(other for other in named if self._is_open(other))
        self._circles = _circles(self._holding)

    def waits(self, task: Task) -> tuple[Wait, ...]:
        """What the task waits for, in the board's order."""
        return tuple(self._wait(task, name) for name in dict.fromkeys(task.dependencies))

    def needed_by(self, task: Task) -> tuple[Task, ...]:
        """The tasks that wait for this one, in the board's order."""
        return tuple(self._needed_by.get((task.root, task.id), ()))

    def get(self, root: str, task_id: str) -> Task | None:
        """A task of these boards."""
        return self._tasks.get((root, task_id))

    def circle(self, task: Task) -> tuple[str, ...]:
        """The shortest way from the task through what it waits for back to itself, as ids; empty when there is none."""
        start = (task.root, task.id)
        circle = self._circles.get(start)
        came_from: dict[Key, Key] = {}
        queue = deque([start] if circle is not None else ())
        while queue:
            here = queue.popleft()
            for other in self._holding[here]:
                if other == start:
                    way = [start]
                    while here != start:
                        way.append(here)
                        here = came_from[here]
                    return tuple(task_id for _, task_id in (*way, start)[::-1])
                if self._circles.get(other) == circle and other not in came_from:
                    came_from[other] = here
                    queue.append(other)
        return ()

    def _is_open(self, key: Key) -> bool:
        task = self._tasks.get(key)
        return task is not None and not is_done(task.status)

    def _wait(self, task: Task, name: str) -> Wait:
        other = self._tasks.get((task.root, name))
        if other is None:
            return Wait(name, "missing")
        if is_done(other.status):
            return Wait(name, "done", other.status)
        circle = self._circles.get((task.root, task.id))
        if circle is not None and circle == self._circles.get((task.root, name)):
            return Wait(name, "circle", other.status)
        return Wait(name, "open" if other.status in UNFINISHED_STATUSES else "unsure", other.status)


def _circles(holding: Mapping[Key, Sequence[Key]]) -> dict[Key, int]:
    """Of each task that waits for itself in the end, the number of its circle (Kosaraju's components, no recursion).

    A board of thousands of tasks may hold a chain of all of them.
    """
    held_by: dict[Key, list[Key]] = {key: [] for key in holding}
    for key, others in holding.items():
        for other in others:
            held_by[other].append(key)
    circles: dict[Key, int] = {}
    seen: set[Key] = set()
    for number, start in enumerate(reversed(_by_completion(holding))):
        members: list[Key] = []
        waiting = [start]
        while waiting:
            key = waiting.pop()
            if key not in seen:
                seen.add(key)
                members.append(key)
                waiting += held_by[key]
        if len(members) > 1 or (members and start in holding[start]):
            circles.update(dict.fromkeys(members, number))
    return circles


def _by_completion(graph: Mapping[Key, Sequence[Key]]) -> list[Key]:
    """The keys in the order in which a depth-first walk is through with them."""
    done: list[Key] = []
    seen: set[Key] = set()
    for root in graph:
        path = [(root, iter(graph[root]))] if root not in seen else []
        seen.add(root)
        while path:
            key, others = path[-1]
            other = next((other for other in others if other not in seen), None)
            if other is None:
                done.append(key)
                path.pop()
            else:
                seen.add(other)
                path.append((other, iter(graph[other])))
    return done
