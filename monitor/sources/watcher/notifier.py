"""What the watcher needs of an operating system: folders to follow, and events to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

EventKind = Literal["created", "deleted", "changed", "gone", "lost"]


class Event(NamedTuple):
    """One thing that happened in a followed folder.

    `gone`: the folder itself was deleted or moved (`name` is empty). `lost`: events were dropped, anything may
    have changed (`folder` and `name` are empty). A rename is a `deleted` and a `created`.
    """

    kind: EventKind
    folder: str
    name: str
    is_folder: bool = False


class Notifier(Protocol):
    """Follows folders. `add` may be called from a thread, everything else from the event loop's."""

    recursive: bool
    """Whether a followed folder brings everything below it: then only roots are added."""

    def start(self, ready: Callable[[], None]) -> None:
        """Call `ready` on the event loop when there are events to read, until `pause` is called."""

    def pause(self) -> None:
        """Let events gather: `ready` is not called until `start`."""

    def add(self, folder: str) -> None:
        """Follow a folder. Raises OSError: ENOSPC when the limit is reached, ENOENT when it is not there."""

    def remove(self, folder: str) -> None:
        """Follow it no longer; unknown folders are no error."""

    def read(self) -> list[Event]:
        """What happened since the last call; never blocks. Raises OSError when nothing can be read any more."""

    def close(self) -> None:
        """Give everything back."""
