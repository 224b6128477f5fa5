"""The named statements in the folders of `sql/`: each file loaded once, when it is first asked for."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

import aiosql

from monitor.paths import sql_folder

if TYPE_CHECKING:
    from pathlib import Path

_NAME: Final = re.compile(r"^-- name: (\w+)", re.MULTILINE)


@cache
def _places(folder: str) -> dict[str, Path]:
    """The file that holds each statement: reading all of them takes a millisecond, parsing them a hundred."""
    files = sorted((sql_folder() / folder).glob("*.sql"))
    return {name: file for file in files for name in _NAME.findall(file.read_text(encoding="utf-8"))}


@cache
def _load(file: Path) -> Any:
    return aiosql.from_path(file, "aiosqlite")


@cache
def statement(folder: str, name: str) -> str:
    """The text of a named statement. Raises KeyError for an unknown name."""
    return cast("str", getattr(_load(_places(folder)[name]), name).sql)
