"""What did not change since the last tick is not done again, and nothing is lost by that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from history_records import AT, agent, status, tick
from hypothesis import given
from hypothesis import strategies as st

from monitor.collector.publish import Publisher
from monitor.collector.roster import NO_METRICS, Member
from monitor.history.writing.encode import SAMPLE_REPEAT_MS, Encoder
from monitor.keystore import Keys, KeyStore
from monitor.model import AgentMetrics, AgentStatus, Commit, ProcessGroup, ProcessKey

if TYPE_CHECKING:
    from monitor.history.writing.columns import Row

STATUSES = (status(), status(branch="fix"), status(status="idle", status_since=AT + 5))
METRICS = (AgentMetrics(cpu_usage=1.5), AgentMetrics(cpu_usage=1.51), AgentMetrics(cpu_usage=9.0))
GROUP = ProcessGroup(key=ProcessKey("boot", 7, 1), kind="codex", name="codex", cpu_usage=1.5)

looks = st.lists(
    st.tuples(
        st.sampled_from(STATUSES),
        st.sampled_from(METRICS),
        st.sampled_from([-2_000, 1_000, 2_000, 9_000, SAMPLE_REPEAT_MS]),
        st.booleans(),
    ),
    max_size=12,
)


def commit(holders: int, **changes: str) -> Commit:
    """A commit that so many agents have."""
    known = Commit(
        commit_hash="c0ffee",
        short_hash="c0ffee",
        agent_id="agent-0",
        agent_ids=tuple(f"agent-{number}" for number in range(holders)),
        author_name="One Author",
        author_email="one@example.org",
        message="The beginning",
        branch="main",
        files_changed=1,
        lines_added=1,
        lines_deleted=0,
        commit_timestamp=AT,
        attribution="branch",
    )
    return msgspec.structs.replace(known, **changes)


def holders_written(encoder: Encoder, record: Commit) -> list[Row]:
    rows = dict(encoder.statements(tick(commits=[record])))["upsert_commit_agent"]
    encoder.accept()
    return rows


@given(looks)
def test_the_very_records_of_before_make_the_rows_that_equal_ones_make(
    looks: list[tuple[AgentStatus, AgentMetrics, int, bool]],
) -> None:
    encoders, at = (Encoder(), Encoder()), AT
    for known, metrics, pause, written in looks:
        at += pause
        same, equal = (known, metrics), (msgspec.structs.replace(known), msgspec.structs.replace(metrics))
        made = [
            encoder.statements(tick(at, samples=[sample]))
            for encoder, sample in zip(encoders, (same, equal), strict=True)
        ]
        assert made[0] == made[1]
        for encoder in encoders if written else ():
            encoder.accept()


def test_a_commit_that_all_agents_share_is_written_once_for_each_of_them() -> None:
    encoder = Encoder()
    written = [row["agent_id"] for count in range(1, 101) for row in holders_written(encoder, commit(count))]
    assert written == [f"agent-{number}" for number in range(100)]


def test_whoever_turns_out_to_have_made_a_commit_is_written_again() -> None:
    encoder = Encoder()
    holders_written(encoder, commit(3))
    rows = holders_written(encoder, commit(3, agent_id="agent-1", attribution="reflog"))
    assert [row["attribution"] for row in rows] == ["branch", "reflog", "branch"]


def test_of_a_commit_that_is_told_twice_in_a_tick_the_last_word_is_written() -> None:
    rows = dict(Encoder().statements(tick(commits=[commit(1), commit(2)])))
    assert (len(rows["upsert_commit"]), len(rows["upsert_commit_agent"])) == (1, 2)


def test_an_agents_numbers_are_the_same_record_while_its_process_reading_is() -> None:
    member = Member(agent())
    assert member.metrics is NO_METRICS
    member.process = GROUP
    first = member.metrics
    assert (first.pid, first.cpu_usage) == (7, 1.5)
    assert member.metrics is first
    member.process = msgspec.structs.replace(GROUP, cpu_usage=2.5)
    assert member.metrics.cpu_usage == 2.5
    member.process = None
    assert member.metrics is NO_METRICS


def test_only_records_that_are_new_are_shown_and_a_forgotten_agent_is_shown_again() -> None:
    store = KeyStore()
    publisher = Publisher(store)
    publisher.agent(STATUSES[0], METRICS[0], AT)
    store.flush()
    publisher.agent(STATUSES[0], METRICS[0], AT + 1)
    assert store.flush() == frozenset()
    publisher.agent(STATUSES[0], METRICS[2], AT + 2)
    assert store.flush() == {Keys.metrics("builder"), Keys.last_updated("builder")}
    publisher.forget("builder")
    publisher.agent(STATUSES[0], METRICS[2], AT + 3)
    assert store.get(Keys.status("builder")) is STATUSES[0]
