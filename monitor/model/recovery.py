"""What was done about a damaged database."""

from __future__ import annotations

from typing import Literal

import msgspec

from monitor.model.words import Millis


class Recovery(msgspec.Struct, frozen=True, kw_only=True):
    """A damaged database was put aside, and a new one begun with the last state that could be had."""

    at: Millis
    problem: str
    """What was found."""
    aside: str
    """Where the damaged file is now, or a copy of it."""
    origin: Literal["backup", "salvage", "nothing", "log"]
    """What the new database begins with; `log`: it is the old one, but for the end of its write-ahead log."""
    backup: str = ""
    """The backup that was restored."""
    until: Millis | None = None
    """Last tick that the new database begins with."""
    rows: int = 0
    """Rows that it begins with."""
    complete: bool = False
    """Whether everything that could be read was salvaged."""
