"""Copies ids and hashes, and says where they went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from monitor.ui.outside import tmux
from monitor.ui.outside.clipboard import copied_lines
from monitor.ui.spans import cut

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import App

_SHOWN = 60


def copy(app: App[Any], values: Iterable[str]) -> None:
    """Hand these values, one a line, to the clipboard: through tmux where the screen runs in it, else by OSC 52."""
    lines, left_out = copied_lines(values)
    if not lines:
        app.notify("There is nothing to copy here.", timeout=3)
        return
    app.run_worker(_copy(app, lines, left_out), name="copy", group="copy", exclusive=True)


async def _copy(app: App[Any], lines: list[str], left_out: int) -> None:
    text = "\n".join(lines)
    taken = tmux.inside() and (await tmux.copy(text)).ok
    if not taken:
        app.copy_to_clipboard(text)
    what = cut(lines[0], _SHOWN) if len(lines) == 1 else f"{len(lines)} lines"
    more = f" ({left_out} more had no room)" if left_out else ""
    # A terminal does not tell whether it has taken what it was sent.
    where = "Copied into tmux's buffer" if taken else "Sent to the terminal's clipboard"
    app.notify(f"{where}: {what}{more}", timeout=3, markup=False)
