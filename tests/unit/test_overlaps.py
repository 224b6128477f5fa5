"""Agents that change the same files in different worktrees: which pairs are found, and what the alert says."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

import msgspec
import pytest
from history_records import commit
from hypothesis import given
from hypothesis import strategies as st

from monitor.config import Thresholds
from monitor.model import Commit, FileChange
from monitor.rules.alerts import find_all
from monitor.rules.facts import Situation
from monitor.rules.lifecycle import AlertBook
from monitor.rules.overlaps import FILES_LIMIT, LOOKS_LIMIT, OVERLAPS_LIMIT, Overlap, OverlapIndex, Work

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.rules.rule import Finding

NOW: Final = 1_800_000_000_000
SECOND: Final = 1000


def made(number: int, files: tuple[str, ...], *holders: str) -> Commit:
    changes = tuple(FileChange(file, 1, 0) for file in files)
    return commit(number, files=changes, agent_id=holders[0], agent_ids=holders)


def work(agent: str, *uncommitted: str, commits: tuple[Commit, ...] = (), repository: str = "/shop") -> Work:
    return Work(repository=repository, agents=(agent,), uncommitted=frozenset(uncommitted), commits=commits)


def index_of(works: Iterable[Work]) -> OverlapIndex:
    index = OverlapIndex()
    for one in works:
        index.put(f"/w/{one.agents[0]}", one)
    return index


def find_overlaps(works: Iterable[Work]) -> tuple[Overlap, ...]:
    return index_of(works).find()


def told(*works: Work) -> list[tuple[str, tuple[str, ...]]]:
    return [("+".join(overlap.pair), overlap.files) for overlap in find_overlaps(works)]


def test_two_worktrees_with_the_same_uncommitted_file_are_found_once() -> None:
    assert told(work("parser", "a", "b"), work("builder", "b", "c"), work("docs", "d")) == [
        ("builder+parser", ("b",))
    ]


def test_the_same_name_in_another_repository_is_another_file() -> None:
    assert told(work("builder", "a"), work("parser", "a", repository="/farm")) == []


def test_a_commit_counts_as_long_as_the_other_has_not_got_it() -> None:
    ours = made(1, ("a", "b"), "builder")
    assert told(work("builder", commits=(ours,)), work("parser", "b")) == [("builder+parser", ("b",))]
    shared = made(1, ("a", "b"), "builder", "parser")
    assert told(work("builder", commits=(shared,)), work("parser", "b")) == []
    assert told(
        work("builder", commits=(shared,)),
        work("parser", "b"),
        work("docs", commits=(made(2, ("b",), "docs"),)),
    ) == [("builder+docs", ("b",)), ("docs+parser", ("b",))], "docs has not got it"


def test_two_commits_of_the_same_file_overlap() -> None:
    one, other = made(1, ("a",), "builder"), made(2, ("a",), "parser")
    assert told(work("builder", commits=(one,)), work("parser", commits=(other,))) == [
        ("builder+parser", ("a",))
    ]


def test_a_commit_whose_files_are_not_recorded_tells_nothing() -> None:
    unknown = msgspec.structs.replace(made(1, (), "builder"), files=None)
    assert told(work("builder", commits=(unknown,)), work("parser", "a")) == []


def test_all_agents_of_both_worktrees_are_named_and_no_more_than_twenty_files() -> None:
    many = {f"f{number:03}" for number in range(70)}
    two = Work(repository="/shop", agents=("builder", "builder#2"), uncommitted=frozenset(many))
    (overlap,) = find_overlaps([two, work("parser", *many)])
    assert overlap == Overlap(
        pair=("builder", "parser"),
        agents=("builder", "builder#2", "parser"),
        files=tuple(sorted(many)[:FILES_LIMIT]),
        count=70,
    )


def test_a_fleet_in_the_same_file_gives_a_bounded_number_of_pairs_that_keep_their_places() -> None:
    fleet = [work(f"agent-{number:04}", "CHANGELOG.md") for number in range(300)]
    index = index_of(fleet)
    first = index.find()
    assert len(first) == OVERLAPS_LIMIT
    for newcomer in (work("a", "CHANGELOG.md", "only these two"), work("b", "only these two")):
        index.put(f"/w/{newcomer.agents[0]}", newcomer)
    assert index.find() == first
    index.put("/w/agent-0000", None)
    assert {"a", "b"} <= {agent for overlap in index.find() for agent in overlap.agents}


def test_who_shares_a_rare_file_is_told_before_those_who_all_touch_one() -> None:
    fleet = [work(f"agent-{number:04}", "CHANGELOG.md") for number in range(100)]
    rare = [work("y", "CHANGELOG.md", "rare"), work("z", "rare")]
    assert ("y", "z") in {overlap.pair for overlap in find_overlaps([*fleet, *rare])}


@pytest.mark.parametrize(("others", "found_last"), [(LOOKS_LIMIT - 1, True), (LOOKS_LIMIT, False)])
def test_no_more_than_so_many_pairs_are_compared(others: int, *, found_last: bool) -> None:
    """All have the commit that one of them made: its pairs have files in common, and do not overlap."""
    names = tuple(f"agent-{number:05}" for number in range(others + 1))
    first = work(names[0], commits=(made(1, tuple(f"a {name}" for name in names[1:]), *names),))
    fleet = [first, *(work(name, f"a {name}") for name in names[1:])]
    assert find_overlaps(fleet) == ()
    last = find_overlaps([*fleet, work("y", "z"), work("z", "z")])
    assert bool(last) is found_last


names = st.sampled_from("abcd")
works = st.lists(
    st.tuples(
        st.sets(st.sampled_from("xyz")),
        st.lists(st.tuples(st.sets(st.sampled_from("xyz")), st.sets(names))),
        st.sampled_from(["/shop", "/farm"]),
    ),
    max_size=4,
)


Drawn = list[tuple[set[str], list[tuple[set[str], set[str]]], str]]


def fleet_of(drawn: Drawn) -> list[Work]:
    return [
        work(
            agent,
            *uncommitted,
            commits=tuple(
                made(number, tuple(files), agent, *sorted(holders - {agent}))
                for number, (files, holders) in enumerate(commits)
            ),
            repository=repository,
        )
        for agent, (uncommitted, commits, repository) in zip("abcd", drawn, strict=False)
    ]


@given(st.lists(works, min_size=1, max_size=4))
def test_what_is_found_is_what_comparing_every_two_worktrees_finds(history: list[Drawn]) -> None:
    index = OverlapIndex()
    for drawn in history:
        fleet = fleet_of(drawn)
        for agent in "abcd":
            index.put(agent, next((one for one in fleet if one.agents == (agent,)), None))
        expected = {}
        for one, other in combinations(fleet, 2):
            files = _changed(one, other) & _changed(other, one)
            if one.repository == other.repository and files:
                expected[one.agents + other.agents] = tuple(sorted(files))
        assert {overlap.pair: overlap.files for overlap in index.find()} == expected


def _changed(one: Work, other: Work) -> set[str]:
    theirs = [log.files or () for log in one.commits if other.agents[0] not in log.agent_ids]
    return {*one.uncommitted, *(change.path for files in theirs for change in files)}


# --- the alert ---------------------------------------------------------------------------------------------------


def found(*works: Work) -> list[Finding]:
    look = Situation(now=NOW, overlaps=find_overlaps(works))
    return find_all(look, Thresholds(), lambda _rule, _subject: False)


def test_the_alert_names_both_agents_and_the_files() -> None:
    (finding,) = found(work("builder", "src/a.py"), work("parser", "src/a.py"))
    assert (finding.rule, finding.subject) == ("file-overlap", "builder+parser")
    assert finding.title == "builder and parser change the same file"
    assert finding.message.startswith("Both have changed src/a.py, and neither has what the other did. ")
    assert finding.metadata["agents"] == ["builder", "parser"]
    assert finding.metadata["files"] == ["src/a.py"]
    assert finding.metadata["count"] == 1


@pytest.mark.parametrize(
    ("count", "text"),
    [(2, "f00 and f01, and neither"), (3, "f00, f01 and 1 more, and"), (30, "f00, f01 and 28 more, and")],
)
def test_many_files_are_counted(count: int, text: str) -> None:
    files = [f"f{number:02}" for number in range(count)]
    (finding,) = found(work("builder", *files), work("parser", *files))
    assert finding.title == f"builder and parser change the same {count} files"
    assert text in finding.message
    assert finding.metadata["count"] == count


def test_an_open_alert_follows_the_files_and_is_resolved_some_time_after_they_are_merged() -> None:
    book = AlertBook()
    one, other = found(work("b", "x"), work("p", "x")), found(work("b", "x", "y"), work("p", "x", "y"))
    assert book.update(one, NOW) == ()
    (raised,) = book.update(one, NOW + 10 * SECOND)
    assert book.update(one, NOW + 11 * SECOND) == ()
    (renewed,) = book.update(other, NOW + 12 * SECOND)
    assert renewed.alert_id == raised.alert_id
    assert renewed.metadata["files"] == ["x", "y"]
    assert book.update([], NOW + 13 * SECOND) == ()
    (resolved,) = book.update([], NOW + 43 * SECOND)
    assert resolved.resolved
