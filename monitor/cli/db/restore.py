"""`agent-monitor db restore`: go back to a backup; what stood there before is kept."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click
import msgspec

from monitor.cli.db.report import print_json
from monitor.cli.json_output import iso, plain
from monitor.cli.progress import Progress
from monitor.cli.table import amount
from monitor.errors import ConfigError
from monitor.history.backup.restore_files import What
from monitor.paths import config_file
from monitor.text import clean

if TYPE_CHECKING:
    from monitor.cli.context import Globals
    from monitor.history.backup.manifest import Entry, Manifest
    from monitor.history.backup.restore import Restored
    from monitor.history.backup.restore_files import RestoredConfig


@click.command()
@click.argument("file", metavar="FILE")
@click.option(
    "--what",
    type=click.Choice(get_args(What)),
    help="Of a full backup: which part. Left out: the database; with --extract: all.",
)
@click.option(
    "--extract",
    metavar="DIR",
    help="Only unpack a full backup, into this new folder outside of every watched root.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def restore(options: Globals, file: str, what: What | None, extract: str | None, *, as_json: bool) -> None:
    """Put the database of FILE, a backup or any recording, in the place of the present one, which is kept beside it.

    Refused while a recorder runs, and for a FILE that is damaged or newer than this program. From a full backup
    --what config puts the configuration back, and --what all both. Coordination files and logs are only ever unpacked.
    """
    from monitor.history.backup.restore import is_archive

    source = Path(file).expanduser().absolute()
    if not is_archive(source) and (extract is not None or what not in {None, "database"}):
        raise ConfigError(f"{source}: holds a database alone; --what and --extract are for full backups.")
    if extract is not None:
        _unpack(options, source, Path(extract).expanduser().absolute(), what or "all", as_json=as_json)
    elif what in {"coordination", "logs"}:
        raise ConfigError(f"--what {what}: is never put back in place: add --extract DIR to unpack it.")
    else:
        _restore(options, source, what or "database", as_json=as_json)


def _restore(options: Globals, source: Path, what: What, *, as_json: bool) -> None:
    configuration, database = None, None
    if what == "database":
        database = _restore_database(options, source)
    else:
        configuration, database = _restore_config(options, source, with_database=what == "all")
    if as_json:
        print_json({"database": plain(database), "configuration": plain(configuration)})
        return
    if database is not None:
        _tell(database)
    if configuration is not None:
        click.echo(f"{configuration.file}: restored from {source}")
        if configuration.kept:
            click.echo(f"The configuration before that is kept as {configuration.kept}")
        click.echo("It is in force from the next start of each recorder and screen on.")


def _restore_config(
    options: Globals, source: Path, *, with_database: bool
) -> tuple[RestoredConfig, Restored | None]:
    """Asks nothing of the present configuration, which may be lost; the restored one says where the database is.

    The database goes first: when that is refused, the configuration stays as it is.
    """
    from monitor.history.backup.restore_files import restore_config

    target = Path(options.config).expanduser().absolute() if options.config else config_file()
    databases: list[Restored] = []

    def first(copy: Path) -> None:
        if with_database:
            databases.append(_restore_database(msgspec.structs.replace(options, config=str(copy)), source))

    configuration = restore_config(source, target, time.time_ns() // 1_000_000, first)
    return configuration, databases[0] if databases else None


def _restore_database(options: Globals, source: Path) -> Restored:
    from monitor.history.backup.restore import restore_database

    with Progress("restoring") as progress:
        return asyncio.run(
            restore_database(
                options.paths,
                source,
                time.time_ns() // 1_000_000,
                wal_limit_mb=options.settings.database.wal_limit_mb,
                progress=progress,
            )
        )


def _unpack(options: Globals, source: Path, folder: Path, what: What, *, as_json: bool) -> None:
    from monitor.history.backup.restore_files import extract

    try:
        roots = options.settings.roots
    except ConfigError:  # a lost configuration is one reason to unpack; the archive names its roots itself
        roots = options.roots
    with Progress("unpacking") as progress:
        manifest, files = extract(source, folder, what, roots, progress)
    if as_json:
        print_json(_unpacked(manifest, files, folder))
        return
    click.echo(f"{folder}: unpacked {len(files)} files, {amount(sum(f.bytes for f in files), 'bytes')}.")
    for root in manifest.roots:
        click.echo(f"{root.folder}: the files of {clean(root.path)}")


def _unpacked(manifest: Manifest, files: tuple[Entry, ...], folder: Path) -> dict[str, Any]:
    named = msgspec.to_builtins({"created_at": manifest.created_at, "roots": manifest.roots, "files": files})
    return {"folder": str(folder), **named}


def _tell(done: Restored) -> None:
    held = done.contents
    click.echo(f"{done.database}: restored from {done.file}")
    click.echo(f"It holds what was recorded from {iso(held.first) or '-'} to {iso(held.last) or '-'}.")
    if held.version != done.version:
        click.echo(f"Its schema was brought from version {held.version} to {done.version}.")
    if done.kept is None:
        return
    damaged = ", damaged as it is" if done.kept_damaged else ""
    click.echo(f"The database before that is kept{damaged} as {done.kept}")
    lost = done.lost
    if lost is not None and any((lost.samples, lost.task_events, lost.commits, lost.alerts)):
        click.echo(
            f"Only there is what was recorded after the backup, to {iso(done.until) or '-'}: {lost.samples} samples, "
            f"{lost.task_events} task events, {lost.commits} commits, {lost.alerts} alerts."
        )
