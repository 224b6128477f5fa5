"""A system in MongoDB: its collections, read as tables with the fields that some query asks for (extra `mongo`).

Documents are fetched with a projection, so that a field which no query names never leaves the server, and stand in
memory for the time of a reading, where the same queries read them as read a JSON file's objects.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import unquote_plus, urlsplit

from monitor.errors import SourceError
from monitor.sources.systems.json_files import fill
from monitor.sources.systems.records import as_plain
from monitor.sources.systems.sqlite import SqliteLook
from monitor.text import clean, mask_url

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

    from monitor.sources.systems.catalogue import Tables

DOCUMENT_LIMIT: Final = 2_000
"""Documents of a collection that are read, the newest first."""
TIMEOUT_MS: Final = 5_000
_ID: Final = "_id"
_PICTURE: Final = re.compile(r" \(configured timeouts|, Timeout: |, Topology Description")

Document = Mapping[str, Any]


class Documents(Protocol):
    """What is asked of a MongoDB server; recorded documents can answer as well."""

    async def collections(self) -> Sequence[str]:
        """The names of all collections."""

    async def newest(self, collection: str, fields: Sequence[str], limit: int) -> Sequence[Document]:
        """The newest documents with these fields, by `_id`; of a nested field its dotted name."""

    async def close(self) -> None:
        """Hang up."""


class ServerDocuments:
    """`Documents` of a server. Raises pymongo's errors."""

    def __init__(self, url: str, *, timeout_ms: int = TIMEOUT_MS) -> None:
        """Nothing is connected yet. Raises SourceError without the extra, and pymongo's errors for a bad URL."""
        try:
            from pymongo import AsyncMongoClient  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise SourceError("MongoDB is read by an extra: pip install 'agent-monitor[mongo]'.") from error
        self._client: Any = AsyncMongoClient(
            url,
            serverSelectionTimeoutMS=timeout_ms,
            timeoutMS=timeout_ms,
            maxPoolSize=1,
            appname="agent-monitor",
            readPreference="secondaryPreferred",
        )
        self._db = self._client.get_default_database("pm-dashboard")

    async def collections(self) -> Sequence[str]:
        """The names of all collections."""
        return list(await self._db.list_collection_names())

    async def newest(self, collection: str, fields: Sequence[str], limit: int) -> Sequence[Document]:
        """The newest documents with these fields."""
        projection = dict.fromkeys(fields, 1) | {_ID: 1}
        cursor = self._db[collection].find({}, projection).sort(_ID, -1).limit(limit)
        return list(await cursor.to_list(limit))

    async def close(self) -> None:
        """Hang up."""
        await self._client.close()


class MongoEngine:
    """An `Engine` on a MongoDB database. The client's event loop is of the thread that reads, not of the screen."""

    name = "mongo"
    dialect = "sqlite"

    def __init__(self, url: str, asked: Tables, documents: Documents | None = None) -> None:
        """`documents` answers in the server's place."""
        self._url = url
        self._asked = asked
        self._documents = documents
        self._runner: asyncio.Runner | None = None

    def stamp(self) -> object | None:
        """Nothing cheap tells whether a document was changed: it is read again each time."""
        return None

    @contextmanager
    def look(self) -> Iterator[SqliteLook]:
        """Fetch the documents into tables. Raises SourceError."""
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
            for collection, documents in self._run(self._fetch()).items():
                objects = [_with_id(document) for document in documents]
                columns = self._asked[collection]
                if objects:
                    fill(db, collection, objects, columns)
                else:  # it is there and holds nothing: that is not the same as missing
                    _make_empty(db, collection, columns)
            yield SqliteLook(db)

    def close(self) -> None:
        """Hang up."""
        if self._runner is not None:
            if self._documents is not None:
                self._runner.run(self._documents.close())
            self._runner.close()
        self._runner = self._documents = None

    async def _fetch(self) -> dict[str, Sequence[Document]]:
        if self._documents is None:
            self._documents = ServerDocuments(self._url)
        there = set(await self._documents.collections())
        return {
            name: await self._documents.newest(name, sorted(fields), DOCUMENT_LIMIT)
            for name, fields in self._asked.items()
            if name in there and fields
        }

    def _run(
        self, asking: Coroutine[Any, Any, dict[str, Sequence[Document]]]
    ) -> dict[str, Sequence[Document]]:
        self._runner = self._runner or asyncio.Runner()
        try:
            return self._runner.run(asking)
        except SourceError:
            raise
        except Exception as error:  # noqa: BLE001 - of many kinds; its chain may quote the password
            raise SourceError(f"{mask_url(self._url)} cannot be read: {told(error, self._url)}") from None


def told(error: Exception, url: str) -> str:
    """What pymongo says, without its picture of the servers, and without what it quotes of the address."""
    said = _PICTURE.split(str(error), maxsplit=1)[0] or type(error).__name__
    credentials = urlsplit(url).netloc.rpartition("@")[0]
    for secret in (credentials, credentials.partition(":")[2]):
        for written in (secret, unquote_plus(secret)):
            said = said.replace(written, "***") if written else said
    return clean(said, 200).rstrip(".") + "."


def _make_empty(db: sqlite3.Connection, table: str, columns: frozenset[str]) -> None:
    names = ", ".join(f'"{name}"' for name in sorted(columns))
    db.execute(f'CREATE TABLE "{table}" ({names})')


def _with_id(document: Document) -> dict[str, Any]:
    """The document with its `_id` as text, and every value as an engine gives it."""
    return {key: _plain(value) for key, value in document.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(held) for key, held in value.items()}
    if isinstance(value, list):
        return [_plain(held) for held in value]
    return as_plain(value)
