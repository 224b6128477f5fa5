"""Where things are on this platform: configuration, state, and the packaged SQL."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import platformdirs

APP = "agent-monitor"


class StatePaths(msgspec.Struct, frozen=True):
    """The state folder and what lives in it: database, inbox, viewers' presence files, logs."""

    folder: Path
    database: Path

    @property
    def inbox(self) -> Path:
        """Where viewers drop commands for the collector."""
        return self.folder / "inbox"

    @property
    def presence(self) -> Path:
        """One locked file a viewer."""
        return self.folder / "viewers"

    @property
    def logs(self) -> Path:
        """The recorder's own log files."""
        return self.folder / "logs"

    @property
    def lock(self) -> Path:
        """Held by the one process that writes the database; it stands beside the database."""
        return self.database.with_name(self.database.name + ".lock")


def config_file() -> Path:
    """The configuration read when none is named."""
    return Path(platformdirs.user_config_dir(APP, appauthor=False)) / "config.toml"


def default_state_dir() -> Path:
    """The state folder used when none is named."""
    return Path(platformdirs.user_state_dir(APP, appauthor=False))


def state_paths(state_dir: str | None = None, database: str | None = None) -> StatePaths:
    """The state folder as named (else the platform's) and the database as named (else in that folder)."""
    folder = Path(state_dir).expanduser().absolute() if state_dir else default_state_dir()
    file = Path(database).expanduser().absolute() if database else folder / "monitor.db"
    return StatePaths(folder, file)


def private_folder(folder: Path) -> Path:
    """Make the folder, and its missing parents, readable by its owner only (DESIGN.md §5)."""
    previous = os.umask(0o077)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    finally:
        os.umask(previous)
    return folder


def sql_folder() -> Path:
    """The folder `sql/`: inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    packaged = package / "sql"
    return packaged if packaged.is_dir() else package.parent / "sql"
