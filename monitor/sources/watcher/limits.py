"""How many folders may be followed here, and what to say when the system refuses (faults: inotify limits)."""

from __future__ import annotations

import errno
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from monitor.sources.watcher.inotify import Inotify

if TYPE_CHECKING:
    from monitor.sources.watcher.notifier import Notifier

MOST_FOLDERS: Final = 60_000
# A limit stands in two places: for the machine, and for the user's namespace.
WATCH_LIMITS: Final = ("fs.inotify.max_user_watches", "user.max_inotify_watches")
INSTANCE_LIMITS: Final = ("fs.inotify.max_user_instances", "user.max_inotify_instances")


def make_notifier() -> Notifier:
    """The notifier of this system. Raises OSError when it cannot be had."""
    if sys.platform == "linux":
        return Inotify()
    from monitor.sources.watcher.portable import Portable  # noqa: PLC0415 - 30 ms that Linux does not need

    return Portable()


def folder_budget() -> int:
    """Folders followed at most: the agents' own tools share the user's limit, so half of it is theirs."""
    lowest = _lowest(WATCH_LIMITS)
    return MOST_FOLDERS if lowest is None else min(MOST_FOLDERS, lowest[0] // 2)


def explain(error: Exception) -> str:
    """Why folders cannot be followed, and what to do."""
    if not isinstance(error, OSError):
        return f"a fault of the monitor ({type(error).__name__}: {error})"
    if error.errno == errno.ENOSPC:
        return _explain("watches", WATCH_LIMITS)
    if error.errno == errno.EMFILE:
        return _explain("instances", INSTANCE_LIMITS)
    return f"the system cannot follow files ({error.strerror})"


def _explain(what: str, names: tuple[str, ...]) -> str:
    lowest = _lowest(names)
    if lowest is None:
        return f"the limit of {what} is reached"
    return f"the inotify limit of {lowest[0]:,} {what} is reached; raise {lowest[1]}"


def _lowest(names: tuple[str, ...]) -> tuple[int, str] | None:
    """The lowest of these kernel settings with its name; None where there are none."""
    found = []
    for name in names:
        try:
            found.append((int(Path("/proc/sys", *name.split(".")).read_text(encoding="ascii")), name))
        except (OSError, ValueError):
            continue
    return min(found, key=lambda pair: pair[0], default=None)
