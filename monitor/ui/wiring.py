"""What every pane is given: where to read, how to be told, and what was chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from monitor.ui.commands import offered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from monitor.keystore import KeyStore
    from monitor.model import Command
    from monitor.ui.arrangement import Memory
    from monitor.ui.commands import CommandSpec
    from monitor.ui.focus import Following
    from monitor.ui.notices import Notices
    from monitor.ui.options import ScreenOptions
    from monitor.ui.replay import Replay


class Send(Protocol):
    """Hands a command to the feed."""

    def __call__(self, command: Command, failed: Callable[[], None] | None = None) -> None:
        """Return at once; call `failed` when the feed refuses."""


class Wiring(NamedTuple):
    """The panes see a key store and nothing else of the program (DESIGN.md §1)."""

    store: KeyStore
    notices: Notices
    options: ScreenOptions
    send: Send
    """Hand a command to the feed; failures are told to the person by the app, and to `failed`."""
    memory: Memory
    """What was chosen about the screen, remembered from one start to the next."""
    following: Following
    """The agent that all panes show, if one is followed."""
    replay: Replay | None = None
    """Set in a replay: for the frame of the screens, no pane asks for it."""

    def offered(self) -> Iterator[CommandSpec]:
        """The commands that footer, help and palette show here."""
        return offered(replay=self.replay is not None, readonly=self.options.readonly)
