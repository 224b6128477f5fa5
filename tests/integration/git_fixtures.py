"""Real repositories for the tests of git, made with the plain git command."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from monitor.sources.git import GitSource


def git_environment() -> dict[str, str]:
    """The environment of an agent's own git: an identity, and no configuration of the machine's user."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {
        **inherited,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.org",
        "GIT_EDITOR": "true",
        "GIT_PAGER": "cat",
        "LC_ALL": "C",
    }


def git(folder: Path, *arguments: str, check: bool = True) -> str:
    """Run git in a folder as an agent would; give what it printed."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env=git_environment(),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=30,
    )
    if check and done.returncode != 0:
        raise AssertionError(f"git {' '.join(arguments)}: {done.stderr}")
    return done.stdout


def repository(folder: Path, *, commits: int = 1, files: int = 1) -> Path:
    """A repository on the branch main with that many commits; the first one adds `files` files."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    for number in range(files):
        (folder / f"file{number}.txt").write_text(f"{number}\n")
    for number in range(commits):
        (folder / "file0.txt").write_text(f"commit {number}\n")
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message", f"commit {number}")
    return folder.resolve()


def commit(folder: Path, name: str, content: str = "x\n", message: str = "") -> str:
    """Commit one file; give the commit's object id."""
    (folder / name).write_text(content)
    git(folder, "add", "--", name)
    git(folder, "commit", "--quiet", "--message", message or f"add {name}")
    return git(folder, "rev-parse", "HEAD").strip()


def loose_object(folder: Path, object_id: str) -> Path:
    """The file of an object that is not packed."""
    return folder / ".git" / "objects" / object_id[:2] / object_id[2:]


def count_commands(source: GitSource, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The git commands that a source runs from now on, by name."""
    asked: list[str] = []
    run = source._runner.run

    def counting(*words: object, **more: object) -> bytes:
        asked.append(words[2][0])  # type: ignore[index]
        return run(*words, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(source._runner, "run", counting)
    return asked
