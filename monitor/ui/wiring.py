"""What every pane is given: where to read, how to be told, and what was chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.keystore import KeyStore
    from monitor.model import Command
    from monitor.ui.notices import Notices
    from monitor.ui.options import ScreenOptions


class Wiring(NamedTuple):
    """The panes see a key store and nothing else of the program (DESIGN.md §1)."""

    store: KeyStore
    notices: Notices
    options: ScreenOptions
    send: Callable[[Command], None]
    """Hand a command to the feed; failures are told to the person by the app."""
