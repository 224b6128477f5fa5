"""What the palette finds: commands with their keys, agents, tasks, commits, alerts, systems, themes.

All that can be found is listed once, when the palette opens, as short folded text; each key then looks through it.
Results are bounded: what a person cannot see need not be made.
"""

from __future__ import annotations

from functools import partial
from heapq import nlargest
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content, Span
from textual.markup import escape

from monitor.keystore import Keys
from monitor.model import AgentStatus, Alert, Board, Commit, SystemState
from monitor.text import clean
from monitor.ui import opening
from monitor.ui.commands import key_labels
from monitor.ui.panes.commits import agent_names
from monitor.ui.screens.base import BaseScreen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from monitor.keystore import KeyStore
    from monitor.ui.app import MonitorApp

LIMIT: Final = 40
"""Results shown at most."""
_TASKS: Final = 5000
"""Tasks that are looked through at most."""
_RANKS: Final = {
    "command": 0.5,
    "agent": 0.4,
    "alert": 0.3,
    "system": 0.25,
    "task": 0.2,
    "commit": 0.1,
    "theme": 0.0,
}
"""Among equally good results, which kind comes first."""


class Entry(NamedTuple):
    """One thing that can be found."""

    kind: str
    text: str
    """As it is shown; cleaned."""
    help: str
    run: Callable[[], object]
    folded: str
    """In which the words are looked for."""
    keys: str = ""

    @classmethod
    def of(
        cls, kind: str, text: str, about: str, run: Callable[[], object], *, more: str = "", keys: str = ""
    ) -> Entry:
        """An entry; `more` is found as well, and not shown."""
        shown = clean(text)
        return cls(kind, shown, clean(about), run, f"{shown}\n{more}".casefold(), keys)


def score(entry: Entry, words: tuple[str, ...]) -> float:
    """How good a result is: 0 when a word is missing, more for a word at the beginning of one."""
    total = 0.0
    for word in words:
        place = entry.folded.find(word)
        if place < 0:
            return 0.0
        before = entry.folded[place - 1] if place else " "
        total += 1.0 if before.isalnum() else 2.0
    return total / len(words) + _RANKS[entry.kind] - min(len(entry.text), 100) / 1000


def best(entries: list[Entry], query: str) -> list[tuple[float, Entry]]:
    """The best results, the best first."""
    words = tuple(query.casefold().split())
    if not words:
        return []
    found = ((value, number) for number, entry in enumerate(entries) if (value := score(entry, words)))
    return [(value, entries[number]) for value, number in nlargest(LIMIT, found, key=lambda pair: pair[0])]


class Search(Provider):
    """The one provider of the palette: one that knows everything can also tell what comes first."""

    async def startup(self) -> None:
        """List what can be found from this screen."""
        app = cast("MonitorApp", self.app)
        self._commands = list(commands_here(app, self.screen))
        self._entries = [*self._commands, *_found_in(app), *_themes(app)]

    async def discover(self) -> Hits:
        """Before anything is typed: the commands that work here."""
        for entry in self._commands:
            yield DiscoveryHit(self._shown(entry, ()), entry.run, text=entry.text, help=escape(entry.help))

    async def search(self, query: str) -> Hits:
        """The best results."""
        words = tuple(query.casefold().split())
        for value, entry in best(self._entries, query):
            yield Hit(value, self._shown(entry, words), entry.run, text=entry.text, help=escape(entry.help))

    def _shown(self, entry: Entry, words: tuple[str, ...]) -> Content:
        """The text with what was typed marked in it, and the keys behind it."""
        folded = entry.text.casefold()
        spans = []
        if self.match_style is not None and len(folded) == len(entry.text):
            spans = [
                Span(place, place + len(word), self.match_style)
                for word in words
                if (place := folded.find(word)) >= 0
            ]
        shown = Content(entry.text, spans=spans)
        return shown + Content.styled(f"  {entry.keys}", "dim") if entry.keys else shown


def commands_here(app: MonitorApp, screen: Any) -> Iterator[Entry]:
    """The commands that work on this screen."""
    options = app.options
    contexts = screen.contexts() if isinstance(screen, BaseScreen) else ()
    for command in app.wiring.offered():
        if command.palette and command.context in ("app", *contexts):
            is_place = command.id.startswith("pane.") and "pane" not in command.title.casefold()
            title = f"Pane: {command.title}" if is_place else command.title
            keys = " ".join(key_labels(command, options.keymap))
            run = partial(app.run_command, command)
            yield Entry.of(
                "command", title, command.help, run, more=f"{command.help}\n{command.id}", keys=keys
            )


def _found_in(app: MonitorApp) -> Iterator[Entry]:
    """Everything in the store that has a place on the screen."""
    store, wiring = app.store, app.wiring
    for agent_id in store.get(Keys.AGENTS, ()):
        yield from _agent(app, store, agent_id)
    alerts: tuple[Alert, ...] = store.get(Keys.ALERTS, ())
    for alert in alerts:
        about = f"{alert.severity} · {agent_names(store, (alert.subject,))}"
        run = partial(opening.open_alert, app, wiring, alert.alert_id)
        yield Entry.of("alert", f"Alert: {alert.title}", about, run, more=f"{alert.rule}\n{alert.subject}")
    states: tuple[SystemState, ...] = store.get(Keys.SYSTEMS, ())
    for state in states:
        about = " · ".join(filter(None, (state.state, state.kind, state.engine)))
        run = partial(opening.open_system, app, wiring, state.name)
        yield Entry.of("system", f"System: {state.name}", f"Look into it. {about}", run, more=about)
    board: Board = store.get(Keys.TASKS) or Board()
    for task in board.tasks[:_TASKS]:
        about = " · ".join(filter(None, (task.status, task.priority, task.assigned_to)))
        run = partial(opening.open_task, app, wiring, task.root, task.id)
        yield Entry.of("task", f"Task: {task.id} {task.title}", about, run, more=about)
    commits: tuple[Commit, ...] = store.get(Keys.COMMIT_FEED, ())
    for commit in commits:
        about = (
            f"{agent_names(store, commit.agent_ids or (commit.agent_id,))} · {commit.branch or 'no branch'}"
        )
        run = partial(opening.open_commit, app, wiring, commit)
        shown = f"Commit: {commit.short_hash} {commit.message}"
        yield Entry.of("commit", shown, about, run, more=f"{commit.commit_hash}\n{about}")


def _agent(app: MonitorApp, store: KeyStore, agent_id: str) -> Iterator[Entry]:
    """Going to an agent, and opening its details."""
    status: AgentStatus | None = store.get(Keys.status(agent_id))
    name = status.name if status else agent_id
    about = " · ".join(filter(None, (status.status, status.kind, status.branch))) if status else ""
    yield Entry.of(
        "agent",
        f"Agent: {name}",
        f"Go to it. {about}",
        partial(opening.go_to_agent, app, agent_id),
        more=agent_id,
    )
    run = partial(opening.open_agent, app, app.wiring, agent_id)
    yield Entry.of("agent", f"Details: {name}", f"Open its details. {about}", run, more=agent_id)


def _themes(app: MonitorApp) -> Iterator[Entry]:
    """Each theme by name; none where no colour is wanted."""
    if not app.options.no_color:
        for name in sorted(app.available_themes):
            yield Entry.of(
                "theme", f"Theme: {name}", "Change the colours.", partial(setattr, app, "theme", name)
            )
