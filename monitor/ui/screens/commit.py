"""One commit: what it is, and what it changed in each file."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on

from monitor.ui.commands import Context, bindings
from monitor.ui.panes.commit_facts import CommitFactsPane
from monitor.ui.panes.commit_files import CommitFilesPane
from monitor.ui.panes.commits import agents_of
from monitor.ui.screens.agent import show_agent
from monitor.ui.screens.base import Overlay
from monitor.ui.screens.panes import PanesScreen, stack
from monitor.ui.widgets.line_table import LineTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from textual.binding import BindingType
    from textual.geometry import Region
    from textual.widget import Widget

    from monitor.model import Commit
    from monitor.ui.panes.base import BasePane
    from monitor.ui.wiring import Wiring


class CommitScreen(PanesScreen[None], Overlay):
    """Its facts over its files."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("commit"))
    CONTEXTS: ClassVar[tuple[Context, ...]] = ("commit", "panes", "overlay")

    def __init__(self, wiring: Wiring, commit: Commit) -> None:
        self.facts = CommitFactsPane(wiring, commit, id="commit-facts")
        self.files = CommitFilesPane(wiring, commit, id="commit-files")
        super().__init__(wiring, (self.facts, self.files), start="commit-files")

    def body(self) -> Iterable[Widget]:
        """The panes."""
        yield self.grid

    def lay_out(self, area: Region, here: BasePane) -> Mapping[str, Region]:
        """One over the other: the facts first, for they are few."""
        return dict(stack(self.panes(), area, here, first=self.facts))

    def action_open_agent(self) -> None:
        """Open the agent that the line names, else the first one."""
        row = self.facts.table.selected
        on_line = row.record.agent_id if row is not None and self.pane is self.facts else ""
        show_agent(self.app, self.wiring, on_line or agents_of(self.facts.commit)[0])

    @on(LineTable.Activated)
    def _clicked_twice(self, event: LineTable.Activated) -> None:
        event.stop()
        if event.table is self.facts.table:
            self.action_open_agent()
