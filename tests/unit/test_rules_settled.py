"""A verdict that nothing new was seen of is not made again, and time alone still changes it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from status_facts import (
    ALIVE,
    BLOCKED,
    FAILED,
    GONE,
    LIMITS,
    MINUTE,
    NOW,
    QUIET,
    SECOND,
    UNREAD,
    WORKING,
    facts,
    tree,
)

from monitor.model import AgentStatus
from monitor.rules import status as rule
from monitor.rules.facts import AgentFacts
from monitor.rules.status import StatusBook

EAGER = msgspec.structs.replace(LIMITS, status_hold_seconds=0.0)
"""A verdict that is late shows at once."""

times = st.none() | st.sampled_from([-31, -29, -6, -4, 0, 1, 2, 20]).map(
    lambda minutes: NOW + minutes * MINUTE
)
known = st.sampled_from([ALIVE, BLOCKED, FAILED, GONE, QUIET, UNREAD, WORKING]) | st.builds(
    lambda moved, commit, log, cpu, changed: facts(
        files_changed_at=moved,
        last_commit_at=commit,
        log_at=log,
        cpu_active_at=cpu,
        worktree=tree(last_change=changed),
    ),
    times,
    times,
    times,
    times,
    times,
)
steps = st.lists(
    st.tuples(known, st.lists(st.sampled_from([-1, 0.1, 0.5, 2, 4, 20, 28]), min_size=1, max_size=6)),
    min_size=1,
    max_size=3,
)


class Forgetful(StatusBook):
    """Judges anew each time."""

    def update(self, facts: AgentFacts, now: int) -> AgentStatus:
        self._settled.clear()
        return super().update(facts, now)


@given(steps)
def test_a_book_that_judges_only_news_says_the_same_as_one_that_always_judges(
    history: list[tuple[AgentFacts, list[float]]],
) -> None:
    thrifty, forgetful, now = StatusBook(EAGER), Forgetful(EAGER), NOW
    for seen, pauses in history:
        for pause in pauses:
            now += int(pause * MINUTE)
            assert thrifty.update(seen, now) == forgetful.update(seen, now)


def test_only_news_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[AgentFacts] = []
    judge = rule.judge

    def noted(*args: Any) -> rule.Verdict:
        judged.append(args[0])
        return judge(*args)

    monkeypatch.setattr(rule, "judge", noted)
    book = StatusBook(LIMITS)
    for second in range(60):
        book.update(WORKING, NOW + second * SECOND)
    assert len(judged) == 1
    book.update(QUIET, NOW + 60 * SECOND)
    assert len(judged) == 2
