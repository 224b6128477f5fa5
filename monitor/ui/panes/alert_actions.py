"""What a person does about an alert: acknowledge, resolve, mute it, look at what is muted and at what is over."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, Literal, NamedTuple

from monitor.keystore import Keys
from monitor.model import Command
from monitor.rules.mutes import MUTES_LIMIT, muted_by
from monitor.text import clean
from monitor.ui.commands import bindings
from monitor.ui.panes.alert_words import UNDER_WAY, muted_thing
from monitor.ui.panes.commits import agent_names
from monitor.ui.panes.pane import Pane
from monitor.ui.screens.dialogs import Choice, ChoiceScreen, PromptScreen
from monitor.ui.widgets.columns import R

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.binding import BindingType

    from monitor.model import Alert, FeedState, Mute
    from monitor.ui.spans import Cell
    from monitor.ui.wiring import Wiring

Kind = Literal["acknowledge", "resolve", "mute", "unmute"]

_MINUTE: Final = 60_000
LENGTHS: Final = (
    Choice("15 minutes", 15 * _MINUTE, "1"),
    Choice("1 hour", 60 * _MINUTE, "2"),
    Choice("4 hours", 240 * _MINUTE, "3"),
    Choice("1 day", 1440 * _MINUTE, "4"),
    Choice("7 days", 7 * 1440 * _MINUTE, "5"),
    Choice("30 days", 30 * 1440 * _MINUTE, "6"),
)
"""For how long something can be muted, in milliseconds."""


class Target(NamedTuple):
    """What is to be muted, or to be heard again."""

    kind: Literal["mute", "unmute"]
    rule: str
    subject: str


class AlertActions(Pane[R]):
    """A pane with an alert under its cursor."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("alerts"))
    CONTEXTS = ("alerts",)

    def __init__(self, wiring: Wiring, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        self._sent: dict[str, Kind] = {}
        super().__init__(wiring, id=id)

    def alert_here(self) -> Alert | None:
        """The alert that a command is about."""
        raise NotImplementedError

    def mute_of(self, alert: Alert) -> Mute | None:
        """The mute that keeps an alert quiet at the moment shown."""
        return muted_by(self.store.get(Keys.MUTES, ()), alert, self.store.get(Keys.CLOCK) or 0)

    # --- commands -----------------------------------------------------------------------------------------------

    def action_open_alert(self) -> None:
        """Everything about the alert."""
        from monitor.ui.screens.alert import AlertScreen

        if (alert := self.alert_here()) is not None:
            self.app.push_screen(AlertScreen(self.wiring, alert.alert_id))

    def action_acknowledge(self) -> None:
        """Say that it was seen."""
        if (alert := self._unseen()) is not None:
            self._send("acknowledge", alert)

    def action_acknowledge_with_note(self) -> None:
        """Say that it was seen, and what is done about it."""
        alert = self._unseen()
        if alert is not None and self._is_live():
            self.app.push_screen(
                PromptScreen("Acknowledge", placeholder="a note: what you do about it", lines=_about(alert)),
                partial(self._acknowledge_noted, alert),
            )

    def _acknowledge_noted(self, alert: Alert, note: str | None) -> None:
        if note is not None:
            self._send("acknowledge", alert, note=note.strip())

    def action_resolve(self) -> None:
        """Take it off the list."""
        alert = self.alert_here()
        if alert is not None and not alert.resolved:
            self._send("resolve", alert)

    def action_mute(self) -> None:
        """Keep it quiet for a time, or hear of it again."""
        alert = self.alert_here()
        if alert is not None and self._is_live():
            self.app.push_screen(
                ChoiceScreen("Mute", self._targets(alert), lines=_about(alert)),
                partial(self._ask_for_how_long, alert),
            )

    def action_mutes(self) -> None:
        """What is muted."""
        from monitor.ui.screens.alert import MutesScreen

        self.app.push_screen(MutesScreen(self.wiring))

    def action_history(self) -> None:
        """What is over."""
        from monitor.ui.screens.alert import AlertHistoryScreen

        self.app.push_screen(AlertHistoryScreen(self.wiring))

    # --- mute ---------------------------------------------------------------------------------------------------

    def _targets(self, alert: Alert) -> Sequence[Choice[Target]]:
        """What of an alert can be muted; first of all the end of the mute that holds."""
        choices = []
        if (mute := self.mute_of(alert)) is not None:
            what = _plain(muted_thing(mute.rule, mute.subject))
            choices.append(
                Choice("Hear it again", Target("unmute", mute.rule, mute.subject), "u", f"{what} is muted")
            )
        subject = agent_names(self.store, (alert.subject,))
        both = f"{clean(alert.rule)} about {subject}"
        return (
            *choices,
            Choice("This alert", Target("mute", alert.rule, alert.subject), "a", both),
            Choice("The rule", Target("mute", alert.rule, ""), "r", f"{clean(alert.rule)} about anything"),
            Choice("The subject", Target("mute", "", alert.subject), "s", f"anything about {subject}"),
        )

    def _ask_for_how_long(self, alert: Alert, target: Target | None) -> None:
        if target is None:
            return
        if target.kind == "unmute":
            self._send("unmute", alert, rule=target.rule, subject=target.subject)
            return
        mutes: Sequence[Mute] = self.store.get(Keys.MUTES, ())
        known = {(mute.rule, mute.subject) for mute in mutes}
        if len(mutes) >= MUTES_LIMIT and (target.rule, target.subject) not in known:
            self.notify(f"{MUTES_LIMIT} mutes hold already: end one with M.", severity="warning", timeout=5)
            return
        self.app.push_screen(
            ChoiceScreen("For how long?", LENGTHS, lines=(muted_thing(target.rule, target.subject),)),
            partial(self._mute, alert, target),
        )

    def _mute(self, alert: Alert, target: Target, length: int | None) -> None:
        if length is not None:
            self._send("mute", alert, rule=target.rule, subject=target.subject, length=length)

    # --- what is under way --------------------------------------------------------------------------------------

    def under_way(self, alert: Alert) -> Cell:
        """A sign while a command about the alert waits for the feed."""
        return (UNDER_WAY,) if alert.alert_id in self._sent else ()

    def settle(self, alerts: Iterable[Alert]) -> None:
        """Forget the commands that the feed has confirmed."""
        if self._sent:
            known = {alert.alert_id: alert for alert in alerts}
            self._sent = {
                alert_id: kind
                for alert_id, kind in self._sent.items()
                if alert_id in known and not self._is_done(kind, known[alert_id])
            }

    def _is_done(self, kind: Kind, alert: Alert) -> bool:
        if kind == "acknowledge":
            return alert.acknowledged
        if kind == "resolve":
            return alert.resolved
        return (self.mute_of(alert) is not None) == (kind == "mute")

    def _unseen(self) -> Alert | None:
        """The alert here, unless somebody has acknowledged it or it is over."""
        alert = self.alert_here()
        return None if alert is None or alert.acknowledged or alert.resolved else alert

    def _is_live(self) -> bool:
        """Whether anything can be done; else the person is told so before being asked for anything."""
        feed: FeedState | None = self.store.get(Keys.FEED)
        live = feed is None or feed.mode != "replay"
        if not live:
            self.notify("A replay shows the past: do this in the live view.", severity="warning", timeout=5)
        return live

    def _send(
        self,
        kind: Kind,
        alert: Alert,
        *,
        note: str = "",
        rule: str = "",
        subject: str = "",
        length: int | None = None,
    ) -> None:
        self._mark_sent(alert.alert_id, kind)
        # The wall clock: a person acts now, whatever moment the store shows.
        at = time.time_ns() // 1_000_000
        command = Command(
            kind=kind,
            by=self.wiring.options.user,
            at=at,
            alert_id=alert.alert_id if kind in ("acknowledge", "resolve") else "",
            note=note,
            rule=rule,
            subject=subject,
            until=None if length is None else at + length,
        )
        self.wiring.send(command, partial(self._mark_sent, alert.alert_id, None))

    def _mark_sent(self, alert_id: str, kind: Kind | None) -> None:
        """Show that a command is under way, or no longer."""
        if kind is None:
            self._sent.pop(alert_id, None)
        else:
            self._sent[alert_id] = kind
        self.refresh_rows()


def _about(alert: Alert) -> tuple[Cell, ...]:
    return (((clean(alert.title), "text"),),)


def _plain(cell: Cell) -> str:
    return "".join(part for part, _ in cell)
