"""`agent-monitor status`: the state of now, once."""

from __future__ import annotations

import asyncio
import shutil
import socket
import sys
import time
from typing import TYPE_CHECKING, Final

import click
import msgspec

from monitor.cli.table import age, amount, print_table
from monitor.keystore import Keys, KeyStore
from monitor.model import AgentMetrics, AgentStatus, Alert, Board, Commit, SystemHealth

if TYPE_CHECKING:
    from monitor.cli.context import Globals

CHECK_FAILED: Final = 3
SHOWN_COMMITS: Final = 5


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object (docs/reference/json.md).")
@click.option("--check", is_flag=True, help="Exit with 3 while an alert of severity error or above is open.")
@click.pass_obj
def status(options: Globals, *, as_json: bool, check: bool) -> int:
    """Print what every agent is doing now.

    Reads the recorder's database when one records; otherwise takes two quick readings by itself and writes nothing.
    """
    from monitor.cli import state

    store, origin = asyncio.run(state.current_state(options))
    if as_json:
        value = state.as_json(store, socket.gethostname(), origin)
        sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    else:
        _print(store)
    worst = {alert.severity for alert in store.get(Keys.ALERTS, ())}
    return CHECK_FAILED if check and worst & {"error", "critical"} else 0


def _print(store: KeyStore) -> None:
    """The same as plain text, as wide as the terminal, or in full width into a pipe."""
    now = store.get(Keys.CLOCK) or time.time_ns() // 1_000_000
    width = shutil.get_terminal_size((160, 24)).columns if sys.stdout.isatty() else 0
    agents = [store.get(Keys.status(agent_id)) for agent_id in store.get(Keys.AGENTS, ())]
    if agents:
        header = ["STATUS", "AGENT", "KIND", "TASK", "BRANCH", "±", "CPU%", "MEM", "PROCS", "LAST", "REASON"]
        print_table(header, [_agent_row(store, status, now) for status in agents], width)
    else:
        click.echo("No agents found. Start one, name a folder with --root, or try: agent-monitor demo")
    _print_rest(store, now, width)


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
        click.echo(
            f"\nTasks: {counts.total} in all, {counts.todo} to do, {counts.in_progress} in progress, "
            f"{counts.review} in review, {counts.blocked} blocked, {counts.done} done"
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
    alerts: tuple[Alert, ...] = store.get(Keys.ALERTS, ())
    if alerts:
        click.echo()
        rows = [
            [a.severity, age(now, a.created_at), "yes" if a.acknowledged else "no", a.title] for a in alerts
        ]
        print_table(["ALERT", "AGE", "ACK", "TITLE"], rows, width)
    health: SystemHealth | None = store.get(Keys.HEALTH)
    if health is not None:
        click.echo(
            f"\nHost: {health.status}, CPU {amount(health.cpu_usage, '.0f')} %, "
            f"memory {amount(health.memory_percent, '.0f')} %, disk {amount(health.disk_percent, '.0f')} %"
        )
