"""The facts about attached systems: where each is, how it fares, what it holds, what cannot be read, its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.keystore import Keys
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.panes.facts import AGE_WIDTH, LABEL_WIDTH, Fact, FactsPane
from monitor.ui.panes.system_pane import SystemPane
from monitor.ui.panes.system_words import PARTS, amount, tally_cell
from monitor.ui.spans import UNKNOWN
from monitor.ui.widgets.rows import Row
from monitor.ui.wrapping import wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.model import SourceStatus, SystemItem, SystemMetric, SystemReading, SystemState
    from monitor.ui.palette import StyleName
    from monitor.ui.spans import Cell, Span
    from monitor.ui.widgets.columns import Column

_LISTED: Final = 30
"""Measurements and documents that are named one by one."""
_BESIDE: Final = LABEL_WIDTH + AGE_WIDTH + 6
"""Cells of a line that are no value."""
_LABELS: Final[dict[str, str]] = {"executions": "Runs", "configuration": "Settings", "metrics": "Measured"}


def source_of(sources: Sequence[SourceStatus], name: str) -> SourceStatus | None:
    """How the reading of a system fares."""
    return next((one for one in sources if one.name == "system" and one.subject == name), None)


def heard_at(state: SystemState, source: SourceStatus | None) -> int | None:
    """When a system was read last: how old what is shown of it may be."""
    return source.last_success if source is not None and source.last_success is not None else state.read_at


class SystemFactsPane(FactsPane, SystemPane[Fact]):
    """One line a fact, one system after the other."""

    NUMBER = "1"
    CAPTION = "System"
    PATTERNS = (Keys.SYSTEMS, Keys.system("*"), Keys.SOURCES)
    PARTS = ("metrics", "items")

    def columns(self) -> Sequence[Column[Fact]]:
        """Label, value, age; each system has a line of its own."""
        return FactsPane.columns(self)

    def on_resize(self) -> None:
        """Long texts are broken for the width there is."""
        self.refresh_rows()

    def _signature(self) -> object:
        sources: Sequence[SourceStatus] = self.store.get(Keys.SOURCES, ())
        heard = tuple(
            (source.state, source.last_success)
            for state in self.scope.states
            if (source := source_of(sources, state.name)) is not None
        )
        return (super()._signature(), tuple(self.scope.states), heard)

    def records(self) -> Sequence[Row[Fact]]:
        """Each system with what is known of it."""
        sources: Sequence[SourceStatus] = self.store.get(Keys.SOURCES, ())
        rows: list[Row[Fact]] = []
        width = max(20, self.size.width - _BESIDE)
        for state in self.scope.states:
            if rows:
                rows.append(Row(f"{state.name}\n", Fact("", ())))
            reading = self.scope.reading(state.name)
            facts = (
                *_fares(state, source_of(sources, state.name), width),
                *_limits(state),
                *_holds(state, width),
                *(_listed(reading) if reading is not None else ()),
            )
            rows += [Row(f"{state.name}\n{place}", fact) for place, fact in enumerate(facts)]
        return rows

    def copied(self, row: Row[Fact]) -> str:
        """The system's name."""
        return row.id.partition("\n")[0]

    def more(self) -> Cell:
        """Facts are not counted."""
        return ()

    def summary(self) -> Cell:
        """How many systems there are in each state."""
        states = [state.state for state in self.scope.states]
        parts: list[Span] = []
        for state, (glyph, style) in text.SOURCE_GLYPHS.items():
            if count := states.count(state):
                parts += [("   " if parts else "", "text"), (f"{glyph} {count} {state}", style)]
        return tuple(parts)


def _fares(state: SystemState, source: SourceStatus | None, width: int) -> Iterator[Fact]:
    """Its name and state, since when and why, and how old what is shown of it is."""
    glyph, style = text.SOURCE_GLYPHS[state.state]
    since = state.since if state.state in ("failing", "degraded") else None
    yield Fact("System", ((clean(state.name), "strong"), (f"  {glyph} {state.state}", style)), since)
    if state.problem:
        yield from _lines("Why", state.problem, width, bad=state.state == "failing")
    heard = heard_at(state, source)
    if state.state == "failing" and heard is not None:
        yield Fact("Shown", (("what it told last", "warn"),), heard)
    elif heard is not None:
        speed = source.latency_ms if source is not None else None
        took = f"in {text.milliseconds(speed)}" if speed is not None else ""
        yield Fact("Read", ((took, "muted"),), heard)
    yield Fact("Kind", ((clean(state.kind) or UNKNOWN, "text"), (f"  {clean(state.engine)}", "muted")))
    if state.url:
        yield from _lines("Address", state.url, width)


def _limits(state: SystemState) -> Iterator[Fact]:
    """What it allows its agents and runs."""
    told = (
        f"lost after {text.duration(state.heartbeat_seconds)} without a heartbeat"
        if state.heartbeat_seconds
        else "",
        f"a run may take {text.duration(state.timeout_seconds)}" if state.timeout_seconds else "",
        f"{state.max_processes} processes at most" if state.max_processes else "",
    )
    for place, line in enumerate(filter(None, told)):
        yield Fact("" if place else "Limits", ((line, "text"),))


def _holds(state: SystemState, width: int) -> Iterator[Fact]:
    """How many there are of each part, in its own words; then what cannot be read."""
    brief: list[str] = []
    for part in (*PARTS, *(part for part in state.counts if part not in PARTS)):
        count, shown, tally = state.counts.get(part), state.shown.get(part), state.tallies.get(part)
        if count is None:
            continue
        if not tally and not shown:
            brief.append(amount(part, count))
            continue
        told: Cell = ((f"{count:,}", "text"), (f", {shown:,} shown" if shown else "", "muted"))
        if tally:
            told = (*told, ("   ", "text"), *tally_cell(tally))
        yield Fact(_LABELS.get(part, part.capitalize()), told)
    if brief:
        yield from _lines("Holds", ", ".join(brief), width)
    for place, (name, depth) in enumerate(state.depths.items()):
        waits: Cell = ((clean(name) or UNKNOWN, "text"), (f"  {depth:,} wait or run", "muted"))
        yield Fact("" if place else "Queues", waits)
    label = "Missing"
    for line in state.missing:
        yield from _lines(label, line, width, bad=None)
        label = ""


def _listed(reading: SystemReading) -> Iterator[Fact]:
    """Its newest measurements, and what it only lists."""
    newest: dict[tuple[str, str, str], SystemMetric] = {}
    for metric in sorted(reading.metrics, key=lambda one: one.at or 0):
        newest[metric.kind, metric.name, metric.subject] = metric
    label = "Newest"
    for metric in list(newest.values())[-_LISTED:]:
        value = UNKNOWN if metric.value is None else f"{metric.value:g} {clean(metric.unit)}".rstrip()
        who = f"  of {clean(metric.subject)}" if metric.subject else ""
        told: Cell = ((f"{clean(metric.name or metric.kind)} ", "muted"), (value, "text"), (who, "muted"))
        yield Fact(label, told, metric.at)
        label = ""
    for part, name in (("templates", "Template"), ("configuration", "Setting"), ("documents", "Document")):
        items = [item for item in reading.items if item.part == part]
        for place, item in enumerate(items[:_LISTED]):
            yield Fact("" if place else name, _item(item), item.updated_at)
        if len(items) > _LISTED:
            yield Fact("", ((f"and {amount(part, len(items) - _LISTED)} more", "muted"),))


def _item(item: SystemItem) -> Cell:
    value = f" = {clean(item.value)}" if item.value else ""
    version = f"  version {clean(item.version)}" if item.version else ""
    kind = f"  {clean(item.kind)}" if item.kind else ""
    return ((clean(item.title or item.id), "text"), (value, "text"), (f"{kind}{version}", "muted"))


def _lines(label: str, words: str, width: int, *, bad: bool | None = False) -> Iterator[Fact]:
    """A text over as many lines as it needs; `bad` None: it is only told, quietly."""
    style: StyleName = "muted" if bad is None else "bad" if bad else "text"
    for place, line in enumerate(wrapped(clean(words, 1000), width)):
        yield Fact("" if place else label, ((line, style),))
