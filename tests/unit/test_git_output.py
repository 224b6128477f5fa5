"""What git prints, taken apart: status as it arrives, log, configuration, reflog, failures."""

from __future__ import annotations

import os
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources.git.environment import _overrides, environment
from monitor.sources.git.errors import failure
from monitor.sources.git.files import read_range, read_small
from monitor.sources.git.log import parse_log
from monitor.sources.git.reflog import REMEMBERED, TAIL, Reflogs
from monitor.sources.git.status import MAX_PATHS, Status, StatusParser

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

OID = "1234567890" * 4
STATUS = (
    f"# branch.oid {OID}\0# branch.head ma in\0# branch.upstream origin/main\0# branch.ab +3 -4\0# stash 2\0"
    f"1 .M N... 100644 100644 100644 {OID} {OID} a b\n.txt\0"
    f"1 MM N... 100644 100644 100644 {OID} {OID} both\0"
    f"1 A. N... 000000 100644 100644 {OID} {OID} added\0"
    f"u UU N... 100644 100644 100644 100644 {OID} {OID} {OID} con flict\0"
    "? new 1\0? ? new\0"
).encode()


def parsed(chunks: Iterable[bytes]) -> Status:
    parser = StatusParser()
    for chunk in chunks:
        parser.feed(chunk)
    return parser.result()


def test_a_status_is_counted() -> None:
    status = parsed([STATUS])
    assert (status.head, status.branch, status.upstream) == (OID, "ma in", "origin/main")
    assert (status.ahead, status.behind, status.stash_count) == (3, 4, 2)
    assert (status.modified, status.staged, status.untracked, status.conflicted) == (2, 2, 2, 1)
    assert status.changed == 6
    assert status.paths == (b"a b\n.txt", b"both", b"added", b"con flict", b"new 1", b"? new")


@given(st.lists(st.integers(0, len(STATUS)), max_size=20))
def test_a_status_may_arrive_in_pieces(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STATUS)]
    assert parsed(STATUS[a:b] for a, b in pairwise(edges)) == parsed([STATUS])


@given(st.lists(st.binary(max_size=80)))
def test_no_output_makes_the_parsers_raise(chunks: list[bytes]) -> None:
    parsed(chunks)
    parse_log(b"\0".join(chunks))


def test_only_the_first_names_are_kept() -> None:
    status = parsed([b"? x\0"] * 1000)
    assert (status.untracked, len(status.paths)) == (1000, MAX_PATHS)


@pytest.mark.parametrize("told", [b"# branch.ab +? -?\0", b"# branch.ab nonsense\0", b""])
def test_a_distance_that_git_does_not_tell_is_unknown(told: bytes) -> None:
    assert (parsed([told]).ahead, parsed([told]).behind) == (None, None)


def test_paths_of_a_log_are_never_taken_for_commits() -> None:
    fields = [OID, f"{OID} {OID}", "Ada", "ada@example.org", "1700000000", "subject"]
    evil = "\0".join(fields)
    output = "\0".join(
        [*fields, "\n1\t2\tplain", "3\t0\t", "1\t1\told", "9\t9\tnew", "-\t-\tbinary", ""]
    ).encode()
    (facts,) = parse_log(output).values()
    assert (facts.files_changed, facts.lines_added, facts.lines_deleted) == (3, 4, 2)
    assert [change.path for change in facts.files or ()] == ["plain", "9 9 new", "binary"]
    assert facts.parents == 2
    assert facts.commit_timestamp == 1_700_000_000_000
    assert len(parse_log(f"{evil}\0{evil.replace('1', '2')}\0".encode())) == 2


def test_every_program_that_configuration_names_is_emptied() -> None:
    keys = [
        "filter.lfs.clean",
        "filter.a.b c.smudge",
        "filter.x.process",
        "filter.x.required",
        "diff.d.command",
        "diff.d.textconv",
        "merge.m.driver",
        "filter.lfs.clean",
        "user.name",
    ]
    assert _overrides(keys) == [
        ("filter.lfs.clean", ""),
        ("filter.a.b c.smudge", ""),
        ("filter.x.process", ""),
        ("diff.d.command", ""),
        ("diff.d.textconv", ""),
        ("merge.m.driver", ""),
        ("filter.x.required", "false"),
    ]


def test_the_environment_is_that_of_the_design(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_SSL_CAINFO", "/etc/ssl/certs/ca.crt")
    result = environment("/home/ada/work", [("filter.x.clean", "")])
    variables = result.variables
    assert result.unset == ("GIT_DIR",)
    for name, value in (
        ("GIT_OPTIONAL_LOCKS", "0"),
        ("GIT_ALLOW_PROTOCOL", "none"),
        ("GIT_NO_LAZY_FETCH", "1"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GIT_CEILING_DIRECTORIES", "/home/ada"),
    ):
        assert variables[name] == value
    count = int(variables["GIT_CONFIG_COUNT"])
    settings = {variables[f"GIT_CONFIG_KEY_{n}"]: variables[f"GIT_CONFIG_VALUE_{n}"] for n in range(count)}
    assert settings["core.fsmonitor"] == "false"
    assert settings["core.hooksPath"] == "/dev/null"
    assert settings["safe.bareRepository"] == "explicit"
    assert settings["log.showSignature"] == "false"
    assert settings["filter.x.clean"] == ""
    assert not any(key.startswith("safe.directory") for key in settings)


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("fatal: detected dubious ownership in repository at '/x'", "foreign-owner"),
        ("fatal: this operation must be run in a work tree", "bare"),
        ("error: bad signature 0x00000000\nfatal: index file corrupt", "corrupt-index"),
        ("fatal: .git/index: index file smaller than expected", "corrupt-index"),
        ("fatal: bad object HEAD", "missing-objects"),
        ("error: unable to read sha1 file of x", "missing-objects"),
        ("fatal: could not open '.git/x': Permission denied", "failed"),
        ("fatal: not a git repository (or any of the parent directories): .git", "not-a-repository"),
        ("", "failed"),
        ("\x1b[31msomething new", "failed"),
    ],
)
def test_a_failure_is_named_and_told_in_a_sentence_for_people(said: str, state: str) -> None:
    error = failure("/home/ada/work", 128, said)
    assert error.state == state
    assert "/home/ada/work" in error.sentence
    assert "\x1b" not in error.sentence


def entry(number: int, what: str) -> str:
    return f"{OID} {number:040x} Ada <ada@example.org> 1700000000 +0000\t{what}\n"


def test_a_reflog_is_followed_and_never_read_twice(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "HEAD"
    log.parent.mkdir()
    log.write_text(
        entry(1, "commit (initial): a")
        + entry(2, "checkout: moving from a to b")
        + entry(3, "commit: b")[:-1]
    )
    reflogs = Reflogs()
    assert reflogs.made_in(str(tmp_path)) == {f"{1:040x}"}
    with log.open("a") as more:
        more.write(
            "\n" + entry(4, "merge x: Fast-forward") + entry(5, "merge x: Merge made by the 'ort' strategy.")
        )
    assert reflogs.made_in(str(tmp_path)) == {f"{n:040x}" for n in (1, 3, 5)}
    log.write_text(entry(9, "rebase (pick): z"))
    assert reflogs.made_in(str(tmp_path)) == {f"{9:040x}"}


def test_of_a_huge_reflog_the_tail_is_read_and_a_bounded_number_kept(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "HEAD"
    log.parent.mkdir()
    log.write_text("".join(entry(number, "commit: x") for number in range(4000)))
    reflogs = Reflogs()
    made = reflogs.made_in(str(tmp_path))
    assert f"{3999:040x}" in made
    assert 0 < len(made) <= TAIL // 100
    for start in range(4000, 8000, 500):
        with log.open("a") as more:
            more.writelines(entry(number, "commit: x") for number in range(start, start + 500))
        made = reflogs.made_in(str(tmp_path))
    assert len(made) == REMEMBERED


def test_small_files_are_read_without_following_links_or_waiting_for_pipes(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "pipe")
    assert read_small(str(tmp_path / "file"), 4) == b"0123"
    assert read_range(str(tmp_path / "file"), -3, 10) == b"789"
    for name in ("link", "pipe", "nothing", "."):
        assert read_small(str(tmp_path / name)) is None
