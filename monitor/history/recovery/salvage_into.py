"""`db salvage`: what can still be read of a damaged database, into a new recording or one that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from monitor import __version__
from monitor.errors import DatabaseError
from monitor.history.lock import RecorderLock
from monitor.history.recovery.merge import Added, merge
from monitor.history.recovery.salvage import salvage
from monitor.history.recovery.salvaged_rows import SalvagedTable
from monitor.paths import StatePaths, private_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from monitor.history.recovery.salvage import SalvageReport
    from monitor.model import Millis

READING: Final = 0.7
"""Share of the work that reading is, where what was read joins another recording."""


class TableReport(SalvagedTable, frozen=True, kw_only=True):
    """What came out of one table, and what of it was new."""

    added: int
    """Rows that the file gained."""


class IntoReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a salvage brought."""

    damaged: str
    file: str
    merged: bool
    """Whether the file was there already, and gained what it did not have."""
    tables: tuple[TableReport, ...]
    unknown_pages: int
    """Pages with rows of which it cannot be told whose they are."""


async def salvage_into(
    paths: StatePaths,
    damaged: Path,
    now: Millis,
    *,
    wal_limit_mb: int,
    progress: Callable[[float], None] | None = None,
) -> IntoReport:
    """Salvage `damaged` into the recording `paths.database`, which is made when it is not there.

    Raises RecorderBusyError while a recorder writes that one; DatabaseError when both are the same, nothing can be
    read, or nothing can be written; DatabaseVersionError when either is of a newer program.
    """
    file = paths.database
    if _same(file, damaged):
        raise DatabaseError(
            f"{damaged}: is the database in use: a recorder puts it aside when it starts; or name another file with "
            "--into."
        )
    private_folder(file.parent)
    with RecorderLock(paths, version=__version__, interval_seconds=0.0, now=now):
        if not file.exists():
            found = await salvage(damaged, file, progress=_share(progress, 0.0, 1.0))
            return _report(found, file, None)
        apart = file.with_name(f".{file.name}.salvaged")
        apart.unlink(missing_ok=True)  # what a killed one left
        try:
            found = await salvage(damaged, apart, progress=_share(progress, 0.0, READING))
            added = await merge(
                paths, apart, wal_limit_mb=wal_limit_mb, progress=_share(progress, READING, 1.0)
            )
        finally:
            for ending in ("", "-wal", "-shm"):
                apart.with_name(apart.name + ending).unlink(missing_ok=True)
        return _report(found, file, added)


def _same(file: Path, other: Path) -> bool:
    return file.exists() and other.exists() and file.samefile(other)


def _share(
    progress: Callable[[float], None] | None, begin: float, end: float
) -> Callable[[int, int], None] | None:
    """Tell steps as a share of the whole."""
    if progress is None:
        return None
    return lambda done, total: progress(begin + (end - begin) * done / max(1, total))


def _report(found: SalvageReport, file: Path, added: tuple[Added, ...] | None) -> IntoReport:
    gained = {table.name: table.rows for table in added or ()}
    return IntoReport(
        damaged=found.damaged,
        file=str(file),
        merged=added is not None,
        tables=tuple(
            TableReport(
                **msgspec.structs.asdict(table),
                added=table.written if added is None else gained.get(table.name, 0),
            )
            for table in found.tables
        ),
        unknown_pages=found.unknown_pages,
    )
