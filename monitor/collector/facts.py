"""The fact book: gathers, from all readings, what the status rule needs to know of each agent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from monitor.model import (
    Activity,
    AgentStatus,
    Leap,
    Millis,
    ProcessExit,
    ProcessReading,
    Session,
    Task,
    WorktreeReading,
)
from monitor.rules.facts import AgentFacts, current_task
from monitor.rules.session_watch import SessionWatch
from monitor.rules.session_words import ends_in_error, waits_for
from monitor.sources.oom import OomWatch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from monitor.collector.roster import Member, Roster
    from monitor.config import Thresholds
    from monitor.rules.system_words import SystemWord

CPU_STEP_MS: Final = 10_000
"""The moment of CPU activity moves in steps, so that a busy agent's record does not change each tick for it."""


class FactBook:
    """Remembers, per agent, the last moments of each kind of activity, and makes `AgentFacts` of them."""

    def __init__(self, roster: Roster, thresholds: Thresholds) -> None:
        self._roster = roster
        self._thresholds = thresholds
        self._cpu_active_at: dict[str, Millis] = {}
        self._log_at: dict[str, Millis] = {}
        self._exits: dict[str, ProcessExit] = {}
        self._tasks: dict[str, Task | None] = {}
        self._tasks_version: tuple[int, int] = (-1, -1)
        self._oom = OomWatch()
        self._watch = SessionWatch(self._oom.ended)

    def owners(self, reading: ProcessReading) -> dict[str, ProcessExit]:
        """Which agents the ended processes belonged to. Ask before the roster takes the reading up."""
        if not reading.stopped:
            return {}
        by_key = {member.process.key: member.agent.id for member in self._roster.members if member.process}
        return {by_key[end.key]: end for end in reading.stopped if end.key in by_key}

    def note_exits(self, exits: Mapping[str, ProcessExit]) -> None:
        """Remember how an agent's process ended until a new one runs."""
        self._exits.update(exits)

    def note_progress(self, entries: Iterable[Activity]) -> list[Activity]:
        """Progress entries, each under the id of the agent it names; unknown names keep theirs."""
        named = []
        for entry in entries:
            agent_id = self._roster.named(entry.agent_id) or entry.agent_id
            self._log_at[agent_id] = max(self._log_at.get(agent_id, 0), entry.timestamp)
            named.append(
                Activity(timestamp=entry.timestamp, agent_id=agent_id, kind=entry.kind, text=entry.text)
            )
        return named

    def set_tasks(self, tasks: tuple[Task, ...], version: int) -> None:
        """Find each agent's current task again when the board or the roster changed."""
        if self._tasks_version == (version, self._roster.version):
            return
        self._tasks_version = (version, self._roster.version)
        assigned: dict[str, list[Task]] = {}
        for task in tasks:
            if task.assigned_to:
                assigned.setdefault(task.assigned_to.casefold(), []).append(task)
        self._tasks = {}
        for member in self._roster.members:
            agent = member.agent
            own = assigned.get(agent.id.casefold(), []) + (
                assigned.get(agent.name.casefold(), [])
                if agent.name.casefold() != agent.id.casefold()
                else []
            )
            self._tasks[agent.id] = current_task(agent.id, agent.name, tuple(own)) if own else None

    def leap(self, leap: Leap) -> None:
        """The clock was set: nothing was done after now."""
        self._cpu_active_at = leap.moved_all(self._cpu_active_at)
        self._log_at = leap.moved_all(self._log_at)
        self._watch.leap(leap)

    def forget(self, agent_id: str) -> None:
        """The agent is gone."""
        for known in (self._cpu_active_at, self._log_at, self._exits):
            known.pop(agent_id, None)
        self._watch.forget(agent_id)

    def watch_memory(self, now: Millis) -> None:
        """Look at what the kernel kills for lack of memory, while the agents live that it may concern."""
        living = {
            member.agent.id: member.process.key.pid
            for member in self._roster.members
            if member.process is not None
        }
        self._oom.watch(living, now)

    def facts(
        self,
        member: Member,
        now: Millis,
        *,
        worktree: WorktreeReading | None,
        files_changed_at: Millis | None,
        last_commit_at: Millis | None,
        failed_probes: tuple[str, ...],
        session: Session | None = None,
        settled: bool = True,
        status: AgentStatus | None = None,
        told: SystemWord | None = None,
    ) -> AgentFacts:
        """Everything known of one agent now.

        `settled`: whether all of the log was read that tells of its session; `status`: as it was last concluded;
        `told`: what an attached system says.
        """
        agent, process = member.agent, member.process
        if process is not None:
            self._exits.pop(agent.id, None)
            if process.cpu_usage is not None and process.cpu_usage > self._thresholds.active_cpu_percent:
                self._cpu_active_at[agent.id] = now - now % CPU_STEP_MS
        facts = AgentFacts(
            agent=agent,
            process=process,
            process_seen=member.process_seen,
            exited=self._exits.get(agent.id),
            worktree=worktree,
            files_changed_at=files_changed_at,
            last_commit_at=last_commit_at,
            log_at=_newest(self._log_at.get(agent.id), session.updated if session else None),
            log_error=ends_in_error(session, now, alive=process is not None) if session else "",
            waiting_for=waits_for(session, alive=process is not None) if session else "",
            session=session,
            cpu_active_at=self._cpu_active_at.get(agent.id),
            task=self._tasks.get(agent.id),
            told=told,
            failed_probes=failed_probes,
        )
        notes = self._watch.note(facts, now, status=status, settled=settled)
        return facts if notes == facts.notes else msgspec.structs.replace(facts, notes=notes)


def _newest(*times: Millis | None) -> Millis | None:
    return max((at for at in times if at is not None), default=None)
