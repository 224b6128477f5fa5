"""The environment in which git runs nothing of a repository's, takes no lock and asks nobody.

Git runs programs that configuration names: a file system monitor, hooks, filters, diff drivers, signature checkers,
transports. The configuration of a watched repository belongs to whoever works in it, so all of these are switched off
from the command scope, which overrides every file (DESIGN.md §6; git-config(1), "ENVIRONMENT"). Filters and drivers
have names of their choosing: they are read from the configuration first, and again when one of its files changes.
"""

from __future__ import annotations

import os
import re
import threading
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.sources.git.errors import GitError
from monitor.sources.git.files import Stamp, stamp
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.sources.git.layout import Layout
    from monitor.sources.git.runner import Runner

VARIABLES: Final[dict[str, str]] = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",  # what a commit changed is kept for ever: it must not depend on a reference
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "false",
    "SSH_ASKPASS": "false",
    "GIT_EDITOR": "false",
    "GIT_SEQUENCE_EDITOR": "false",
    "GIT_PAGER": "cat",
    "PAGER": "cat",
    "GIT_SSH_COMMAND": "false",
    "GIT_PROXY_COMMAND": "false",
    "LC_ALL": "C",
    "LANGUAGE": "C",
}

SETTINGS: Final[tuple[tuple[str, str], ...]] = (
    ("core.fsmonitor", "false"),
    ("core.hooksPath", os.devnull),
    ("safe.bareRepository", "explicit"),
    ("log.showSignature", "false"),
    ("gpg.program", "false"),
    ("gpg.openpgp.program", "false"),
    ("gpg.x509.program", "false"),
    ("gpg.ssh.program", "false"),
    ("core.sshCommand", "false"),
    ("core.gitProxy", ""),
    ("core.alternateRefsCommand", "false"),
    ("core.askPass", "false"),
    ("core.pager", "cat"),
    ("core.editor", "false"),
    ("credential.helper", ""),
    ("uploadpack.packObjectsHook", ""),
    ("diff.external", ""),
    ("log.diffMerges", "first-parent"),  # `remerge` would run merge drivers
    ("log.showRoot", "true"),
    ("maintenance.auto", "false"),
    ("gc.auto", "0"),
)

# Without meaning to what is run here: GitPython's own, the prompt's, identities, transports. Taking a variable away
# costs a process (`env`), half a millisecond, and some hosts set one of these for everybody.
_HARMLESS: Final = re.compile(r"GIT_(?:PYTHON|PS1|SSL|HTTP|CURL|AUTHOR|COMMITTER)_")
_EXECUTABLE: Final = re.compile(
    r"filter\..*\.(?:clean|smudge|process)|diff\..*\.(?:command|textconv)|merge\..*\.driver", re.DOTALL
)
_REQUIRED: Final = re.compile(r"filter\..*\.required", re.DOTALL)
_INCLUDE: Final = re.compile(r"include\.path|includeif\..*\.path", re.DOTALL)
_CACHED: Final = 4096
_LISTINGS: Final = 3


class Environment(msgspec.Struct, frozen=True):
    """What a git process of one worktree gets: variables to set, inherited ones to take away."""

    variables: dict[str, str]
    unset: tuple[str, ...]


class _Known(msgspec.Struct, frozen=True):
    """A worktree's environment, valid while the stamps of the configuration's files stay."""

    head_ref: str | None
    stamps: dict[str, Stamp]
    environment: Environment


def environment(worktree: str, overrides: Iterable[tuple[str, str]] = ()) -> Environment:
    """Build the environment for git in one worktree, with `overrides` for the drivers of its repository.

    Inherited `GIT_*` variables go, but the harmless ones: they would point git at another repository or program.
    GIT_CEILING_DIRECTORIES keeps git from answering for the repository above a worktree that was lost.
    """
    settings = [*SETTINGS, *overrides]
    variables = {
        **VARIABLES,
        "GIT_CEILING_DIRECTORIES": os.path.dirname(worktree),
        "GIT_CONFIG_COUNT": str(len(settings)),
    }
    for index, (key, value) in enumerate(settings):
        variables[f"GIT_CONFIG_KEY_{index}"] = key
        variables[f"GIT_CONFIG_VALUE_{index}"] = value
    unset = tuple(
        name
        for name in os.environ
        if name.startswith("GIT_") and not _HARMLESS.match(name) and name not in variables
    )
    return Environment(variables, unset)


class Environments:
    """The environment of each worktree, built once for each state of its configuration. Safe to use from threads."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()

    def of(self, layout: Layout) -> Environment:
        """The environment for a worktree; runs `git config --list` when the configuration is new or was changed.

        Raises GitError when git cannot read the configuration, or when core.worktree names another folder.
        """
        with self._lock:
            known = self._known.get(layout.worktree)
        # A conditional include may follow the branch, which no file of the configuration shows.
        if (
            known is not None
            and known.head_ref == layout.head_ref
            and all(stamp(path) == seen for path, seen in known.stamps.items())
        ):
            return known.environment
        return self._read(layout)

    def _read(self, layout: Layout) -> Environment:
        """List the configuration and remember it by the stamps that its files had before."""
        files = _standard_files(layout)
        for _ in range(_LISTINGS):
            stamps = {path: stamp(path) for path in files}
            entries = self._list(layout)
            seen = _files(entries)
            if seen <= files:
                break
            files |= seen  # an include: list again, with its stamp taken first
        _check_worktree(layout, entries)
        result = environment(layout.worktree, _overrides(key for _, key, _ in entries))
        # A repository that git did not trust showed none of its configuration: look again next time.
        if seen <= files and os.path.join(layout.common_dir, "config") in seen:
            with self._lock:
                if len(self._known) >= _CACHED:
                    self._known.clear()
                self._known[layout.worktree] = _Known(layout.head_ref, stamps, result)
        return result

    def _list(self, layout: Layout) -> list[tuple[str, str, str]]:
        """File (absolute; empty for the command scope), key and value of each entry of the configuration."""
        command = ["config", "--list", "--show-origin", "--includes", "-z"]
        listing = self._runner.run(layout.worktree, environment(layout.worktree), command)
        parts = os.fsdecode(listing).split("\0")
        entries = []
        for origin, entry in zip(parts[::2], parts[1::2], strict=False):
            kind, _, name = origin.partition(":")
            file = os.path.normpath(os.path.join(layout.worktree, name)) if kind == "file" else ""
            key, _, value = entry.partition("\n")
            entries.append((file, key, value))
        return entries


def _overrides(keys: Iterable[str]) -> list[tuple[str, str]]:
    """What empties every filter, diff driver and merge driver among the keys of a configuration."""
    unique = dict.fromkeys(keys)
    emptied = [(key, "") for key in unique if _EXECUTABLE.fullmatch(key)]
    # A filter that is required and runs nothing would fail the whole reading.
    return emptied + [(key, "false") for key in unique if _REQUIRED.fullmatch(key)]


def _files(entries: Iterable[tuple[str, str, str]]) -> frozenset[str]:
    """The files that a configuration came from, and those that it includes, there or not."""
    files = set()
    for origin, key, value in entries:
        files.add(origin)
        if _INCLUDE.fullmatch(key):
            files.add(_included(origin, value))
    return frozenset(files - {""})


def _included(origin: str, value: str) -> str:
    """The file that an include names, there or not: it may appear later."""
    return os.path.normpath(os.path.join(os.path.dirname(origin), os.path.expanduser(value)))


def _standard_files(layout: Layout) -> frozenset[str]:
    """Where git looks for configuration, there or not (git-config(1), "FILES")."""
    home = os.path.expanduser("~")
    xdg = os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    return frozenset(
        {
            "/etc/gitconfig",
            os.path.join(xdg, "git", "config"),
            os.path.join(home, ".gitconfig"),
            os.path.join(layout.common_dir, "config"),
            os.path.join(layout.git_dir, "config.worktree"),
        }
    )


def _check_worktree(layout: Layout, entries: Iterable[tuple[str, str, str]]) -> None:
    """Refuse a repository whose core.worktree sends git to other files. Raises GitError."""
    for origin, key, value in entries:
        if key != "core.worktree" or os.path.dirname(origin) not in {layout.common_dir, layout.git_dir}:
            continue
        target = os.path.realpath(os.path.join(os.path.dirname(origin), value))
        if target != layout.worktree:
            raise GitError(
                "failed",
                f"core.worktree of {clean(layout.worktree)} names {clean(target)}, so git answers for that folder: "
                "watch it instead, or `git config --unset core.worktree`",
            )
