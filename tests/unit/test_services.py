"""Service checks against real servers: listening, refusing, silent, failing."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from monitor.config import ServiceSettings
from monitor.sources.services import ServicesSource, running_names

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from monitor.model import ServiceStatus


@contextlib.asynccontextmanager
async def server(answer: bytes | None) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that gives this answer to everybody (None: never any); its port, and what it was asked."""
    asked: list[bytes] = []
    ends = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if answer is None:
            await ends.wait()
        else:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                asked.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(answer)
                await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1], asked
    finally:
        ends.set()
        listening.close()
        await listening.wait_closed()


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port on which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def service(kind: Any, target: str, timeout: float = 5.0) -> ServiceSettings:
    return ServiceSettings(name="it", kind=kind, target=target, timeout=timeout)


async def check(kind: str, target: str, within: float = 5.0) -> ServiceStatus:
    (status,) = await ServicesSource((service(kind, target, within),)).poll(1000)
    return status


async def test_a_port_that_accepts_is_up_with_its_latency() -> None:
    async with server(b"") as (port, _):
        status = await check("tcp", f"127.0.0.1:{port}")
    assert (status.status, status.error, status.since, status.checked_at) == ("up", "", 1000, 1000)
    assert status.latency_ms is not None
    assert 0 < status.latency_ms < 5000


async def test_a_port_that_refuses_is_down_and_says_so(closed_port: int) -> None:
    for target in (f"127.0.0.1:{closed_port}", f"localhost:{closed_port}"):
        status = await check("tcp", target)
        assert (status.status, status.error, status.latency_ms) == ("down", "connection refused", None)


async def test_a_host_name_that_is_none_is_down() -> None:
    status = await check("tcp", "no-such-host.invalid:80", within=10)
    assert status.status == "down"
    assert status.error in {"its host name cannot be resolved", "no answer within 10 s"}


@pytest.mark.parametrize("target", ["127.0.0.1:99999", "[::1]:70000"])
async def test_a_port_that_is_none_is_down_not_a_crash(target: str) -> None:
    assert (await check("tcp", target)).status == "down"


@pytest.mark.parametrize(
    ("answer", "state", "error"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nhello", "up", ""),
        (b"HTTP/1.0 204 No Content\r\n\r\n", "up", ""),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n", "up", ""),
        (b"HTTP/1.1 500 Internal Server Error\r\n\r\n", "down", "answers 500 Internal Server Error"),
        (b"HTTP/1.1 404\r\n\r\n", "down", "answers 404"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "down", "the answer is not HTTP"),
        (b"x" * 100_000, "down", "the answer is not HTTP"),
        (b"", "down", "closed the connection without an answer"),
        (b"HTTP/1.1 500 \x1b[31mred\r\n\r\n", "down", "answers 500 red"),
    ],
)
async def test_an_http_answer_decides(answer: bytes, state: str, error: str) -> None:
    async with server(answer) as (port, _):
        status = await check("http", f"http://127.0.0.1:{port}/health")
    assert (status.status, status.error) == (state, error)


async def test_a_request_asks_for_the_path_and_sends_the_credentials() -> None:
    async with server(b"HTTP/1.1 200 OK\r\n\r\n") as (port, asked):
        status = await check("http", f"http://me:s%40cret@127.0.0.1:{port}/a b?x=1&token=abc")
    (request,) = asked
    first, *headers = request.decode().split("\r\n")
    assert first == "GET /a%20b?x=1&token=abc HTTP/1.1"
    assert f"Host: 127.0.0.1:{port}" in headers
    assert f"Authorization: Basic {base64.b64encode(b'me:s@cret').decode()}" in headers
    assert status.status == "up"
    assert "cret" not in status.target
    assert "abc" not in status.target


async def test_https_to_a_server_without_tls_is_down() -> None:
    def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    status = await check("http", f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}/")
    listening.close()
    await listening.wait_closed()
    assert status.status == "down"
    assert status.error.startswith("TLS failed")


async def test_a_password_in_a_broken_address_is_not_told() -> None:
    status = await check("http", "http://user:SECRET/x@host:port/")
    assert status.status == "down"
    assert "SECRET" not in repr(status)


async def test_a_service_that_never_answers_is_down_after_its_timeout_and_delays_no_other() -> None:
    async with server(None) as (silent, _), server(b"HTTP/1.1 200 OK\r\n\r\n") as (port, _):
        slow = [service("http", f"http://127.0.0.1:{silent}/", 0.3) for _ in range(30)]
        quick = service("http", f"http://127.0.0.1:{port}/")
        began = time.monotonic()
        *down, up = await ServicesSource((*slow, quick)).poll(0)
        took = time.monotonic() - began
    assert {(status.status, status.error) for status in down} == {("down", "no answer within 0.3 s")}
    assert up.status == "up"
    assert took < 3, "thirty times 0.3 s one after the other"


async def test_since_is_the_moment_of_the_last_change(closed_port: int) -> None:
    source = ServicesSource((service("tcp", f"127.0.0.1:{closed_port}"),))
    assert [(await source.poll(now))[0].since for now in (1000, 2000)] == [1000, 1000]
    listening = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    source._settings = (service("tcp", f"127.0.0.1:{port}"),)
    (status,) = await source.poll(3000)
    assert (status.status, status.since, status.checked_at) == ("up", 3000, 3000)
    listening.close()
    await listening.wait_closed()


async def test_a_running_process_is_up_by_its_exact_name() -> None:
    name = psutil.Process().name()
    assert (await check("process", name)).status == "up"
    status = await check("process", name[:-1] + "~")
    assert (status.status, status.error) == ("down", "no process of this name is running")


async def test_the_process_table_is_read_once_for_all_checks() -> None:
    calls = []

    def names() -> set[str]:
        calls.append(1)
        return {"postgres"}

    settings = tuple(service("process", name) for name in ("postgres", "redis", "postgres"))
    statuses = await ServicesSource(settings, names).poll(0)
    assert [status.status for status in statuses] == ["up", "down", "up"]
    assert len(calls) == 1


async def test_a_process_table_that_cannot_be_read_is_unknown_not_down() -> None:
    def names() -> set[str]:
        raise OSError(24, "Too many open files")

    (status,) = await ServicesSource((service("process", "postgres"),), names).poll(0)
    assert status.status == "unknown"
    assert "Too many open files" in status.error


def test_names_are_those_of_running_processes() -> None:
    assert psutil.Process().name() in running_names()


def test_without_descriptors_nothing_is_called_down() -> None:
    code = (
        "import asyncio, os, resource\n"
        "from monitor.config import ServiceSettings\n"
        "from monitor.sources.services import ServicesSource\n"
        "async def main():\n"
        "    resource.setrlimit(resource.RLIMIT_NOFILE, (30, 30))\n"
        "    try:\n        while True: os.open('/dev/null', 0)\n    except OSError: pass\n"
        "    service = ServiceSettings(name='it', kind='tcp', target='127.0.0.1:9')\n"
        "    (status,) = await ServicesSource((service,)).poll(0)\n"
        "    print(status.status, status.error)\n"
        "asyncio.run(main())\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("unknown not checked")
