"""Which shell and editor are opened, where, and with what environment."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text import clean
from monitor.ui.outside.clipboard import LIMIT, copied_lines
from monitor.ui.outside.programs import ProgramError, folder_held, program, surroundings


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A folder of programs."""
    for name in ("zsh", "vim", "nano", "code", "my editor"):
        (tmp_path / name).touch(0o755)
    return str(tmp_path)


@pytest.mark.parametrize(
    ("setting", "environ", "argv"),
    [
        ("nano -w", {"EDITOR": "vim"}, ("nano", "-w")),
        ("", {"VISUAL": "code --wait", "EDITOR": "vim"}, ("code", "--wait", ".")),
        ("", {"VISUAL": " ", "EDITOR": "vim"}, ("vim", ".")),
        ("", {"EDITOR": "'my editor' -x"}, ("my editor", "-x")),
        ("", {}, ("vim", ".")),
    ],
)
def test_the_editor_is_the_set_one_or_the_persons_own_or_one_that_is_there(
    path: str, setting: str, environ: dict[str, str], argv: tuple[str, ...]
) -> None:
    found = program("editor", setting, {"PATH": path, **environ})
    assert (Path(found.argv[0]).name, *found.argv[1:]) == argv
    assert found.argv[0].startswith(path)
    assert found.name == argv[0]


def test_the_shell_is_the_set_one_or_the_persons_own(path: str) -> None:
    assert program("shell", "zsh -l", {"PATH": path, "SHELL": "/bin/sh"}).argv[1:] == ("-l",)
    assert program("shell", "", {"PATH": path, "SHELL": "/bin/sh"}).argv == ("/bin/sh",)
    assert Path(program("shell", "", {"PATH": path}).argv[0]).is_absolute(), "the login shell"


@pytest.mark.parametrize(
    ("setting", "environ", "told"),
    [
        ("no-such-editor", {}, "screen.editor: there is no program 'no-such-editor'"),
        ("", {"EDITOR": "emacs'"}, r"\$EDITOR: \"emacs'\" cannot be read as a command"),
        ("", {"VISUAL": "vim; rm x"}, r"\$VISUAL: there is no program 'vim; rm x'"),
    ],
)
def test_an_editor_that_is_not_there_is_named(
    path: str, setting: str, environ: dict[str, str], told: str
) -> None:
    with pytest.raises(ProgramError, match=told):
        program("editor", setting, {"PATH": path, **environ})


def test_without_any_editor_it_is_told_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match=r"set \$EDITOR, or screen.editor"):
        program("editor", "", {"PATH": str(tmp_path)})


def test_what_is_meant_for_the_monitor_alone_does_not_reach_the_program() -> None:
    environ = {"HOME": "/home/ada", "PWD": "/", "AGENT_MONITOR_FLEET__DSN": "postgres://secret"}
    assert surroundings(environ, "/shop", no_color=False) == {"HOME": "/home/ada", "PWD": "/shop"}
    assert surroundings(environ, "/shop", no_color=True)["NO_COLOR"] == "1"


def test_a_held_folder_stays_the_same_whatever_takes_its_place(tmp_path: Path) -> None:
    worktree = tmp_path / "worktree"
    worktree.mkdir()
    (worktree / "mine").touch()
    with folder_held(str(worktree)) as held:
        worktree.rename(tmp_path / "away")
        worktree.mkdir()
        assert os.listdir(held) == (["mine"] if held.startswith("/proc") else [])


@pytest.mark.parametrize("place", ["worktree", "worktree/inner"])
def test_a_worktree_behind_a_link_is_not_opened(tmp_path: Path, place: str) -> None:
    (tmp_path / "elsewhere" / "inner").mkdir(parents=True)
    (tmp_path / "worktree").symlink_to("elsewhere")
    with (
        pytest.raises(ProgramError, match="leads elsewhere by a symbolic link"),
        folder_held(str(tmp_path / place)),
    ):
        pass


def test_a_worktree_that_is_gone_or_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name, why in (("gone", "No such file or directory"), ("file", "Not a directory")):
        with pytest.raises(ProgramError, match=why), folder_held(str(tmp_path / name)):
            pass


@given(st.lists(st.text(max_size=700), max_size=60))
def test_what_is_copied_is_clean_and_bounded(values: list[str]) -> None:
    kept, left_out = copied_lines(values)
    assert all(line and line == clean(line, 500) for line in kept)
    assert len("\n".join(kept).encode()) <= LIMIT
    assert len(kept) + left_out == sum(bool(clean(value)) for value in values)
