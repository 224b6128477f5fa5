"""Opens a shell or an editor in the worktree of an agent: in a new window of tmux, else in front of the screen."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from textual.app import SuspendNotSupported

from monitor.errors import MonitorError
from monitor.keystore import Keys
from monitor.text import clean
from monitor.ui.outside import tmux
from monitor.ui.outside.foreground import Ending, Job
from monitor.ui.outside.programs import Kind, Program, ProgramError, folder_held, program, surroundings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.app import App

    from monitor.model import AgentStatus
    from monitor.ui.wiring import Wiring

_GROUP: Final = "program"
READONLY: Final = "Off: the screen was started read-only."


class Programs:
    """The programs of this screen. One that was stopped with ctrl+z is gone on with when it is opened again."""

    def __init__(self, app: App[Any], wiring: Wiring) -> None:
        self._app = app
        self._wiring = wiring
        self._stopped: dict[tuple[Kind, str], Job] = {}

    def open(self, kind: Kind, agent_id: str | None) -> None:
        """Open a shell or an editor in the worktree of this agent, or say why not."""
        status: AgentStatus | None = self._wiring.store.get(Keys.status(agent_id)) if agent_id else None
        if self._wiring.options.readonly:
            self._app.notify(READONLY, severity="warning", timeout=4)
        elif status is None:
            self._app.notify("Select an agent first.", timeout=3)
        elif status.worktree is None:
            self._app.notify(f"No worktree of {clean(status.name)} is known.", timeout=4, markup=False)
        else:
            self._app.run_worker(
                self._open(kind, status.worktree),
                name=_GROUP,
                group=_GROUP,
                exclusive=True,
                exit_on_error=False,
            )

    def end(self) -> None:
        """End what was stopped: the screen ends."""
        for job in self._stopped.values():
            job.end()
        self._stopped.clear()

    async def _open(self, kind: Kind, worktree: str) -> None:
        options = self._wiring.options
        chosen = program(kind, options.shell if kind == "shell" else options.editor, os.environ)
        with folder_held(worktree) as folder:
            if tmux.inside() and (await tmux.new_window(worktree, chosen.name, chosen.argv)).ok:
                return
            job = self._stopped.pop((kind, worktree), None)
            if job is not None:
                ending = await in_front(self._app, job.go_on)
            else:
                job = Job(*_descriptors())
                environ = surroundings(os.environ, worktree, no_color=options.no_color)
                ending = await in_front(self._app, lambda: job.run(chosen.argv, folder, environ))
        if ending.how == "stopped":
            self._stopped[kind, worktree] = job
        self._tell(chosen, ending, kind)

    def _tell(self, chosen: Program, ending: Ending, kind: Kind) -> None:
        name = clean(chosen.name)
        if ending.how == "stopped":
            text = f"{name} has stopped; opening the {kind} here again goes on with it, leaving the monitor ends it."
            self._app.notify(text, severity="warning", timeout=8, markup=False)
        elif ending.how == "killed":
            self._app.notify(f"{name} was ended by signal {ending.number}.", timeout=5, markup=False)
        elif ending.number and kind == "editor":
            self._app.notify(f"{name} ended with exit code {ending.number}.", timeout=5, markup=False)


async def in_front(app: App[Any], run: Callable[[], Awaitable[Ending]]) -> Ending:
    """Give the terminal away while something runs on it; the feed goes on collecting, nothing is drawn.

    Raises ProgramError where the screen has no terminal to give, as in a browser, and what `run` raises.
    """
    ending: Ending | None = None
    failure: Exception | None = None
    try:
        with app.suspend():
            # suspend() takes the terminal back only when its block ends without an error. A cancellation goes through:
            # the app ends, and the terminal is to stay as it is.
            try:
                ending = await run()
            except Exception as error:  # noqa: BLE001 - raised again below, when the terminal is taken back
                failure = error
    except SuspendNotSupported as error:
        raise ProgramError("A program can only be opened from a terminal, not from here.") from error
    if failure is not None:
        raise failure
    if ending is None:  # no driver: the app has not started, or has ended
        raise MonitorError("The screen has no terminal.")
    return ending


def _descriptors() -> tuple[int, int]:
    import sys

    if sys.__stdin__ is None or sys.__stdout__ is None:
        raise ProgramError("There is no terminal to open it on.")
    return sys.__stdin__.fileno(), sys.__stdout__.fileno()
