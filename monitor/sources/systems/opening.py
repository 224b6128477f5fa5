"""Which engine reads a place that somebody names: a file, a folder, or a URL."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from monitor.errors import SourceError
from monitor.sources.systems.json_files import JsonFiles, json_files
from monitor.sources.systems.places import place_in
from monitor.sources.systems.sqlite import SqliteEngine
from monitor.text import mask_url

if TYPE_CHECKING:
    from monitor.sources.systems.catalogue import Tables
    from monitor.sources.systems.engine import Engine


def open_engine(url: str, asked: Tables) -> Engine:
    """The engine for a URL, or for the path of a file or a folder; nothing is opened yet.

    `asked` names the tables and columns that any query may ask for: where an engine reads whole documents it keeps
    nothing else. Raises SourceError: the URL is of no kind that can be read, or its extra is not installed.
    """
    scheme = urlsplit(url).scheme.lower() if "://" in url else ""
    # SQLAlchemy's postgresql+asyncpg:// names its driver as well.
    if "+" in scheme and scheme != "mongodb+srv":
        scheme = scheme.partition("+")[0]
        url = f"{scheme}://{url.partition('://')[2]}"
    if scheme in ("", "file", "sqlite"):
        return _of_path(_path(url) if scheme else url, asked)
    if scheme in ("postgresql", "postgres"):
        from monitor.sources.systems.postgres import PostgresEngine  # noqa: PLC0415 - an extra

        return PostgresEngine(url)
    if scheme in ("mongodb", "mongodb+srv"):
        from monitor.sources.systems.mongo import MongoEngine  # noqa: PLC0415 - an extra

        return MongoEngine(url, asked)
    raise SourceError(
        f"{mask_url(url)} is of no kind that can be read: give a file, a folder, or sqlite://, postgresql://, mongodb://."
    )


def _path(url: str) -> str:
    """`sqlite:///relative`, `sqlite:////absolute` as SQLAlchemy writes them, and `file:///absolute`."""
    parts = urlsplit(url)
    path = unquote(parts.netloc + parts.path)
    return path[1:] if parts.scheme.lower() == "sqlite" and not parts.netloc else path


def _of_path(path: str, asked: Tables) -> Engine:
    path = os.path.abspath(os.path.expanduser(path))
    place = place_in(path) if os.path.isdir(path) else path
    if json_files(place):
        return JsonFiles(place, asked)
    return SqliteEngine(place)
