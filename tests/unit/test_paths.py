"""Where things are, and who may read them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import platformdirs
import pytest

from monitor.errors import ConfigError
from monitor.paths import config_file, default_state_dir, private_folder, sql_folder, state_paths


def test_the_platform_decides_where_things_are() -> None:
    assert config_file().parent == Path(platformdirs.user_config_dir("agent-monitor", appauthor=False))
    assert default_state_dir() == Path(platformdirs.user_state_dir("agent-monitor", appauthor=False))


def test_the_database_lives_in_the_state_folder_unless_named(tmp_path: Path) -> None:
    assert state_paths(str(tmp_path)).database == tmp_path / "monitor.db"
    assert (
        state_paths(str(tmp_path), str(tmp_path / "x" / "other.db")).database == tmp_path / "x" / "other.db"
    )


def test_two_databases_share_neither_lock_nor_inbox_nor_viewers(tmp_path: Path) -> None:
    one, two = (state_paths(str(tmp_path), str(tmp_path / name)) for name in ("a.db", "b.db"))
    places = {
        one.lock,
        two.lock,
        one.inbox,
        two.inbox,
        one.presence,
        two.presence,
        one.database,
        two.database,
    }
    assert len(places) == 8
    assert one.logs == two.logs == tmp_path / "logs"


def test_relative_paths_are_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert state_paths("state", "here.db").folder == tmp_path / "state"
    assert state_paths("state", "here.db").database == tmp_path / "here.db"


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    assert state_paths("~/state").folder == Path("/home/someone/state")


@pytest.mark.parametrize("path", ["~nobody-of-that-name/x", "a\0b"])
def test_a_path_that_can_be_none_is_refused(path: str) -> None:
    with pytest.raises(ConfigError):
        state_paths(path)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_a_private_folder_is_its_owners_alone_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        folder = private_folder(tmp_path / "a" / "b")
        assert os.umask(mask) == mask
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700


def test_a_folder_that_is_there_already_stays_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    assert private_folder(tmp_path) == tmp_path
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o750


def test_the_sql_is_found() -> None:
    assert (sql_folder() / "migrations" / "0001_initial.sql").is_file()
