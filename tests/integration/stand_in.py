"""A stand-in, on loopback, for the APIs that coding agents talk to: it answers what a test tells it to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import msgspec

Event = tuple[str, dict[str, Any]]
"""Name and data of a server-sent event."""


class Reply(NamedTuple):
    """An answer as it goes over the wire, for APIs whose events have no names."""

    body: bytes
    kind: str = "text/event-stream"


Answer = Callable[[str, dict[str, Any], int], list[Event] | Reply]
"""From the path, the request's body, and how many requests of that path came before it."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    answer: Answer
    counts: dict[str, int]
    lock: threading.Lock

    def log_message(self, *_: Any) -> None:
        return

    def _send(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self._send(b'{"data":[],"models":[]}', "application/json")

    def do_HEAD(self) -> None:
        self._send(b"", "application/json")

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            body = msgspec.json.decode(content)
        except msgspec.DecodeError:
            body = {}
        path = self.path.partition("?")[0]
        with self.lock:
            number = self.counts.get(path, 0)
            self.counts[path] = number + 1
        answer = self.answer(path, body if isinstance(body, dict) else {}, number)
        if isinstance(answer, Reply):
            self._send(*answer)
            return
        lines = [
            b"event: " + name.encode() + b"\ndata: " + msgspec.json.encode({"type": name, **data}) + b"\n\n"
            for name, data in answer
        ]
        self._send(b"".join(lines), "text/event-stream")


@contextmanager
def stand_in(answer: Answer) -> Iterator[str]:
    """Run it; yields its address."""
    handler = type(
        "Handler", (_Handler,), {"answer": staticmethod(answer), "counts": {}, "lock": threading.Lock()}
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def agent_program(name: str, variable: str) -> str | None:
    """Where a real agent is installed: as the environment says, else on the path."""
    import os
    import shutil

    return os.environ.get(variable) or shutil.which(name)
