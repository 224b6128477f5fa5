"""Two agents that change the same file: what counts as an overlap, and when it is looked for again."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from monitor.collector.commits import CommitBook
from monitor.collector.overlaps import Overlaps
from monitor.config import Thresholds
from monitor.model import AgentStatus, Commit, FileChange, WorktreeReading
from monitor.rules.alerts import RULES_BY_ID, find_all
from monitor.rules.facts import Situation
from monitor.rules.overlaps import FILES_LIMIT, PAIRS_LIMIT, Change, Overlap, WorkingSet, overlaps_in

NOW = 1_767_268_800_000
MINUTE = 60_000


def working(agent: str, *changes: Change | str, worktree: str = "") -> WorkingSet:
    made = tuple(Change(change) if isinstance(change, str) else change for change in changes)
    return WorkingSet(agent, worktree or f"/shop/{agent}", "/shop/.git", made)


def pairs(*sets: WorkingSet) -> list[tuple[tuple[str, str], tuple[str, ...]]]:
    return [(overlap.agents, overlap.files) for overlap in overlaps_in(sets)]


def test_two_worktrees_with_the_same_uncommitted_file_overlap() -> None:
    assert pairs(working("b", "x.py", "y.py"), working("a", "x.py", "z.py")) == [(("a", "b"), ("x.py",))]


def test_agents_of_one_worktree_see_each_others_files_anyway() -> None:
    assert pairs(working("a", "x.py", worktree="/shop"), working("b", "x.py", worktree="/shop")) == []


def test_a_commit_that_the_other_has_already_is_settled() -> None:
    mine, ours = Change("x.py", frozenset({"a"})), Change("x.py", frozenset({"a", "b"}))
    assert pairs(working("a", mine), working("b", "x.py")) == [(("a", "b"), ("x.py",))]
    assert pairs(working("a", ours), working("b", "x.py")) == []
    assert pairs(working("a", ours, "x.py"), working("b", "x.py")) == [(("a", "b"), ("x.py",))]


def test_the_largest_overlaps_are_told_and_only_some_files_by_name() -> None:
    many = [f"f{number:03}" for number in range(FILES_LIMIT + 5)]
    (first, second, third) = overlaps_in([working("a", *many), working("b", *many), working("c", "f001")])
    assert (first.agents, first.count, len(first.files)) == (("a", "b"), FILES_LIMIT + 5, FILES_LIMIT)
    assert {second.agents, third.agents} == {("a", "c"), ("b", "c")}
    crowd = [
        working(f"a{n}", *(f"{n}-{m}" for m in range(20)), *(f"{m}-{n}" for m in range(20)))
        for n in range(20)
    ]
    assert len(overlaps_in(crowd)) == PAIRS_LIMIT


def test_what_everybody_changes_tells_nothing_of_two() -> None:
    assert pairs(*(working(f"a{number}", "go.lock") for number in range(30))) == []


@given(
    st.dictionaries(
        st.sampled_from("abcd"),
        st.lists(
            st.tuples(st.sampled_from("xyz"), st.none() | st.frozensets(st.sampled_from("abcd"))), max_size=5
        ),
    )
)
def test_an_overlap_is_what_a_plain_search_finds(
    agents: dict[str, list[tuple[str, frozenset[str] | None]]],
) -> None:
    sets = [
        working(agent, *(Change(path, held or frozenset()) for path, held in changes))
        for agent, changes in agents.items()
    ]
    expected = {}
    for one, other in combinations(sorted(agents), 2):
        mine = {path for path, held in agents[one] if other not in (held or ())}
        theirs = {path for path, held in agents[other] if one not in (held or ())}
        if mine & theirs:
            expected[one, other] = tuple(sorted(mine & theirs))
    assert {overlap.agents: overlap.files for overlap in overlaps_in(sets)} == expected


# --- the book of overlaps ----------------------------------------------------------------------------------------


def status(agent: str) -> AgentStatus:
    return AgentStatus(
        id=agent,
        name=agent.title(),
        kind="codex",
        role="",
        worktree=f"/shop/{agent}",
        host="here",
        origin="discovered",
        status="active",
        status_since=NOW,
        status_reason="at work",
    )


def reading(agent: str, *files: str) -> WorktreeReading:
    return WorktreeReading(
        path=f"/shop/{agent}", state="branch", at=NOW, repository="/shop/.git", changed_files=files
    )


def commit(agent: str, path: str, *, minutes: int = 5, parents: int = 1) -> Commit:
    return Commit(
        commit_hash=f"{agent}{path}{minutes}".ljust(40, "0"),
        short_hash=agent,
        agent_id=agent,
        agent_ids=(agent,),
        author_name="A",
        author_email="a@example.org",
        message="x",
        branch="main",
        files_changed=1,
        lines_added=1,
        lines_deleted=0,
        commit_timestamp=NOW - minutes * MINUTE,
        attribution="reflog",
        parents=parents,
        files=(FileChange(path, 1, 0),),
    )


AGENTS = [status("a"), status("b")]


def look(book: CommitBook, now: int = NOW, **files: tuple[str, ...]) -> tuple[Overlap, ...]:
    readings = {f"/shop/{agent}": reading(agent, *names) for agent, names in files.items()}
    return Overlaps(60).look(now, AGENTS, readings, book)


def test_a_commit_counts_for_an_hour_and_a_merge_never() -> None:
    for made, counts in (
        (commit("a", "x.py"), True),
        (commit("a", "x.py", minutes=61), False),
        (commit("a", "x.py", parents=2), False),
        (commit("a", "y.py"), False),
    ):
        book = CommitBook()
        book.apply(["a"], [made])
        assert bool(look(book, a=(), b=("x.py",))) is counts, made


def test_an_overlap_ends_when_the_other_has_the_commit() -> None:
    book = CommitBook()
    made = commit("a", "x.py")
    book.apply(["a"], [made])
    assert look(book, a=(), b=("x.py",))
    book.apply(["b"], [made], [made.commit_hash])
    assert not look(book, a=(), b=("x.py",))


def test_nothing_is_made_again_while_nothing_changes() -> None:
    book, overlaps = CommitBook(), Overlaps(60)
    readings = {f"/shop/{agent}": reading(agent, "x.py") for agent in "ab"}
    first = overlaps.look(NOW, AGENTS, readings, book)
    assert [overlap.agents for overlap in first] == [("a", "b")]
    assert overlaps.look(NOW + 2000, AGENTS, readings, book) is first
    readings["/shop/b"] = reading("b", "z.py")
    assert overlaps.look(NOW + 2500, AGENTS, readings, book) is first, "it is looked again after a pause"
    assert overlaps.look(NOW + 4000, AGENTS, readings, book) == ()


def test_an_agent_that_left_overlaps_with_nobody() -> None:
    book, overlaps = CommitBook(), Overlaps(60)
    readings = {f"/shop/{agent}": reading(agent, "x.py") for agent in "ab"}
    assert overlaps.look(NOW, AGENTS, readings, book)
    assert overlaps.look(NOW + 5000, AGENTS[:1], readings, book) == ()
    assert overlaps.look(NOW + 10_000, [], {}, book) == ()


# --- the rule ----------------------------------------------------------------------------------------------------


def test_the_alert_names_both_agents_and_the_files() -> None:
    overlap = Overlap(("a", "b"), ("src/x.py", "src/y.py"), 2)
    situation = Situation(now=NOW, statuses=tuple(AGENTS), overlaps=(overlap,))
    (found,) = (
        one for one in find_all(situation, Thresholds(), lambda *_: False) if one.rule == "file-overlap"
    )
    assert found.title == "A and B change the same files"
    assert "both worktrees: src/x.py and 1 more. " in found.message
    assert (found.subject, found.metadata["agents"], found.metadata["count"]) == ("a+b", ["a", "b"], 2)
    assert RULES_BY_ID["file-overlap"].hold_seconds == 10
