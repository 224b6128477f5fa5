"""The obvious monitor, to compare with: psutil's children of every agent each second, printed as a table.

usage: naive.py PERIOD PID…
"""

import sys
import time

import psutil


def main() -> None:
    period, pids = float(sys.argv[1]), map(int, sys.argv[2:])
    tops = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    known: dict[int, psutil.Process] = {}
    while True:
        lines = []
        for top in tops:
            cpu, memory, count = 0.0, 0, 0
            try:
                for process in [top, *top.children(recursive=True)]:
                    process = known.setdefault(process.pid, process)  # noqa: PLW2901 - cpu_percent needs the old one
                    cpu += process.cpu_percent()
                    memory += process.memory_info().rss
                    count += 1
                lines.append(f"{top.pid:>8} {cpu:6.1f} {memory >> 20:6}M {count:4}")
            except psutil.Error:
                lines.append(f"{top.pid:>8} gone")
        sys.stdout.write("\x1b[H" + "\r\n".join(lines))
        sys.stdout.flush()
        time.sleep(period)


if __name__ == "__main__":
    main()
