"""Reads a system: finds out which one it is, asks its parts in turn, and reads on only when something was written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from monitor.errors import SourceError
from monitor.model.systems import SystemReading, SystemState
from monitor.sources.systems.catalogue import SystemKind, kinds
from monitor.sources.systems.engine import QueryError
from monitor.sources.systems.opening import open_engine
from monitor.sources.systems.part_reader import PartReader
from monitor.sources.systems.parts import PARTS, Dependency
from monitor.sources.systems.records import Maker, Translator
from monitor.sources.values import as_count
from monitor.text import mask_url

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from monitor.model import Millis, SourceState, Task
    from monitor.sources.systems.catalogue import Query, Tables
    from monitor.sources.systems.engine import Engine, Look

WHOLE_EVERY_MS: Final = 60_000
"""So often all is read whole, if something was written: rows whose time nobody moved (SIB-34), and what a migration of
the system brings."""
COUNTED: Final = ("agents", "tasks", "queue", "executions", "workflows", "events", "messages")
"""Parts that are counted for people, also where there is none."""


class SystemReader:
    """One attached system. `poll` belongs to one thread; `report` tells how it fares."""

    def __init__(self, name: str, url: str, *, kind: str = "", folder: Path | None = None) -> None:
        """`kind` is a folder of `sql/systems`, or of `folder`; without it the tables tell. Nothing is opened yet."""
        self._name = name
        self._url = url
        self._shown_url = mask_url(url)
        self._kinds = kinds(folder)
        self._wanted = kind
        self._engine: Engine | None = None
        self._kind: SystemKind | None = None
        self._tables: Tables = {}
        self._withheld: Tables = {}
        """Tables and columns that are there and may not be read."""
        self._whole_at: Millis | None = None
        """When all was read whole, and went well."""
        self._queries: dict[str, Query] = {}
        self._missing: dict[str, str] = {}
        self._parts: dict[str, PartReader] = {}
        self._stamp: object | None = None
        self._whole_stamp: object | None = None
        """Of the last reading that was whole: what was written since is known only as far as it tells of itself."""
        self._reading = SystemReading(state=SystemState(name=name, url=self._shown_url))
        self._joined: tuple[tuple[Task, ...], tuple[Dependency, ...], tuple[Task, ...]] | None = None
        """Tasks and dependencies, and what was made of them."""
        self._state: tuple[SourceState, str] = ("ok", "")

    def poll(self, now: Millis) -> SystemReading | None:
        """Read what is new; None when nothing was written since. Raises SourceError: the system cannot be read."""
        engine = self._opened()
        try:
            stamp = engine.stamp()
            whole = self._is_due(now)
            if stamp is not None and stamp == self._stamp and not (whole and stamp != self._whole_stamp):
                return None
            kind = self._read_parts(engine, whole=whole)
        except SourceError:
            self._stamp = self._whole_at = None  # who knows what comes back
            raise
        lost = self._lost()
        self._stamp = stamp
        if whole:
            self._whole_at = now
            self._whole_stamp = None if lost else stamp  # what failed is tried again, also without news
        self._state = ("degraded", "; ".join(lost)) if lost else ("ok", "")
        reading = self._made(engine, kind)
        if reading == self._reading:
            return None
        self._reading = reading
        return reading

    def report(self) -> tuple[SourceState, str]:
        """How it fares, after a poll that went well."""
        return self._state

    def close(self) -> None:
        """Let go of the database."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    # --- which system it is -------------------------------------------------------------------------------------

    def _opened(self) -> Engine:
        if self._engine is None:
            asked: dict[str, frozenset[str]] = {}
            for kind in self._kinds:
                for table, columns in kind.asked.items():
                    asked[table] = asked.get(table, frozenset()) | columns
            self._engine = open_engine(self._url, asked)
        return self._engine

    def _is_due(self, now: Millis) -> bool:
        """Whether all is to be read whole: it is time, or a clock was set back."""
        return self._whole_at is None or not 0 <= now - self._whole_at < WHOLE_EVERY_MS

    def _read_parts(self, engine: Engine, *, whole: bool) -> SystemKind:
        """Ask every part; a part that fails may do so because the tables are others now."""
        with engine.look() as look:
            if whole or self._kind is None:
                self._look_at_tables(look)
            failed = [
                name for name, query in self._queries.items() if not self._read(name, query, look, whole)
            ]
            if failed and not whole and self._look_at_tables(look):
                for name, query in self._queries.items():
                    self._read(name, query, look, whole=True)
        assert self._kind is not None  # noqa: S101 - the look at the tables found it, or raised
        return self._kind

    def _look_at_tables(self, look: Look) -> bool:
        """Find out which system it is and what can be asked of it; whether that is another answer than before."""
        tables, withheld = look.tables(), look.withheld()
        if self._kind is not None and (tables, withheld) == (self._tables, self._withheld):
            return False
        kind = self._find_kind(_joined(tables, withheld))
        if kind is not self._kind:
            self._parts = {name: self._part_reader(name, kind) for name in PARTS}
        self._kind, self._tables, self._withheld = kind, tables, withheld
        self._queries, self._missing = self._choose(kind)
        return True

    def _find_kind(self, tables: Tables) -> SystemKind:
        if self._wanted:
            named = next((kind for kind in self._kinds if kind.name == self._wanted), None)
            if named is None:
                known = ", ".join(kind.name for kind in self._kinds)
                raise SourceError(f"{self._wanted} is no system that is known: {known}.")
            return named
        fitting = next((kind for kind in self._kinds if kind.fits(tables)), None)
        if fitting is None:
            told = ", ".join(sorted(tables)[:8]) or "none"
            raise SourceError(f"{self._shown_url}: its tables are no known system's ({told}): name its kind.")
        return fitting

    def _choose(self, kind: SystemKind) -> tuple[dict[str, Query], dict[str, str]]:
        """Of each part the first query that these tables can answer; else what is not there for the plain one."""
        chosen: dict[str, Query] = {}
        missing: dict[str, str] = {}
        dialect = self._opened().dialect
        for name in PARTS:
            queries = [
                q for q in kind.queries if q.part == name and (not q.dialects or dialect in q.dialects)
            ]
            found = next((query for query in queries if not query.missing(self._tables)), None)
            if found is not None:
                chosen[name] = found
            elif queries:
                # A variant that is there and may not be read says more than one that is not there.
                wholly = _joined(self._tables, self._withheld)
                told = next((query for query in queries if not query.missing(wholly)), queries[0])
                missing[name] = told.missing(self._tables, self._withheld)
            if found is None:
                self._parts[name].forget()
        return chosen, missing

    def _part_reader(self, name: str, kind: SystemKind) -> PartReader:
        part, words = PARTS[name], Translator(kind.words)
        status = {"agent": words.agent, "task": words.task, "work": words.work}.get(part.words, str)
        constants: dict[str, Any] = dict(part.constants)
        if name == "tasks":
            constants["root"] = f"system:{self._name}"
        maker = Maker(
            self._name, part.record, words, status=status, queued=name == "queue", constants=constants
        )
        return PartReader(part, maker)

    # --- what it tells ------------------------------------------------------------------------------------------

    def _read(self, name: str, query: Query, look: Look, whole: bool) -> bool:
        """Whether the part could be read; if not, the others can be."""
        try:
            self._parts[name].read(look, query, self._tables, whole=whole)
        except QueryError as error:
            self._missing[name] = str(error)
            return False
        self._missing.pop(name, None)
        return True

    def _lost(self) -> list[str]:
        """Parts whose query failed; those that this variant simply has not are no fault."""
        return [f"{name}: {why}" for name, why in self._missing.items() if name in self._queries]

    def _made(self, engine: Engine, kind: SystemKind) -> SystemReading:
        parts = self._parts
        told = {name: part for name, part in parts.items() if name in self._queries}
        items = tuple(
            record
            for name, part in parts.items()
            if PARTS[name].belongs_to == "items"
            for record in part.records
        )
        old = self._reading
        return SystemReading(
            state=SystemState(
                name=self._name,
                kind=kind.name,
                engine=engine.name,
                url=self._shown_url,
                counts={name: told[name].total for name in told} | {n: 0 for n in COUNTED if n not in told},
                tallies={name: part.tally for name, part in told.items() if part.tally},
                depths=parts["queue"].depths,
                missing=tuple(f"{name}: {why}" for name, why in self._missing.items()),
                **self._limits(kind),
                shown={n: len(part.records) for n, part in told.items() if len(part.records) < part.total},
            ),
            tasks=self._tasks(kind),
            items=items if items != old.items else old.items,
            **{
                name: parts[name].records
                for name in PARTS
                if name not in ("tasks", "dependencies") and not PARTS[name].belongs_to
            },
        )

    def _limits(self, kind: SystemKind) -> dict[str, Any]:
        """What the system allows, by its own configuration where that says something."""
        words, told = (
            kind.words,
            {item.title: as_count(item.value) for item in self._parts["configuration"].records},
        )
        return {
            "heartbeat_seconds": words.heartbeat_seconds,
            "timeout_seconds": float(told.get(words.timeout_setting) or words.timeout_seconds),
            "max_processes": told.get(words.max_processes_setting) or words.max_processes,
        }

    def _tasks(self, kind: SystemKind) -> tuple[Task, ...]:
        """The tasks, each with what it depends on."""
        tasks: tuple[Task, ...] = self._parts["tasks"].records
        dependencies: tuple[Dependency, ...] = self._parts["dependencies"].records
        if not dependencies:
            return tasks
        joined = self._joined
        if joined is not None and joined[0] is tasks and joined[1] is dependencies:
            return joined[2]
        above: dict[str, list[str]] = {}
        related: dict[str, list[str]] = {}
        for one in dependencies:
            blocking = one.kind in kind.words.blocking
            lag = f" (+{one.lag_hours:g} h)" if one.lag_hours else ""
            if blocking:
                above.setdefault(one.task_id, []).append(one.depends_on)
            if not blocking or lag:
                related.setdefault(one.task_id, []).append(f"{one.kind} {one.depends_on}{lag}")
        old = {task.id: task for task in self._reading.tasks}
        made = tuple(
            _with(task, above.get(task.id, ()), related.get(task.id, ()), old.get(task.id))
            if task.id in above or task.id in related
            else task
            for task in tasks
        )
        made = made if made != self._reading.tasks else self._reading.tasks
        self._joined = (tasks, dependencies, made)
        return made


def _joined(tables: Tables, others: Tables) -> Tables:
    return {
        table: tables.get(table, frozenset()) | others.get(table, frozenset())
        for table in tables.keys() | others
    }


def _with(task: Task, above: Iterable[str], related: Iterable[str], old: Task | None) -> Task:
    """The task with its dependencies; the very record of before when it is equal to that."""
    extra = dict(task.extra)
    if related := tuple(related):
        extra["related"] = ", ".join(related[:10])
    made = msgspec.structs.replace(task, dependencies=(*task.dependencies, *above), extra=extra)
    return old if old is not None and old == made else made
