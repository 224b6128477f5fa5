"""Which folders are followed, and for which targets."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Final, NamedTuple

from monitor.sources.watcher.targets import SKIPPED, Target, is_followed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.sources.watcher.notifier import Notifier

LIMIT_ERRORS: Final = frozenset({errno.ENOSPC, errno.EMFILE, errno.ENFILE, errno.ENOMEM})


class Looked(NamedTuple):
    """What `look` found: the folders now followed with the folders in them, and the limit that ended it early."""

    folders: list[tuple[str, list[str]]]
    limit: OSError | None = None


def look(notifier: Notifier, folders: Sequence[str], *, descend: bool) -> Looked:
    """Follow these folders and list what is in them; runs in a thread, for a file system may take its time.

    A folder is followed before it is listed, so that nothing made meanwhile is missed. One that has vanished or may
    not be read is left out.
    """
    found: list[tuple[str, list[str]]] = []
    for folder in folders:
        try:
            notifier.add(folder)
            below = _folders_in(folder) if descend and not notifier.recursive else []
        except OSError as error:
            if error.errno in LIMIT_ERRORS:
                return Looked(found, error)
            continue
        found.append((folder, below))
    return Looked(found)


def _folders_in(folder: str) -> list[str]:
    with os.scandir(folder) as entries:
        return [
            entry.path for entry in entries if is_followed(entry.name) and entry.is_dir(follow_symlinks=False)
        ]


class Coverage:
    """The followed folders with the targets that they serve; used on the event loop only."""

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier
        self._owners: dict[str, set[Target]] = {}
        self._folders: dict[Target, set[str]] = {}

    def __len__(self) -> int:
        return len(self._owners)

    def size(self, target: Target) -> int:
        """Folders followed for the target."""
        return len(self._folders.get(target, ()))

    def add(self, target: Target, folder: str) -> None:
        """The folder is followed and serves the target."""
        self._owners.setdefault(folder, set()).add(target)
        self._folders.setdefault(target, set()).add(folder)

    def owners(self, folder: str) -> tuple[Target, ...]:
        """The targets that a folder serves; where trees are followed whole, also through the folders above it."""
        while folder not in self._owners:
            above, name = os.path.split(folder)
            if not self._notifier.recursive or above == folder or name in SKIPPED:
                return ()
            folder = above
        return tuple(self._owners[folder])

    def forget(self, target: Target) -> None:
        """Follow nothing for the target any more."""
        for folder in self._folders.pop(target, ()):
            self._release(target, folder)

    def prune(self, path: str) -> None:
        """The folder at `path` was deleted or moved away, with everything below."""
        below = path + os.sep
        for folder in [folder for folder in self._owners if folder == path or folder.startswith(below)]:
            for target in self.owners(folder):
                self._folders[target].discard(folder)
                self._release(target, folder)

    def _release(self, target: Target, folder: str) -> None:
        owners = self._owners[folder]
        owners.discard(target)
        if not owners:
            del self._owners[folder]
            self._notifier.remove(folder)
