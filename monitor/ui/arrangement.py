"""The arrangement of the screen: what a person chose about it, remembered from one start to the next."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import msgspec

from monitor.paths import private_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIZE_LIMIT: Final = 65_536
"""Bytes; what is larger is not ours."""


class Arrangement(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered. A file of another version, or a damaged one, is as good as none."""

    hidden: tuple[str, ...] = ()
    """Ids of panes that are not shown."""
    zoomed: str = ""
    """Id of the pane that has the whole screen; empty: none."""
    theme: str = ""
    """Name of the colours that were chosen; empty: none were."""
    panes: dict[str, dict[str, str]] = {}
    """By the pane's id, what was chosen in it: its order, its groups, its span."""


def load(file: Path | None) -> Arrangement:
    """What was remembered; the plain arrangement where nothing can be read."""
    if file is None:
        return Arrangement()
    try:
        with file.open("rb") as stream:
            content = stream.read(SIZE_LIMIT + 1)
        return msgspec.json.decode(content, type=Arrangement) if len(content) <= SIZE_LIMIT else Arrangement()
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Arrangement()


def save(file: Path, arrangement: Arrangement) -> None:
    """Remember it, whole or not at all. Raises OSError."""
    private_folder(file.parent)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    content = msgspec.json.format(msgspec.json.encode(arrangement), indent=1)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            stream.write(content)
        os.replace(draft, file)
    finally:
        draft.unlink(missing_ok=True)


class Memory:
    """Remembers the arrangement; whoever shows the screen writes it, shortly after `changed` was called and at the end.

    Attributes:
        changed: Called when there is something to write.
        due: Whether there is.

    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._known = load(file)
        self.changed: Callable[[], object] = lambda: None
        self.due = False

    @property
    def arrangement(self) -> Arrangement:
        """What is remembered."""
        return self._known

    def change(self, **values: Any) -> bool:
        """Note a change; False when nothing is different."""
        changed = msgspec.structs.replace(self._known, **values)
        if changed == self._known:
            return False
        self._known = changed
        self.due = self._file is not None
        if self.due:
            self.changed()
        return True

    def of_pane(self, pane: str) -> dict[str, str]:
        """What was chosen in a pane."""
        return self._known.panes.get(pane, {})

    def change_pane(self, pane: str, **values: str) -> bool:
        """Note what was chosen in a pane; an empty value is the plain one, which need not be remembered."""
        chosen = {name: value for name, value in (self.of_pane(pane) | values).items() if value}
        panes = {name: known for name, known in self._known.panes.items() if name != pane}
        return self.change(panes=panes | ({pane: chosen} if chosen else {}))

    def write(self) -> str:
        """Write it; why it could not be, or nothing. A screen that cannot remember works all the same."""
        if self._file is None or not self.due:
            return ""
        self.due = False
        try:
            save(self._file, self._known)
        except OSError as error:
            return f"{self._file}: the arrangement cannot be remembered: {error.strerror}."
        return ""
