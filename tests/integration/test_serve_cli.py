"""`agent-monitor serve`: its address, its signals, and what it lets viewers do."""

from __future__ import annotations

import re
import shlex
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import psutil
import pytest

from monitor.cli.main import run
from monitor.ui.browser.server import BrowserServer


def start(state: Path, *arguments: str) -> subprocess.Popen[str]:
    line = [sys.executable, "-m", "monitor", "--state-dir", str(state), "serve", *arguments]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_serve_says_where_and_ends_with_its_signal(tmp_path: Path) -> None:
    serving = start(tmp_path, "--port", "0")
    try:
        assert serving.stdout is not None
        address = serving.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{24,}/", address)
        with urllib.request.urlopen(address) as answer:
            assert "Agent Monitor" in answer.read().decode()
        port = int(address.split(":")[2].split("/")[0])
        listening = [
            one for one in psutil.Process(serving.pid).net_connections() if one.status == psutil.CONN_LISTEN
        ]
        assert [one.laddr for one in listening] == [("127.0.0.1", port)]
        serving.terminate()
        _, told = serving.communicate(timeout=60)
        assert serving.returncode == 143
        assert "not encrypted" not in told
    finally:
        serving.kill()
        serving.communicate()


def test_serving_elsewhere_than_here_is_warned_of(tmp_path: Path) -> None:
    serving = start(tmp_path, "--host", "0.0.0.0", "--port", "0")
    assert serving.stdout is not None
    assert f"http://{socket.gethostname()}:" in serving.stdout.readline()
    serving.send_signal(signal.SIGINT)
    _, told = serving.communicate(timeout=60)
    assert serving.returncode == 130
    assert "not encrypted" in told


@pytest.mark.parametrize(
    ("arguments", "readonly"), [([], True), (["--allow-actions"], False)], ids=["as it is", "allowed"]
)
def test_viewers_in_a_browser_only_look_unless_allowed(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], readonly: bool
) -> None:
    commands: list[list[str]] = []

    async def serve(server: BrowserServer) -> int:
        commands.append(shlex.split(server.command))
        return 0

    monkeypatch.setattr("monitor.cli.serve._serve", serve)
    assert run(["--root", "/tmp", "--theme", "nord", "--ascii", "serve", *arguments]) == 0
    (command,) = commands
    assert command[:4] == ["exec", sys.executable, "-m", "monitor"]
    assert {"--root=/tmp", "--theme=nord", "--ascii"} <= set(command)
    assert ("--readonly" in command) is readonly


def test_without_textual_serve_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "monitor.ui.browser.server", None)
    assert run(["serve"]) == 1
    assert "pip install 'agent-monitor[serve]'" in capsys.readouterr().err
