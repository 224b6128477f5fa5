"""The screen in a browser: only for who has the address, nothing from elsewhere, and no process is left behind."""

from __future__ import annotations

import base64
import re
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from aiohttp import ClientSession, WSServerHandshakeError
from ui_browser import CHROMIUM, PROGRAM, browsing, served, until, viewing

from monitor.errors import MonitorError
from monitor.ui.browser import server as browser_server
from monitor.ui.browser.server import BrowserServer
from monitor.ui.browser.session import Session

EVERY_PATH = ("", "ws", "page/page.js", "page/page.css", "static/js/textual.js", "download/x")


def screens() -> list[psutil.Process]:
    """The screens that this process's servers have started."""
    return [child for child in psutil.Process().children(recursive=True) if shows(child)]


def shows(process: psutil.Process) -> bool:
    """Whether this process runs a screen, still."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE and str(PROGRAM) in process.cmdline()
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("path", EVERY_PATH)
@pytest.mark.parametrize(
    "change", [lambda token: "", lambda token: "." + token[1:], lambda token: token[:-1]]
)
async def test_without_the_token_there_is_nothing(
    tmp_path: Path, path: str, change: Callable[[str], str]
) -> None:
    async with served(tmp_path) as (server, address), ClientSession() as session:
        wrong = address.replace(f"{server.token}/", f"{change(server.token)}/{path}").replace("//ws", "/ws")
        async with session.get(wrong) as answer:
            assert answer.status == 404
            assert server.token not in await answer.text()
    assert not screens()


def test_each_server_has_a_token_of_its_own_that_cannot_be_guessed() -> None:
    tokens = {BrowserServer(["true"], "127.0.0.1", 0).token for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) >= 24 for token in tokens)


async def test_the_page_asks_nobody_else_for_anything(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, address), ClientSession() as session:
        async with session.get(address[:-1]) as answer:  # without the last slash
            page = await answer.text()
            assert str(answer.url) == address
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["Referrer-Policy"] == "no-referrer"
        named = re.findall(r'(?:href|src)="([^"]+)"', page)
        assert len(named) > 3
        for name in named:
            assert not name.startswith(("http", "/"))
            if not name.startswith("data:"):
                async with session.get(address + name) as answer:
                    assert answer.status == 200, name
                    assert not name.startswith("page/") or "://" not in await answer.text()


@pytest.mark.parametrize(("asked", "given"), [("20", "20"), ("1", "6"), ("1000", "60"), ('"><x', "16")])
async def test_the_font_can_be_larger(tmp_path: Path, asked: str, given: str) -> None:
    async with (
        served(tmp_path) as (_, address),
        ClientSession() as session,
        session.get(address, params={"fontsize": asked}) as answer,
    ):
        assert f'data-font-size="{given}"' in await answer.text()


async def test_another_page_cannot_open_the_screen(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, address):
        with pytest.raises(WSServerHandshakeError, match="403"):
            async with viewing(address, origin="http://elsewhere.example"):
                pass
        async with viewing(address, origin=address.rsplit("/", 2)[0]) as viewer:
            await viewer.until_drawn("validator")


async def test_a_viewer_sees_the_screen_uses_it_and_ends_it(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, address), viewing(address) as viewer:
        await viewer.send("resize", {"width": 120, "height": 40})
        await viewer.until_drawn("validator")
        await viewer.send("stdin", "?")
        await viewer.until_drawn("Keys")
        await viewer.send("stdin", "\x11")
        await viewer.until_closed()
        await until(lambda: not screens(), "a screen was left behind")


async def test_a_viewer_who_leaves_takes_the_screen_along(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, address):
        async with viewing(address) as viewer:
            await viewer.until_drawn("validator")
            assert len(screens()) == 1
        await until(lambda: not screens(), "a screen was left behind")


async def test_a_server_that_ends_takes_its_screens_along(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, address), viewing(address) as one, viewing(address) as two:
        await one.until_drawn("validator")
        await two.until_drawn("validator")
        await server.close()
        await one.until_closed()
        await two.until_closed()
        await until(lambda: not screens(), "a screen was left behind")


async def test_a_screen_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.ui.browser.session.STOP_SECONDS", 0.2)
    stubborn = "import time; print('__GANGLION__', flush=True); time.sleep(600)"
    async with served(tmp_path, [sys.executable, "-c", stubborn, str(PROGRAM)]) as (_, address):
        async with viewing(address):
            await until(screens, "it did not start")
        await until(lambda: not screens(), "it was not ended")


async def test_a_screen_that_cannot_start_closes_the_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    failing = "import sys; sys.exit('no such folder')"
    async with served(tmp_path, [sys.executable, "-c", failing]) as (_, address), viewing(address) as viewer:
        await viewer.until_closed()
    assert "no such folder" in capsys.readouterr().out


@pytest.mark.parametrize("message", ["{", "[]", '["resize", {}]', '["resize", 7]', '["stdin"]', '{"a": 1}'])
async def test_a_message_that_is_none_closes_the_socket(tmp_path: Path, message: str) -> None:
    async with served(tmp_path) as (_, address), viewing(address) as viewer:
        await viewer.until_drawn("validator")
        await viewer.socket.send_str(message)
        await viewer.until_closed()
        assert viewer.socket.close_code in (1003, 1000)
        await until(lambda: not screens(), "a screen was left behind")


async def test_no_more_viewers_than_there_is_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser_server, "MOST_VIEWERS", 1)
    async with served(tmp_path) as (_, address), viewing(address):
        with pytest.raises(WSServerHandshakeError, match="503"):
            async with viewing(address):
                pass


async def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, address):
        port = int(address.split(":")[2].split("/")[0])
        with pytest.raises(MonitorError, match=f"127.0.0.1 port {port}: cannot be served at"):
            await BrowserServer(["true"], "127.0.0.1", port).start()


def test_a_screen_knows_nothing_of_the_servers_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TMUX", "TMUX_PANE", "SSH_TTY"):
        monkeypatch.setenv(name, "of the server")
    session = Session("true", write_bytes=None, write_str=None, close=None, download_manager=None)  # type: ignore[arg-type]
    environment = session._build_environment(100_000, -3)
    assert not {"TMUX", "TMUX_PANE", "SSH_TTY"} & environment.keys()
    assert (environment["COLUMNS"], environment["ROWS"]) == ("500", "1")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here")
async def test_in_chromium(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, address), browsing(address, tmp_path / "profile") as chromium:
        await chromium.until("document.body.classList.contains('-first-byte')")
        await until(lambda: "validator" in chromium.text, "the agents were not drawn")
        await chromium.evaluate("document.querySelector('.xterm-helper-textarea').focus()")
        await chromium.press("?")
        await until(lambda: "Keys" in chromium.text, "the key was not answered")
        picture = base64.b64decode((await chromium.call("Page.captureScreenshot"))["data"])
        (tmp_path / "picture.png").write_bytes(picture)
        assert len(picture) > 20_000  # a page of one colour has 3,000
        await chromium.press("q")
        await chromium.until("document.body.classList.contains('-closed')")
        own = address.rsplit("/", 2)[0].removeprefix("http")
        assert [url for url in chromium.asked if own not in url and not url.startswith("data:")] == []
        assert chromium.problems == []
