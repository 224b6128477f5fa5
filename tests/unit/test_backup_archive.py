"""Full backups: what is in the archive, and archives that are damaged or made to harm."""

from __future__ import annotations

import gzip
import io
import os
import stat
import tarfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from history_records import AT, recording, state, tick
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.errors import DatabaseDamagedError, DatabaseError, DatabaseVersionError, MonitorError
from monitor.history.backup import archive as archives
from monitor.history.backup.archive import back_up_fully
from monitor.history.backup.backup import Made
from monitor.history.backup.files import MANIFEST
from monitor.history.backup.manifest import safe_name
from monitor.history.backup.restore_files import extract
from monitor.history.backup.unpack import check_archive, manifest_of, unpack_into
from monitor.paths import StatePaths


@pytest.fixture
async def paths(tmp_path: Path) -> StatePaths:
    made = state(tmp_path / "state")
    async with recording(made) as writer:
        await writer.write(tick(AT, "builder"))
    made.logs.mkdir()
    (made.logs / "recorder.log").write_text("all is well")
    return made


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "coordination" / "memory-bank").mkdir(parents=True)
    (folder / "config").mkdir()
    (folder / "src").mkdir()
    (folder / "coordination" / "task-board.json").write_text('{"tasks": []}')
    (folder / "coordination" / "memory-bank" / "notes.md").write_text("notes")
    (folder / "config" / "agents.json").write_text("{}")
    (folder / "src" / "secret.py").write_text("not ours to keep")
    return folder


def full(paths: StatePaths, *roots: Path, config: Path | None = None, **options: Any) -> Made:
    return back_up_fully(
        paths, paths.backups / "all.tar.gz", AT, config=config, roots=map(str, roots), **options
    )


def names(archive: Path | str) -> list[str]:
    with tarfile.open(archive) as opened:
        return opened.getnames()


def test_holds_database_configuration_coordination_files_and_logs(
    paths: StatePaths, root: Path, tmp_path: Path
) -> None:
    config = tmp_path / "agent-monitor.toml"
    config.write_text("discover = false\n")
    done = full(paths, root, config=config)
    assert set(names(done.file)) == {
        MANIFEST,
        "database/monitor.db",
        "configuration/agent-monitor.toml",
        "roots/1-project/coordination/task-board.json",
        "roots/1-project/coordination/memory-bank/notes.md",
        "roots/1-project/config/agents.json",
        "logs/recorder.log",
    }
    assert stat.S_IMODE(os.stat(done.file).st_mode) == 0o600
    assert os.listdir(paths.backups) == ["all.tar.gz"]
    manifest = manifest_of(Path(done.file))
    assert [(kept.path, kept.folder) for kept in manifest.roots] == [(str(root), "roots/1-project")]
    assert manifest.created_at.timestamp() * 1000 == AT
    assert done.left_out == ()


def test_what_is_unpacked_is_what_was_packed(paths: StatePaths, root: Path, tmp_path: Path) -> None:
    done = full(paths, root)
    extract(Path(done.file), tmp_path / "out", "all", ())
    unpacked = tmp_path / "out" / "roots" / "1-project"
    for file in ("coordination/task-board.json", "config/agents.json"):
        assert (unpacked / file).read_bytes() == (root / file).read_bytes()
        assert stat.S_IMODE((unpacked / file).stat().st_mode) == 0o600


def test_two_roots_of_one_name_are_told_apart(paths: StatePaths, root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "project"
    (other / "coordination").mkdir(parents=True)
    (other / "coordination" / "task-board.json").write_text("[]")
    done = full(paths, root, other)
    assert "roots/2-project/coordination/task-board.json" in names(done.file)


def test_nothing_outside_a_root_gets_in(paths: StatePaths, root: Path, tmp_path: Path) -> None:
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "key").write_text("CANARY")
    coordination = root / "coordination"
    (coordination / "link").symlink_to(tmp_path / "private" / "key")
    (coordination / "folder").symlink_to(tmp_path / "private")
    os.mkfifo(coordination / "fifo")
    (root / "config" / "agents.json").unlink()
    (root / "config").rmdir()
    (root / "config").symlink_to(tmp_path / "private")
    done = full(paths, root)
    assert b"CANARY" not in gzip.decompress(Path(done.file).read_bytes())
    assert {line.split(": ")[0] for line in done.left_out} == {
        str(coordination / "link"),
        str(coordination / "fifo"),
        str(root / "config" / "key"),
    }


def test_large_files_are_left_out_and_named(
    paths: StatePaths, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "FILE_LIMIT", 5)
    monkeypatch.setattr(archives, "TOTAL_LIMIT", 6)
    done = full(paths, root)
    kept = [name for name in names(done.file) if not name.startswith(("database", MANIFEST))]
    assert kept == ["roots/1-project/coordination/memory-bank/notes.md"]  # 5 bytes; the others are larger
    left = {Path(line.split(": ")[0]).name for line in done.left_out}
    assert left == {"task-board.json", "agents.json", "recorder.log"}


def test_a_name_that_is_not_utf8_is_left_out_and_told(paths: StatePaths, root: Path) -> None:
    with open(os.fsencode(root) + b"/coordination/\xff\xfe", "w", encoding="utf-8"):
        pass
    assert "not UTF-8" in full(paths, root).left_out[0]


def test_a_root_without_coordination_files_is_no_error(paths: StatePaths, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    assert full(paths, tmp_path / "bare").left_out == ()


def test_an_archive_is_not_unpacked_into_a_root_or_over_anything(
    paths: StatePaths, root: Path, tmp_path: Path
) -> None:
    file = Path(full(paths, root).file)
    (tmp_path / "link").symlink_to(root)
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "mine").write_text("mine")
    before = sorted(root.rglob("*"))
    for folder in (root, root / "new", tmp_path / "link" / "new", tmp_path / "used"):
        with pytest.raises(DatabaseError, match=r"watched root|not empty"):
            extract(file, folder, "all", ())
    with pytest.raises(DatabaseError, match="watched root"):
        extract(file, tmp_path / "state" / "out", "all", [str(tmp_path / "state")])
    assert sorted(root.rglob("*")) == before


def test_parts_are_unpacked_alone(paths: StatePaths, root: Path, tmp_path: Path) -> None:
    file = Path(full(paths, root).file)
    extract(file, tmp_path / "out", "coordination", ())
    assert os.listdir(tmp_path / "out") == ["roots"]


# --- archives that are not as they were made -----------------------------------------------------------------------


def member(name: str, data: bytes = b"", **changes: Any) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in changes.items():
        setattr(info, key, value)
    return info, data


def forged(file: Path, *members: tuple[tarfile.TarInfo, bytes], manifest: bytes) -> Path:
    with tarfile.open(file, "w:gz") as archive:
        for info, data in (member(MANIFEST, manifest), *members):
            archive.addfile(info, io.BytesIO(data))
    return file


def manifest(*listed: str, size: int = 0, version: int = 1) -> bytes:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    files = ",".join(f'{{"name":"{name}","path":"","bytes":{size},"sha256":"{empty}"}}' for name in listed)
    head = (
        f'"format":{version},"program":"1","host":"h","created_at":"2025-01-01T00:00:00Z","schema_version":1'
    )
    return f'{{{head},"files":[{files}]}}'.encode()


HOSTILE = (
    "../escaped",
    "/tmp/escaped",
    "logs/../../escaped",
    "logs//escaped",
    "logs/./escaped",
    "roots/../coordination/x",
    "roots/1-a/src/x",
    "database",
    "logs/",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    file = forged(tmp_path / "a.tar.gz", member(name), manifest=manifest(name))
    with pytest.raises(DatabaseDamagedError, match="outside its folders"):
        unpack_into(file, tmp_path / "out" / "deep", lambda _: True)
    assert sorted(path.name for path in tmp_path.rglob("*") if not path.is_dir()) == ["a.tar.gz"]


@given(
    st.text(max_size=30) | st.lists(st.sampled_from(["..", ".", "", "logs", "a", "\0", "\\"])).map("/".join)
)
def test_a_safe_name_stays_below_the_folder(name: str) -> None:
    if safe_name(name):
        assert os.path.normpath(os.path.join("/out", name)) == f"/out/{name}"


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE]
)
def test_links_and_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    hostile = member("logs/x", type=kind, linkname="/etc/passwd")
    file = forged(tmp_path / "a.tar.gz", hostile, manifest=manifest("logs/x"))
    with pytest.raises(DatabaseDamagedError):
        unpack_into(file, tmp_path / "out", lambda _: True)
    assert list((tmp_path / "out").rglob("*")) == []


def test_members_that_the_manifest_does_not_name_are_refused(tmp_path: Path) -> None:
    file = forged(tmp_path / "a.tar.gz", member("logs/x"), member("logs/y"), manifest=manifest("logs/x"))
    with pytest.raises(DatabaseDamagedError, match="altered"):
        check_archive(file)


def test_a_member_given_twice_is_refused(tmp_path: Path) -> None:
    file = forged(tmp_path / "a.tar.gz", member("logs/x"), member("logs/x"), manifest=manifest("logs/x"))
    with pytest.raises(DatabaseDamagedError):
        check_archive(file)


def test_a_member_that_is_missing_or_changed_is_noticed(tmp_path: Path) -> None:
    missing = forged(tmp_path / "a.tar.gz", member("logs/x"), manifest=manifest("logs/x", "logs/y"))
    changed = forged(tmp_path / "b.tar.gz", member("logs/x", b"!"), manifest=manifest("logs/x", size=1))
    with pytest.raises(DatabaseDamagedError, match="missing"):
        check_archive(missing)
    with pytest.raises(DatabaseDamagedError, match="checksum"):
        check_archive(changed)


def test_a_newer_format_and_foreign_archives_are_refused(tmp_path: Path) -> None:
    newer = forged(tmp_path / "a.tar.gz", manifest=manifest(version=2))
    with pytest.raises(DatabaseVersionError, match="newer"):
        check_archive(newer)
    with tarfile.open(tmp_path / "b.tar.gz", "w:gz") as archive:
        archive.addfile(member("x")[0])
    with pytest.raises(DatabaseDamagedError, match="no full backup"):
        check_archive(tmp_path / "b.tar.gz")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_damage_anywhere_is_noticed(
    paths: StatePaths, root: Path, tmp_path: Path, data: st.DataObject
) -> None:
    file = paths.backups / "all.tar.gz"
    if not file.exists():
        full(paths, root)
    body = bytearray(file.read_bytes())
    at = data.draw(st.integers(0, len(body) - 1))
    if data.draw(st.booleans()):
        del body[at:]
    else:
        body[at] ^= data.draw(st.integers(1, 255))
    harmed = tmp_path / "harmed.tar.gz"
    harmed.write_bytes(body)
    with suppress(MonitorError):
        # Or a byte that means nothing: time, system and name in gzip's header.
        assert check_archive(harmed) == manifest_of(file)
