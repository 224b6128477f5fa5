"""Threads share one heap, because Python's lock has them take turns anyway."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

COUNT_HEAPS = """
import sys, threading
from monitor.collector.heap import share_one_heap
if sys.argv[1] == "shared":
    share_one_heap()
ready = threading.Barrier(4)
def work():
    kept = [bytes(5000 + number) for number in range(50)]
    ready.wait()
    ready.wait()
    del kept
threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
ready.wait()
with open("/proc/self/maps") as maps:
    ends = [line.split()[0].split("-") for line in maps if "---p 00000000 00:00 0" in line]
print(sum(int(end, 16) % (64 << 20) == 0 for start, end in ends if int(end, 16) - int(start, 16) > 32 << 20))
ready.wait()
"""
"""A thread's heap is reserved as 64 MiB that end at a multiple of 64 MiB (glibc's malloc/arena.c)."""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc gives each thread a heap")
def test_threads_that_start_afterwards_have_no_heap_of_their_own() -> None:
    heaps = {
        mode: int(
            subprocess.run([sys.executable, "-c", COUNT_HEAPS, mode], check=True, capture_output=True).stdout
        )
        for mode in ("shared", "own")
    }
    assert heaps["shared"] == 0 < heaps["own"]
