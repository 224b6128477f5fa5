"""A recorder that was stopped for a while: a gap, one late tick, and nothing made up for."""

from __future__ import annotations

import signal
import sqlite3
import time
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import msgspec
from recorder_driver import recorder, sampled

from monitor.paths import state_paths

INTERVAL = 0.2
STOP_SECONDS = 3.0


def test_a_stopped_recorder_has_a_gap_one_late_tick_and_no_spike(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with recorder(folder, interval=INTERVAL) as running:
        before = running.ticks(5)
        running.process.send_signal(signal.SIGSTOP)
        time.sleep(STOP_SECONDS)  # what is tested is that time goes by
        told = len(running.told)
        running.process.send_signal(signal.SIGCONT)
        after = running.ticks(8)
        running.end()
    resumed = running.told[told:]
    assert before.tick <= resumed[0].tick - 1 <= before.tick + 2
    assert all(found.cpu is None or found.cpu < 200 for found in resumed)
    assert 1 <= after.late - before.late < 5, "the late tick counts, not those that it came in place of"
    # No more ticks than the time since then has room for.
    passed = (resumed[-1].clock - resumed[0].clock) / 1000
    assert len(resumed) <= passed / INTERVAL + 2
    with closing(sqlite3.connect(f"file:{state_paths(str(folder)).database}?mode=ro", uri=True)) as db:
        found = db.execute("SELECT timestamp, details FROM events WHERE type IN ('gap', 'clock')").fetchall()
    ((at, details),) = found
    gap = msgspec.json.decode(details)
    assert gap["reason"] == "stopped"
    assert gap["until"] == at == resumed[0].clock
    assert gap["seconds"] == round((gap["until"] - gap["since"]) / 1000, 1) > STOP_SECONDS * 0.9
    times = sampled(folder)
    longest = max(late - early for early, late in pairwise(times))
    assert abs(longest - (gap["until"] - gap["since"])) < 50, (
        "of two clocks that are read one after the other"
    )
