"""A program that stops before the monitor has looked: who asked for the terminal goes on, who stopped himself has."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import time
from collections.abc import Iterator

import psutil
import pytest

from monitor.ui.outside.foreground import Ending, Job


class LateJob(Job):
    """Gives the terminal only when the program has stopped or ended: a machine on which this process waits long."""

    def _give(self, group: int) -> None:
        process = self._process
        assert process is not None
        if group == process.pid:
            wait_until_it_rests(process)
        super()._give(group)


def wait_until_it_rests(process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 10
    while psutil.Process(process.pid).status() not in (psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE):
        assert time.monotonic() < deadline, "it neither stopped nor ended"
        time.sleep(0.005)


@pytest.fixture
def job() -> Iterator[Job]:
    master, slave = pty.openpty()
    job = LateJob(slave, slave)
    yield job
    job.end()
    os.close(master)
    os.close(slave)


@pytest.mark.parametrize(
    ("code", "ending"),
    [
        ("kill -STOP $$; sleep 60", Ending("stopped", signal.SIGSTOP)),
        ("kill -TTIN $$; exit 3", Ending("exited", 3)),
        ("kill -TTOU $$; exit 4", Ending("exited", 4)),
        ("exit 5", Ending("exited", 5)),
    ],
)
async def test_a_program_may_have_stopped_or_ended_before_it_is_looked_at(
    job: Job, code: str, ending: Ending
) -> None:
    assert await job.run(["/bin/sh", "-c", code], "/", os.environ) == ending
