"""`agent-monitor hooks install` and `remove`."""

from __future__ import annotations

import copy
import difflib
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click
import msgspec

from monitor.cli.hooks import entries, settings_file
from monitor.cli.hooks.place import which_file
from monitor.errors import MonitorError

if TYPE_CHECKING:
    from monitor.cli.context import Globals
    from monitor.cli.hooks.settings_file import SettingsFile


@click.command()
@which_file
@click.option("--statusline", is_flag=True, help="Take the status line as well, where there is none.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.pass_obj
def install(options: Globals, *, path: str, statusline: bool, dry_run: bool) -> None:
    """Add our hooks to the settings of Claude Code; sessions that start from then on call them.

    Everything else in the file stays. The file as it was is kept beside it, and `remove` undoes all. For Claude Code
    2.0.45 or later. Cost and usage limits stand only in the status line: `--statusline` takes these, and shows no line.
    """
    file = settings_file.read(path)
    command = wanted_command(options)
    changed = copy.deepcopy(file.content)
    try:
        entries.add(changed, command)
    except MonitorError as error:
        raise MonitorError(f"{file.path}: {error}") from error
    foreign_line = False
    if statusline:
        foreign_line = "statusLine" in changed and not entries.is_ours(changed["statusLine"])
    if entries.is_ours(changed.get("statusLine")) or (statusline and not foreign_line):
        changed["statusLine"] = {"type": "command", "command": entries.status_line_command(command)}
    if changed == file.content:
        click.echo(f"{file.path}: our hooks are there already.")
    elif dry_run:
        _show(file, changed)
    else:
        if not _has_ours(file.content):
            settings_file.keep_backup(file)
        settings_file.write(file, _text(file, changed))
        click.echo(f"{file.path}: {len(entries.EVENTS)} hooks installed, for {', '.join(entries.EVENTS)}.")
        click.echo("Sessions that start from now on call them; `agent-monitor hooks remove` undoes it.")
    if foreign_line:
        click.echo(
            "There is a status line already: the how-to tells how to add ours to it. It was left as it is."
        )
    if changed.get("disableAllHooks") is True:
        click.echo("`disableAllHooks` is set in this file: Claude Code will call none.")


@click.command()
@which_file
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
def remove(*, path: str, dry_run: bool) -> None:
    """Take our hooks out of the settings of Claude Code.

    When nothing else was changed since `install`, the file becomes the very one that it was.
    """
    file = settings_file.read(path)
    if not _has_ours(file.content):
        click.echo(f"{file.path}: none of our hooks are there.")
        return
    changed = copy.deepcopy(file.content)
    entries.remove(changed)
    before = _before(file, changed)
    if dry_run:
        _show(file, changed)
        return
    gone = before is None and not changed and not os.path.exists(file.backup)
    settings_file.write(file, None if gone else _text(file, changed) if before is None else before)
    if before is not None:
        with suppress(FileNotFoundError):
            os.unlink(file.backup)
    click.echo(f"{file.path}: {'removed, as it was not there before' if gone else 'our hooks are removed'}.")


def wanted_command(options: Globals) -> str:
    """The command that our hooks should have with these settings. Raises MonitorError, ConfigError."""
    if not sys.executable:
        raise MonitorError("the path of the Python that runs this is not known: hooks need it.")
    return entries.hook_command(
        os.path.abspath(sys.executable),
        str(options.paths.folder),
        targets=options.settings.sessions.targets,
    )


def _has_ours(content: dict[str, Any]) -> bool:
    return bool(entries.installed(content)) or entries.is_ours(content.get("statusLine"))


def _before(file: SettingsFile, without: dict[str, Any]) -> str | None:
    """The text of the backup, when the file is what installing made of that: then it can be undone exactly."""
    try:
        backup = settings_file.read(file.backup)
        was = copy.deepcopy(backup.content)
        entries.add(was, entries.MARK)
        entries.remove(was)  # which takes out what was empty before, too
    except MonitorError:
        return None
    return backup.text if _plain(backup, was) == _plain(file, without) else None


def _plain(file: SettingsFile, content: dict[str, Any]) -> str:
    """The content without how the file spells it, in the order that it has."""
    return settings_file.rendered(msgspec.structs.replace(file, text="", content=content))


def _text(file: SettingsFile, content: dict[str, Any]) -> str:
    return settings_file.rendered(msgspec.structs.replace(file, content=content))


def _show(file: SettingsFile, content: dict[str, Any]) -> None:
    before = (file.text or "").splitlines(keepends=True)
    after = _text(file, content).splitlines(keepends=True)
    click.echo("".join(difflib.unified_diff(before, after, file.path, file.path)), nl=False)
