"""The configured services: does each answer, and how fast (checklist 001-052, 001-089). Nothing is executed."""

from __future__ import annotations

import asyncio
import base64
import errno
import socket
import ssl
import time
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote, urlsplit

import msgspec
import psutil

from monitor.model import Millis, ServiceState, ServiceStatus
from monitor.text import clean, mask_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.config import ServiceSettings

ERROR_LIMIT: Final = 200
_STATUS_LINE_LIMIT: Final = 8192
_AS_IT_IS: Final = "/%:=&?~#+!$,;'@()*[]"


class _Result(msgspec.Struct, frozen=True):
    """How one check went; `latency_ms` is None when nothing answered."""

    status: ServiceState
    latency_ms: float | None = None
    error: str = ""


def running_names() -> set[str]:
    """Names of all running processes. Raises OSError or psutil.Error when they cannot be listed."""
    return {process.info["name"] for process in psutil.process_iter(["name"])}


class ServicesSource:
    """Checks all services at once, each within its own timeout, so that a slow one delays no other."""

    def __init__(
        self, settings: tuple[ServiceSettings, ...], names: Callable[[], set[str]] = running_names
    ) -> None:
        """`names` lists the names of running processes; it is called in a thread, once for all checks."""
        self._settings = settings
        self._names = names
        self._listing: asyncio.Task[set[str] | str] | None = None
        self._last: tuple[ServiceStatus, ...] = ()

    async def poll(self, now: Millis) -> tuple[ServiceStatus, ...]:
        """Check every service; the answers stand in the order of the settings."""
        results = await asyncio.gather(*(self._check(service) for service in self._settings))
        self._last = tuple(
            self._status(index, service, result, now)
            for index, (service, result) in enumerate(zip(self._settings, results, strict=True))
        )
        return self._last

    def _status(self, index: int, service: ServiceSettings, result: _Result, now: Millis) -> ServiceStatus:
        before = self._last[index] if self._last else None
        return ServiceStatus(
            name=clean(service.name),
            kind=service.kind,
            target=mask_url(service.target),
            status=result.status,
            since=before.since if before is not None and before.status == result.status else now,
            checked_at=now,
            latency_ms=None if result.latency_ms is None else round(result.latency_ms, 2),
            error=clean(result.error, ERROR_LIMIT),
        )

    async def _check(self, service: ServiceSettings) -> _Result:
        try:
            async with asyncio.timeout(service.timeout):
                if service.kind == "process":
                    return await self._check_process(service.target)
                check = _check_tcp if service.kind == "tcp" else _check_http
                return await check(service.target)
        except TimeoutError:
            status: ServiceState = "unknown" if service.kind == "process" else "down"
            return _Result(status, error=f"no answer within {service.timeout:g} s")
        except OSError as error:
            if error.errno in {errno.EMFILE, errno.ENFILE}:
                return _Result("unknown", error="not checked: this program has no file descriptors left")
            return _Result("down", error=_reason(error))
        except (ValueError, OverflowError):  # its text would quote the target, which may hold a password
            return _Result("down", error="its address is not valid")

    async def _check_process(self, name: str) -> _Result:
        if self._listing is None or self._listing.done():
            self._listing = asyncio.create_task(self._list_names(), name="services: process names")
        names = await asyncio.shield(self._listing)
        if isinstance(names, str):
            return _Result("unknown", error=names)
        return _Result("up") if name in names else _Result("down", error="no process of this name is running")

    async def _list_names(self) -> set[str] | str:
        """Names of running processes, or why they are not known."""
        try:
            return await asyncio.to_thread(self._names)
        except (psutil.Error, OSError) as error:
            return f"the process table cannot be read: {error}"


async def _check_tcp(target: str) -> _Result:
    """Up when a connection is accepted."""
    host, _, port = target.rpartition(":")
    began = time.perf_counter()
    _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    latency = 1000 * (time.perf_counter() - began)
    writer.close()
    return _Result("up", latency)


async def _check_http(url: str) -> _Result:
    """Up when a GET is answered with 2xx or 3xx; a redirect is an answer and is not followed."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    host = parts.hostname or ""
    path = quote(parts.path or "/", safe=_AS_IT_IS)
    if parts.query:
        path += "?" + quote(parts.query, safe=_AS_IT_IS)
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection(
        host,
        parts.port or (443 if secure else 80),
        ssl=ssl.create_default_context() if secure else None,
        limit=_STATUS_LINE_LIMIT,
    )
    try:
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: {parts.netloc.rpartition('@')[2]}",
            "User-Agent: agent-monitor",
            "Accept: */*",
            "Connection: close",
        ]
        if parts.username is not None:
            credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            lines.append(f"Authorization: Basic {base64.b64encode(credentials.encode()).decode()}")
        writer.write("\r\n".join([*lines, "", ""]).encode())
        await writer.drain()
        answer = await _first_line(reader)
    finally:
        writer.transport.abort()  # the rest of the answer is not wanted, nor a farewell
    return _read_status(answer, 1000 * (time.perf_counter() - began))


async def _first_line(reader: asyncio.StreamReader) -> str:
    try:
        return (await reader.readline()).decode("latin-1")
    except ValueError:  # longer than any status line
        return "?"


def _read_status(line: str, latency: float) -> _Result:
    """Read the first line of an answer: `HTTP/1.1 200 OK`."""
    version, _, rest = line.partition(" ")
    code, _, phrase = rest.strip().partition(" ")
    if not version.startswith("HTTP/") or not (code.isdecimal() and len(code) == 3):
        return _Result(
            "down", latency, "the answer is not HTTP" if line else "closed the connection without an answer"
        )
    if code[0] in "23":
        return _Result("up", latency)
    return _Result("down", latency, f"answers {code} {phrase}".rstrip())


def _reason(error: OSError) -> str:
    """Why a connection failed, for people. Attempts at several addresses come as one error with all their texts."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or error}"
    if isinstance(error, socket.gaierror):
        return "its host name cannot be resolved"
    if isinstance(error, ConnectionRefusedError) or f"[Errno {errno.ECONNREFUSED}]" in str(error):
        return "connection refused"
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return "closed the connection without an answer"
    return error.strerror or str(error)
