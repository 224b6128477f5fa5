"""`agent-monitor hook`: called by an agent, for which `monitor/__main__.py` has a shorter way than through here."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from monitor.cli.context import Globals


@click.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.option("--agent", metavar="KIND", default="claude-code", show_default=True, help="Who calls.")
@click.option("--statusline", is_flag=True, help="What comes is Claude Code's status line JSON.")
@click.option("--no-targets", is_flag=True, help="Keep no file paths and no names of programs.")
@click.option("--state-dir", metavar="DIR", default="", help="As the global option.")
@click.pass_obj
def hook(options: Globals, *, agent: str, statusline: bool, no_targets: bool, state_dir: str) -> None:
    """Take what an agent's hook tells on standard input; `agent-monitor hooks install` makes an agent call this.

    It prints nothing, always ends with exit code 0, and keeps names, paths and numbers alone: no prompt, no answer, no
    input or output of a tool.
    """
    from monitor.sources.sessions.hook_call import take

    with suppress(Exception):
        take(
            state_dir=state_dir or options.state_dir or "",
            agent=agent,
            status_line=statusline,
            targets=not no_targets,
        )
