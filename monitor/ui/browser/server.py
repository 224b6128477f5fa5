"""The web server: one page under a secret path, and a screen of its own for each that opens it.

The page, its script and its font come from here alone: nobody else learns that the page is open, or its address.
"""

from __future__ import annotations

import asyncio
import secrets
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aiohttp import WSCloseCode, web
from textual_serve.server import Server, to_int
from yarl import URL

from monitor.errors import MonitorError
from monitor.ui.browser.session import STOP_SECONDS, Session

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_VIEWERS: Final = 16
"""Each is a process of some 60 MB."""
MESSAGE_BYTES: Final = 256 * 1024
"""Of a message from a browser: more than anybody pastes."""
SMALLEST_FONT, LARGEST_FONT = 6, 60
USUAL_FONT: Final = 16
USUAL_SIZE: Final = (("width", 80), ("height", 24))
_PAGE_FILES: Final = frozenset({"page.css", "page.js"})
_HERE: Final = Path(__file__).parent
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
        "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class BrowserServer(Server):
    """Serves the screen that a command draws; `token` is the first part of every path that it answers to."""

    def __init__(self, command: Sequence[str], host: str, port: int) -> None:
        # The shell that textual-serve starts it with is to become the command, so that signals reach it.
        super().__init__(f"exec {shlex.join(command)}", host=host, port=port, title="Agent Monitor")
        self.token = secrets.token_urlsafe(18)
        self._sockets: set[web.WebSocketResponse] = set()
        self._runner: web.AppRunner | None = None

    async def start(self) -> int:
        """Begin to answer; returns the port, which the system chooses for port 0. Raises MonitorError."""
        self._runner = web.AppRunner(
            await self._make_app(), access_log=None, shutdown_timeout=STOP_SECONDS + 1
        )
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self.host, self.port).start()
        except OSError as error:
            await self.close()
            reason = error.strerror or str(error)
            raise MonitorError(f"{self.host} port {self.port}: cannot be served at: {reason}.") from error
        port: int = self._runner.addresses[0][1]
        return port

    async def close(self) -> None:
        """Stop answering, and end every screen."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _make_app(self) -> web.Application:
        app = web.Application()
        below = f"/{self.token}"
        app.add_routes(
            [
                web.get(below, _with_slash),
                web.get(f"{below}/", self._page),
                web.get(f"{below}/ws", self.handle_websocket),
                web.static(f"{below}/static", self.statics_path),
                web.get(f"{below}/page/{{name}}", _page_file),
            ]
        )
        app.on_response_prepare.append(_add_headers)
        app.on_shutdown.append(self._end_all)
        return app

    async def _page(self, request: web.Request) -> web.Response:
        size = max(SMALLEST_FONT, min(to_int(request.query.get("fontsize", ""), USUAL_FONT), LARGEST_FONT))
        page = (_HERE / "page.html").read_text(encoding="utf-8")
        return web.Response(text=page.replace("FONT_SIZE", str(size)), content_type="text/html")

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Start a screen for a viewer, and carry keys and pictures until one of both ends."""
        origin = request.headers.get("Origin")
        if origin is not None and URL(origin).authority != request.host:
            raise web.HTTPForbidden(text="Another page may not open this screen.")
        if len(self._sockets) >= MOST_VIEWERS:
            raise web.HTTPServiceUnavailable(text=f"{MOST_VIEWERS} viewers are there already.")
        socket = web.WebSocketResponse(heartbeat=15, max_msg_size=MESSAGE_BYTES)
        self._sockets.add(socket)
        try:
            await socket.prepare(request)
            await self._carry(socket, request)
        finally:
            self._sockets.discard(socket)
        return socket

    async def _carry(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        session = Session(
            self.command,
            write_bytes=socket.send_bytes,
            write_str=socket.send_str,
            close=socket.close,  # type: ignore[arg-type]  # it tells whether it was open, which nobody asks
            download_manager=self.download_manager,
        )
        width, height = (to_int(request.query.get(name, ""), usual) for name, usual in USUAL_SIZE)
        await session.start(width, height)
        try:
            await self._process_messages(socket, session)
        except (ValueError, LookupError, TypeError, AssertionError):  # not what the page's own script sends
            await socket.close(code=WSCloseCode.UNSUPPORTED_DATA)
        finally:
            await session.stop()

    async def _end_all(self, _app: web.Application) -> None:
        closing = [socket.close(code=WSCloseCode.GOING_AWAY) for socket in self._sockets]
        await asyncio.gather(*closing, return_exceptions=True)


async def _with_slash(request: web.Request) -> web.Response:
    """What the page names is beside it: its own address has to end as a folder's does."""
    raise web.HTTPMovedPermanently(f"{request.path}/")


async def _page_file(request: web.Request) -> web.FileResponse:
    name = request.match_info["name"]
    if name not in _PAGE_FILES:
        raise web.HTTPNotFound
    return web.FileResponse(_HERE / name)


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)
