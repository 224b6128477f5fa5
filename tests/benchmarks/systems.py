"""What attached systems cost: `python -m tests.benchmarks.systems [--tasks N] [--lines N] [--postgres]`.

To reach: the first reading of 50,000 tasks and 100,000 log lines in 2 s, then at most 5 ms of CPU for a look at a
system that has not been written since.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from monitor.paths import sql_folder
from monitor.sources.systems.reader import SystemReader

SCHEMAS = sql_folder() / "systems/multi-agent-dashboard"
QUIET_LOOKS = 50
NEWS = 20
Run = Callable[[str], object]
EMPLOYEE = (
    "INSERT INTO employees (id, name, role, department, level, status, skills, system_prompt_template) "
    "VALUES ('e1', 'Alex', 'PM', 'Executive', 'Senior', 'active', '[]', '')"
)
PROCESS = (
    "INSERT INTO processes (id, name, employee_id, status, system_prompt, working_directory) "
    "VALUES ('p1', 'alex', 'e1', 'running', '', '/w')"
)
ONE_LINE = "INSERT INTO process_logs (process_id, log_level, message) VALUES ('p1', 'INFO', 'one more')"
ONE_TASK = "UPDATE tasks SET status = 'failed', completed_at = CURRENT_TIMESTAMP WHERE id = 't{}'"


def fill_sqlite(file: Path, tasks: int, lines: int) -> None:
    """Make the database."""
    with closing(sqlite3.connect(file)) as db:
        db.executescript((SCHEMAS / "schema.sqlite.sql").read_text())
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(EMPLOYEE)
        db.execute(PROCESS)
        db.executemany(
            "INSERT INTO tasks (id, employee_id, type, priority, status, title, created_at) "
            "VALUES (?, 'e1', 'x', 1, ?, ?, datetime('now', '-' || ? || ' seconds'))",
            ((f"t{n}", "pending" if n % 20 == 0 else "completed", f"task {n}", n) for n in range(tasks)),
        )
        db.executemany(
            "INSERT INTO process_logs (process_id, log_level, message) VALUES ('p1', 'INFO', ?)",
            ((f"line {n}",) for n in range(lines)),
        )
        db.commit()


@contextmanager
def in_sqlite(tasks: int, lines: int) -> Iterator[tuple[str, Run]]:
    """Its file, kept open by its own program, and what writes to it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "shop.db")
        fill_sqlite(file, tasks, lines)
        with closing(sqlite3.connect(file, isolation_level=None)) as db:
            db.execute("SELECT count(*) FROM tasks").fetchone()
            yield str(file), db.execute


@contextmanager
def in_postgres(tasks: int, lines: int) -> Iterator[tuple[str, Run]]:
    """A fresh database of the tests' server, and what writes to it."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "integration"))
    import psycopg
    from postgres_server import fresh_database

    url = fresh_database((SCHEMAS / "schema.postgres.sql").read_text())
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(EMPLOYEE)
        db.execute(PROCESS)
        db.execute(
            "INSERT INTO tasks (id, employee_id, type, priority, status, title, created_at) "
            "SELECT 't' || n, 'e1', 'x', 1, CASE WHEN n %% 20 = 0 THEN 'pending' ELSE 'completed' END, 'task ' || n, "
            "now() - n * interval '1 second' "
            "FROM generate_series(0, %s) AS n",
            (tasks - 1,),
        )
        db.execute(
            "INSERT INTO process_logs (process_id, log_level, message) SELECT 'p1', 'INFO', 'line ' || n "
            "FROM generate_series(1, %s) AS n",
            (lines,),
        )
        yield url, db.execute


def look(reader: SystemReader, now: int) -> tuple[float, float, bool]:
    """One look: seconds, seconds of CPU, and whether something was new."""
    begin, cpu = time.perf_counter(), time.process_time()
    told = reader.poll(now)
    return time.perf_counter() - begin, time.process_time() - cpu, told is not None


def measure(name: str, url: str, run: Run) -> None:
    """Print what each look costs."""
    reader, now = SystemReader("shop", url), 1_750_000_000_000
    first, cpu, _ = look(reader, now)
    print(f"{name}: first reading {first:.2f} s, {cpu:.2f} s of CPU (to reach: 2 s)")
    quiet = [look(reader, now + 2000 + n)[1] * 1000 for n in range(QUIET_LOOKS)]
    print(
        f"{name}: nothing new {statistics.median(quiet):.2f} ms of CPU, at most {max(quiet):.2f} (to reach: 5)"
    )
    for what, statement in (("one line more", ONE_LINE), ("one task changed", ONE_TASK)):
        looks = []
        for number in range(NEWS):
            run(statement.format(number))
            looks.append(look(reader, now + 3000 + number))
        costs = [cpu * 1000 for _, cpu, _ in looks]
        unseen = sum(not new for _, _, new in looks)
        print(
            f"{name}: {what} {statistics.median(costs):.1f} ms of CPU, at most {max(costs):.1f}"
            f"{f', {unseen} not seen' if unseen else ''}"
        )
    reader.close()


def main() -> None:
    """Measure what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=50_000)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--postgres", action="store_true")
    given = parser.parse_args()
    with in_sqlite(given.tasks, given.lines) as (url, run):
        measure("SQLite", url, run)
    if given.postgres:
        with in_postgres(given.tasks, given.lines) as (url, run):
            measure("PostgreSQL", url, run)


if __name__ == "__main__":
    main()
