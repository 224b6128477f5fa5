"""Commits of all worktrees, each once (checklist X1-06)."""

from __future__ import annotations

from monitor.collector.commits import CommitBook
from monitor.keystore import FEED_LIMIT
from monitor.model import Attribution, Commit


def commit(number: int, attribution: Attribution = "branch", branch: str = "main") -> Commit:
    return Commit(
        commit_hash=f"{number:040x}",
        short_hash=f"{number:07x}"[-7:],
        agent_id="",
        agent_ids=(),
        author_name="One Author",
        author_email="one@example.org",
        message=f"Change {number}",
        branch=branch,
        files_changed=1,
        lines_added=number,
        lines_deleted=0,
        commit_timestamp=1_000 * number,
        attribution=attribution,
    )


def test_a_shared_commit_is_one_record_with_all_its_agents() -> None:
    book = CommitBook()
    book.apply(["builder"], [commit(1)])
    changed, made = book.apply(["validator"], [commit(1)])
    assert [entry.agent_ids for entry in changed] == [("builder", "validator")]
    assert made == []
    assert len(book.feed()) == 1
    assert book.recent("builder") == book.recent("validator") == book.feed()


def test_reflog_evidence_decides_whose_commit_it_is() -> None:
    book = CommitBook()
    book.apply(["builder"], [commit(1)])
    changed, made = book.apply(["validator"], [commit(1, "reflog", "feature")])
    assert changed == made
    (entry,) = made
    assert (entry.agent_id, entry.attribution, entry.branch) == ("validator", "reflog", "feature")
    assert set(entry.agent_ids) == {"builder", "validator"}
    assert book.newest_by("validator") == 1_000
    assert book.newest_by("builder") is None


def test_the_time_of_an_agents_newest_commit_follows_what_git_tells() -> None:
    book = CommitBook()
    assert book.newest_by("builder") is None
    book.apply(["builder"], [commit(1, "reflog")])
    assert book.newest_by("builder") == 1_000
    book.apply(["builder"], [commit(2, "reflog"), commit(1, "reflog")])
    assert book.newest_by("builder") == 2_000
    book.forget("builder")
    assert book.newest_by("builder") is None


def test_the_same_commits_again_are_no_change() -> None:
    book = CommitBook()
    book.apply(["builder"], [commit(2, "reflog"), commit(1, "reflog")])
    assert book.apply(["builder"], [commit(2, "reflog"), commit(1, "reflog")]) == ([], [])


def test_what_history_has_is_not_announced_again() -> None:
    first, second = CommitBook(), CommitBook()
    first.apply(["builder"], [commit(1, "reflog")])
    second.restore(first.feed())
    assert second.apply(["builder"], [commit(1, "reflog")]) == ([], [])
    assert second.last_commit_at == 1_000


def test_the_feed_is_newest_first_and_bounded() -> None:
    book = CommitBook()
    for number in range(1, 10 * FEED_LIMIT):
        book.apply(["builder"], [commit(number, "reflog")])
    feed = book.feed()
    assert len(feed) == FEED_LIMIT
    assert [entry.commit_timestamp for entry in feed] == sorted(
        (entry.commit_timestamp for entry in feed), reverse=True
    )
