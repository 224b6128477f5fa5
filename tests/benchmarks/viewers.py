"""Whether viewers slow the recorder down: a recorder on a demo fleet, alone and with viewers attached, in turn.

A machine that has more to do runs at another clock. So a second recorder watches the same fleet all the time: as many
viewers of that one are the same load, beside the recorder that is measured and not on its database.

usage: python -m tests.benchmarks.viewers [--viewers 20] [--agents 6] [--seconds 10] [--rounds 3] [--interval 1]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from tests.benchmarks.terminal import tree_cpu

if TYPE_CHECKING:
    from monitor.history.writing.rows import TickRows

START_SECONDS: Final = 30.0
SETTLE_SECONDS: Final = 4.0
"""After viewers began, before anything is measured."""


class Figures(NamedTuple):
    """What a stretch of time cost."""

    tick_cpu_ms: float
    """CPU of the recorder a tick."""
    write_ms: float
    """Median time of a tick's transaction."""
    viewer_cpu_ms: float | None
    """CPU of one viewer a second."""


class Recorder:
    """A recorder of its own process, that is asked over its standard input what it has done."""

    def __init__(self, config: Path, database: Path, interval: float) -> None:
        arguments = ["--record", str(config), "--database", str(database), "--interval", str(interval)]
        self._process = _child(arguments)

    def __enter__(self) -> Self:
        deadline = time.monotonic() + START_SECONDS
        while self.ask()["ticks"] < 3:
            if time.monotonic() > deadline:
                raise SystemExit("the recorder does not tick")
            time.sleep(0.1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _end(self._process)

    def ask(self) -> dict[str, Any]:
        """`ticks` so far, `cpu` seconds so far, and the `writes` since the last question, in milliseconds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


def main() -> None:
    """Run the benchmark, or be one of its processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--agents", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--interval", type=float, default=1.0)
    parser.add_argument("--record", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--view", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--database", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.record:
        asyncio.run(_record(options.record, options.database, options.interval))
    elif options.view:
        asyncio.run(_view(options.database))
    else:
        _measure(options)


def _measure(options: argparse.Namespace) -> None:
    from monitor.demo.fleet import Fleet

    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "state" / "monitor.db"
        alone: list[Figures] = []
        watched: list[Figures] = []
        beside: list[Figures] = []
        other = Path(folder) / "other" / "monitor.db"
        with (
            Fleet(agents=options.agents) as fleet,
            Recorder(fleet.config, database, options.interval) as recorder,
            Recorder(fleet.config, other, options.interval),
        ):
            for number in range(options.rounds):
                alone.append(_stretch(recorder, [], options.seconds))
                beside.append(_with_viewers(recorder, other, options.viewers, options.seconds))
                watched.append(_with_viewers(recorder, database, options.viewers, options.seconds))
                for name, figures in (("alone", alone), ("viewers beside", beside), ("viewers", watched)):
                    _print(f"round {number + 1}, {name}", figures[-1])
        _report(beside, watched, options.viewers)
        idle = _child(["--view", "--database", str(database)])
        try:
            time.sleep(SETTLE_SECONDS)
            cost = _cpu([idle], options.seconds) / options.seconds
        finally:
            _end(idle)
        print(f"one viewer of a database at rest: {1000 * cost:.2f} ms of CPU a second")


def _with_viewers(recorder: Recorder, database: Path, count: int, seconds: float) -> Figures:
    viewers = [_child(["--view", "--database", str(database)]) for _ in range(count)]
    try:
        time.sleep(SETTLE_SECONDS)
        return _stretch(recorder, viewers, seconds)
    finally:
        for viewer in viewers:
            _end(viewer)


def _stretch(recorder: Recorder, viewers: list[subprocess.Popen[bytes]], seconds: float) -> Figures:
    before = recorder.ask()
    spent = _cpu(viewers, seconds)
    after = recorder.ask()
    ticks = after["ticks"] - before["ticks"]
    return Figures(
        1000 * (after["cpu"] - before["cpu"]) / ticks,
        statistics.median(after["writes"]),
        1000 * spent / len(viewers) / seconds if viewers else None,
    )


def _cpu(processes: list[subprocess.Popen[bytes]], seconds: float) -> float:
    """CPU seconds that these processes take in so many seconds."""
    before = [tree_cpu(process.pid) for process in processes]
    time.sleep(seconds)
    return sum(tree_cpu(process.pid) - then for process, then in zip(processes, before, strict=True))


def _print(name: str, figures: Figures) -> None:
    viewer = (
        "" if figures.viewer_cpu_ms is None else f"; a viewer {figures.viewer_cpu_ms:.2f} ms of CPU a second"
    )
    print(
        f"{name}: {figures.tick_cpu_ms:.2f} ms of CPU a tick, write {figures.write_ms:.2f} ms{viewer}",
        flush=True,
    )


def _report(beside: list[Figures], watched: list[Figures], viewers: int) -> None:
    """The ratio of the medians; a difference within the spread of the rounds is not measurable."""
    of: tuple[tuple[str, Callable[[Figures], float]], ...] = (
        ("CPU a tick", lambda figures: figures.tick_cpu_ms),
        ("time of a write", lambda figures: figures.write_ms),
    )
    for name, figure in of:
        theirs, ours = [figure(one) for one in beside], [figure(one) for one in watched]
        middle = statistics.median(theirs)
        noise = (max(theirs) - min(theirs)) / middle
        ratio = statistics.median(ours) / middle
        verdict = "not measurably slower" if ratio - 1 <= noise else "slower"
        print(
            f"{name}, {viewers} viewers of it against as many beside: x{ratio:.2f} (noise {noise:.0%}): {verdict}"
        )


def _child(arguments: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.viewers", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.communicate()


# --- the processes -----------------------------------------------------------------------------------------------


async def _record(config: Path, database: Path, interval: float) -> None:
    """Record until ended; answer each line of standard input."""
    import msgspec

    from monitor.collector.live import LiveFeed
    from monitor.config import load
    from monitor.history.writing.writer import HistoryWriter
    from monitor.keystore import KeyStore
    from monitor.paths import StatePaths

    writes: list[float] = []
    write = HistoryWriter.write

    async def timed(self: HistoryWriter, rows: TickRows) -> None:
        begin = time.perf_counter()
        await write(self, rows)
        writes.append(1000 * (time.perf_counter() - begin))

    HistoryWriter.write = timed  # type: ignore[method-assign]
    settings = load(config, environ={}).settings
    settings = msgspec.structs.replace(
        settings, intervals=msgspec.structs.replace(settings.intervals, tick=interval)
    )
    feed = LiveFeed(settings, StatePaths(database.parent, database), KeyStore(), need_history=True)
    running = asyncio.create_task(feed.run())
    while await asyncio.to_thread(sys.stdin.readline) and not running.done():
        told, writes[:] = list(writes), []
        print(json.dumps({"ticks": feed.ticks, "cpu": time.process_time(), "writes": told}), flush=True)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def _view(database: Path) -> None:
    """Look until ended, as a screen would: every key is subscribed to."""
    from monitor.history.moments.attached import AttachedFeed
    from monitor.keystore import KeyStore
    from monitor.paths import StatePaths

    store = KeyStore()
    store.subscribe("*", lambda _: None)
    await AttachedFeed(StatePaths(database.parent, database), store, interval=2.0).run()


if __name__ == "__main__":
    main()
