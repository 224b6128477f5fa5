"""Where things are on this platform: configuration, state, and the packaged SQL."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import platformdirs

from monitor.errors import ConfigError

APP = "agent-monitor"


class StatePaths(msgspec.Struct, frozen=True):
    """The state folder and what lives in it: database, lock, inbox, viewers' presence files, logs.

    What belongs to one database stands beside it and carries its name, so that two databases never share a lock
    or an inbox.
    """

    folder: Path
    database: Path

    @property
    def inbox(self) -> Path:
        """Where viewers drop commands for the collector."""
        return self._beside(".inbox")

    @property
    def presence(self) -> Path:
        """One locked file a viewer."""
        return self._beside(".viewers")

    @property
    def logs(self) -> Path:
        """The recorder's own log files."""
        return self.folder / "logs"

    @property
    def hooks(self) -> Path:
        """What the hooks of agents have told: a file a session."""
        return self.folder / "hooks"

    @property
    def backups(self) -> Path:
        """Where backups go unless a setting names another folder."""
        return self.folder / "backups"

    def backups_in(self, setting: str) -> Path:
        """Where backups go by the setting `backup.folder`."""
        return Path(setting) if setting else self.backups

    @property
    def lock(self) -> Path:
        """Held by the one process that writes the database."""
        return self._beside(".lock")

    def _beside(self, ending: str) -> Path:
        return self.database.with_name(self.database.name + ending)


def config_file() -> Path:
    """The configuration read when none is named."""
    return Path(platformdirs.user_config_dir(APP, appauthor=False)) / "config.toml"


def default_state_dir() -> Path:
    """The state folder used when none is named."""
    return Path(platformdirs.user_state_dir(APP, appauthor=False))


def expand(text: str) -> Path:
    """The path that a person wrote, `~` replaced by the user's home. Raises ConfigError when it can be none."""
    if "\0" in text:
        raise ConfigError(f"{text!r}: a path cannot hold a NUL character.")
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise ConfigError(f"{text}: there is no such user, or no home folder: write the path out.") from error


def state_paths(state_dir: str | None = None, database: str | None = None) -> StatePaths:
    """The state folder as named (else the platform's) and the database as named (else in that folder)."""
    folder = expand(state_dir).absolute() if state_dir else default_state_dir()
    file = expand(database).absolute() if database else folder / "monitor.db"
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
