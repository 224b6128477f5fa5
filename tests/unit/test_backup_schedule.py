"""The recorder's own backups: when one is due, and what it does when there is no room."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from history_records import AT, recording, state, tick

from monitor.collector.backups import ScheduledBackup
from monitor.config import Backup, Settings, load
from monitor.errors import ConfigError, DatabaseError
from monitor.history.backup.files import backup_name
from monitor.paths import StatePaths

HOUR = 3_600_000
DAY = 24 * HOUR


@pytest.fixture
async def paths(tmp_path: Path) -> StatePaths:
    async with recording(state(tmp_path)) as writer:
        await writer.write(tick(AT, "builder"))
    return state(tmp_path)


def job(paths: StatePaths, **backup: object) -> ScheduledBackup:
    return ScheduledBackup(Settings(backup=Backup(**backup)), paths)  # type: ignore[arg-type]


def made(paths: StatePaths) -> list[str]:
    return sorted(os.listdir(paths.backups)) if paths.backups.exists() else []


def name(paths: StatePaths, at: int) -> str:
    return backup_name(paths.database, "database", at)


async def test_the_first_one_is_due_a_day_after_the_first_recording(paths: StatePaths) -> None:
    backup = job(paths)
    await backup.run(AT + DAY - 1)
    assert made(paths) == []
    await backup.run(AT + DAY)
    assert made(paths) == [name(paths, AT + DAY)]


async def test_a_restart_neither_repeats_nor_forgets_one(paths: StatePaths) -> None:
    await job(paths).run(AT + DAY)
    await job(paths).run(AT + DAY + 1)
    await job(paths).run(AT + 2 * DAY - 1)
    assert len(made(paths)) == 1
    await job(paths).run(AT + 2 * DAY)
    assert len(made(paths)) == 2


async def test_settings_say_how_often_where_and_how_many(paths: StatePaths, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    backup = job(paths, every_hours=1, folder=str(folder), keep=2)
    for hour in range(1, 6):
        await backup.run(AT + hour * HOUR)
    assert sorted(os.listdir(folder)) == [name(paths, AT + hour * HOUR) for hour in (4, 5)]


async def test_zero_hours_make_none(paths: StatePaths) -> None:
    await job(paths, every_hours=0).run(AT + 1000 * DAY)
    assert made(paths) == []


async def test_without_a_database_there_is_nothing_to_do(tmp_path: Path) -> None:
    await job(state(tmp_path)).run(AT + DAY)


async def test_a_backup_dated_in_the_future_does_not_stop_the_next(paths: StatePaths) -> None:
    await job(paths).run(AT + 400 * DAY)
    await job(paths).run(AT + DAY)
    assert name(paths, AT + DAY) in made(paths)


async def test_none_is_made_when_the_disk_has_less_than_twice_its_size(
    paths: StatePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = 2 * paths.database.stat().st_size + 200 * 2**20 - 1
    monkeypatch.setattr("monitor.collector.backups.shutil.disk_usage", lambda _: SimpleNamespace(free=free))
    with pytest.raises(DatabaseError, match="no backup is made"):
        await job(paths).run(AT + DAY)
    assert made(paths) == []
    free += 1
    await job(paths).run(AT + DAY)
    assert len(made(paths)) == 1


async def test_a_failure_is_told_at_each_look_and_tried_again_after_an_hour(
    paths: StatePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup, asked = job(paths), 0

    def no_room(_: object) -> SimpleNamespace:
        nonlocal asked
        asked += 1
        return SimpleNamespace(free=0)

    with monkeypatch.context() as patch:
        patch.setattr("monitor.collector.backups.shutil.disk_usage", no_room)
        for minutes in (0, 10, 50):
            with pytest.raises(DatabaseError, match="no backup is made"):
                await backup.run(AT + DAY + minutes * 60_000)
    assert asked == 1
    await backup.run(AT + DAY + HOUR)
    assert len(made(paths)) == 1


def test_the_settings_have_bounds_and_a_relative_folder_starts_at_the_file(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('[backup]\nfolder = "copies"\nevery_hours = 6\n')
    assert load(file, {}).settings.backup == Backup(folder=str(tmp_path / "copies"), every_hours=6)
    for wrong in ("keep = 0", "every_hours = -1", "max_age_days = -1", "often = 1"):
        file.write_text(f"[backup]\n{wrong}\n")
        with pytest.raises(ConfigError, match=r"backup\."):
            load(file, {})
