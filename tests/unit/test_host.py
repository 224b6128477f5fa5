"""The host's numbers, from the real host."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from monitor.sources import host
from monitor.sources.host import HostSource

if TYPE_CHECKING:
    from monitor.model import DiskUsage


def test_the_first_poll_knows_all_but_cpu(tmp_path: Path) -> None:
    reading = HostSource((str(tmp_path),)).poll(1000)
    assert (reading.at, reading.cpu_usage) == (1000, None)
    assert reading.cpu_count == psutil.cpu_count()
    memory = psutil.virtual_memory()
    assert reading.memory_total == memory.total
    assert reading.memory_percent == pytest.approx(memory.percent, abs=10)
    assert reading.memory_usage is not None
    assert 0 < reading.memory_usage < memory.total
    assert reading.load is not None
    assert reading.uptime_seconds == pytest.approx(time.time() - psutil.boot_time(), abs=60)


def test_swap_that_is_not_there_is_unknown_not_zero(tmp_path: Path) -> None:
    percent = HostSource((str(tmp_path),)).poll(0).swap_percent
    assert (percent is None) == (psutil.swap_memory().total == 0)


def test_cpu_is_counted_since_the_last_poll() -> None:
    source = HostSource(())
    source.poll(0)
    busy = time.process_time() + 0.1
    while time.process_time() < busy:
        pass
    usage = source.poll(1).cpu_usage
    assert usage is not None
    assert 100 / (psutil.cpu_count() or 1) * 0.3 < usage <= 100


def test_without_time_passing_no_cpu_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    source = HostSource(())
    times = psutil.cpu_times()
    monkeypatch.setattr(psutil, "cpu_times", lambda: times)
    assert [source.poll(tick).cpu_usage for tick in range(2)] == [None, None]


def test_folders_of_one_file_system_are_one_disk(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (disk,) = HostSource((str(tmp_path / "a"), str(tmp_path / "b"))).poll(0).disks
    usage = psutil.disk_usage(str(tmp_path))
    assert disk.path == str(tmp_path / "a")
    assert disk.total == usage.total
    assert disk.percent == pytest.approx(usage.percent, abs=1)


def test_a_missing_folder_is_left_out(tmp_path: Path) -> None:
    (disk,) = HostSource((str(tmp_path / "missing"), str(tmp_path))).poll(0).disks
    assert disk.path == str(tmp_path)


def test_without_roots_the_system_disk_is_told() -> None:
    (disk,) = HostSource(()).poll(0).disks
    assert disk.path == "/"


def test_disks_are_asked_again_only_when_they_are_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root"
    source = HostSource((str(root),))
    assert source.poll(0).disks == ()
    root.mkdir()
    assert source.poll(1).disks == ()
    monkeypatch.setattr(host, "SLOW_SECONDS", 0.0)
    assert [disk.path for disk in source.poll(2).disks] == [str(root)]


def test_a_file_system_that_never_answers_holds_nothing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()
    disks = host._disks

    def dead_mount(roots: tuple[str, ...]) -> tuple[DiskUsage, ...]:
        answers.wait(30)
        return disks(roots)

    monkeypatch.setattr(host, "_disks", dead_mount)
    monkeypatch.setattr(host, "DISKS_TIMEOUT", 0.05)
    monkeypatch.setattr(host, "SLOW_SECONDS", 0.0)
    source = HostSource((str(tmp_path),))
    began = time.monotonic()
    readings = [source.poll(tick) for tick in range(5)]
    assert time.monotonic() - began < 5
    assert {reading.disks for reading in readings} == {()}
    assert readings[-1].memory_usage
    assert threading.active_count() < 20, "one thread waits, not one a poll"
    answers.set()
    assert source._asking is not None
    source._asking.join(5)
    monkeypatch.setattr(host, "DISKS_TIMEOUT", 5)
    assert len(source.poll(9).disks) == 1


def test_when_descriptors_run_out_the_source_fails_with_words_for_people() -> None:
    code = (
        "import os, resource\n"
        "from monitor.errors import SourceError\n"
        "from monitor.sources.host import HostSource\n"
        "source = HostSource(())\n"
        "source.poll(0)\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))\n"
        "try:\n    while True: os.open('/dev/null', 0)\nexcept OSError: pass\n"
        "try:\n    print(source.poll(1))\nexcept SourceError as error:\n    print(error)\n"
    )
    if sys.platform != "linux":
        pytest.skip("elsewhere the system is asked without descriptors")
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("The host's numbers cannot be read: Too many open files")
