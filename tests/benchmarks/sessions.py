"""What it costs to read the agents' own logs: the first reading of many of them, and a tick when they live.

usage: python -m tests.benchmarks.sessions [--megabytes N] [--sessions N]

The first reading is set against the JSON decoder alone, typed to the fields that the readers look at in a line. It
runs in a process of its own, whose memory is measured; so do the ticks.
"""

from __future__ import annotations

import argparse
import gc
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from monitor.model import Millis
from monitor.sources.sessions import log_files
from monitor.sources.sessions.aider import AiderReader
from monitor.sources.sessions.claude_code import ClaudeCodeReader
from monitor.sources.sessions.claude_code.lines import LINES as TRANSCRIPT_LINES
from monitor.sources.sessions.codex import CodexReader
from monitor.sources.sessions.codex.lines import LINES as ROLLOUT_LINES
from monitor.sources.sessions.gemini import GeminiReader
from monitor.sources.sessions.goose import GooseReader
from monitor.sources.sessions.opencode import OpencodeReader
from monitor.sources.sessions.reader import ReaderOptions, SessionReader
from monitor.sources.sessions.tail import CHUNK
from tests.benchmarks.session_collector import collecting_ms
from tests.benchmarks.session_logs import MEGABYTE, Log, make_logs

READERS: tuple[Callable[[ReaderOptions], SessionReader], ...] = (
    ClaudeCodeReader,
    CodexReader,
    GeminiReader,
    OpencodeReader,
    GooseReader,
    AiderReader,
)
DECODERS: dict[str, tuple[str, msgspec.json.Decoder[Any]]] = {
    "claude-code": (".claude", TRANSCRIPT_LINES),
    "codex": (".codex", ROLLOUT_LINES),
}
WANTED_RATE = 200
"""MB/s of the first reading; the decoder's own rate where that is less."""
WANTED_GROWTH = 50
"""MB of memory that the first reading may take."""
WANTED_TICK = 1.0
"""Milliseconds of a tick without news, 50 sessions."""
BUDGET = 8 << 20
"""Bytes of a poll while the first reading goes on."""
ROUNDS = 50


class FirstReading(msgspec.Struct):
    """Figures of the first reading."""

    rates: dict[str, float]
    """MB/s by kind of agent."""
    alone: dict[str, float]
    """The same of the decoder alone."""
    lines: dict[str, float]
    """Lines a second by kind of agent."""
    growth_mb: float
    first_ms: float
    """From the start to the newest session."""
    longest_ms: float
    """The longest poll."""


class Ticks(msgspec.Struct):
    """Milliseconds of CPU of one poll of all readers."""

    quiet: float
    whole: float
    """When every folder and file is looked at, as every 30 s."""
    news: float
    """With a line more in every session."""


def main() -> None:
    """Make the logs, measure in processes of their own, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=1000, help="of the logs that are read first")
    parser.add_argument("--sessions", type=int, default=50, help="that live in the second part")
    parser.add_argument("--measure", choices=("first", "ticks"), help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure == "first":
        sys.stdout.buffer.write(msgspec.json.encode(first_reading(arguments.home)))
        return
    if arguments.measure == "ticks":
        sys.stdout.buffer.write(msgspec.json.encode(ticks(arguments.home, arguments.sessions)))
        return
    with tempfile.TemporaryDirectory() as folder:
        show_first_reading(Path(folder, "first"), arguments.megabytes)
        show_ticks(Path(folder, "live"), arguments.sessions)


def show_first_reading(home: Path, megabytes: int) -> None:
    """Make the logs, read them, and print what that took."""
    begin = time.perf_counter()
    files = make_logs(home, megabytes, now=time.time())
    seconds = time.perf_counter() - begin
    print(f"\nsessions: {megabytes:,} MB of logs in {len(files)} files, made in {seconds:.0f} s")
    told = msgspec.json.decode(_measured("first", home), type=FirstReading)
    for kind, rate in told.rates.items():
        print(
            f"first reading of {kind:<12}{rate:>6.0f} MB/s (target {min(WANTED_RATE, told.alone[kind]):.0f}), "
            f"{told.lines[kind]:,.0f} lines/s; the decoder alone {told.alone[kind]:.0f} MB/s, "
            f"{told.alone[kind] / rate:.2f} × as fast"
        )
    print(f"memory grown by {told.growth_mb:.1f} MB (target {WANTED_GROWTH})")
    print(f"the newest session after {told.first_ms:.0f} ms, the longest poll {told.longest_ms:.0f} ms")


def show_ticks(home: Path, sessions: int) -> None:
    """Print what a tick of live sessions takes."""
    told = msgspec.json.decode(_measured("ticks", home, "--sessions", str(sessions)), type=Ticks)
    print(
        f"a tick of {sessions} live sessions: {told.quiet:.2f} ms without news (target {WANTED_TICK:.0f}), "
        f"{told.whole:.2f} ms when everything is looked at, {told.news:.2f} ms with a line more in each"
    )
    quiet, news = collecting_ms(sessions)
    print(
        f"and the collector's part of it: {quiet:.2f} ms without news, both together {quiet + told.quiet:.2f} ms "
        f"(target {WANTED_TICK:.0f}); {news:.2f} ms with news of each"
    )


def _measured(what: str, home: Path, *more: str) -> bytes:
    command = [
        sys.executable,
        "-m",
        "tests.benchmarks.sessions",
        "--measure",
        what,
        "--home",
        str(home),
        *more,
    ]
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True).stdout


# --- in a process of its own ------------------------------------------------------------------------------------


def first_reading(home: Path) -> FirstReading:
    """Read all logs of a home, as a collector that starts does."""
    files = {kind: list((home / folder).rglob("*.jsonl")) for kind, (folder, _) in DECODERS.items()}
    sizes = {kind: sum(file.stat().st_size for file in found) / MEGABYTE for kind, found in files.items()}
    newest = max(
        (file for found in files.values() for file in found), key=lambda file: file.stat().st_mtime
    ).stem
    readers = [make(ReaderOptions(home=str(home))) for make in READERS]
    before = _start_of_peak()
    seconds = dict.fromkeys((reader.kind for reader in readers), 0.0)
    first, longest, begin = 0.0, 0.0, time.perf_counter()
    while True:
        for reader in readers:
            at = time.perf_counter()
            sessions = reader.poll(_now(), BUDGET)
            took = time.perf_counter() - at
            seconds[reader.kind] += took
            longest = max(longest, took)
            if not first and any(session.session_id in newest for session in sessions):
                first = time.perf_counter() - begin
        if all(reader.progress.done >= reader.progress.total for reader in readers):
            break
    growth = _peak() - before
    alone, lines = {}, {}
    for kind, found in files.items():
        at = time.perf_counter()
        count = sum(decoded(DECODERS[kind][1], file) for file in found)
        alone[kind] = sizes[kind] / (time.perf_counter() - at)
        lines[kind] = count / seconds[kind]
    rates = {kind: sizes[kind] / seconds[kind] for kind in files}
    return FirstReading(rates, alone, lines, growth, 1000 * first, 1000 * longest)


def decoded(decoder: msgspec.json.Decoder[Any], file: Path) -> int:
    """Decode every line of a file and nothing more; how many lines that were."""
    count, rest = 0, b""
    with file.open("rb") as stream:
        while block := stream.read(CHUNK):
            end = block.rfind(b"\n") + 1
            if not end:
                rest += block
                continue
            count += len(decoder.decode_lines(rest + block[:end]))
            rest = block[end:]
    return count


def ticks(home: Path, sessions: int) -> Ticks:
    """Poll all readers again and again: without news, when everything is looked at, with a line more in every log."""
    logs = [Log(home, number, time.time()) for number in range(sessions)]
    for log in logs:
        log.append(MEGABYTE)
    worktrees = tuple(f"/shop/agents/agent-{number}" for number in range(sessions))
    readers = [make(ReaderOptions(home=str(home), worktrees=worktrees)) for make in READERS]
    _cpu_ms(readers)
    assert sum(len(reader.poll(_now(), BUDGET)) for reader in readers) == sessions
    quiet = sum(_cpu_ms(readers) for _ in range(ROUNDS)) / ROUNDS
    news = 0.0
    for _ in range(ROUNDS):
        for log in logs:
            log.append()
        news += _cpu_ms(readers)
    vars(log_files)["RESCAN_SECONDS"] = 0.0  # from the next one on, every look is one at everything
    for reader in readers:
        reader.close()
    fresh = [make(ReaderOptions(home=str(home), worktrees=worktrees)) for make in READERS]
    _cpu_ms(fresh)
    whole = sum(_cpu_ms(fresh) for _ in range(ROUNDS)) / ROUNDS
    return Ticks(quiet, whole, news / ROUNDS)


def _cpu_ms(readers: list[SessionReader]) -> float:
    begin = time.process_time()
    for reader in readers:
        reader.poll(_now(), 1 << 40)
    return 1000 * (time.process_time() - begin)


def _now() -> Millis:
    return time.time_ns() // 1_000_000


def _start_of_peak() -> float:
    """Have the kernel count the peak anew; the memory now, in MB."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    return _peak()


def _peak() -> float:
    """The most memory that this process had, in MB."""
    (line,) = (
        line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")
    )
    return int(line.split()[1]) * 1024 / MEGABYTE


if __name__ == "__main__":
    main()
