"""The agents pane: what each agent is doing, what it costs, and which one waits for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, cast

from textual import on
from textual.actions import SkipAction

from monitor.keystore import Keys
from monitor.ui import format as text
from monitor.ui.commands import bindings
from monitor.ui.panes.agent_columns import agent_columns
from monitor.ui.panes.agent_groups import GROUPINGS, Grouping, group_key, grouped, heading_line
from monitor.ui.panes.agent_orders import AGENT_ORDERS
from monitor.ui.panes.agent_processes import Trees
from monitor.ui.panes.agent_roster import Roster
from monitor.ui.panes.agent_rows import (
    AgentLine,
    AgentRow,
    GroupRow,
    ProcessRow,
    waits_for_a_person,
)
from monitor.ui.panes.agent_search import AGENT_FIELDS, AGENT_NUMBERS, agent_fields, agent_numbers
from monitor.ui.panes.pane import Pane
from monitor.ui.widgets.line_table import LineTable
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.binding import BindingType

    from monitor.model import Status
    from monitor.ui.filter import Numbers
    from monitor.ui.spans import Cell, Span
    from monitor.ui.widgets.columns import Column
    from monitor.ui.wiring import Wiring

_COUNTED: Final[tuple[Status, ...]] = ("error", "blocked", "active", "idle", "offline")


class AgentsPane(Pane[AgentLine]):
    """One line an agent; between them headings of groups, and processes under those that are unfolded."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("agents", "acting"))
    CONTEXTS = ("agents", "acting")
    NUMBER = "1"
    CAPTION = "Agents"
    PATTERNS = (
        *(Keys.AGENTS, Keys.status("*"), Keys.metrics("*"), Keys.session("*"), Keys.TASKS, Keys.ALERTS),
    )
    FIELDS = AGENT_FIELDS
    NUMBERS: ClassVar[Numbers] = AGENT_NUMBERS
    SORTS = AGENT_ORDERS

    def __init__(self, wiring: Wiring, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        self.roster = Roster(wiring.store)
        self._sorted: Sequence[Row[AgentLine]] = ()
        chosen = wiring.memory.of_pane(id or "").get("group", "")
        self._grouping: Grouping = next((one for one in GROUPINGS if one == chosen), "")
        self._folded: frozenset[str] = frozenset()
        self._lines = 0
        self._covered = False
        self._trees = Trees(wiring, self._arrange_again, lambda: self.now)
        super().__init__(wiring, id=id)

    def columns(self) -> Sequence[Column[AgentLine]]:
        """Those of agents, see agent_columns.py; rows of other kinds draw themselves."""
        return cast("Sequence[Column[AgentLine]]", agent_columns(lambda: self.now, self.roster.loads.newest))

    # --- what the store holds -----------------------------------------------------------------------------------

    def records(self) -> Sequence[Row[AgentLine]]:
        """One row for each agent that the store lists."""
        return list(self.roster.rows.values())

    def notice(self, changed: frozenset[str]) -> None:
        """Read again the agents that changed, and move the sparklines on by one tick."""
        settled = self.roster.read(changed)
        self.now = self.roster.now
        if settled and self.sort.part == "status" and not self.filter:
            # Only numbers have changed: neither the order nor the counts can have.
            self._arrange_again()
            self._tell_title()
            return
        if not settled:
            self._trees.keep(self._trees.unfolded & self.roster.agents.keys())
        self.refresh_rows()

    def fields(self, record: AgentLine) -> Mapping[str, str]:
        """What of an agent can be searched."""
        return agent_fields(record) if isinstance(record, AgentRow) else {}

    def numbers(self, record: AgentLine) -> Mapping[str, float | None]:
        """What of an agent can be compared."""
        return agent_numbers(record, self.seconds_since) if isinstance(record, AgentRow) else {}

    def copied(self, row: Row[AgentLine]) -> str:
        """The agent's id; of a process its pid, of a group what its agents have in common."""
        record = row.record
        if isinstance(record, ProcessRow):
            return str(record.process.pid) if record.process else ""
        return record.key if isinstance(record, GroupRow) else record.id

    def all_copied(self) -> Sequence[str]:
        """Of all that are tagged, else of the line under the cursor."""
        return self.tagged or super().all_copied()

    # --- title --------------------------------------------------------------------------------------------------

    def summary(self) -> Cell:
        """Who waits for a person and since when, then how many agents there are in each status."""
        spans: list[Span] = [(str(self.total), "text")] if self.total else []
        counts = self.roster.counts
        waiting = counts["error"] + counts["blocked"]
        if waiting:
            longest = text.age(self.roster.waiting_since, self.now)
            told = (
                f"1 waits for a person, {longest}"
                if waiting == 1
                else f"{waiting} wait for a person, longest {longest}"
            )
            spans += [("  ", "text"), (f" {told} ", "call")]
        if self.roster.tagged:
            spans.append((f"   ▌{len(self.roster.tagged)} tagged", "accent"))
        for status in _COUNTED:
            if counts[status]:
                glyph, style = text.STATUS_GLYPHS[status]
                spans += [("   ", "text"), (f"{glyph} {counts[status]} {status}", style)]
        if self.roster.cost is not None:
            spans += [("   ", "text"), (text.dollars(self.roster.cost), "text"), (" so far", "muted")]
        return tuple(spans)

    def notes(self) -> list[Span]:
        """Whom it follows and what it is grouped by, beside what every pane tells."""
        following = self.wiring.following
        told = [f"following {following.name}"] if following.agent_id else []
        told += [f"grouped by {self._grouping}"] if self._grouping else []
        notes: list[Span] = [("  ".join(told), "accent")] if told else []
        rest = super().notes()
        return [*notes, ("  ", "text"), *rest] if notes and rest else [*notes, *rest]

    def empty(self) -> tuple[Cell, ...]:
        """What to do when no agent was found."""
        if self.store.get(Keys.AGENTS) is None:
            return ((("Looking for agents…", "muted"),),)
        return (
            (),
            (("No agents found.", "strong"),),
            (
                ("Start one, name a folder with ", "muted"),
                ("--root", "key"),
                (", or try: ", "muted"),
                ("agent-monitor demo", "key"),
            ),
        )

    # --- lines --------------------------------------------------------------------------------------------------

    def refresh_rows(self) -> None:
        """Read, filter, sort and show; who is followed keeps the cursor."""
        super().refresh_rows()
        self._hold()
        self._look()

    def _arrange_again(self) -> None:
        """Show what is new of the same agents in the same order."""
        self.table.set_rows(self.arranged([self.roster.rows[row.id] for row in self._sorted]))
        self._look()

    def arranged(self, rows: Sequence[Row[AgentLine]]) -> Sequence[Row[AgentLine]]:
        """Under headings when they are grouped; processes under the agents that are unfolded."""
        self._sorted = rows
        if not self._grouping:
            self._lines = 0
            return self._with_processes(rows)
        lines: list[Row[AgentLine]] = []
        agents = 0
        known = self.roster.agents
        for heading, members in grouped((known[row.id] for row in rows), self._grouping, self._folded):
            lines.append(Row(f"\n\n{heading.key}", heading, heading_line, eager=True))
            if not heading.folded:
                lines += self._with_processes([self.roster.rows[agent.id] for agent in members])
                agents += len(members)
        if not self.filter:
            self._lines = agents + sum(isinstance(line.record, GroupRow) for line in lines)
        return lines

    def _with_processes(self, rows: Sequence[Row[AgentLine]]) -> Sequence[Row[AgentLine]]:
        if not self._trees.unfolded:
            return rows
        lines: list[Row[AgentLine]] = []
        for row in rows:
            lines.append(row)
            if row.id in self._trees.unfolded:
                lines += self._trees.rows(row.id)
        return lines

    @property
    def grouping(self) -> Grouping:
        """What the agents are grouped by; empty: they are not."""
        return self._grouping

    @property
    def wanted(self) -> int:
        """Headings count as lines; processes do not, because they come and go."""
        return 1 + self.TITLES + self._lines if self._lines else super().wanted

    def _look(self) -> None:
        """Have the trees that stand on the screen filled, and no others."""
        if self._trees.unfolded:
            seen = self.display and not self._covered
            if self._trees.look_at({_agent_of(row) for row in self.table.in_sight} if seen else ()):
                self.table.set_rows(self.arranged(self._sorted))

    def cover(self, *, covered: bool) -> None:
        """Nor does anybody see them under another screen; under a dialog one does."""
        self._covered = covered
        self._look()

    def on_hide(self) -> None:
        """What nobody sees need not be filled."""
        self._trees.close()

    def on_show(self) -> None:
        """It is seen again."""
        self._look()

    def on_unmount(self) -> None:
        """Ask for no tree any more; Textual calls the handler of every pane as well."""
        self._trees.close()

    @on(LineTable.Moved)
    def _moved(self) -> None:
        """Other rows are in sight. As in htop, who moves the cursor off the agent that is followed lets it go."""
        self._look()
        followed = self.wiring.following.agent_id
        if (
            followed
            and self.selected_agent != followed
            and any(row.id == followed for row in self.table.rows)
        ):
            self._follow(None)

    # --- which agents -------------------------------------------------------------------------------------------

    @property
    def selected_agent(self) -> str | None:
        """Id of the agent on whose line, or on one of whose processes, the cursor is."""
        row = self.table.selected
        return _agent_of(row) or None if row else None

    @property
    def tagged(self) -> tuple[str, ...]:
        """Ids of the agents that are tagged, in the store's order."""
        tagged = self.roster.tagged
        return tuple(agent_id for agent_id in self.roster.agents if agent_id in tagged) if tagged else ()

    def chosen(self) -> tuple[str, ...]:
        """The tagged ones, else the selected one."""
        return self.tagged or super().chosen()

    def name_of(self, agent_id: str) -> str:
        """An agent's name as shown."""
        return self.roster.name_of(agent_id)

    def waiting(self, step: int) -> str | None:
        """Id of the next (1) or previous (-1) agent after the cursor that needs a person; None when nobody does."""
        found = self._next_waiting(step)
        if found is None and self._folded:
            self._folded = frozenset()
            self.refresh_rows()
            found = self._next_waiting(step)
        return found

    def _next_waiting(self, step: int) -> str | None:
        rows = self.table.rows
        for distance in range(1, len(rows) + 1):
            row = rows[(self.table.cursor + step * distance) % len(rows)]
            if isinstance(row.record, AgentRow) and waits_for_a_person(row.record):
                return row.id
        return None

    def reveal(self, row_id: str) -> bool:
        """Put the cursor on an agent, unfolding its group."""
        agent = self.roster.agents.get(row_id)
        if agent is not None:
            self._fold(group_key(agent, self._grouping), folded=False)
        return super().reveal(row_id)

    # --- commands -----------------------------------------------------------------------------------------------

    def action_details(self) -> None:
        """Open the details of the selected agent."""
        agent_id = self.selected_agent
        if agent_id is not None:
            from monitor.ui.screens.agent import AgentScreen

            self.app.push_screen(AgentScreen(self.wiring, agent_id))

    def action_group(self) -> None:
        """Group by the next thing that agents have in common."""
        self._grouping = GROUPINGS[(GROUPINGS.index(self._grouping) + 1) % len(GROUPINGS)]
        self._folded = frozenset()
        self.wiring.memory.change_pane(self.id or "", group=self._grouping)
        self.refresh_rows()

    def action_fold(self) -> None:
        """Fold or unfold the group whose heading is selected; on any other line the key means something else."""
        row = self.table.selected
        if row is None or not isinstance(row.record, GroupRow):
            raise SkipAction
        self._fold(row.record.key, folded=not row.record.folded)

    def action_narrow(self) -> None:
        """Fold what the cursor is on, or go to what it belongs to: a process to its agent, an agent to its group."""
        row = self.table.selected
        if row is None:
            return
        record = row.record
        if isinstance(record, GroupRow):
            self._fold(record.key, folded=True)
        elif isinstance(record, ProcessRow):
            self.table.select(record.agent_id)
        elif record.id in self._trees.unfolded:
            self.action_processes()
        elif self._grouping:
            self.table.select(f"\n\n{group_key(record, self._grouping)}")

    def action_widen(self) -> None:
        """Unfold what the cursor is on: a group its agents, an agent its processes."""
        row = self.table.selected
        if row is None or isinstance(row.record, ProcessRow):
            return
        if isinstance(row.record, GroupRow):
            self._fold(row.record.key, folded=False)
        elif row.id not in self._trees.unfolded:
            self._trees.toggle((row.id,))
            self.refresh_rows()

    def _fold(self, key: str, *, folded: bool) -> None:
        if (key in self._folded) != folded:
            self._folded = self._folded | {key} if folded else self._folded - {key}
            self.refresh_rows()

    def action_processes(self) -> None:
        """Show the processes of the tagged agents, else of the selected one, or hide them."""
        chosen = self.chosen()
        selected = self.selected_agent
        if selected is not None and selected in self._trees.unfolded:
            self.table.select(selected)
        self._trees.toggle(chosen)
        self.refresh_rows()

    def action_tag(self) -> None:
        """Tag the selected agent, or all of the selected group, or take the tag off, and go down."""
        row = self.table.selected
        if row is None:
            return
        if isinstance(row.record, GroupRow):
            key, known = row.record.key, self.roster.agents
            lines = (known[line.id] for line in self._sorted)
            agents = frozenset(agent.id for agent in lines if group_key(agent, self._grouping) == key)
        else:
            agents = frozenset((_agent_of(row),))
        tagged = self.roster.tagged
        self._tag(tagged - agents if agents <= tagged else tagged | agents)
        self.table.action_move(1)

    def action_untag(self) -> None:
        """Take all tags off."""
        self._tag(frozenset())

    def _tag(self, agent_ids: frozenset[str]) -> None:
        self.roster.tag(agent_ids)
        self.table.show_marked(agent_ids)
        self.refresh_rows()

    def action_follow(self) -> None:
        """Follow the selected agent, or no longer."""
        agent_id = self.selected_agent
        self._follow(None if agent_id == self.wiring.following.agent_id else agent_id)

    def _follow(self, agent_id: str | None) -> None:
        self.table.holding = agent_id is not None
        self.wiring.following.follow(agent_id, self.name_of(agent_id) if agent_id else "")

    def _hold(self) -> None:
        """Put the cursor back on the agent that is followed, when it had gone for a while."""
        followed = self.wiring.following.agent_id
        if followed is not None and self.selected_agent != followed:
            self.table.select(followed)

    @on(LineTable.Activated)
    def _opened(self, event: LineTable.Activated) -> None:
        """A click on a heading folds its group; others open what they open everywhere."""
        row = self.table.selected
        if row is not None and isinstance(row.record, GroupRow):
            event.stop()
            self.action_fold()


def _agent_of(row: Row[AgentLine]) -> str:
    """Id of the agent that a line belongs to; empty for a heading."""
    record = row.record
    if isinstance(record, AgentRow):
        return record.id
    return record.agent_id if isinstance(record, ProcessRow) else ""
