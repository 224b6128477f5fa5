"""What tests of the browser share: the server over a screen filled by hand, and Chromium told by its protocol."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from monitor.ui.browser.server import BrowserServer

PROGRAM: Final = Path(__file__).with_name("screen_program.py")
CHROMIUM: Final = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
DEADLINE: Final = 30.0
SEQUENCE: Final = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


async def until(condition: Callable[[], object], what: str) -> None:
    """Wait until it holds; fails after the deadline."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.02)


@asynccontextmanager
async def served(logs: Path, command: list[str] | None = None) -> AsyncIterator[tuple[BrowserServer, str]]:
    """A server of the screen over a store filled by hand, and the address of its page."""
    server = BrowserServer(command or [sys.executable, str(PROGRAM), str(logs)], "127.0.0.1", 0)
    port = await server.start()
    try:
        yield server, f"http://127.0.0.1:{port}/{server.token}/"
    finally:
        await server.close()


class Viewer:
    """The other end of a web socket: what a browser would draw is kept."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.drawn = ""
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for message in self.socket:
            if message.type is WSMsgType.BINARY:
                self.drawn += message.data.decode("utf-8", "replace")

    @property
    def text(self) -> str:
        return SEQUENCE.sub("", self.drawn)

    async def until_drawn(self, text: str) -> None:
        await until(lambda: text in self.text, f"{text!r} was not drawn")

    async def until_closed(self) -> None:
        async with asyncio.timeout(DEADLINE):
            await self._reader

    async def send(self, kind: str, what: Any = None) -> None:
        await self.socket.send_json([kind, what])


@asynccontextmanager
async def viewing(address: str, **options: Any) -> AsyncIterator[Viewer]:
    """A viewer of that page, without a browser."""
    async with (
        ClientSession() as session,
        session.ws_connect(f"{address}ws?width=120&height=40", **options) as socket,
    ):
        viewer = Viewer(socket)
        yield viewer
        await socket.close()
        await viewer.until_closed()


class Chromium:
    """A page in a headless browser: what its socket received, what it asked for, and its keys."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.received = b""
        self.asked: list[str] = []
        self.problems: list[str] = []
        self._numbers = count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for message in self.socket:
            self._take(json.loads(message.data))

    def _take(self, told: dict[str, Any]) -> None:
        if "id" in told:
            self._answers.pop(told["id"]).set_result(told)
            return
        told_of = told["params"]
        match told["method"]:
            case "Network.webSocketFrameReceived" if told_of["response"]["opcode"] == 2:
                self.received += base64.b64decode(told_of["response"]["payloadData"])
            case "Network.requestWillBeSent":
                self.asked.append(told_of["request"]["url"])
            case "Runtime.exceptionThrown":
                self.problems.append(json.dumps(told_of["exceptionDetails"]))
            case "Log.entryAdded" if told_of["entry"]["level"] == "error":
                self.problems.append(told_of["entry"]["text"])

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self.socket.send_json({"id": number, "method": method, "params": params})
        async with asyncio.timeout(DEADLINE):
            told = await answer
        assert "result" in told, told
        result: dict[str, Any] = told["result"]
        return result

    async def evaluate(self, script: str) -> Any:
        told = await self.call("Runtime.evaluate", expression=script, returnByValue=True)
        return told["result"].get("value")

    async def until(self, script: str) -> None:
        deadline = time.monotonic() + DEADLINE
        while not await self.evaluate(script):
            assert time.monotonic() < deadline, (script, self.problems, self.text[-2000:])
            await asyncio.sleep(0.05)

    async def press(self, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            text = {"text": key} if kind == "keyDown" else {}
            await self.call("Input.dispatchKeyEvent", type=kind, key=key, **text)

    @property
    def text(self) -> str:
        return SEQUENCE.sub("", self.received.decode("utf-8", "replace"))


@asynccontextmanager
async def browsing(address: str, folder: Path) -> AsyncIterator[Chromium]:
    """Headless Chromium on that page."""
    assert CHROMIUM is not None
    process = await asyncio.create_subprocess_exec(
        CHROMIUM,
        *(
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--remote-debugging-port=0",
            "--window-size=1200,800",
        ),
        f"--user-data-dir={folder}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with ClientSession() as session:
            active = folder / "DevToolsActivePort"
            await until(lambda: active.exists() and active.read_text(), "Chromium did not start")
            port = active.read_text().split()[0]
            async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                page = next(page for page in await answer.json() if page["type"] == "page")
            async with session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                chromium = Chromium(socket)
                for domain in ("Network", "Runtime", "Log", "Page"):
                    await chromium.call(f"{domain}.enable")
                await chromium.call("Page.navigate", url=address)
                yield chromium
    finally:
        process.kill()
        await process.wait()
