"""The session book: each agent's session as it is now, and what changed in it since the last tick."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from monitor.collector.session_join import Own, join
from monitor.model import Activity, Session
from monitor.rules.forecast import ForecastBook
from monitor.rules.session_words import told_by
from monitor.rules.spend import Spend, SpendBook
from monitor.sources.sessions.refine import START_SLACK_MS, over, refine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from monitor.collector.inputs import Inputs
    from monitor.collector.roster import Roster
    from monitor.model import Leap, Millis, ProcessKey


class _Shown(msgspec.Struct):
    """What is shown of an agent, and the reader's record that it was made of."""

    read: Session
    session: Session
    remembered: bool = False
    """It is from before the restart, and shown until the logs have been read again."""


class SessionBook:
    """Joins what the logs tell to the agents. After `look`, `current` holds each agent's session, and `changed` those
    that differ from before; a session is the very record of before as long as nothing of it is new.

    `worktree_of` gives the worktree that holds a folder, or None outside one.
    """

    def __init__(self, roster: Roster, inputs: Inputs, worktree_of: Callable[[str], str | None]) -> None:
        self._roster = roster
        self._inputs = inputs
        self._worktree_of = worktree_of
        self._homes: dict[str, str | None] = {}
        self._seen: tuple[int, int, list[ProcessKey | None]] = (-1, -1, [])
        self._own: dict[str, Own] = {}
        self._shown: dict[str, _Shown] = {}
        self._told: dict[str, list[Session]] = {}
        self._forecasts = ForecastBook()
        self._spend = SpendBook()
        self.current: Mapping[str, Session] = {}
        self.changed: list[str] = []
        """Agents whose session differs, has come, or has gone."""
        self.others: list[tuple[str, Session]] = []
        """Sessions beside the current ones that are new or differ, each with its agent's id."""
        self.activities: list[Activity] = []
        """What these changes say in the agents' activity lists."""

    def restore(self, sessions: Mapping[str, Session]) -> None:
        """Show what was recorded last until the logs have been read again."""
        self._shown = {
            agent_id: _Shown(session, session, remembered=True)
            for agent_id, session in sessions.items()
            if self._roster.get(agent_id) is not None
        }
        self.current = {agent_id: shown.session for agent_id, shown in self._shown.items()}

    def told(self, agent_id: str) -> Session | None:
        """What the logs tell now of an agent; nothing that is only remembered."""
        shown = self._shown.get(agent_id)
        return None if shown is None or shown.remembered else shown.session

    def look(self, now: Millis) -> None:
        """Take up what the logs told since the last tick."""
        self.changed, self.others, self.activities = [], [], []
        joined = self._join()
        doubtful = [agent_id for agent_id, shown in self._shown.items() if shown.read.unsure]
        for agent_id in self._own.keys() | self._shown.keys() if joined else doubtful:
            self._show(agent_id, now)
        if self.changed:
            self.current = {agent_id: shown.session for agent_id, shown in self._shown.items()}
        if joined:
            self._note_others()
            self._note_spending(now)

    def settled(self, agent_id: str) -> bool:
        """Whether all of the logs that an agent's session stands in have been read."""
        shown = self._shown.get(agent_id)
        return shown is None or not self._inputs.sessions.reading(shown.read.kind)

    def spent(self, now: Millis) -> Spend:
        """What all sessions cost today, also those of no agent."""
        return self._spend.look(now)

    def leap(self, leap: Leap) -> None:
        """The clock was set, or nobody looked for a while."""
        self._forecasts.leap(leap)

    def forget(self, agent_id: str) -> None:
        """The agent is gone for good."""
        self._forecasts.forget(agent_id)
        for known in (self._own, self._shown, self._told):
            known.pop(agent_id, None)
        self.current = {known: shown.session for known, shown in self._shown.items()}

    def _join(self) -> bool:
        """Join anew when sessions, agents or their processes are others than before; tells whether that was so."""
        processes = [member.process.key if member.process else None for member in self._roster.members]
        seen = (self._inputs.sessions.version, self._roster.version, processes)
        if seen == self._seen:
            return False
        if seen[1] != self._seen[1]:
            self._homes.clear()
        self._seen = seen
        self._own = join(
            self._roster.members, self._inputs.sessions.sessions, self._home, self._inputs.group_of
        )
        return True

    def _home(self, folder: str) -> str | None:
        """The agents' worktree that a folder is in; None when no agent works there."""
        if folder not in self._homes:
            real = os.path.realpath(folder)
            place = self._worktree_of(real) or self._nearest(real)
            self._homes[folder] = place if self._roster.in_worktree(place) else None
        return self._homes[folder]

    def _nearest(self, folder: str) -> str:
        """The nearest agents' folder above one that is in no repository."""
        above = folder
        while not self._roster.in_worktree(above) and above != os.path.dirname(above):
            above = os.path.dirname(above)
        return above

    def _show(self, agent_id: str, now: Millis) -> None:
        own, shown = self._own.get(agent_id), self._shown.get(agent_id)
        read = own.current if own is not None else None
        if read is None:
            if shown is not None and not (
                shown.remembered and self._inputs.sessions.reading(shown.read.kind)
            ):
                del self._shown[agent_id]
                self.changed.append(agent_id)
            return
        session = self._refined(agent_id, read, now)
        forecast = self._forecasts.note(agent_id, session, now)
        if (
            shown is not None
            and shown.read is read
            and not shown.remembered
            and _same_turn(shown.session, session)
        ):
            return
        if forecast is not None:
            session = msgspec.structs.replace(session, forecast=forecast)
        self._shown[agent_id] = _Shown(read, session)
        self.changed.append(agent_id)
        before = shown.session if shown is not None else None
        self.activities.extend(
            Activity(timestamp=at, agent_id=agent_id, kind="session", text=text)
            for at, text in told_by(before, session, now)
        )

    def _refined(self, agent_id: str, session: Session, now: Millis) -> Session:
        """The session with its doubt resolved by the agent's processes."""
        member = self._roster.get(agent_id)
        if member is not None and member.process is None and member.process_seen:
            return over(session, member.seen_at)
        since = session.tool_since or session.state_since
        if not session.unsure or member is None or member.process is None or since is None:
            return session
        started = self._inputs.started_since(member.process.key, since - START_SLACK_MS)
        return refine(session, started, now)

    def _note_others(self) -> None:
        for agent_id, own in self._own.items():
            told = self._told.get(agent_id, [])
            known = {id(session) for session in told}
            self.others.extend((agent_id, one) for one in own.others if id(one) not in known)
            self._told[agent_id] = list(own.others)

    def _note_spending(self, now: Millis) -> None:
        owners = {
            id(session): agent_id
            for agent_id, own in self._own.items()
            for session in (*own.others, *((own.current,) if own.current is not None else ()))
        }
        for told in self._inputs.sessions.sessions.values():
            for session in told:
                self._spend.note(owners.get(id(session), ""), session, now)


def _same_turn(old: Session, new: Session) -> bool:
    """Whether two readings of one record come to the same: the time and the number of children stand beside it."""
    return (old.turn_state, old.unsure, old.waiting_for) == (new.turn_state, new.unsure, new.waiting_for)
