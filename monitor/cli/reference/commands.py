"""The commands and their options, as a page."""

from __future__ import annotations

from inspect import cleandoc
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

EXIT_CODES = (
    (0, "all is well"),
    (1, "failure; stderr says what happened, where, and what to do"),
    (2, "wrong usage or configuration"),
    (3, "`status --check`: an alert of severity error or above is open"),
    (4, "the database is newer than this program, or one of its migrations was altered"),
    (129, "ended by SIGHUP: the terminal went away"),
    (130, "interrupted (ctrl+c)"),
    (143, "ended by SIGTERM"),
)


def page(root: click.Group) -> str:
    """docs/reference/commands.md."""
    context = click.Context(root, info_name="agent-monitor")
    lines = [
        "# Commands",
        "",
        "```",
        "agent-monitor [OPTIONS] [COMMAND] [ARGS]",
        "```",
        "",
        cleandoc(root.help or ""),
        "",
    ]
    lines += ["Global options stand before the command:", "", *_options(root, context)]
    for path, command, sub in _walk(root, context):
        usage = " ".join(part for part in command.collect_usage_pieces(sub) if part)
        lines += [
            "",
            f"## `agent-monitor {' '.join(path)}`",
            "",
            "```",
            f"agent-monitor {' '.join(path)} {usage}",
            "```",
            "",
        ]
        lines += [cleandoc(command.help or ""), ""]
        lines += _options(command, sub)
    lines += ["", "## Exit codes", "", "| code | meaning |", "|---|---|"]
    lines += [f"| {code} | {meaning} |" for code, meaning in EXIT_CODES]
    return "\n".join(lines).rstrip() + "\n"


def _walk(
    group: click.Group, context: click.Context, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command, click.Context]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None:
            continue
        sub = click.Context(command, info_name=name, parent=context)
        yield (*path, name), command, sub
        if isinstance(command, click.Group):
            yield from _walk(command, sub, (*path, name))


def _options(command: click.Command, context: click.Context) -> list[str]:
    records = [
        record
        for parameter in command.get_params(context)
        if (record := parameter.get_help_record(context)) is not None and "--help" not in parameter.opts
    ]
    if not records:
        return []
    return [
        "| option | meaning |",
        "|---|---|",
        *(f"| `{names}` | {text.replace('|', '/')} |" for names, text in records),
    ]
