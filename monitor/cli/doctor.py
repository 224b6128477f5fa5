"""`agent-monitor doctor`: what was found, what cannot be read and why, versions, limits and paths."""

from __future__ import annotations

import asyncio
import platform
import resource
import shlex
import shutil
import sqlite3
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from monitor import __version__
from monitor.cli.json_output import SCHEMA, iso, plain
from monitor.errors import SourceError
from monitor.keystore import Keys
from monitor.model import Board
from monitor.paths import config_file
from monitor.text import clean

if TYPE_CHECKING:
    from monitor.cli.context import Globals

PACKAGES: Final = (
    "aiosql",
    "aiosqlite",
    "click",
    "gitpython",
    "msgspec",
    "platformdirs",
    "psutil",
    "textual",
    "watchfiles",
)
WAL_FIXED: Final = (3, 51, 3)
"""From this version on SQLite does not damage a WAL that two connections checkpoint (DESIGN.md §1)."""
INOTIFY: Final = Path("/proc/sys/fs/inotify")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def doctor(options: Globals, *, as_json: bool) -> int:
    """Tell what was found, what cannot be read and why, versions, limits and paths.

    Exits with 1 when something needs your attention.
    """
    report = asyncio.run(_examine(options))
    if as_json:
        sys.stdout.write(msgspec.json.encode({"schema": SCHEMA, **report}).decode() + "\n")
    else:
        _print(report)
    return 1 if report["problems"] else 0


async def _examine(options: Globals) -> dict[str, Any]:
    """Everything the report says, as plain values."""
    from monitor.cli.state import current_state
    from monitor.history.lock import holder

    store, origin = await current_state(options)
    sources = store.get(Keys.SOURCES, ())
    agents = [store.get(Keys.status(agent_id)) for agent_id in store.get(Keys.AGENTS, ())]
    problems = [
        f"{source.name} {source.subject}: {source.error}" for source in sources if source.state == "failing"
    ]
    if shutil.which("git") is None:
        problems.append("git is not on PATH: branches, changes and commits stay unknown.")
    notes = [
        f"{source.name} {source.subject}: {source.error}" for source in sources if source.state == "degraded"
    ]
    board: Board = store.get(Keys.TASKS) or Board()
    notes += [await asyncio.to_thread(_last_good_board, state.root) for state in board.boards if state.error]
    if sqlite3.sqlite_version_info < WAL_FIXED:
        notes.append(
            f"SQLite {sqlite3.sqlite_version} can damage a database that two programs write; Agent Monitor has one "
            "writer, so keep other programs from writing to its file."
        )
    if not options.settings.roots:
        notes.append(
            "no root is watched: name a folder with --root to see its task board and its rag metrics."
        )
    return {
        "origin": origin,
        "versions": _versions(),
        "paths": _paths(options),
        "limits": _limits(),
        "recorder": plain(holder(options.paths.lock)),
        "roots": list(options.settings.roots),
        "agents": [{"id": a.id, "kind": a.kind, "worktree": a.worktree, "origin": a.origin} for a in agents],
        "sources": plain(sources),
        "problems": problems,
        "notes": notes,
    }


def _last_good_board(root: str) -> str:
    """Where the last board that can be read is: git has it, and putting it back is for those who write boards."""
    from monitor.sources.board.last_good import last_good

    try:
        found = last_good(root)
    except SourceError as error:
        return f"board {root}: git cannot tell an earlier version of it: {error}"
    if found is None:
        return f"board {root}: git has no earlier version of it that can be read."
    command = shlex.join(["git", "-C", found.worktree, "show", f"{found.commit_hash[:12]}:{found.path}"])
    return (
        f"board {root}: the last version in git that can be read is of {iso(found.committed_at)} "
        f"({found.tasks} tasks): {clean(command, 2000)}"
    )


def _versions() -> dict[str, str]:
    found = {
        "agent-monitor": __version__,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "system": f"{platform.system()} {platform.release()}",
        "git": _git_version(),
    }
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "missing"
    return found


def _git_version() -> str:
    if shutil.which("git") is None:
        return "missing"
    from git import Git

    return ".".join(str(part) for part in Git().version_info)


def _paths(options: Globals) -> dict[str, str]:
    paths = options.paths
    return {
        "config": str(options.loaded.file or f"{config_file()} (not there: defaults)"),
        "state": str(paths.folder),
        "database": str(paths.database),
        "inbox": str(paths.inbox),
        "logs": str(paths.logs),
    }


def _limits() -> dict[str, int | str]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limits: dict[str, int | str] = {"open files": soft, "open files at most": hard}
    for name in ("max_user_watches", "max_user_instances"):
        try:
            limits[f"inotify {name}"] = int((INOTIFY / name).read_text())
        except (OSError, ValueError):
            limits[f"inotify {name}"] = "not on this system"
    return limits


def _print(report: dict[str, Any]) -> None:
    for title in ("versions", "paths", "limits"):
        click.echo(f"{title.capitalize()}:")
        for name, value in report[title].items():
            click.echo(f"  {name:<26} {value}")
    holder = report["recorder"]
    click.echo(f"Recorder: {'pid ' + str(holder['pid']) if holder else 'none'}")
    click.echo(f"Roots: {', '.join(report['roots']) or 'none'}")
    click.echo(f"Agents: {len(report['agents'])}")
    for agent in report["agents"]:
        click.echo(f"  {agent['id']:<26} {agent['kind']:<14} {agent['worktree'] or '-'} ({agent['origin']})")
    click.echo(f"Sources: {len(report['sources'])}")
    for source in report["sources"]:
        latency = "" if source["latency_ms"] is None else f"{source['latency_ms']} ms"
        click.echo(
            f"  {source['name']:<14} {source['state']:<9} {latency:<12} {source['subject']} {source['error']}"
        )
    for title in ("notes", "problems"):
        for line in report[title]:
            click.echo(f"{title[:-1].capitalize()}: {line}")
    if not report["problems"]:
        click.echo("No problems.")
