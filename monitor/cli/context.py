"""The global options, and what every command makes of them."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path

import msgspec

from monitor.config import Loaded, Settings, SystemSettings, load
from monitor.errors import ConfigError
from monitor.paths import StatePaths, state_paths


class Globals(msgspec.Struct, kw_only=True, dict=True):
    """The options given before the command; `settings` and `paths` are what they come to."""

    config: str | None = None
    roots: tuple[str, ...] = ()
    database: str | None = None
    state_dir: str | None = None
    interval: float | None = None
    theme: str | None = None
    filter: str = ""
    ascii: bool = False
    no_mouse: bool = False
    readonly: bool = False
    systems: tuple[SystemSettings, ...] = ()
    """Attached beside those of the configuration."""

    def beside(self, system: SystemSettings, state_dir: str) -> Globals:
        """The same options with one more system attached, and a history of its own."""
        return Globals(
            config=self.config,
            roots=self.roots,
            state_dir=state_dir,
            interval=self.interval,
            theme=self.theme,
            filter=self.filter,
            ascii=self.ascii,
            no_mouse=self.no_mouse,
            readonly=self.readonly,
            systems=(system,),
        )

    def elsewhere(self, config: str, state_dir: str) -> Globals:
        """The same options over another configuration and its own history, as for the demo."""
        # Not `structs.replace`, which takes over what was made of the options already.
        return Globals(
            config=config,
            state_dir=state_dir,
            interval=self.interval,
            theme=self.theme,
            filter=self.filter,
            ascii=self.ascii,
            no_mouse=self.no_mouse,
            readonly=self.readonly,
        )

    @cached_property
    def loaded(self) -> Loaded:
        """The settings with the options applied: these win over environment and file. Raises ConfigError."""
        loaded = load(Path(self.config).expanduser() if self.config else None)
        settings = loaded.settings
        if self.roots:
            settings = msgspec.structs.replace(settings, roots=self.roots)
        elif not settings.roots and (here := _root_here()):
            settings = msgspec.structs.replace(settings, roots=(here,))
        if self.systems:
            names = {system.name for system in self.systems}
            others = tuple(system for system in settings.systems if system.name not in names)
            settings = msgspec.structs.replace(settings, systems=(*others, *self.systems))
        if self.interval is not None:
            intervals = msgspec.structs.replace(settings.intervals, tick=self.interval)
            settings = msgspec.structs.replace(settings, intervals=intervals)
        return Loaded(msgspec.structs.replace(settings, roots=_folders(settings.roots)), loaded.file)

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.loaded.settings

    @cached_property
    def paths(self) -> StatePaths:
        """The state folder and the database in force.

        The database is that of --db, else the one in --state-dir, else the setting's, else the platform's.
        """
        database = self.database or (None if self.state_dir else self.settings.database.path or None)
        return state_paths(self.state_dir, database)


def _root_here() -> str | None:
    """The current folder, when it has coordination files: what somebody who starts here wants to see."""
    here = Path.cwd()
    return str(here) if (here / "coordination").is_dir() else None


def _folders(roots: tuple[str, ...]) -> tuple[str, ...]:
    """Each root once, absolute, symlinks resolved. Raises ConfigError for one that is not a folder."""
    folders = []
    for root in roots:
        folder = os.path.realpath(os.path.expanduser(root))
        if not os.path.isdir(folder):
            raise ConfigError(
                f"root {root}: is not a folder; --root and the setting `roots` take existing folders."
            )
        folders.append(folder)
    return tuple(dict.fromkeys(folders))
