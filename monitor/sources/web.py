"""One bounded HTTP request: no redirects, no proxies, a time limit over all of it, and a size limit."""

from __future__ import annotations

import http.client
import socket
import threading
from base64 import b64encode
from contextlib import suppress
from typing import Final
from urllib.parse import unquote, urlsplit

import msgspec

from monitor.errors import SourceError
from monitor.sources.files import too_large
from monitor.text import mask_url

TIMEOUT: Final = 3.0
_CHUNK: Final = 65_536


class Answer(msgspec.Struct, frozen=True):
    """A server's answer: HTTP status and body."""

    status: int
    body: bytes


def fetch(url: str, *, limit: int, timeout: float = TIMEOUT) -> Answer:
    """Ask a server by GET and read its answer of at most `limit` bytes, within `timeout` seconds.

    User and password in the URL are sent as basic authentication. Redirects come back as they are. Blocks. Raises
    SourceError, with passwords masked, when there is no answer or it is too large.
    """
    shown = mask_url(url)
    try:
        return _ask(url, shown, limit, timeout)
    except TimeoutError as error:
        raise SourceError(f"{shown} did not answer within {timeout:g} s.") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        # The message of some of these repeats the URL with its password: the kind of error has to do.
        reason = error.strerror if isinstance(error, OSError) else None
        raise SourceError(f"{shown} cannot be asked: {reason or type(error).__name__}.") from None


def _ask(url: str, shown: str, limit: int, timeout: float) -> Answer:
    parts = urlsplit(url)
    kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
    if parts.scheme not in kinds or not parts.hostname:
        raise SourceError(
            f"{shown} is no URL that can be asked: http:// or https:// and a host are expected."
        )
    connection = kinds[parts.scheme](parts.hostname, parts.port, timeout=timeout)
    try:
        connection.connect()
        # A socket's own time limit starts anew with each byte, so a slow server could hold this for ever.
        late = threading.Event()
        timer = threading.Timer(timeout, _hang_up, (connection.sock, late))
        timer.start()
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", target, headers=_headers(parts.username, parts.password))
            response = connection.getresponse()
            body = _read(response, shown, limit)
        except (OSError, http.client.HTTPException) as error:
            if late.is_set():
                raise TimeoutError from error
            raise
        finally:
            timer.cancel()
        if late.is_set():
            raise TimeoutError
        return Answer(response.status, body)
    finally:
        connection.close()


def _read(response: http.client.HTTPResponse, shown: str, limit: int) -> bytes:
    body = bytearray()
    while chunk := response.read1(_CHUNK):
        body += chunk
        if len(body) > limit:
            raise SourceError(too_large(shown, max(len(body), response.length or 0), limit))
    if response.length:
        raise http.client.IncompleteRead(bytes(body), response.length)
    return bytes(body)


def _headers(username: str | None, password: str | None) -> dict[str, str]:
    headers = {"Accept": "application/json, text/plain", "User-Agent": "agent-monitor"}
    if username:
        pair = f"{unquote(username)}:{unquote(password or '')}"
        headers["Authorization"] = "Basic " + b64encode(pair.encode()).decode()
    return headers


def _hang_up(sock: socket.socket, late: threading.Event) -> None:
    late.set()
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
