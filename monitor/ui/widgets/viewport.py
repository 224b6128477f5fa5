"""Which rows of a long list are in sight, and which one the cursor is on. Arithmetic only."""

from __future__ import annotations

from typing import Final

_CONTEXT: Final = 1
"""Rows of the last screenful that stay in sight when a page is turned, so that the eye finds its place again."""


class Viewport:
    """A window of `page` rows over `count` rows, and a cursor.

    `top` is the first row in sight. The cursor may be out of sight only when rows have moved under it.
    """

    __slots__ = ("count", "cursor", "page", "top")

    def __init__(self) -> None:
        self.count = 0
        self.page = 1
        self.top = 0
        self.cursor = 0

    @property
    def cursor_in_sight(self) -> bool:
        """Whether the row with the cursor is in sight."""
        return self.top <= self.cursor < self.top + self.page

    @property
    def whole(self) -> bool:
        """Whether all rows are in sight."""
        return self.count <= self.page

    def bound(self) -> None:
        """Leave no blank lines under the last row while rows above are out of sight."""
        self.top = max(0, min(self.top, self.count - self.page))
        self.cursor = max(0, min(self.cursor, self.count - 1))

    def reveal(self) -> None:
        """Move the window as little as needed to have the cursor in sight."""
        self.top = max(min(self.top, self.cursor), self.cursor - self.page + 1, 0)

    def move_to(self, index: int) -> None:
        """Put the cursor on a row, or on the nearest there is, and have it in sight."""
        self.cursor = max(0, min(index, self.count - 1))
        self.reveal()

    def scroll(self, rows: int) -> None:
        """Move window and cursor together, as a wheel does in htop; at either end the cursor goes on alone."""
        self.top += rows
        self.cursor += rows
        self.bound()
        self.reveal()

    def turn(self, pages: int) -> None:
        """Go on or back by screenfuls less the context; the cursor keeps its line, and at either end goes to it."""
        self.scroll(pages * max(1, self.page - _CONTEXT))

    def thumb(self) -> tuple[int, int]:
        """First and one past the last line of a scroll mark over the `page` lines; (0, 0) when all is in sight.

        It touches an end only when that end is in sight.
        """
        if self.whole:
            return 0, 0
        size = max(1, self.page * self.page // self.count)
        room, hidden = self.page - size, self.count - self.page
        start = round(self.top * room / hidden) if hidden else 0
        if room > 1 and 0 < self.top < hidden:
            start = max(1, min(start, room - 1))
        return start, start + size
