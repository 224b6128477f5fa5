"""`make bench`: what the monitor costs, against other monitors in the same run on the same fleet.

usage: python -m tests.benchmarks [--seconds N] [--only fleet|large|quiet]
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import sys
import tempfile
from functools import partial
from pathlib import Path

from monitor.demo.fleet import Fleet
from tests.benchmarks.crowd import Crowd
from tests.benchmarks.headless import Headless, measure_headless
from tests.benchmarks.terminal import Measurement, measure

NAIVE = str(Path(__file__).with_name("naive.py"))
TARGETS = {
    "fleet": "live ≤ 0.6 × htop, ≤ 4 kB, ≤ 400 ms, ≤ 55 MB; recorder ≤ 0.3 × atop -w, ≤ 35 MB, ≤ 100 B a sample",
    "large": "live ≤ 10 % of one core, git and file watching included",
    "quiet": "live ≤ 0.5 × htop",
}


def main() -> None:
    """Measure each scenario and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0, help="measured time of each program")
    parser.add_argument("--only", choices=TARGETS, help="one scenario")
    arguments = parser.parse_args()
    scenarios = {"fleet": (20, 1.0, 300, 1.0), "large": (200, 1.0, 300, 1.0), "quiet": (1000, 0.0, 0, 5.0)}
    for name, (agents, pace, others, period) in scenarios.items():
        if arguments.only in (None, name):
            run(name, agents, pace, others, period, arguments.seconds)


def run(name: str, agents: int, pace: float, others: int, period: float, seconds: float) -> None:
    """One scenario: a fleet, a crowd beside it, each monitor in its turn."""
    seconds = max(seconds, 6 * period)
    with (
        tempfile.TemporaryDirectory() as folder,
        Crowd(others),
        Fleet(agents=agents, seed=1, pace=pace) as fleet,
    ):
        print(
            f"\n{name}: {agents} agents at pace {pace:g} among {others} others, a refresh every {period:g} s"
        )
        print(f"target: {TARGETS[name]}")
        monitor = [sys.executable, "-m", "monitor", "--config", str(fleet.config), "--interval", str(period)]
        live = [*monitor, "--state-dir", f"{folder}/live", "--db", f"{folder}/live/monitor.db"]
        first, data = "1 Agents", "System Architect"
        rows = [measure("agent-monitor", live, seconds=seconds, period=period, paint=first, data=data)]
        naive = [sys.executable, NAIVE, str(period), *map(str, fleet.pids)]
        rows.append(measure("psutil-naive", naive, seconds=seconds, period=period, quit_key=b"\x03"))
        rows += [
            measure(*peer, seconds=seconds, period=period, paint="PID") for peer in peers(period, folder)
        ]
        print_screens(rows, period)
        database = f"{folder}/record/monitor.db"
        record = [*monitor, "--state-dir", f"{folder}/record", "--db", database, "record"]
        probe = partial(rows_and_bytes, f"file:{database}?mode=ro")
        ours = measure_headless("agent-monitor record", record, seconds=seconds, period=period, probe=probe)
        recorders = [ours]
        if shutil.which("atop"):
            atop = ["atop", "-w", f"{folder}/atop.raw", f"{max(1, round(period))}"]
            recorders.append(measure_headless("atop -w", atop, seconds=seconds, period=period))
        print_recorders(recorders, period)
        rows_written, grown = ours.grown
        taken = round(agents * ours.samples)
        print(
            f"on disk: {grown} bytes for {taken} samples taken and {rows_written} written: "
            f"{grown / max(1, taken):.0f} B a sample taken, {grown / max(1, rows_written):.0f} B a row"
        )


def rows_and_bytes(database: str) -> tuple[int, int]:
    """Agent samples in a recording, and bytes of all its tables."""
    with sqlite3.connect(database, uri=True) as connection:
        (rows,) = connection.execute("SELECT count(*) FROM agent_metrics").fetchone()
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    return rows, (pages - free) * size


def peers(period: float, folder: str) -> list[tuple[str, list[str]]]:
    """The other monitors that are installed, at the same refresh. btop is told its interval by a file only."""
    settings = Path(folder, "btop", "btop.conf")
    settings.parent.mkdir()
    settings.write_text(f"update_ms = {round(1000 * period)}\n")
    commands = {
        "htop": ["htop", "-d", str(round(10 * period))],
        "btop": ["env", f"XDG_CONFIG_HOME={folder}", "btop"],
        "atop": ["atop", str(max(1, round(period)))],
        "glances": ["glances", "-t", str(max(1, round(period)))],
    }
    return [(name, command) for name, command in commands.items() if shutil.which(name)]


def print_screens(rows: list[Measurement], period: float) -> None:
    """A line a monitor; the ratio is against htop's CPU."""
    htop = next((row.cpu_ms_per_refresh for row in rows if row.name == "htop" and not row.error), None)
    heads = ["CPU/refresh", "of a core", "× htop", "bytes", "peak", "first paint", "with data"]
    widths = [13, 11, 8, 8, 9, 13, 11]
    print(" " * 22 + "".join(head.rjust(width) for head, width in zip(heads, widths, strict=True)))
    for row in rows:
        if row.error:
            print(f"{row.name:<22}{row.error}")
            continue
        ratio = f"{row.cpu_ms_per_refresh / htop:.2f}" if htop else "-"
        share = row.cpu_ms_per_refresh / (10 * period)
        paint = f"{row.first_paint_ms:.0f} ms" if row.first_paint_ms else "-"
        data = f"{row.data_ms:.0f} ms" if row.data_ms else ""
        print(
            f"{row.name:<22}{row.cpu_ms_per_refresh:>10.2f} ms{share:>9.2f} %{ratio:>8}"
            f"{row.bytes_per_refresh:>8.0f}{row.peak_mb:>6.1f} MB{paint:>13}{data:>11}"
        )


def print_recorders(rows: list[Headless], period: float) -> None:
    """A line a recorder; the ratio is against atop -w."""
    atop = next((row.cpu_ms_per_sample for row in rows if row.name == "atop -w" and not row.error), None)
    for row in rows:
        if row.error:
            print(f"{row.name:<22}{row.error}")
            continue
        ratio = f"{row.cpu_ms_per_sample / atop:.2f} × atop -w" if atop else ""
        share = row.cpu_ms_per_sample / (10 * period)
        print(
            f"{row.name:<22}{row.cpu_ms_per_sample:>10.2f} ms{share:>9.2f} %   {row.peak_mb:.1f} MB   {ratio}"
        )


if __name__ == "__main__":
    main()
