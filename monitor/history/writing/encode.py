"""A tick's records to statements, without the rows that would say nothing new."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import msgspec

from monitor.history.binding import integer
from monitor.history.writing.columns import (
    Row,
    agent_of,
    agent_row,
    alert_row,
    board_row,
    commit_agent_rows,
    commit_file_rows,
    commit_row,
    details_row,
    event_row,
    health_row,
    mute_row,
    processes_row,
    rag_row,
    sample_row,
    status_change_row,
    steady_health,
    task_event_row,
)
from monitor.history.writing.session_rows import SessionEncoder
from monitor.history.writing.system_rows import SystemEncoder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from monitor.history.writing.rows import TickRows
    from monitor.model import (
        Agent,
        AgentMetrics,
        AgentStatus,
        Commit,
        Millis,
        Mute,
        Session,
        SystemHealth,
        SystemState,
    )

SAMPLE_REPEAT_MS: Final = 10_000
"""An unchanged sample is written again after this long (DESIGN.md §5)."""
SEEN_REPEAT_MS: Final = 3_600_000
"""`agents.last_seen` is refreshed after this long."""
DETAILS_REPEAT_MS: Final = 60_000
"""Unchanged health details are written again after this long."""
LABELS_REPEAT_MS: Final = 60_000
"""An unchanged task and branch are written again after this long."""
COMMITS_REMEMBERED: Final = 5_000
"""Commits of which it is remembered whose they were written to be; then all are written once more."""

Statement = tuple[str, list[Row]]
"""A named query and the rows to run it with."""


class Encoder:
    """Makes a tick's statements. It remembers what was written, to leave out what says nothing new.

    `statements` may be called again for the same tick; only `accept` makes it remember.
    """

    def __init__(self) -> None:
        self._told: dict[str, tuple[AgentStatus, AgentMetrics, Millis]] = {}
        """The records of the last sample written of each agent."""
        self._agents: dict[str, tuple[Agent, Millis]] = {}
        self._samples: dict[str, tuple[Row, Millis]] = {}
        self._labels: dict[str, tuple[Row, Millis]] = {}
        self._details: dict[str, Row] = {}
        self._commits: dict[str, Commit] = {}
        self._statuses: dict[str, tuple[str, Millis]] = {}
        self._health: tuple[Any, Millis] = (None, 0)
        self._new: list[tuple[dict[str, Any], str, Any]] = []
        self._new_health = self._health
        self._sessions = SessionEncoder()
        self._systems = SystemEncoder()

    def remember(self, sessions: Mapping[str, Session], systems: Iterable[SystemState] = ()) -> None:
        """Go on where the database ends: these hold in it until something else is told of them."""
        self._sessions.remember(sessions)
        self._systems.remember(systems)

    def statements(self, rows: TickRows) -> list[Statement]:
        """What to run for these rows, in order; parents before children."""
        self._new = []
        self._new_health = self._health
        rows = replace(
            rows, samples=[sample for sample in rows.samples if not self._is_old(*sample, rows.at)]
        )
        alerts = {alert.alert_id: alert for alert in rows.alerts}  # the last word of this tick on each
        commits = {commit.commit_hash: commit for commit in rows.commits}.values()  # and here
        open_alerts = [alert_row(alert) for alert in alerts.values() if not alert.resolved]
        ended = [alert_row(alert) for alert in alerts.values() if alert.resolved]
        agents = self._agent_rows(rows)
        statements = [
            ("upsert_agent", agents),
            ("insert_agent_profile", agents),
            ("insert_agent_metrics", self._sample_rows(rows)),
            ("insert_agent_details", self._detail_rows(rows)),
            (
                "insert_agent_processes",
                [processes_row(agent_id, tree, rows.at) for agent_id, tree in rows.processes],
            ),
            ("upsert_status_change", self._status_rows(rows)),
            ("insert_task_event", [task_event_row(event, rows.at) for event in rows.task_events]),
            ("upsert_board_state", [board_row(board, rows.at) for board in rows.boards]),
            ("upsert_commit", [commit_row(commit, rows.at) for commit in commits]),
            ("upsert_commit_file", [row for commit in commits for row in self._file_rows(commit)]),
            ("upsert_commit_agent", [row for commit in commits for row in self._holders(commit, rows.at)]),
            ("insert_system_health", [self._health_row(rows.health)] if rows.health else []),
            ("insert_rag_metrics", [rag_row(rows.rag)] if rows.rag else []),
            ("upsert_alert", ended),
            ("tell_superseded", [{**row, "at": rows.at} for row in open_alerts]),
            ("supersede_alert", open_alerts),
            ("upsert_alert", open_alerts),
            ("insert_alert_change", [{**row, "at": rows.at} for row in ended + open_alerts]),
            *mute_statements(rows.mutes, rows.at),
            ("insert_event", [event_row(event, rows.at) for event in rows.events]),
            *self._sessions.statements(rows.sessions, rows.other_sessions, rows.at),
            *self._systems.statements(rows),
        ]
        return [(name, bound) for name, bound in statements if bound]

    def accept(self) -> None:
        """The statements made last are committed."""
        for memory, key, value in self._new:
            memory[key] = value
        self._health = self._new_health
        self._new = []
        self._sessions.accept()
        self._systems.accept()

    def _is_old(self, status: AgentStatus, metrics: AgentMetrics, at: Millis) -> bool:
        """Whether these are the very records last written, and not due again: no row would come of them."""
        told = self._told.get(status.id)
        return (
            told is not None
            and told[0] is status
            and told[1] is metrics
            and 0 <= at - told[2] < SAMPLE_REPEAT_MS
        )

    def _agent_rows(self, rows: TickRows) -> list[Row]:
        agents = {agent.id: agent for agent in rows.agents}
        for status, _ in rows.samples:
            if status.id not in agents:
                agents[status.id] = agent_of(status)
        found = []
        for agent_id, agent in agents.items():
            known, seen = self._agents.get(agent_id, (None, 0))
            if agent != known or not 0 <= rows.at - seen < SEEN_REPEAT_MS:
                found.append(agent_row(agent, rows.at))
                self._new.append((self._agents, agent_id, (agent, rows.at)))
        return found

    def _sample_rows(self, rows: TickRows) -> list[Row]:
        found = []
        for status, metrics in rows.samples:
            sample = sample_row(status, metrics)
            known, written = self._samples.get(status.id, (None, 0))
            if sample != known or not 0 <= rows.at - written < SAMPLE_REPEAT_MS:
                uptime = integer(metrics.uptime_seconds)
                labels = self._label_columns(sample, rows.at)
                found.append({**sample, **labels, "timestamp": rows.at, "uptime_seconds": uptime})
                self._new.append((self._samples, status.id, (sample, rows.at)))
                self._new.append((self._told, status.id, (status, metrics, rows.at)))
        return found

    def _label_columns(self, sample: Row, at: Millis) -> Row:
        """Task and branch, or NULL for both while the rows before tell them."""
        labels = {"current_task": sample["current_task"], "branch": sample["branch"]}
        known, written = self._labels.get(sample["agent_id"], (None, 0))
        if labels == known and 0 <= at - written < LABELS_REPEAT_MS:
            return dict.fromkeys(labels)
        self._new.append((self._labels, sample["agent_id"], (labels, at)))
        return labels

    def _detail_rows(self, rows: TickRows) -> list[Row]:
        found = []
        for status, metrics in rows.samples:
            details = details_row(status, metrics)
            if details != self._details.get(status.id):
                found.append({**details, "timestamp": rows.at})
                self._new.append((self._details, status.id, details))
        return found

    def _status_rows(self, rows: TickRows) -> list[Row]:
        changes = {status.id: status for status in rows.status_changes}
        for status, _ in rows.samples:
            if status.id not in changes and self._statuses.get(status.id) != (
                status.status,
                status.status_since,
            ):
                changes[status.id] = status
        for status in changes.values():
            self._new.append((self._statuses, status.id, (status.status, status.status_since)))
        return [status_change_row(status, rows.at) for status in changes.values()]

    def _file_rows(self, commit: Commit) -> Iterable[Row]:
        """A row for each file, once: they do not change when another agent has the commit."""
        known = self._commits.get(commit.commit_hash)
        return () if known is not None and known.files == commit.files else commit_file_rows(commit)

    def _holders(self, commit: Commit, at: Millis) -> Iterable[Row]:
        """A row for each agent not written yet to have the commit: the ones that all share would be N² otherwise."""
        known = self._commits.get(commit.commit_hash)
        if len(self._commits) >= COMMITS_REMEMBERED:
            self._commits.clear()
        self._new.append((self._commits, commit.commit_hash, commit))
        if known is not None and msgspec.structs.replace(known, agent_ids=commit.agent_ids) == commit:
            written = frozenset(known.agent_ids)
            new = tuple(agent_id for agent_id in commit.agent_ids if agent_id not in written)
            commit = msgspec.structs.replace(commit, agent_ids=new)
        return commit_agent_rows(commit, at)

    def _health_row(self, health: SystemHealth) -> Row:
        key = steady_health(health)
        known, written = self._health
        due = key != known or not 0 <= health.last_check - written < DETAILS_REPEAT_MS
        if due:
            self._new_health = (key, health.last_check)
        return health_row(health, with_details=due)


def mute_statements(mutes: Iterable[Mute], at: Millis) -> list[Statement]:
    """What to run for mutes that were made, replaced or ended by the tick of `at`."""
    last = {(mute.rule, mute.subject): mute for mute in mutes}.values()  # the last word of this tick on each
    return [
        ("end_alert_mute", [mute_row(mute, at) for mute in last]),
        ("upsert_alert_mute", [mute_row(mute, at) for mute in last if mute.until > at]),
    ]
