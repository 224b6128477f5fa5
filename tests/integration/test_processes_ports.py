"""The ports that agents' processes listen on, with real sockets, by both readers of the process table."""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING

import pytest
from process_fixtures import Processes, group_of, poll, processes, until

from monitor.sources.processes import ProcessSource
from monitor.sources.processes.linux import LinuxTable
from monitor.sources.processes.portable import PortableTable
from monitor.sources.processes.ports import (
    DESCRIPTORS_LIMIT,
    LOOK_SECONDS,
    PORTS_LIMIT,
    LinuxPorts,
    PortablePorts,
    Ports,
    listening_in,
)

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from monitor.sources.processes.table import ProcessTable

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="both readers work on Linux only")


class Clock:
    """A monotonic clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


READERS: dict[str, Callable[[Clock], Ports]] = {
    "linux": lambda clock: LinuxPorts("/proc", clock),
    "portable": PortablePorts,
}
TABLES: dict[str, Callable[[], ProcessTable]] = {"linux": LinuxTable, "portable": PortableTable}
BY_BOTH = pytest.mark.parametrize("reader", sorted(READERS))

LISTEN = """
import socket
def listen(family=socket.AF_INET, port=0):
    one = socket.socket(family, socket.SOCK_STREAM)
    if family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    one.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", port))
    one.listen(1)
    return one
"""
TELL = "print(*sorted({one.getsockname()[1] for one in held}), flush=True)"


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Processes]:
    with processes(tmp_path) as found:
        yield found


@pytest.fixture
def clock() -> Clock:
    return Clock()


def server(started: Processes, code: str) -> tuple[subprocess.Popen[str], tuple[int, ...]]:
    """A look-alike of an agent whose `code` makes the list `held` of its sockets, and their ports."""
    process = started.agent(LISTEN + code, then=TELL)
    assert process.stdout is not None
    return process, tuple(map(int, process.stdout.readline().split()))


@BY_BOTH
def test_a_port_is_told_once_for_ipv4_and_ipv6_and_all_ascend(
    started: Processes, clock: Clock, reader: str
) -> None:
    both = "held.append(listen(socket.AF_INET6, held[0].getsockname()[1]))\n" if socket.has_ipv6 else ""
    process, ports = server(started, f"held = [listen() for _ in range(3)]\n{both}")
    assert len(ports) == 3
    assert READERS[reader](clock).of(process.pid, 0) == ports


@BY_BOTH
def test_a_socket_that_does_not_listen_is_no_port(started: Processes, clock: Clock, reader: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server_socket:
        port = server_socket.getsockname()[1]
        code = (
            f"held = [socket.create_connection(('127.0.0.1', {port}))]\n"
            "bound = socket.socket()\nbound.bind(('127.0.0.1', 0))\n"
        )
        process, _ = server(started, code)
        assert READERS[reader](clock).of(process.pid, 0) == ()
        assert READERS[reader](clock).of(os.getpid(), 0) == (port,)


@BY_BOTH
def test_at_most_ten_ports_are_told(started: Processes, clock: Clock, reader: str) -> None:
    process, ports = server(started, f"held = [listen() for _ in range({PORTS_LIMIT + 5})]\n")
    assert READERS[reader](clock).of(process.pid, 0) == ports[:PORTS_LIMIT]


@BY_BOTH
def test_a_process_that_is_gone_or_denies_it_has_none(started: Processes, clock: Clock, reader: str) -> None:
    process, _ = server(started, "held = [listen()]\n")
    process.kill()
    process.wait()
    assert READERS[reader](clock).of(process.pid, 0) == ()
    if os.geteuid():
        assert READERS[reader](clock).of(1, 0) == ()


def test_what_was_found_is_believed_for_some_seconds_of_that_process_only(
    started: Processes, clock: Clock
) -> None:
    ports = LinuxPorts("/proc", clock)
    process, told = server(started, "held = [listen()]\n")
    assert ports.of(process.pid, 7) == told
    process.kill()
    process.wait()
    clock.now += LOOK_SECONDS - 0.1
    assert ports.of(process.pid, 7) == told
    assert ports.of(process.pid, 8) == (), "another process with the same pid"
    clock.now += 0.1
    assert ports.of(process.pid, 7) == ()


def test_of_thousands_of_descriptors_the_oldest_are_looked_at(started: Processes, clock: Clock) -> None:
    many = (
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)\n"
        f"early = listen()\nfiles = [os.open('/dev/null', 0) for _ in range({DESCRIPTORS_LIMIT} + 1000)]\n"
        "late = listen()\nheld = [early]\n"
    )
    process, told = server(started, many)
    reader = LinuxPorts("/proc", clock)
    assert reader.of(process.pid, 0) == told
    assert reader._left == pytest.approx(65_536 - DESCRIPTORS_LIMIT)


def test_all_processes_together_are_looked_at_no_longer_than_is_cheap(
    started: Processes, clock: Clock
) -> None:
    process, told = server(started, "held = [listen()]\n")
    ports = LinuxPorts("/proc", clock)
    ports.of(os.getpid(), 0)
    ports._left = 0
    assert ports.of(process.pid, 0) == ()
    clock.now += LOOK_SECONDS
    assert ports.of(process.pid, 0) == told


def test_the_part_of_a_table_that_tells_of_connections_is_not_read(tmp_path: Path) -> None:
    head = (
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    )
    line = (
        "{:4}: 0100007F:{:04X} 00000000:0000 {} 00000000:00000000 00:00000000 00000000  1000        0 {} 1\n"
    )
    listening = "".join(line.format(n, 8000 + n, "0A", 100 + n) for n in range(3))
    connections = "".join(line.format(n, 9000, "01", 5000 + n) for n in range(3000))
    late = line.format(1, 8999, "0A", 999_999)
    table = tmp_path / "tcp"
    table.write_text(f"{head}{listening}{connections}{late}")
    assert listening_in(str(table)) == {"100": 8000, "101": 8001, "102": 8002}
    table.write_text(head)
    assert listening_in(str(table)) == {}
    table.write_text(f"{head}nonsense\n{listening}")
    assert len(listening_in(str(table))) == 3


@pytest.mark.parametrize("make", TABLES.values(), ids=TABLES)
def test_a_tree_tells_which_of_its_processes_listens(
    started: Processes, make: Callable[[], ProcessTable]
) -> None:
    child = LISTEN + "import sys\nheld = [listen()]\n" + TELL + "\nsys.stdin.read()"
    agent = started.agent(
        f"child = subprocess.Popen([{sys.executable!r}, '-S', '-c', {child!r}], stdin=0,"
        " stdout=subprocess.PIPE)\nline = child.stdout.readline().decode()",
        then="print(line, end='', flush=True)",
    )
    assert agent.stdout is not None
    port = int(agent.stdout.readline())
    source = ProcessSource((), discover=True, scan_interval=1, table=make())

    def listed() -> list[tuple[int, ...]] | None:
        group = group_of(poll(source), agent.pid)
        tree = source.tree(group.key) if group is not None else ()
        return [info.ports for info in tree] if len(tree) == 2 else None

    assert until(listed, "agent and server") == [(), (port,)]
    source.close()
