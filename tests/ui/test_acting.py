"""What is done outside of the screen: offered only where it can be done, and told as it was."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from ui_fleet import metrics, status
from ui_replay import replay_store, replayed
from ui_screens import Screen, shown

from monitor.keystore import Keys, KeyStore
from monitor.model import ProcessKey
from monitor.ui.acting import processes
from monitor.ui.acting.processes import Subject, choices, lines, told, told_later
from monitor.ui.options import ScreenOptions
from monitor.ui.outside import signals, tmux
from monitor.ui.outside.process_table import processes as process_table
from monitor.ui.screens.agent import AgentScreen
from monitor.ui.screens.help import HelpScreen

KEY = ProcessKey("boot", 4711, 99)


def subject(**values: Any) -> Subject:
    return Subject("builder", "claude", 4711, KEY, 5, 17)._replace(**values)


def text_of(*subjects: Subject) -> str:
    return "\n".join("".join(part for part, _ in cell) for cell in lines(subjects))


def test_the_question_names_who_is_meant_and_what_would_be_lost() -> None:
    assert text_of(subject()) == (
        "claude  pid 4711, 5 processes\n▲ 17 uncommitted changes stay behind; what was not saved is lost.\n"
    )
    assert "Nothing is uncommitted" in text_of(subject(changes=0))
    assert "1 uncommitted change stays behind" in text_of(subject(changes=1))
    assert "How much is uncommitted is not known" in text_of(subject(changes=None))


def test_of_several_agents_each_is_named_and_their_changes_are_summed() -> None:
    several = [subject(name=f"worker-{number}", changes=1) for number in range(8)]
    text = text_of(*several)
    assert text.splitlines()[0] == "worker-0  claude  pid 4711, 5 processes"
    assert "and 2 more" in text
    assert "8 uncommitted changes stay behind" in text
    assert "all 40 processes" in choices(several)[2].detail


def test_an_agent_whose_process_is_not_known_for_certain_gets_nothing() -> None:
    for uncertain, why in (
        (subject(pid=None), "no process of it is seen"),
        (subject(key=None), "not known well enough"),
        (subject(key=ProcessKey("boot", 1, 99)), "not known well enough"),
    ):
        assert why in uncertain.problem
        assert why in text_of(uncertain)
    assert [choice.label for choice in choices([])] == ["Close"]


def test_what_came_of_it_is_told_as_it_was() -> None:
    sent = signals.Outcome((KEY, KEY), gone=1, denied=2)
    assert told(signal.SIGTERM, sent) == (
        "SIGTERM sent to 2 processes; 1 was gone; 2 not allowed by the system"
    )
    refused = signals.Outcome(refused="process 1 is Agent Monitor itself")
    assert (
        told(signal.SIGKILL, refused + signals.Outcome())
        == "Nothing was sent; process 1 is Agent Monitor itself"
    )
    assert told_later(signal.SIGTERM, 1, 0) == "It has ended."
    assert told_later(signal.SIGTERM, 5, 2) == "2 of 5 still run 3 s after SIGTERM."
    assert told_later(signal.SIGTERM, 1, 1) == "It still runs 3 s after SIGTERM."


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def give_process(screen: Screen, agent_id: str, pid: int, *, start: int = 0) -> None:
    """Let an agent have a real process, or one that has the pid of it."""
    table = process_table()
    seen = table.look(pid)
    assert seen is not None
    key = ProcessKey(table.boot_id, pid, seen.start + start)
    screen.store.set(
        Keys.metrics(agent_id), msgspec.structs.replace(metrics(pid=pid), process_key=key, process_count=1)
    )


async def test_an_agent_is_terminated_after_the_question(
    store: KeyStore, sleeper: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "LOOK_AGAIN_SECONDS", 0.2)
    async with shown(store) as screen:
        give_process(screen, "validator", sleeper.pid)
        await screen.press("x", "j", "j")
        assert sleeper.poll() is None
        await screen.press("enter")
        await screen.until_told("SIGTERM sent to 1 process")
        await screen.until(lambda: sleeper.poll() == -signal.SIGTERM)
        await screen.until_told("It has ended.")


async def test_a_process_that_only_has_the_pid_is_left_alone(
    store: KeyStore, sleeper: subprocess.Popen[bytes]
) -> None:
    async with shown(store) as screen:
        give_process(screen, "validator", sleeper.pid, start=-1)
        await screen.press("x", "j", "j", "j", "enter")
        await screen.until_told("Nothing was sent; 1 was gone")
        assert sleeper.poll() is None


async def test_the_agents_that_are_tagged_are_meant_together(store: KeyStore) -> None:
    async with shown(store) as screen:
        await screen.press("T", "T", "y")
        await screen.until_told("Sent to the terminal's clipboard: 2 lines")
        assert screen.app.clipboard == "builder\nvalidator"
        await screen.press("x")
        await screen.until_shown("Processes of 2 agents")
        await screen.until_shown("builder  ")


async def test_from_the_details_it_is_about_their_agent(store: KeyStore) -> None:
    async with shown(store) as screen:
        await screen.press("j", "enter")
        await screen.until(lambda: isinstance(screen.app.screen, AgentScreen))
        await screen.press("x")
        await screen.until_shown("Processes of builder")


@pytest.mark.parametrize("key", ["x", "f9", "o", "O"])
async def test_read_only_does_nothing_outside_of_the_screen(store: KeyStore, key: str) -> None:
    async with shown(store, options=ScreenOptions(readonly=True)) as screen:
        await screen.press(key)
        await screen.until_told("Off: the screen was started read-only.")
        assert screen.app.screen is screen.main


async def test_a_replay_sends_no_signal() -> None:
    async with replayed(replay_store()) as screen:
        await screen.press("x")
        assert "Off: what a recording shows is no longer there." in screen.told


async def test_without_an_agent_under_the_cursor_there_is_nobody_to_do_something_to() -> None:
    async with shown(KeyStore()) as screen:
        for key in ("x", "o"):
            await screen.press(key)
            await screen.until_told("Select an agent first.")
            screen.app.clear_notifications()
        await screen.press("y")
        await screen.until_told("There is nothing to copy here.")


async def test_an_agent_without_a_worktree_has_nowhere_to_open_a_shell(store: KeyStore) -> None:
    store.set(Keys.status("validator"), status("validator", "error", worktree=None))
    async with shown(store) as screen:
        await screen.press("o")
        await screen.until_told("No worktree of validator is known.")


async def test_without_a_terminal_nothing_can_be_put_in_front(store: KeyStore, tmp_path: Path) -> None:
    store.set(Keys.status("validator"), status("validator", "error", worktree=str(tmp_path.resolve())))
    async with shown(store, options=ScreenOptions(shell="/bin/sh")) as screen:
        await screen.press("o")
        await screen.until_told("A program can only be opened from a terminal")


# --- in tmux --------------------------------------------------------------------------------------------------------


class Tmux:
    """A tmux that notes what it is asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pane: tmux.TmuxPane | None = tmux.TmuxPane("%7", 4000, "/dev/pts/7", "$1")
        self.works = True
        self.answers = asyncio.Event()
        self.answers.set()
        self.asked: list[tuple[object, ...]] = []
        monkeypatch.setenv("TMUX", "/tmp/none,1,0")
        monkeypatch.setenv("TMUX_PANE", "%0")
        for name in ("copy", "new_window", "jump"):
            monkeypatch.setattr(tmux, name, self._noting(name))
        monkeypatch.setattr(tmux, "find_pane", self._find)

    def _noting(self, name: str) -> object:
        async def note(*arguments: object) -> tmux.Answer:
            self.asked.append((name, *arguments))
            return tmux.Answer(self.works, "")

        return note

    async def _find(self, pid: int) -> tmux.TmuxPane | None:
        self.asked.append(("find", pid))
        await self.answers.wait()
        return self.pane


@pytest.fixture
def in_tmux(monkeypatch: pytest.MonkeyPatch) -> Tmux:
    return Tmux(monkeypatch)


async def test_enter_goes_to_the_pane_in_which_the_agent_runs(store: KeyStore, in_tmux: Tmux) -> None:
    async with shown(store) as screen:
        await screen.press("j", "enter")
        await screen.until(lambda: ("jump", in_tmux.pane) in in_tmux.asked)
        assert in_tmux.asked[0] == ("find", 4711)
        assert screen.app.screen is screen.main


@pytest.mark.parametrize("why", ["no pane", "own pane", "refused"])
async def test_enter_opens_the_details_where_there_is_no_pane_to_go_to(
    store: KeyStore, in_tmux: Tmux, why: str
) -> None:
    if why == "no pane":
        in_tmux.pane = None
    elif why == "own pane":
        in_tmux.pane = tmux.TmuxPane("%0", 1, "", "$0")
    in_tmux.works = why != "refused"
    async with shown(store) as screen:
        await screen.press("j", "enter")
        await screen.until(lambda: isinstance(screen.app.screen, AgentScreen))


async def test_who_went_elsewhere_meanwhile_is_left_there(store: KeyStore, in_tmux: Tmux) -> None:
    in_tmux.pane = None
    in_tmux.answers.clear()
    async with shown(store) as screen:
        await screen.press("j", "enter")
        await screen.until(lambda: in_tmux.asked)
        await screen.press("question_mark")
        in_tmux.answers.set()
        await screen.until(lambda: not any(worker.group == "go" for worker in screen.app.workers))
        assert [type(one) for one in screen.app.screen_stack[1:]] == [HelpScreen]


async def test_read_only_does_not_leave_its_pane(store: KeyStore, in_tmux: Tmux) -> None:
    async with shown(store, options=ScreenOptions(readonly=True)) as screen:
        await screen.press("j", "enter")
        await screen.until(lambda: isinstance(screen.app.screen, AgentScreen))
        assert not in_tmux.asked


async def test_a_copy_goes_through_tmux(store: KeyStore, in_tmux: Tmux) -> None:
    async with shown(store) as screen:
        await screen.press("y")
        await screen.until_told("Copied into tmux's buffer: validator")
        in_tmux.works = False
        await screen.press("j", "y")
        await screen.until_told("Sent to the terminal's clipboard: builder")
        assert screen.app.clipboard == "builder"


async def test_a_shell_gets_a_window_of_its_own(store: KeyStore, in_tmux: Tmux, tmp_path: Path) -> None:
    folder = str(tmp_path.resolve())
    store.set(Keys.status("validator"), status("validator", "error", worktree=folder))
    async with shown(store, options=ScreenOptions(shell="/bin/sh -l")) as screen:
        await screen.press("o")
        await screen.until(lambda: in_tmux.asked == [("new_window", folder, "sh", ("/bin/sh", "-l"))])
