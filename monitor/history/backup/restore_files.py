"""The other files of a full backup: the configuration goes back to its place, everything else to a folder you name.

Coordination files are never written into a root: this program is read-only there (checklist X1-20).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from monitor.config import load
from monitor.errors import ConfigError, DatabaseError
from monitor.history.backup.manifest import CONFIGURATION, DATABASE, Entry, Manifest
from monitor.history.backup.restore import put_in_place
from monitor.history.backup.unpack import manifest_of, unpack, unpack_into
from monitor.paths import private_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from monitor.history.backup.copying import Progress
    from monitor.model import Millis

What = Literal["database", "config", "coordination", "logs", "all"]
PLACES: Final[dict[What, tuple[str, ...]]] = {
    "database": (DATABASE,),
    "config": (CONFIGURATION,),
    "coordination": ("roots/",),
    "logs": ("logs/",),
    "all": ("",),
}
"""Where in an archive each part is."""


class RestoredConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the configuration."""

    file: str
    kept: str | None
    """The one that stood there before."""


def restore_config(
    archive: Path, target: Path, now: Millis, first: Callable[[Path], None] = lambda _: None
) -> RestoredConfig:
    """Put the archive's configuration at `target`, when this program can read it; the present one is kept beside it.

    `first` is called with the new file before that has its name, and may raise to stop. Raises ConfigError for
    a configuration that is not valid (any more), and DatabaseError as `unpack` does.
    """
    found = manifest_of(archive).under(CONFIGURATION)
    if len(found) != 1:
        raise DatabaseError(f"{archive}: holds no configuration: there was no file, or it could not be read.")
    target = target.resolve()
    kind = Path(found[0].name).suffix.lower()
    if kind != target.suffix.lower():
        raise ConfigError(
            f"{archive}: holds {Path(found[0].name).name}; name a file that ends in {kind} with --config."
        )
    # In the same folder, for relative paths in it start there; with the same ending, which tells TOML from JSON.
    copy = target.with_name(f".restoring-{target.name}")
    try:
        private_folder(copy.parent)
        copy.unlink(missing_ok=True)
        unpack(archive, lambda entry: copy if entry == found[0] else None)
        load(copy)
        first(copy)
        return RestoredConfig(file=str(target), kept=put_in_place(copy, target, now))
    except OSError as error:
        raise DatabaseError(f"{target}: cannot be written: {error.strerror}.") from error
    finally:
        copy.unlink(missing_ok=True)


def extract(
    archive: Path, folder: Path, what: What, roots: Iterable[str], progress: Progress | None = None
) -> tuple[Manifest, tuple[Entry, ...]]:
    """Unpack a part of the archive into a new or empty folder outside of every root, and nothing else.

    Gives the manifest and the files written. Raises DatabaseError, also for a folder in a root.
    """
    manifest = manifest_of(archive)
    places = PLACES[what]
    real = Path(os.path.realpath(folder))
    for root in (*roots, *(root.path for root in manifest.roots)):
        if real.is_relative_to(os.path.realpath(root)):
            raise DatabaseError(
                f"{folder}: is in the watched root {root}, where nothing is written: name another folder."
            )

    def wanted(entry: Entry) -> bool:
        return entry.name.startswith(places)

    unpack_into(archive, real, wanted, progress)
    return manifest, tuple(entry for entry in manifest.files if wanted(entry))
