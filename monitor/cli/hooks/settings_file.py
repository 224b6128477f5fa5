"""A JSON file that somebody else owns: read, and written so that everything in it stays as it is spelled."""

from __future__ import annotations

import json
import os
import re
import secrets
import stat
import tempfile
from contextlib import suppress
from typing import Any, Final

import msgspec

from monitor.errors import MonitorError

LIMIT: Final = 16 << 20
"""Bytes above which a file is no settings file."""
BACKUP_ENDING: Final = ".before-agent-monitor"
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class SettingsFile(msgspec.Struct, frozen=True):
    """A file as it was read. A number in `content` is a text that begins with `token`, so that it keeps its digits."""

    path: str
    """Where the file really is: links are followed."""
    text: str | None
    """None: there is no file."""
    content: dict[str, Any]
    token: str
    status: tuple[int, int, int] | None
    """Inode, time and size when it was read."""

    @property
    def backup(self) -> str:
        """Where the file is kept as it was before."""
        return self.path + BACKUP_ENDING


def read(path: str) -> SettingsFile:
    """Read it. Raises MonitorError when it cannot be read, or is no JSON object."""
    path = os.path.realpath(path)
    token = secrets.token_hex(8)
    try:
        with open(path, "rb") as file:
            found = os.fstat(file.fileno())
            data = file.read(LIMIT + 1)
    except FileNotFoundError:
        return SettingsFile(path, None, {}, token, None)
    except OSError as error:
        raise MonitorError(f"{path}: cannot be read: {error.strerror}.") from error
    if len(data) > LIMIT:
        raise MonitorError(f"{path}: is larger than any settings file.")
    try:
        text = data.decode("utf-8")
        content = _parse(text, token)
    except UnicodeDecodeError as error:
        raise MonitorError(f"{path}: is not UTF-8; nothing was changed.") from error
    except RecursionError as error:
        raise MonitorError(f"{path}: is nested too deeply; nothing was changed.") from error
    except ValueError as error:
        raise MonitorError(
            f"{path}: is not JSON ({error}); put that right first, nothing was changed."
        ) from error
    if not isinstance(content, dict):
        raise MonitorError(f"{path}: holds no JSON object; nothing was changed.")
    return SettingsFile(path, text, content, token, _status(found))


def _parse(text: str, token: str) -> Any:
    def spelled(number: str) -> str:
        return token + number

    def refused(word: str) -> None:
        raise ValueError(f"{word} is no number of JSON")

    body = text.removeprefix("\ufeff")
    if not body.strip():
        return {}
    return json.loads(body, parse_int=spelled, parse_float=spelled, parse_constant=refused)


def rendered(file: SettingsFile) -> str:
    """The content as text, indented as the file is; two spaces when it is on one line."""
    before = file.text or ""
    indent = re.search(r"\n([ \t]+)\S", before)
    text = json.dumps(file.content, indent=indent[1] if indent else "  ", ensure_ascii=False)
    text = re.sub(f'"{file.token}([^"]*)"', r"\1", text)
    text = _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    if not before.strip() or before.endswith("\n"):
        text += "\n"
    if "\r\n" in before:
        text = text.replace("\n", "\r\n")
    return "\ufeff" + text if before.startswith("\ufeff") else text


def write(file: SettingsFile, text: str | None) -> None:
    """Put this text in its place in one step, with the mode that the file has; None removes the file.

    Raises MonitorError when it cannot be written, or was changed since it was read.
    """
    try:
        if text is not None:
            _replace(file.path, text.encode(), file)
        else:
            _require_unchanged(file)
            os.unlink(file.path)
    except OSError as error:
        raise MonitorError(f"{file.path}: cannot be written: {error.strerror}.") from error


def keep_backup(file: SettingsFile) -> None:
    """Keep the file as it was read beside itself. Raises MonitorError."""
    try:
        if file.text is not None:
            _replace(file.backup, file.text.encode(), file)
    except OSError as error:
        raise MonitorError(f"{file.backup}: cannot be written: {error.strerror}.") from error


def _replace(path: str, data: bytes, file: SettingsFile) -> None:
    folder = os.path.dirname(path)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=".agent-monitor-", dir=folder)
    try:
        with open(descriptor, "wb") as target:
            if file.text is not None:
                known = os.stat(file.path)
                os.fchmod(target.fileno(), stat.S_IMODE(known.st_mode))
                with suppress(PermissionError):  # only root can give a file away
                    os.fchown(target.fileno(), known.st_uid, known.st_gid)
            target.write(data)
            target.flush()
            os.fsync(target.fileno())
        _require_unchanged(file)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _require_unchanged(file: SettingsFile) -> None:
    try:
        now = _status(os.stat(file.path))
    except FileNotFoundError:
        now = None
    if now != file.status:
        raise MonitorError(
            f"{file.path}: was changed by somebody else meanwhile; nothing was changed: try again."
        )


def _status(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_mtime_ns, status.st_size
