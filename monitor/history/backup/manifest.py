"""The manifest of a full backup: what the archive holds, with sizes and checksums, and where it came from."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

import msgspec

from monitor.errors import DatabaseDamagedError, DatabaseVersionError

FORMAT: Final = 1
MANIFEST_LIMIT: Final = 16_000_000
DATABASE: Final = "database/"
CONFIGURATION: Final = "configuration/"
_PLACES: Final = re.compile(
    r"(?:database|configuration|logs|roots/\d+-[\w.-]+/(?:coordination|config))/(.+)", re.DOTALL
)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A file in the archive."""

    name: str
    """Its name in the archive."""
    path: str
    """Where it came from."""
    bytes: int
    sha256: str
    """Hexadecimal."""


class Root(msgspec.Struct, frozen=True, kw_only=True):
    """A watched root."""

    path: str
    folder: str
    """What holds its files in the archive."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """All that an archive holds; `files` in the order in which they stand there."""

    format: int = FORMAT
    program: str
    """Version of the Agent Monitor that made it."""
    host: str
    created_at: datetime
    schema_version: int
    """Of the database."""
    roots: tuple[Root, ...] = ()
    files: tuple[Entry, ...] = ()
    left_out: dict[str, str] = {}
    """Files that should be here, and why they are not."""

    def encode(self) -> bytes:
        """As JSON for people too."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2)

    def under(self, place: str) -> tuple[Entry, ...]:
        """The files below one place of the archive."""
        return tuple(entry for entry in self.files if entry.name.startswith(place))


def read_manifest(data: bytes, archive: str) -> Manifest:
    """Read a manifest that may have been tampered with: its names lead nowhere but below the archive's own folders.

    Raises DatabaseDamagedError, or DatabaseVersionError for the archive of a newer program.
    """
    try:
        version = msgspec.json.decode(data, type=_Format).format
        if version > FORMAT:
            raise DatabaseVersionError(
                f"{archive}: was made by a newer Agent Monitor (archive format {version}, this one knows {FORMAT}): "
                "update."
            )
        manifest = msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise DatabaseDamagedError(
            f"{archive}: is no full backup: its manifest cannot be read ({error})."
        ) from error
    names = [entry.name for entry in manifest.files]
    bad = next((name for name in names if not safe_name(name)), None)
    if bad is not None or len(set(names)) != len(names):
        raise DatabaseDamagedError(
            f"{archive}: is no full backup: it names a file outside its folders, or one twice."
        )
    return manifest


def safe_name(name: str) -> bool:
    """Whether a name stays below the archive's folders: no `..`, nothing absolute, no empty part."""
    match = _PLACES.fullmatch(name)
    return (
        match is not None
        and "\0" not in name
        and "\\" not in name
        and all(part not in {"", ".", ".."} for part in match[1].split("/"))
    )


class _Format(msgspec.Struct, frozen=True):
    format: int
