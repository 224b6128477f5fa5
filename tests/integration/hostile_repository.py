"""A repository that tries to run a program by every way git has; each program leaves a canary behind."""

from __future__ import annotations

import os
import shutil
import stat
import time
from typing import TYPE_CHECKING

from git_fixtures import commit, git, repository

if TYPE_CHECKING:
    from pathlib import Path


class HostileRepository:
    """The repository `root`, and the canaries that were touched because something of it ran."""

    def __init__(self, folder: Path) -> None:
        self.canaries = folder / "canaries"
        self.canaries.mkdir()
        self._programs = folder / "programs"
        self._programs.mkdir()
        self.root = repository(folder / "hostile", commits=2)
        self.embedded = self.root / "embedded.git"
        self.partial = folder / "partial"
        self.linked = folder / "linked"
        git(self.root, "worktree", "add", "--quiet", "-b", "linked", str(self.linked))
        self._signature()
        self._content()
        self._submodule(folder)
        self._partial_clone(folder)
        self._embedded_bare()
        self._configuration()
        self._hooks()
        self.make_stale()

    @property
    def worktrees(self) -> tuple[Path, ...]:
        """Every folder that a monitor could be asked about."""
        return (self.root, self.linked, self.partial, self.embedded, self.root / "sub")

    def fired(self) -> set[str]:
        """Names of the programs that have run since the last call of `reset`."""
        return {path.name for path in self.canaries.iterdir()}

    def reset(self) -> None:
        """Forget which programs ran."""
        for path in self.canaries.iterdir():
            path.unlink()

    def make_stale(self) -> None:
        """Give every tracked file a new time, so that git has to look at its content, through filters if it has any."""
        later = time.time() + 10
        for folder in (self.root, self.linked, self.root / "sub"):
            for path in folder.iterdir():
                if path.is_file() and path.name != ".git":
                    os.utime(path, (later, later))

    def program(self, name: str, then: str = "cat") -> str:
        """A program that touches the canary of its name, then runs a shell command."""
        path = self._programs / name
        path.write_text(f"#!/bin/sh\n: > '{self.canaries / name}'\n{then}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    def _content(self) -> None:
        (self.root / ".gitattributes").write_text(
            "*.clean filter=c\n*.command diff=d\n*.textconv diff=t\n*.included filter=i\n"
            "*.branch filter=b\n*.worktree filter=w\n"
        )
        for suffix in ("clean", "command", "textconv", "included", "branch", "worktree"):
            (self.root / f"file.{suffix}").write_text(f"{suffix}\n")
        git(self.root, "add", "--all")
        git(self.root, "commit", "--quiet", "--message", "attributes")
        git(self.linked, "merge", "--quiet", "main")
        # The plain status ends where a filter of this kind does not answer: it comes last, and here only.
        with (self.linked / ".gitattributes").open("a") as attributes:
            attributes.write("zz.process filter=p\n")
        commit(self.linked, "zz.process")
        for suffix in ("command", "textconv"):
            commit(self.root, f"file.{suffix}", f"{suffix} again\n")

    def _signature(self) -> None:
        """A signed commit: nothing has to be able to check it for the checker to be run."""
        content = git(self.root, "cat-file", "commit", "HEAD")
        head, _, message = content.partition("\n\n")
        signed = f"{head}\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n -----END PGP SIGNATURE-----\n\n{message}"
        file = self.root / ".git" / "signed"
        file.write_text(signed)
        signed_id = git(self.root, "hash-object", "-t", "commit", "-w", str(file)).strip()
        git(self.root, "update-ref", "refs/heads/main", signed_id)

    def _submodule(self, folder: Path) -> None:
        other = repository(folder / "other")
        (other / ".gitattributes").write_text("*.txt filter=s\n")
        git(other, "add", "--all")
        git(other, "commit", "--quiet", "--message", "attributes")
        git(self.root, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), "sub")
        git(self.root, "commit", "--quiet", "--message", "submodule")
        sub = self.root / "sub"
        git(sub, "config", "core.fsmonitor", self.program("submodule-fsmonitor", "exit 1"))
        git(sub, "config", "filter.s.clean", self.program("submodule-clean"))

    def _partial_clone(self, folder: Path) -> None:
        """A clone without contents, whose missing ones are to be had from a program."""
        origin = repository(folder / "origin", commits=3)
        git(origin, "config", "uploadpack.allowFilter", "true")
        git(
            folder,
            "clone",
            "--quiet",
            "--no-checkout",
            "--filter=blob:none",
            f"file://{origin}",
            str(self.partial),
        )
        git(self.partial, "config", "remote.origin.url", f"ext::{self.program('promisor', 'exit 1')}")
        git(self.partial, "config", "protocol.ext.allow", "always")
        git(self.partial, "config", "core.sshCommand", self.program("ssh-in-partial", "exit 1"))

    def _embedded_bare(self) -> None:
        """A folder among the files that is a git folder itself, and sets up git for whoever stands in it."""
        shutil.copytree(
            self.root / ".git", self.embedded, ignore=shutil.ignore_patterns("modules", "worktrees")
        )
        git(self.embedded, "config", "core.bare", "false")
        git(self.embedded, "config", "core.worktree", str(self.root))
        git(self.embedded, "config", "core.fsmonitor", self.program("embedded-fsmonitor", "exit 1"))

    def _configuration(self) -> None:
        included, on_branch = self._programs / "included", self._programs / "on-branch"
        included.write_text(f'[filter "i"]\n\tclean = {self.program("included-clean")}\n\trequired = true\n')
        on_branch.write_text(f'[filter "b"]\n\tclean = {self.program("branch-clean")}\n')
        for key, value in (
            ("core.fsmonitor", self.program("fsmonitor", "exit 1")),
            ("filter.c.clean", self.program("clean")),
            ("filter.c.smudge", self.program("smudge")),
            ("filter.c.required", "true"),
            ("filter.p.process", self.program("process", "exit 1")),
            ("diff.d.command", self.program("diff-command")),
            ("diff.t.textconv", self.program("textconv", 'cat "$1"')),
            ("diff.external", self.program("diff-external")),
            ("gpg.program", self.program("gpg", "exit 1")),
            ("log.showSignature", "true"),
            ("core.sshCommand", self.program("ssh", "exit 1")),
            ("core.pager", self.program("pager")),
            ("core.alternateRefsCommand", self.program("alternate-refs", "exit 0")),
            ("credential.helper", self.program("credential", "exit 0")),
            ("include.path", str(included)),
            ("includeIf.onbranch:main.path", str(on_branch)),
            ("extensions.worktreeConfig", "true"),
        ):
            git(self.root, "config", key, value)
        for folder in (self.root, self.linked):
            git(folder, "config", "--worktree", "filter.w.clean", self.program("worktree-clean"))

    def _hooks(self) -> None:
        hooks = self.root / ".git" / "hooks"
        hooks.mkdir(exist_ok=True)
        for name in (
            "post-index-change",
            "reference-transaction",
            "post-checkout",
            "pre-auto-gc",
            "fsmonitor-watchman",
        ):
            shutil.copy(self.program(f"hook-{name}", "exit 0"), hooks / name)
