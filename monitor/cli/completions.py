"""`agent-monitor completions`: the shell's completion script."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from monitor.errors import MonitorError


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completions(ctx: click.Context, shell: str) -> None:
    """Print the completion script of SHELL, for example: eval "$(agent-monitor completions bash)"."""
    made = get_completion_class(shell)
    if made is None:
        raise MonitorError(f"no completions for {shell}.")
    root = ctx.find_root().command
    click.echo(made(root, {}, "agent-monitor", "_AGENT_MONITOR_COMPLETE").source())
