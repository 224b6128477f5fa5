"""The tmux around this terminal: its paste buffer, a new window, and the pane in which an agent runs.

Every call goes through `tmux`, which finds its server by $TMUX, takes at most `PATIENCE_SECONDS`, and never passes
text through a shell. tmux expands `#(…)` in folders and names by running it: `_literal` keeps it from doing so.
"""

from __future__ import annotations

import asyncio
import os
import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

PATIENCE_SECONDS: Final = 1.0
_PANES: Final = "#{pane_id} #{pane_pid} #{pane_tty} #{session_id} #{pane_dead}"


class Lineage(NamedTuple):
    """Where a process hangs in the process tree."""

    pids: tuple[int, ...]
    """Itself and its ancestors, the nearest first."""
    tty: str | None
    """Path of its terminal."""


class TmuxPane(NamedTuple):
    """A pane of any session of this server."""

    id: str
    pid: int
    tty: str
    session: str


class Answer(NamedTuple):
    """How a call of tmux went."""

    ok: bool
    output: str
    problem: str = ""


def inside(environ: Mapping[str, str] | None = None) -> bool:
    """Whether this terminal is a pane of tmux."""
    return bool((os.environ if environ is None else environ).get("TMUX"))


async def call(*arguments: str, stdin: str | None = None) -> Answer:
    """Run a tmux command. Never raises; what went wrong stands in the answer."""
    try:
        process = await asyncio.create_subprocess_exec(
            "tmux",
            *arguments,
            stdin=asyncio.subprocess.DEVNULL if stdin is None else asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        return Answer(False, "", f"tmux: {error.strerror}")
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            output, errors = await process.communicate(None if stdin is None else stdin.encode())
    except TimeoutError:
        process.kill()
        await process.wait()
        return Answer(False, "", f"tmux did not answer within {PATIENCE_SECONDS:g} s")
    return Answer(
        process.returncode == 0, output.decode(errors="replace"), errors.decode(errors="replace").strip()
    )


async def copy(text: str) -> Answer:
    """Put a text into tmux's paste buffer, and through it into the clipboard of the terminal around tmux.

    By default tmux ignores the clipboard sequences of programs inside it (`set-clipboard external`), yet sends its own.
    """
    return await call("load-buffer", "-w", "-", stdin=text)


async def new_window(folder: str, name: str, argv: Sequence[str]) -> Answer:
    """Run a program in a new window, started in the folder, as an argument list without a shell."""
    # More than one argument is run as it is, a single one through a shell: `env` makes them two.
    command = ["env", *argv] if len(argv) == 1 else list(argv)
    label = re.sub(r"[^\w.-]", "-", name)[:30]
    return await call("new-window", "-c", _literal(folder), "-n", label, "--", *command)


async def find_pane(pid: int) -> TmuxPane | None:
    """The pane in which a process runs; None when it runs in none, or tmux does not answer in time."""
    answer = await call("list-panes", "-a", "-F", _PANES)
    if not answer.ok:
        return None
    return pane_of(parse_panes(answer.output), await asyncio.to_thread(lineage, pid))


async def jump(pane: TmuxPane) -> Answer:
    """Show a pane: its window, and for this client its session."""
    return await call(
        *("select-window", "-t", pane.id, ";"),
        *("select-pane", "-t", pane.id, ";"),
        *("switch-client", "-t", pane.id),
    )


def parse_panes(output: str) -> tuple[TmuxPane, ...]:
    """The living panes in the answer of `list-panes`; lines that are not understood are left out."""
    panes = []
    for line in output.splitlines():
        words = line.split(" ")
        if len(words) == 5 and words[1].isdecimal() and re.fullmatch(r"%\d+", words[0]) and words[4] != "1":
            panes.append(TmuxPane(words[0], int(words[1]), words[2], words[3]))
    return tuple(panes)


def pane_of(panes: Iterable[TmuxPane], family: Lineage) -> TmuxPane | None:
    """The pane whose program is the nearest ancestor of a process, else the one on its terminal."""
    by_pid = {pane.pid: pane for pane in panes}
    for pid in family.pids:
        if pid in by_pid:
            return by_pid[pid]
    return next((pane for pane in by_pid.values() if family.tty and pane.tty == family.tty), None)


def lineage(pid: int) -> Lineage:
    """Where a process hangs; of one that is gone or denied, what could be read."""
    pids: list[int] = [pid]
    tty: str | None = None
    import psutil

    try:
        process = psutil.Process(pid)
        tty = process.terminal()
        pids += [parent.pid for parent in process.parents()]
    except (psutil.Error, OSError):
        pass
    return Lineage(tuple(pids), tty)


def _literal(text: str) -> str:
    """A text that tmux takes as it stands where it would expand formats."""
    return text.replace("#", "##")
