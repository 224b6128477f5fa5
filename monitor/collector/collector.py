"""The collector: one tick after the other, from readings through the rules to the key store and the history."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import msgspec

from monitor import inbox
from monitor.collector import events
from monitor.collector.boards import BoardBook
from monitor.collector.clock import TickClock, move_lists, wall_clock
from monitor.collector.commit_news import CommitNews
from monitor.collector.commits import CommitBook
from monitor.collector.facts import FactBook
from monitor.collector.inputs import HOST, Inputs
from monitor.collector.overlaps import OverlapBook
from monitor.collector.process_news import ProcessNews
from monitor.collector.publish import Publisher
from monitor.collector.retell import ended_alerts, ended_mutes, missed_task_events, recovery_event
from monitor.collector.roster import Member, Roster
from monitor.collector.session_book import SessionBook
from monitor.collector.sources import SourceBook
from monitor.collector.system_book import SystemBook
from monitor.collector.system_log import SystemLog
from monitor.collector.vitals import Vitals
from monitor.history.writing.rows import TickRows
from monitor.model import (
    Activity,
    AgentMetrics,
    AgentStatus,
    Command,
    Event,
    Leap,
    Millis,
    SourceStatus,
)
from monitor.rules.alerts import find_all
from monitor.rules.facts import AgentFacts, Situation
from monitor.rules.lifecycle import AlertBook
from monitor.rules.mutes import MuteBook
from monitor.rules.status import StatusBook
from monitor.sources.git import worktree_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.collector.sink import HistorySink
    from monitor.config import Settings
    from monitor.history.moments.state import Snapshot
    from monitor.keystore import KeyStore
    from monitor.model import Recovery
    from monitor.paths import StatePaths

SLOW_LOOK_SECONDS: Final = 10.0
"""Between two looks at what changes slowly: free disk space, viewers, agents that are gone for good."""
SOURCES_EVERY_SECONDS: Final = 5.0
"""Between two refreshes of the sources' latencies and costs; a change of state is shown at once."""


class Collector:
    """The only writer (DESIGN.md §1). `await tick()` once an interval; `close()` at the end.

    `hold` is False for a one-shot look, which cannot wait for a rule's time to pass. `clock` is the system's unless
    another one is given.
    """

    def __init__(
        self,
        settings: Settings,
        store: KeyStore,
        sink: HistorySink,
        paths: StatePaths,
        *,
        host: str,
        hold: bool = True,
        clock: TickClock | None = None,
    ) -> None:
        self._settings = settings
        self._paths = paths
        self._sink = sink
        self._store = store
        self._hold = hold
        self._clock = clock or TickClock()
        self._started_at = wall_clock()
        self.interval = settings.intervals.tick
        self._book = SourceBook()
        self._roster = Roster(settings.agents, host=host, worktree_of=worktree_of, discover=settings.discover)
        self._publisher = Publisher(store)
        self._commits = CommitBook()
        self._commit_news = CommitNews(self._commits, self._roster, self._publisher)
        self.inputs = Inputs(settings, self._book, self._commit_news.read, spool=str(paths.hooks))
        self._facts = FactBook(self._roster, settings.thresholds)
        self._statuses = StatusBook(
            settings.thresholds
            if hold
            else msgspec.structs.replace(settings.thresholds, status_hold_seconds=0.0)
        )
        self._alerts = AlertBook()
        self._mutes = MuteBook()
        self._commands: list[Command] = []
        """Of this process's own viewer, since the last tick."""
        self._overlaps = OverlapBook(self._roster, self.inputs.git, self._commits, settings.thresholds)
        self._boards = BoardBook()
        self._vitals = Vitals(settings, paths, sink, self._started_at)
        self._processes = ProcessNews(self.inputs, self._roster, self._facts, self._publisher)
        self._sessions = SessionBook(self._roster, self.inputs, worktree_of)
        self._systems = SystemBook(settings.systems, self._roster, self.inputs, worktree_of, host=host)
        self._system_log = SystemLog()
        self._books_of_agents = (
            *(self._facts, self._statuses, self._commits, self._publisher, self._processes, self._sessions),
        )
        self._rows = TickRows(at=self._started_at)
        self._sources: tuple[SourceStatus, ...] = ()
        self._sources_seen = (-SOURCES_EVERY_SECONDS, -1)
        self._boards_seen = (-1, -1)
        self._roster_seen = -1
        self._slow_look_at = 0.0
        self._rag_at: Millis | None = None
        self._recovery: Recovery | None = None

    @property
    def sources(self) -> SourceBook:
        """How every source fares: for what is done beside the ticks and is to be told of like a source."""
        return self._book

    def restore(self, snapshot: Snapshot) -> None:
        """Go on where the history ends: agents, statuses, alerts, tasks, commits and activity."""
        if self._settings.discover:
            self._roster.restore(snapshot.agents)
        self._statuses.restore(snapshot.statuses.values())
        self._alerts = AlertBook(snapshot.alerts)
        self._overlaps.restore(snapshot.alerts)
        self._mutes = MuteBook(snapshot.mutes)
        self._commit_news.restore(snapshot.commits)
        self._boards.restore(snapshot, (*self._settings.roots, *self._systems.roots))
        self._publisher.board(self._boards.board)
        self._publisher.restore(snapshot)
        self._sessions.restore(snapshot.sessions.by_agent)
        self._systems.restore(snapshot.systems.by_name)
        self._system_log.restore(snapshot.systems.by_name)

    def recovered(self, recovery: Recovery) -> None:
        """The history database was damaged and replaced: tell it."""
        self._recovery = recovery
        self._rows.events.append(recovery_event(recovery))

    def retell(self, snapshot: Snapshot) -> None:
        """Another database is written from now on, and holds `snapshot`: write what memory knows beyond that."""
        now = wall_clock()
        events_told, histories = self._publisher.told()
        board, active, mutes = self._boards.board, self._alerts.active, self._mutes.active(now)
        self._sink.put(
            TickRows(
                at=now,
                agents=[member.agent for member in self._roster.members],
                task_events=missed_task_events(snapshot.board, board, histories, now),
                boards=list(board.boards),
                commits=list(self._commits.known),
                rag=self.inputs.rag,
                alerts=[*ended_alerts(snapshot.alerts, active, now), *active],
                mutes=[*ended_mutes(snapshot.mutes, mutes, now), *mutes],
                events=events_told[::-1],
            )
        )
        self._book.tell_again()
        self._processes.tell_again()
        self._vitals.tell_again()
        self._system_log.tell_again(now)

    def pruned_early(self, event: Event) -> None:
        """History was given up for free space: tell it."""
        self._vitals.given_up += event.details["bytes"]
        self._rows.events.append(event)

    async def tick(self) -> None:
        """One look at everything: readings, rules, key store, history."""
        begin = time.perf_counter()
        look = self._clock.look(self.interval)
        now = look.now
        self._rows.at = now
        if look.leap is not None:
            self._follow_clock(look.leap, look.events)
        self._obey(now)
        await self.inputs.sample(now)
        self._slow_look(now)
        self._rows.events.extend(self._processes.take(now))
        self._take_sources()
        self._take_systems(now)
        self._take_boards(now)
        self._follow_roster()
        self._rows.processes.extend(await self._processes.trees())
        self._take_sessions(now)
        self._take_progress()
        self._take_rag(now)
        self._rows.commits.extend(self._commit_news.take())
        self._take_sources()  # once more: what is told from here on is what was shown
        self._judge(now, *self._conclude(now))
        self._take_health(now)
        self._rows.events.extend(self._book.take_events(now))
        for event in self._rows.events:
            self._publisher.event(event)
        self._publisher.flush(now)
        rows, self._rows = self._rows, TickRows(at=now)
        self._sink.put(rows)
        self._vitals.measure.tick(time.perf_counter() - begin)

    def start_due(self) -> None:
        """Ask, in the background, what is due; a later tick shows the answers."""
        self.inputs.start_due(wall_clock())

    def late(self) -> None:
        """A tick began later than its interval."""
        self._vitals.measure.late += 1

    def apply(self, command: Command) -> None:
        """Apply a command of this process's own viewer; the next tick shows and writes it."""
        self._commands.append(command)

    async def close(self) -> None:
        """End every source, write what waits, close the database."""
        await self.inputs.close()
        rows = TickRows(at=self._rows.at)
        self._system_log.put(rows, all_of_it=True)
        self._sink.put(rows)
        await self._sink.close(wall_clock())

    def _follow_clock(self, leap: Leap, found: Iterable[Event]) -> None:
        """A clock was set, or nobody looked for a while: tell it, and let no wait be longer or shorter for it."""
        move_lists(self._store, leap)
        self._rows.events.extend(found)
        books = (self._alerts, self._statuses, self._facts, self._roster, self._book, self._vitals)
        for book in (*books, self._sessions, self._systems, self._system_log):
            book.leap(leap)
        self._rows.mutes.extend(self._mutes.leap(leap))
        self.inputs.files_changed_at = leap.moved_all(self.inputs.files_changed_at)
        self._started_at = leap.moved(self._started_at)

    # --- what came in -------------------------------------------------------------------------------------------

    def _obey(self, now: Millis) -> None:
        commands, self._commands = self._commands, []
        if self._sink.recording:  # else they are for whoever holds the database
            commands += inbox.take(self._paths.inbox)
        for command in commands:
            if (alert := self._alerts.obey(command)) is not None:
                self._rows.alerts.append(alert)
            if (mute := self._mutes.obey(command, now)) is not None:
                self._rows.mutes.append(mute)

    def _slow_look(self, now: Millis) -> None:
        if time.monotonic() < self._slow_look_at:
            return
        self._slow_look_at = time.monotonic() + SLOW_LOOK_SECONDS
        disk_trouble = self._alerts.is_firing("disk-trouble", "database")
        viewers = self._vitals.look(disk_trouble=disk_trouble)
        self._publisher.connections(viewers)
        self._forget(self._roster.expire(now), now)

    def _forget(self, agent_ids: Iterable[str], now: Millis) -> None:
        """These agents are gone for good."""
        for agent_id in agent_ids:
            for book in self._books_of_agents:
                book.forget(agent_id)
            self._rows.events.append(events.agent_left(agent_id, now))

    def _take_systems(self, now: Millis) -> None:
        """Take up what the attached systems told."""
        systems = self._systems
        systems.look(now, self._sources)
        self._forget(systems.gone, now)
        if systems.changed:
            self._publisher.systems(systems.readings, systems.changed)
        for name in systems.changed:
            if name in self.inputs.systems.read:
                self._system_log.note(name, systems.readings[name], now)
        self._system_log.put(self._rows)
        self._rows.systems = {name: reading.state for name, reading in systems.readings.items()}

    def _take_boards(self, now: Millis) -> None:
        seen = (self.inputs.boards_version, self._systems.boards_version)
        if self._boards_seen == seen:
            return
        self._boards_seen = seen
        readings, changes, states = self._boards.apply({**self.inputs.boards, **self._systems.boards}, now)
        for reading in readings:
            self._roster.apply_board(reading)
        self._rows.task_events.extend(changes)
        self._rows.boards.extend(states)
        self._publisher.task_events(changes)
        self._publisher.board(self._boards.board)

    def _take_progress(self) -> None:
        self._tell_activities(self._facts.note_progress(self.inputs.take_progress()))

    def _take_sessions(self, now: Millis) -> None:
        """Take up what the agents' own logs told."""
        sessions = self._sessions
        sessions.look(now)
        for agent_id in sessions.changed:
            self._publisher.session(agent_id, sessions.current.get(agent_id))
        self._rows.sessions, self._rows.other_sessions = sessions.current, sessions.others
        self._tell_activities(sessions.activities)

    def _tell_activities(self, entries: list[Activity]) -> None:
        self._rows.events.extend(map(events.of_progress, entries))
        for entry in entries:
            if entry.agent_id:
                self._publisher.activity(entry)

    def _take_rag(self, now: Millis) -> None:
        rag = self.inputs.rag
        if rag is not None and rag.timestamp != self._rag_at:
            self._rag_at = rag.timestamp
            # It is known from this tick on, not from when it was asked.
            self._rows.rag = msgspec.structs.replace(rag, timestamp=now)
            self._publisher.rag(self._rows.rag)

    def _follow_roster(self) -> None:
        """Agents came or went: ask git about their worktrees, watch these, and record the agents."""
        if self._roster.version == self._roster_seen:
            return
        self._roster_seen = self._roster.version
        self.inputs.set_worktrees(self._roster.worktrees())
        agents = [member.agent for member in self._roster.members]
        self._rows.agents.extend(agents)
        self._publisher.agents(agents)

    def _take_sources(self) -> None:
        then, version = self._sources_seen
        if version != self._book.version or time.monotonic() - then >= SOURCES_EVERY_SECONDS:
            self._sources_seen = (time.monotonic(), self._book.version)
            self._sources = self._book.statuses()
            self._publisher.sources(self._sources)

    # --- what it means ------------------------------------------------------------------------------------------

    def _conclude(
        self, now: Millis
    ) -> tuple[list[AgentStatus], dict[str, AgentMetrics], dict[str, AgentFacts]]:
        """Every agent's status and numbers."""
        self._facts.set_tasks(self._boards.board.tasks, self._boards.version)
        self._facts.watch_memory(now)
        processes_failed = self._book.failing("processes", HOST)
        statuses, metrics, all_facts = [], {}, {}
        for member in self._roster.members:
            facts = self._facts_of(member, now, processes_failed)
            old = self._statuses.get(member.agent.id)
            status = self._statuses.update(facts, now)
            if old is None or _noted(old) != _noted(status):
                self._status_changed(old, status)
            numbers = member.metrics
            statuses.append(status)
            metrics[status.id], all_facts[status.id] = numbers, facts
            self._rows.samples.append((status, numbers))
            self._publisher.agent(status, numbers, now)
        return statuses, metrics, all_facts

    def _facts_of(self, member: Member, now: Millis, processes_failed: str) -> AgentFacts:
        worktree = member.agent.worktree or ""
        failed: tuple[str, ...] = (f"processes: {processes_failed}",) if processes_failed else ()
        if git_failed := self._book.failing("git", worktree):
            failed += (f"git: {git_failed}",)
        return self._facts.facts(
            member,
            now,
            worktree=self.inputs.git.readings.get(worktree),
            files_changed_at=self.inputs.files_changed_at.get(worktree),
            last_commit_at=self._commits.newest_by(member.agent.id),
            failed_probes=failed,
            session=self._sessions.told(member.agent.id),
            settled=self._sessions.settled(member.agent.id),
            status=self._statuses.get(member.agent.id),
            told=self._systems.words.get(member.agent.id),
        )

    def _status_changed(self, old: AgentStatus | None, new: AgentStatus) -> None:
        self._rows.status_changes.append(new)
        if old is None or old.status != new.status:
            text = f"{new.status}: {new.status_reason}"
            self._publisher.activity(
                Activity(timestamp=new.status_since, agent_id=new.id, kind="status", text=text)
            )

    def _judge(
        self,
        now: Millis,
        statuses: list[AgentStatus],
        metrics: dict[str, AgentMetrics],
        facts: dict[str, AgentFacts],
    ) -> None:
        """Raise, keep and resolve alerts."""
        situation = Situation(
            now=now,
            statuses=tuple(statuses),
            metrics=metrics,
            facts=facts,
            board=self._boards.board,
            host=self.inputs.host,
            services=self.inputs.services,
            service_severity={service.name: service.severity for service in self._settings.services},
            sources=self._sources,
            overlaps=self._overlaps.look(now),
            spend=self._sessions.spent(now),
            tasks=self._boards.own_tasks,
            systems=tuple(self._systems.digests.values()),
            growth=self._systems.growth,
            words=self._systems.words,
            last_commit_at=self._commits.last_commit_at,
            watching_since=self._started_at,
            database_problem=self._sink.problem,
            database_recovery=self._recovery,
            database_free_bytes=self._vitals.free_bytes,
            database_given_up=self._vitals.given_up,
        )
        self._recovery = None
        findings = find_all(situation, self._settings.thresholds, self._alerts.is_firing)
        self._rows.alerts.extend(self._alerts.update(findings, now, hold=self._hold))
        self._publisher.alerts(self._alerts.active, self._mutes.active(now))

    def _take_health(self, now: Millis) -> None:
        failing = sum(1 for source in self._sources if source.state == "failing")
        health = self._vitals.health(
            now, self.inputs, self._alerts.active, interval=self.interval, failing_sources=failing
        )
        self._publisher.health(health)
        if self._vitals.row_due():
            self._rows.health = health


def _noted(status: AgentStatus) -> tuple[str | None, ...]:
    """What of a status is recorded as soon as it differs."""
    return status.status, status.status_reason, status.system, status.system_status
