"""`agent-monitor status`: the state of now, of a moment gone by, or of every tick."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
import time
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

import click
import msgspec

from monitor.cli.table import age, amount, print_line, print_table
from monitor.keystore import Keys, KeyStore
from monitor.model import AgentMetrics, AgentStatus, Alert, Board, Commit, SystemHealth
from monitor.rules.mutes import heard
from monitor.text import clean
from monitor.when import ALLOWED, format_when, parse_when

if TYPE_CHECKING:
    from monitor.cli.context import Globals

CHECK_FAILED: Final = 3
SHOWN_COMMITS: Final = 5


@click.command(epilog=f"WHEN: {ALLOWED}.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object (docs/reference/json.md).")
@click.option("--at", metavar="WHEN", help="Print the state of that moment, as it was recorded.")
@click.option(
    "--watch/--once",
    default=False,
    help="Print the state again with every tick, until ctrl+c; or once, which is the default.",
)
@click.option(
    "--check",
    is_flag=True,
    help="Exit with 3 while an alert of severity error or above is open that is not muted.",
)
@click.pass_obj
def status(options: Globals, *, as_json: bool, at: str | None, watch: bool, check: bool) -> int:
    """Print what every agent is doing now.

    Reads the recorder's database when one records; otherwise takes two quick readings by itself and writes nothing.
    """
    from monitor.cli import state

    if watch and (at is not None or check):
        raise click.UsageError(f"--watch goes on, and {'--at' if at is not None else '--check'} asks once.")
    if watch:
        asyncio.run(_watch(options, as_json=as_json))
        return 0
    host = socket.gethostname()
    if at is not None:
        moment = parse_when(at, time.time_ns() // 1_000_000)
        store, host = asyncio.run(state.state_of(options, moment))
        origin = "recording"
    else:
        store, origin = asyncio.run(state.current_state(options))
    _tell(store, host, origin, as_json=as_json)
    worst = {alert.severity for alert in _heard(store)}
    return CHECK_FAILED if check and worst & {"error", "critical"} else 0


def _heard(store: KeyStore) -> tuple[Alert, ...]:
    """The open alerts that nobody has muted."""
    return heard(store.get(Keys.MUTES, ()), store.get(Keys.ALERTS, ()), store.get(Keys.CLOCK, 0))


async def _watch(options: Globals, *, as_json: bool) -> None:
    """One line of JSON, or one table under its time, with every tick."""
    from monitor.cli import state

    host = socket.gethostname()
    first = True
    async with aclosing(state.watch(options)) as states:
        async for store, origin in states:
            if not as_json:
                click.echo("" if first else "\n", nl=False)
                click.echo(format_when(store.get(Keys.CLOCK)))
            _tell(store, host, origin, as_json=as_json)
            first = False


def _tell(store: KeyStore, host: str, origin: str, *, as_json: bool) -> None:
    if as_json:
        from monitor.cli import state

        sys.stdout.write(msgspec.json.encode(state.as_json(store, host, origin)).decode() + "\n")
    else:
        if origin == "recording":
            click.echo(f"{format_when(store.get(Keys.CLOCK))}, recorded on {clean(host)}")
        _print(store)
    sys.stdout.flush()


def _print(store: KeyStore) -> None:
    """The same as plain text, as wide as the terminal, or in full width into a pipe."""
    now = store.get(Keys.CLOCK) or time.time_ns() // 1_000_000
    width = _width()
    agents = [store.get(Keys.status(agent_id)) for agent_id in store.get(Keys.AGENTS, ())]
    if agents:
        header = ["STATUS", "AGENT", "KIND", "TASK", "BRANCH", "±", "CPU%", "MEM", "PROCS", "LAST", "REASON"]
        print_table(header, [_agent_row(store, status, now) for status in agents], width)
    else:
        click.echo("No agents found. Start one, name a folder with --root, or try: agent-monitor demo")
    _print_rest(store, now, width)


def _width() -> int:
    """Cells of the terminal; 0 in a pipe. `watch` is a pipe too, and says in COLUMNS how wide its terminal is."""
    told = os.environ.get("COLUMNS", "")
    if sys.stdout.isatty() or (told.isdecimal() and int(told) > 0):
        return shutil.get_terminal_size((160, 24)).columns
    return 0


def _agent_row(store: KeyStore, status: AgentStatus, now: int) -> list[str]:
    metrics: AgentMetrics = store.get(Keys.metrics(status.id)) or AgentMetrics()
    branch = status.branch or ""
    if status.git_state not in (None, "branch"):
        branch = f"{status.git_state} {branch}".strip()
    return [
        status.status + ("?" if status.stale else ""),
        status.name,
        status.kind,
        status.current_task or "",
        branch,
        amount(status.uncommitted_changes),
        amount(metrics.cpu_usage, ".1f"),
        amount(metrics.memory_usage, "bytes"),
        amount(metrics.process_count),
        age(now, status.last_activity),
        status.status_reason,
    ]


def _print_rest(store: KeyStore, now: int, width: int) -> None:
    board: Board = store.get(Keys.TASKS) or Board()
    counts = board.metrics
    if counts.total:
        click.echo()
        print_line(
            f"Tasks: {counts.total} in all, {counts.todo} to do, {counts.in_progress} in progress, "
            f"{counts.review} in review, {counts.blocked} blocked, {counts.done} done",
            width,
        )
    commits: tuple[Commit, ...] = store.get(Keys.COMMIT_FEED, ())[:SHOWN_COMMITS]
    if commits:
        click.echo()
        rows = [
            [
                age(now, c.commit_timestamp),
                c.short_hash,
                c.agent_id,
                f"+{c.lines_added} -{c.lines_deleted}",
                c.message,
            ]
            for c in commits
        ]
        print_table(["AGE", "COMMIT", "AGENT", "LINES", "MESSAGE"], rows, width)
    alerts = _heard(store)
    if alerts:
        click.echo()
        rows = [
            [a.severity, age(now, a.created_at), "yes" if a.acknowledged else "no", a.title] for a in alerts
        ]
        print_table(["ALERT", "AGE", "ACK", "TITLE"], rows, width)
    if quiet := len(store.get(Keys.ALERTS, ())) - len(alerts):
        click.echo()
        print_line(f"Muted alerts: {quiet}; `agent-monitor alerts mutes` shows why", width)
    health: SystemHealth | None = store.get(Keys.HEALTH)
    if health is not None:
        click.echo()
        print_line(
            f"Host: {health.status}, CPU {amount(health.cpu_usage, '.0f')} %, "
            f"memory {amount(health.memory_percent, '.0f')} %, disk {amount(health.disk_percent, '.0f')} %",
            width,
        )
