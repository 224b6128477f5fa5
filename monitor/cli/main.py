"""The command `agent-monitor`: global options, and commands that are imported when they are called."""

from __future__ import annotations

import os
import sys
from typing import Any, Final, NoReturn

import click

from monitor import __version__
from monitor.cli.context import Globals
from monitor.cli.lazy import LazyGroup
from monitor.errors import MonitorError

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "alerts": ("monitor.cli.alerts", "alerts"),
    "attach": ("monitor.cli.attach", "attach"),
    "completions": ("monitor.cli.completions", "completions"),
    "config": ("monitor.cli.config", "config"),
    "db": ("monitor.cli.db", "db"),
    "demo": ("monitor.cli.demo", "demo"),
    "doctor": ("monitor.cli.doctor", "doctor"),
    "export": ("monitor.cli.export", "export"),
    "hook": ("monitor.cli.hook", "hook"),
    "hooks": ("monitor.cli.hooks", "hooks"),
    "record": ("monitor.cli.record", "record"),
    "replay": ("monitor.cli.replay", "replay"),
    "report": ("monitor.cli.report", "report"),
    "serve": ("monitor.cli.serve", "serve"),
    "status": ("monitor.cli.status", "status"),
}
"""Command to (module, name in it)."""
INTERRUPTED: Final = 130


class _Commands(LazyGroup):
    """The commands; a reader of their output that goes away is no error. Click itself would make it one."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0


@click.group(
    cls=_Commands,
    places=COMMANDS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--config", metavar="FILE", envvar="AGENT_MONITOR_CONFIG", help="Settings: a TOML or JSON file."
)
@click.option(
    "--root",
    "roots",
    metavar="DIR",
    multiple=True,
    envvar="AGENT_MONITOR_ROOT",
    help="A folder whose coordination files and worktrees are watched; may be given several times.",
)
@click.option("--db", metavar="FILE", envvar="AGENT_MONITOR_DB", help="The history database.")
@click.option(
    "--state-dir",
    metavar="DIR",
    envvar="AGENT_MONITOR_STATE_DIR",
    help="Where database, inbox, lock and logs live.",
)
@click.option(
    "--interval",
    type=click.FloatRange(0.1, 86_400),
    metavar="SECONDS",
    envvar="AGENT_MONITOR_INTERVAL",
    help="Between two samples.",
)
@click.option(
    "--theme",
    metavar="NAME",
    envvar="AGENT_MONITOR_THEME",
    help="Colours of the screen; a wrong name lists all.",
)
@click.option(
    "--filter",
    "filter_",
    metavar="TEXT",
    default="",
    envvar="AGENT_MONITOR_FILTER",
    help="Filter of the agents, as after /.",
)
@click.option(
    "--ascii", "ascii_", is_flag=True, envvar="AGENT_MONITOR_ASCII", help="Draw with ASCII characters only."
)
@click.option(
    "--no-mouse", is_flag=True, envvar="AGENT_MONITOR_NO_MOUSE", help="Leave the mouse to the terminal."
)
@click.option(
    "--readonly",
    is_flag=True,
    envvar="AGENT_MONITOR_READONLY",
    help="Send no signal, open no program.",
)
@click.version_option(__version__, prog_name="agent-monitor")
@click.pass_context
def cli(
    ctx: click.Context,
    *,
    config: str | None,
    roots: tuple[str, ...],
    db: str | None,
    state_dir: str | None,
    interval: float | None,
    theme: str | None,
    filter_: str,
    ascii_: bool,
    no_mouse: bool,
    readonly: bool,
) -> None:
    """One terminal screen for every coding agent at work on this host.

    Without a command the live view opens: it attaches to a running recorder, else it collects and records itself.
    """
    ctx.obj = Globals(
        config=config,
        roots=roots,
        database=db,
        state_dir=state_dir,
        interval=interval,
        theme=theme,
        filter=filter_,
        ascii=ascii_,
        no_mouse=no_mouse,
        readonly=readonly,
    )
    if ctx.invoked_subcommand is None:
        from monitor.cli.live import live

        ctx.exit(live(ctx.obj))


def main() -> NoReturn:
    """Run the command line and exit; errors that are for people are printed to stderr without a traceback."""
    sys.exit(run())


def run(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code (docs/reference/commands.md)."""
    try:
        result: Any = cli.main(args=arguments, prog_name="agent-monitor", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.exceptions.Abort:
        return INTERRUPTED
    except KeyboardInterrupt:
        return INTERRUPTED
    except MonitorError as error:
        click.echo(f"agent-monitor: {error}", err=True)
        return error.exit_code
    return result if isinstance(result, int) else 0
