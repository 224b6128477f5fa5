"""What holds of alerts whatever is found, done by hand or restarted, and whatever the clock does."""

from __future__ import annotations

from typing import Final

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from monitor.model import Alert
from monitor.rules.alerts import RULES, RULES_BY_ID
from monitor.rules.lifecycle import AlertBook
from monitor.rules.rule import finding

NOW: Final = 1_800_000_000_000
SECOND: Final = 1000


def again(book: AlertBook) -> AlertBook:
    """The book of a recorder started anew: its open alerts went through storage."""
    return AlertBook(msgspec.json.decode(msgspec.json.encode(book.active), type=tuple[Alert, ...]))


SOLE: Final = [known.id for known in RULES if not known.yields_to]
KEYS: Final = st.sets(st.tuples(st.sampled_from(SOLE), st.sampled_from(["a", "b"])), max_size=6)


@given(settled=KEYS, after=st.lists(st.tuples(KEYS, st.sampled_from([500, 11_000, 31_000])), max_size=12))
def test_a_restart_in_a_settled_state_makes_no_difference(
    settled: set[tuple[str, str]], after: list[tuple[set[tuple[str, str]], int]]
) -> None:
    def look(book: AlertBook, keys: set[tuple[str, str]], now: int) -> list[Alert]:
        found = [finding(name, subject, title="t", message="m", source="s") for name, subject in sorted(keys)]
        written = [msgspec.structs.replace(alert, alert_id="") for alert in book.update(found, now)]
        return sorted(written, key=lambda alert: (alert.rule, alert.subject))

    steady, now = AlertBook(), NOW
    for now in (NOW, NOW + 60 * SECOND):
        look(steady, settled, now)
    restarted = again(steady)
    for keys, step in after:
        now += step
        assert look(restarted, keys, now) == look(steady, keys, now)


class LifeOfAlerts(RuleBasedStateMachine):
    """Whatever is found, done by hand, restarted, and whatever the clock does."""

    def __init__(self) -> None:
        super().__init__()
        self.book = AlertBook()
        self.now = NOW
        self.written: dict[str, Alert] = {}

    def write(self, *alerts: Alert | None) -> None:
        for alert in alerts:
            if alert is None:
                continue
            before = self.written.get(alert.alert_id)
            if before is None:
                assert not alert.resolved, "an alert is written when it is raised"
            else:
                assert (before.rule, before.subject, before.created_at) == (
                    *(alert.rule, alert.subject, alert.created_at),
                )
                assert not before.resolved, "a resolved alert has had its life"
                assert alert != before, "nothing is written twice"
            self.written[alert.alert_id] = alert

    @rule(
        keys=st.sets(st.tuples(st.sampled_from(list(RULES_BY_ID)), st.sampled_from(["a", "b"]))),
        reason=st.sampled_from(["x", "y"]),
        step=st.sampled_from([0, 1, 2_000, 11_000, 60_000, -1, -3_600_000]),
    )
    def look(self, keys: set[tuple[str, str]], reason: str, step: int) -> None:
        self.now += step
        found = [
            finding(name, subject, title="t", message=reason, source="s", reason=reason)
            for name, subject in keys
        ]
        raised = self.book.update(found, self.now)
        self.write(*raised)
        for alert in raised:
            assert alert.resolved or (alert.rule, alert.subject) in keys, "what is raised was found"

    @precondition(lambda self: self.book.active)
    @rule(data=st.data(), by=st.text(max_size=60), late=st.integers(-5_000, 5_000), resolve=st.booleans())
    def by_hand(self, data: st.DataObject, by: str, late: int, resolve: bool) -> None:
        alert = data.draw(st.sampled_from(self.book.active))
        act = self.book.resolve if resolve else self.book.acknowledge
        self.write(act(alert.alert_id, by, self.now + late))

    @rule()
    def restart(self) -> None:
        restarted = again(self.book)
        assert restarted.active == self.book.active
        self.book = restarted

    @invariant()
    def open_alerts_are_what_was_written_and_not_resolved(self) -> None:
        still_open = {alert.alert_id: alert for alert in self.written.values() if not alert.resolved}
        assert {alert.alert_id: alert for alert in self.book.active} == still_open

    @invariant()
    def no_two_open_alerts_are_the_same(self) -> None:
        keys = [(alert.rule, alert.subject) for alert in self.book.active]
        assert len(keys) == len(set(keys))

    @invariant()
    def times_are_in_order(self) -> None:
        for alert in self.written.values():
            for at in (alert.acknowledged_at, alert.resolved_at):
                assert at is None or at >= alert.created_at


TestLifeOfAlerts = LifeOfAlerts.TestCase
TestLifeOfAlerts.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
