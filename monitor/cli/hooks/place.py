"""Which settings file of Claude Code is meant."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Any

import click

from monitor.paths import expand

if TYPE_CHECKING:
    from collections.abc import Callable


def which_file(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that name the file; it gets its `path`."""

    @click.option("--settings", metavar="FILE", help="This settings file.")
    @click.option("--project", metavar="DIR", help="Your own settings of the project in this folder only.")
    @functools.wraps(command)
    def with_path(*arguments: Any, settings: str | None, project: str | None, **options: Any) -> None:
        command(*arguments, path=settings_path(settings, project), **options)

    return with_path


def settings_path(settings: str | None, project: str | None) -> str:
    """The file as named, else the project's, else the user's.

    Of a project it is `settings.local.json`, which is not committed: our command names folders of this machine. Raises
    UsageError, ConfigError.
    """
    if settings and project:
        raise click.UsageError("name a file with --settings or a project with --project, not both.")
    if settings:
        return str(expand(settings))
    if project:
        folder = expand(project)
        if not folder.is_dir():
            raise click.UsageError(f"--project {project}: is not a folder.")
        return str(folder / ".claude" / "settings.local.json")
    home = os.environ.get("CLAUDE_CONFIG_DIR") or "~/.claude"
    return str(expand(home) / "settings.json")
