"""Asks what to send to the processes of agents, sends it, and says what came of it."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from monitor.keystore import Keys, KeyStore
from monitor.model import AgentMetrics, ProcessKey
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.acting.programs import READONLY
from monitor.ui.outside import signals
from monitor.ui.screens.dialogs import Choice, ChoiceScreen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.app import App

    from monitor.model import AgentStatus
    from monitor.ui.spans import Cell
    from monitor.ui.wiring import Wiring

LOOK_AGAIN_SECONDS: Final = 3.0
"""After which it is told what still runs."""
_LISTED: Final = 6
"""Agents that the dialog names."""


class Subject(NamedTuple):
    """An agent whose processes are meant, as the person sees it while choosing."""

    name: str
    program: str
    pid: int | None
    key: ProcessKey | None
    processes: int | None
    changes: int | None

    @classmethod
    def read(cls, store: KeyStore, agent_id: str) -> Subject:
        """The agent as the store shows it now."""
        status: AgentStatus | None = store.get(Keys.status(agent_id))
        metrics: AgentMetrics = store.get(Keys.metrics(agent_id)) or AgentMetrics()
        return cls(
            clean(status.name if status else agent_id),
            clean(metrics.process) or "its program",
            metrics.pid,
            metrics.process_key,
            metrics.process_count,
            status.uncommitted_changes if status else None,
        )

    @property
    def problem(self) -> str:
        """Why nothing can be sent to it; empty when something can."""
        if self.pid is None:
            return "no process of it is seen"
        if self.key is None or self.key.pid != self.pid:
            return f"its process {self.pid} is not known well enough to be sent a signal"
        return ""


def ask(app: App[Any], wiring: Wiring, agent_ids: Sequence[str]) -> None:
    """Ask what to send to these agents, naming what it would reach; then send it."""
    if wiring.options.readonly:
        app.notify(READONLY, severity="warning", timeout=4)
        return
    if wiring.replay is not None:
        app.notify("Off: what a recording shows is no longer there.", severity="warning", timeout=4)
        return
    known = set(wiring.store.get(Keys.AGENTS, ()))
    subjects = [Subject.read(wiring.store, agent_id) for agent_id in agent_ids if agent_id in known]
    if not subjects:
        app.notify("Select an agent first.", timeout=3)
        return
    reached = [subject for subject in subjects if not subject.problem]
    keys = [subject.key for subject in reached if subject.key is not None]

    def chosen(number: signal.Signals | None) -> None:
        if number is not None:
            app.run_worker(act(app, keys, number), name="signal", exit_on_error=False)

    title = (
        f"Processes of {subjects[0].name}" if len(subjects) == 1 else f"Processes of {len(subjects)} agents"
    )
    app.push_screen(ChoiceScreen(title, choices(reached), lines(subjects)), chosen)


def choices(reached: Sequence[Subject]) -> tuple[Choice[signal.Signals | None], ...]:
    """What can be sent; leaving everything as it is comes first, where the cursor is."""
    if not reached:
        return (Choice("Close", None),)
    counts = [subject.processes for subject in reached]
    total = sum(count for count in counts if count is not None)
    everything = f"all {total} processes" if None not in counts and total > 1 else "it and all below it"
    alone = "the agent's own process" if len(reached) == 1 else "each agent's own process"
    return (
        Choice("Cancel", None, detail="leave everything as it is"),
        Choice("Interrupt", signal.SIGINT, detail=f"SIGINT, as ctrl+c, to {alone}"),
        Choice("Terminate", signal.SIGTERM, detail=f"SIGTERM to {everything}: may still tidy up"),
        Choice("Kill", signal.SIGKILL, detail=f"SIGKILL to {everything}: at once"),
    )


def lines(subjects: Sequence[Subject]) -> Iterable[Cell]:
    """Who is meant, which processes, and what would be lost."""
    for subject in subjects[:_LISTED]:
        yield _who(subject, named=len(subjects) > 1)
        if len(subjects) == 1 and not subject.problem:
            yield _lost(subject.changes)
    if len(subjects) > _LISTED:
        yield ((f"and {len(subjects) - _LISTED} more", "muted"),)
    if len(subjects) > 1:
        changes = [subject.changes for subject in subjects if not subject.problem]
        if changes:
            yield _lost(None if None in changes else sum(change or 0 for change in changes))
    yield ()


def _who(subject: Subject, *, named: bool) -> Cell:
    name: Cell = ((f"{subject.name}  ", "strong"),) if named else ()
    if subject.problem:
        return (*name, (f"▲ {subject.problem}", "warn"))
    number = text.count(subject.processes)
    return (
        *name,
        (subject.program, "text"),
        (f"  pid {subject.pid}, {number} process{'' if number == '1' else 'es'}", "muted"),
    )


def _lost(changes: int | None) -> Cell:
    if changes is None:
        left = "How much is uncommitted is not known"
    elif changes == 0:
        return (("Nothing is uncommitted; what was not saved is lost.", "muted"),)
    else:
        left = f"{changes} uncommitted change{'' if changes == 1 else 's'} stay{'s' if changes == 1 else ''} behind"
    return ((f"▲ {left}; what was not saved is lost.", "warn"),)


async def act(app: App[Any], keys: Sequence[ProcessKey], number: signal.Signals) -> None:
    """Send, tell what was reached, and a little later what still runs."""
    tree = number is not signal.SIGINT
    outcome = signals.Outcome()
    for key in keys:
        outcome += await asyncio.to_thread(signals.send, key, number, tree=tree)
    well = bool(outcome.sent) and not outcome.refused and not outcome.denied
    app.notify(told(number, outcome), severity="information" if well else "warning", timeout=5, markup=False)
    if not outcome.sent:
        return
    await asyncio.sleep(LOOK_AGAIN_SECONDS)
    left = await asyncio.to_thread(signals.still_there, outcome.sent)
    later = told_later(number, len(outcome.sent), left)
    app.notify(later, severity="warning" if left and tree else "information", timeout=5, markup=False)


def told(number: signal.Signals, outcome: signals.Outcome) -> str:
    """What was reached: `SIGTERM sent to 5 processes; 1 was gone`."""
    parts = (
        [f"{number.name} sent to {_processes(len(outcome.sent))}"] if outcome.sent else ["Nothing was sent"]
    )
    if outcome.gone:
        parts.append(f"{outcome.gone} {'was' if outcome.gone == 1 else 'were'} gone")
    if outcome.denied:
        parts.append(f"{outcome.denied} not allowed by the system")
    if outcome.refused:
        parts.append(outcome.refused)
    return "; ".join(parts)


def told_later(number: signal.Signals, sent: int, left: int) -> str:
    """What still runs after the wait."""
    if not left:
        return "It has ended." if sent == 1 else f"All {sent} have ended."
    still = "It still runs" if sent == 1 else f"{left} of {sent} still run{'s' if left == 1 else ''}"
    return f"{still} {LOOK_AGAIN_SECONDS:g} s after {number.name}."


def _processes(count: int) -> str:
    return f"{count} process" if count == 1 else f"{count} processes"
