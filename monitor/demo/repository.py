"""Builds the demo project: a git repository with history, and a worktree on its own branch for every agent.

All commits come from one `git fast-import`; worktrees are laid out as files, as gitrepository-layout(5) describes
them, which takes half the time of `git worktree add` and lets files carry the age of the last commit.
"""

from __future__ import annotations

import os
import random
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, NamedTuple

from monitor.demo import content, gitenv
from monitor.errors import MonitorError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from monitor.demo.cast import Member

_DAY: Final = 86_400
_NEWEST_COMMIT: Final = {
    "working": (90, 280),
    "failing": (90, 280),
    "waiting": (400, 900),
    "resting": (420, 1600),
}
"""Age of an agent's newest commit, in seconds, by how it opens: at work within 5 minutes, idle within 30."""
_NOBODY: Final = "0" * 40


class _Commit(NamedTuple):
    mark: int
    parent: int
    at: int
    subject: str
    files: dict[str, str]


class _Branch(NamedTuple):
    name: str
    start: int
    commits: list[_Commit]
    files: dict[str, str]
    """The whole tree at its tip."""

    @property
    def at(self) -> int:
        return self.commits[-1].at


def build(root: Path, members: Sequence[Member], seed: int, now: int) -> None:
    """Make the repository `root` with its worktrees `root/agents/<id>`; `now` is in seconds since the epoch.

    Raises MonitorError when git is missing or refuses.
    """
    main, *branches = _plan(members, seed, now)
    root.mkdir(parents=True)
    _git(root, "init", "--quiet", "--initial-branch=main", "--template=")
    git = root / ".git"
    (git / "info").mkdir()
    (git / "info" / "exclude").write_text("/agents/\n/coordination/\n")
    marks = git / "demo-marks"
    _git(root, "fast-import", "--quiet", f"--export-marks={marks}", given=_stream([main, *branches]))
    hashes = _read_marks(marks)
    _configure(git / "config", branches)
    _lay_out_main(root, main, hashes)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [
            pool.submit(_add_worktree, root, member, branch, hashes)
            for member, branch in zip(members, branches, strict=True)
        ]
        for job in jobs:
            job.result()


def _plan(members: Sequence[Member], seed: int, now: int) -> list[_Branch]:
    rng = random.Random(f"{seed}:history")
    files = content.base_files()
    commits = [_Commit(1, 0, now - 21 * _DAY, "chore: first version of the shop", dict(files))]
    trees = [dict(files)]
    for number in range(2, 9):
        at = now - (23 - 2 * number) * _DAY - rng.randrange(_DAY // 2)
        commits.append(_next_commit(number, number - 1, at, rng.choice(content.AREAS), files, rng))
        trees.append(dict(files))
    plan = [_Branch("refs/heads/main", 0, commits, files)]
    mark = len(commits)
    for member in members:
        start = len(commits) - rng.choice((0, 0, 0, 1, 3))
        branch = _Branch(f"refs/heads/{member.branch}", start, [], dict(trees[start - 1]))
        area = content.task_text(seed, member.id, 0).area
        ages = sorted((rng.randrange(1800, 2 * _DAY) for _ in range(rng.randrange(4))), reverse=True)
        parent = start
        for age in (*ages, rng.randrange(*_NEWEST_COMMIT[member.opening])):
            mark += 1
            branch.commits.append(_next_commit(mark, parent, now - age, area, branch.files, rng))
            parent = mark
        plan.append(branch)
    return plan


def _next_commit(
    mark: int, parent: int, at: int, area: str, files: dict[str, str], rng: random.Random
) -> _Commit:
    """A commit that edits one to three files of that area; `files` becomes the tree after it."""
    changed = {
        path: content.edited(files[path], path, rng)
        for path in rng.sample(content.files_of(area), rng.randint(1, 3))
    }
    files.update(changed)
    return _Commit(mark, parent, at, content.subject(area, rng), changed)


def _stream(plan: list[_Branch]) -> bytes:
    """The input of git-fast-import(1)."""
    parts: list[bytes] = []

    def put(text: str) -> None:
        data = text.encode()
        parts.append(b"data %d\n%b\n" % (len(data), data))

    for branch in plan:
        for commit in branch.commits:
            signature = f"{gitenv.AUTHOR} <{gitenv.EMAIL}> {commit.at} +0000"
            head = f"commit {branch.name}\nmark :{commit.mark}\nauthor {signature}\ncommitter {signature}\n"
            parts.append(head.encode())
            put(f"{commit.subject}\n")
            if commit.parent:
                parts.append(b"from :%d\n" % commit.parent)
            for path, text in commit.files.items():
                parts.append(f"M 100644 inline {path}\n".encode())
                put(text)
    return b"".join(parts)


def _read_marks(file: Path) -> dict[int, str]:
    hashes = {0: _NOBODY}
    for line in file.read_text().splitlines():
        mark, commit = line.split()
        hashes[int(mark[1:])] = commit
    file.unlink()
    return hashes


def _configure(file: Path, branches: Sequence[_Branch]) -> None:
    """No housekeeping in the background; every branch follows main, so that git tells ahead and behind."""
    with file.open("a") as config:
        config.write("[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[commit]\n\tgpgSign = false\n")
        for branch in branches:
            name = branch.name.removeprefix("refs/heads/")
            config.write(f'[branch "{name}"]\n\tremote = .\n\tmerge = refs/heads/main\n')


def _lay_out_main(root: Path, main: _Branch, hashes: dict[int, str]) -> None:
    _write_files(root, main)
    _git(root, "reset")
    _write_reflogs(root / ".git", root / ".git", main, hashes)


def _add_worktree(root: Path, member: Member, branch: _Branch, hashes: dict[int, str]) -> None:
    worktree = root / "agents" / member.id
    git = root / ".git" / "worktrees" / member.id
    git.mkdir(parents=True)
    (git / "HEAD").write_text(f"ref: {branch.name}\n")
    (git / "commondir").write_text("../..\n")
    (git / "gitdir").write_text(f"{worktree}/.git\n")
    worktree.mkdir(parents=True)
    (worktree / ".git").write_text(f"gitdir: {git}\n")
    _write_files(worktree, branch)
    _git(worktree, "reset")
    # Newer than the files, or git would take them for changed in the same instant and read them all each time.
    os.utime(git / "index", (branch.at + 1, branch.at + 1))
    _write_reflogs(git, root / ".git", branch, hashes)


def _write_files(worktree: Path, branch: _Branch) -> None:
    for path, text in branch.files.items():
        file = worktree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        os.utime(file, (branch.at, branch.at))


def _write_reflogs(git: Path, common: Path, branch: _Branch, hashes: dict[int, str]) -> None:
    """What the reflogs of HEAD and of the branch would hold, had the commits been made here (git-reflog(1))."""
    who = f"{gitenv.AUTHOR} <{gitenv.EMAIL}>"
    start, first = hashes[branch.start], branch.commits[0]
    lines = (
        [f"{_NOBODY} {start} {who} {first.at - 600} +0000\tbranch: Created from main\n"]
        if branch.start
        else []
    )
    for commit in branch.commits:
        kind = "commit" if commit.parent else "commit (initial)"
        lines.append(
            f"{hashes[commit.parent]} {hashes[commit.mark]} {who} {commit.at} +0000\t{kind}: {commit.subject}\n"
        )
    for log in (git / "logs" / "HEAD", common / "logs" / branch.name):
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("".join(lines))
        os.utime(log, (branch.at, branch.at))


def _git(folder: Path, *arguments: str, given: bytes | None = None) -> None:
    try:
        done = subprocess.run(
            ["git", *gitenv.SETTINGS, "-C", str(folder), *arguments],
            env=gitenv.environment(),
            input=given or b"",
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise MonitorError("git: not found on PATH; the demo needs it to build its repository.") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        raise MonitorError(f"{folder}: git {arguments[0]} failed while the demo was built: {said}")
