"""The folders of systems: each does what it says, and an error in one is told with its file."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from monitor.errors import ConfigError
from monitor.paths import sql_folder
from monitor.sources.systems.catalogue import Query, SystemKind, kinds, normal, tables_of
from monitor.sources.systems.parts import EXTRA, PARTS

FOLDER = sql_folder() / "systems"
KINDS = kinds()
PAGE = Path(__file__).parents[2] / "docs/how-to/add-a-system.md"
QUERIES = [(kind, query) for kind in KINDS for query in kind.queries]
IN_SQLITE = [(kind, query) for kind, query in QUERIES if not query.dialects or "sqlite" in query.dialects]
FORBIDDEN = re.compile(
    r"\b(\w*passw\w*|\w*prompt\w*|payload|params|arguments?|args|argv|stdout\w*|stderr\w*|node_?key|session_?(id|key|token)"
    r"|\w*stack_?trace|result_data|result|hashed\w*|\w*_hash|\w*_token|inputs?|outputs?|content|findings|template_def"
    r"|configuration|secret\w*|api_?key|credentials?|private_key|definition|closed_by_session|ip_address|user_agent)\b",
    re.IGNORECASE,
)


def named(kind: SystemKind, query: Query) -> str:
    return f"{kind.name}-{query.name}"


def ids(pairs: list[tuple[SystemKind, Query]]) -> list[str]:
    return [named(kind, query) for kind, query in pairs]


def translated(query: Query, column: str) -> bool:
    """Whether words of this column are looked up: a project's status is told as it is."""
    return column != "status" or bool(PARTS[query.part].words)


def made(tables: dict[str, frozenset[str]]) -> sqlite3.Connection:
    db = sqlite3.connect(":memory:")
    for table, columns in tables.items():
        names = ", ".join(f'"{column}"' for column in sorted(columns)) or '"_"'
        db.execute(f'CREATE TABLE "{table}" ({names})')
    return db


def asked(query: Query) -> dict[str, frozenset[str]]:
    both = query.needs.keys() | query.may.keys()
    return {t: query.needs.get(t, frozenset()) | query.may.get(t, frozenset()) for t in both}


def test_every_folder_is_a_system() -> None:
    folders = {path.name for path in FOLDER.iterdir() if path.is_dir()}
    assert {kind.name for kind in KINDS} == folders
    assert all(kind.words.title and kind.queries for kind in KINDS)


@pytest.mark.parametrize(("kind", "query"), IN_SQLITE, ids=ids(IN_SQLITE))
def test_a_query_names_every_column_that_it_uses_and_no_other(kind: SystemKind, query: Query) -> None:
    used: set[tuple[str, str]] = set()

    def note(action: int, table: str | None, column: str | None, *_: object) -> int:
        if action == sqlite3.SQLITE_READ and table and column:
            used.add((table, column))
        return sqlite3.SQLITE_OK

    tables = asked(query)
    with closing(made(tables)) as db:
        db.set_authorizer(note)
        given = [column[0] for column in db.execute(query.sql).description]
    # What is only needed may be what tells a variant from another one.
    optional = {(table, column) for table, columns in query.may.items() for column in columns}
    assert optional - used == set(), "named and not used"
    part = PARTS[query.part]
    fields = {field.name for field in msgspec.structs.fields(part.record)}
    assert set(part.columns) <= set(given)
    assert all(name in fields | set(part.columns) or name.startswith(EXTRA) for name in given)


@pytest.mark.parametrize(("kind", "query"), QUERIES, ids=ids(QUERIES))
def test_no_query_names_what_must_not_be_read(kind: SystemKind, query: Query) -> None:
    columns = {column for names in asked(query).values() for column in names}
    assert {column for column in columns if FORBIDDEN.fullmatch(column)} == set()
    code = re.sub(r"'[^']*'|\"extra\.[^\"]*\"", "", query.sql)
    found = {word for word in re.findall(r"\w+", code) if FORBIDDEN.fullmatch(word)}
    assert found == set()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_word_that_its_tables_allow_is_known(kind: SystemKind) -> None:
    """The words of a CHECK list that has one of the system's words are all words of that table."""
    words = kind.words
    for schema in (FOLDER / kind.name).glob("schema*.sql"):
        tables_of_it = re.findall(r"CREATE TABLE (\w+) \((.*?)\n\)", schema.read_text(), re.DOTALL)
        checks = [
            (column, listed)
            for table, columns in tables_of_it
            for column, listed in re.findall(r"CHECK \(\s*(\w+) IN \(([^)]*)\)", columns)
            if any(
                column in asked(query).get(table, ()) for query in kind.queries if translated(query, column)
            )
        ]
        for column, listed in checks:
            told = {normal(word) for word in re.findall(r"'([^']*)'", listed)}
            looked_up: dict[str, list[Mapping[str, str]]] = {
                "priority": [words.priority, words.queue_priority],
                "severity": [words.severity],
                "log_level": [words.level],
                "status": [words.agent, words.task, words.work],
            }
            tables = looked_up.get(column, [])
            if column == "priority" and not told:
                told = set(re.findall(r"\d+", listed))
            if tables and told:
                known = [told - table.keys() for table in tables]
                ours = OURS.get(column, set())
                assert any(missing <= ours for missing in known), f"{schema.name}: {column} {told}"


OURS = {
    "priority": {"critical", "high", "medium", "low", "lowest"},
    "severity": {"info", "warning", "error", "critical"},
    "log_level": {"debug", "info", "warning", "error", "critical"},
    "status": {
        "active",
        "idle",
        "blocked",
        "error",
        "offline",
        "pending",
        "delayed",
        "running",
        "paused",
        "done",
    }
    | {"failed", "timeout", "expired", "cancelled"},
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_its_own_tables_are_its_own_and_no_other_systems(kind: SystemKind) -> None:
    for schema in (FOLDER / kind.name).glob("schema*.sqlite.sql"):
        with closing(sqlite3.connect(":memory:")) as db:
            db.executescript(schema.read_text())
            tables: dict[str, frozenset[str]] = {
                name: frozenset(str(row[1]) for row in db.execute(f'PRAGMA table_info("{name}")').fetchall())
                for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
            }
        assert [other.name for other in KINDS if other.fits(tables)] == [kind.name], schema.name
        queries = [q for q in kind.queries if not q.dialects or "sqlite" in q.dialects]
        parts = {query.part for query in queries if not query.missing(tables)}
        assert parts, f"{schema.name} is read by no query"


# --- what is wrong in a folder ----------------------------------------------------------------------------------

GOOD = {
    "system.toml": 'title = "Shop"\ndetect = ["jobs(state, robot)"]\n[agent]\nasleep = "idle"\n',
    "read.sql": "-- name: tasks()\n-- needs: jobs(id, state, robot)\n"
    "SELECT id, state AS title, state AS status, robot AS assigned_to, 0 AS closed, id AS changed FROM jobs;\n",
}


def put(folder: Path, **files: str | bytes) -> Path:
    shop = folder / "systems/shop"
    shop.mkdir(parents=True)
    for name, content in (GOOD | {key.replace("_", "."): value for key, value in files.items()}).items():
        (shop / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return shop.parent


def changed(name: str, old: str, new: str) -> Callable[[], dict[str, str]]:
    assert old in GOOD[name]
    return lambda: {name.replace(".", "_"): GOOD[name].replace(old, new)}


def test_a_folder_without_a_fault_is_a_system(tmp_path: Path) -> None:
    (shop,) = kinds(put(tmp_path))
    assert (shop.name, shop.words.title, [query.name for query in shop.queries]) == (
        "shop",
        "Shop",
        ["tasks"],
    )
    assert kinds(tmp_path / "nowhere") == ()


@pytest.mark.parametrize(
    ("wrong", "file", "said"),
    [
        (changed("system.toml", "[agent]", "[agent"), "system.toml", r"line 3|at line|Expected"),
        (changed("system.toml", '"idle"', '"dozing"'), "system.toml", r"dozing"),
        (changed("system.toml", "[agent]", "[agents]"), "system.toml", r"agents"),
        (changed("system.toml", 'title = "Shop"', ""), "system.toml", r"title"),
        (changed("system.toml", '"jobs(state, robot)"', '""'), "system.toml", r"fit every system"),
        (changed("system.toml", "(state, robot)", "(state"), "system.toml", r"no list of tables"),
        (changed("system.toml", "asleep", '"A-Sleep"'), "system.toml", r"'a_sleep'"),
        (changed("read.sql", "0 AS closed, ", ""), "read.sql", r"tasks gives no column closed"),
        (changed("read.sql", "id AS changed", "id"), "read.sql", r"tasks gives no column changed"),
        (changed("read.sql", "state AS status, ", ""), "read.sql", r"tasks gives no column status"),
        (changed("read.sql", "assigned_to", "owner"), "read.sql", r"a column owner, which is no field"),
        (changed("read.sql", "robot AS assigned_to", "1 AS title"), "read.sql", r"a column twice"),
        (changed("read.sql", "id, state, robot", "id, state"), "read.sql", r"no such column: robot"),
        (changed("read.sql", "FROM jobs", "FRMO jobs"), "read.sql", r"syntax error"),
        (
            changed("read.sql", "-- needs: jobs(id, state, robot)\n", ""),
            "read.sql",
            r"says not what it needs",
        ),
        (changed("read.sql", "robot)\n", "robot\n"), "read.sql", r"no list of tables"),
        (
            changed("read.sql", "tasks()", "jobs()"),
            "read.sql",
            r"jobs reads no part of a system: the parts are agents",
        ),
        (changed("read.sql", "-- needs", "-- dialect: oracle\n-- needs"), "read.sql", r"'oracle'"),
        (lambda: {"read_sql": b"\xff\xfe"}, "read.sql", r"decode"),
        (lambda: {"system_toml": b"\xff\xfe"}, "system.toml", r"decode|UTF|utf|Invalid"),
        (lambda: {"read_sql": GOOD["read.sql"] * 2}, "read.sql", r"tasks"),
    ],
)
def test_what_is_wrong_in_a_folder_is_told_with_its_file(
    tmp_path: Path, wrong: Callable[[], dict[str, str | bytes]], file: str, said: str
) -> None:
    folder = put(tmp_path, **wrong())
    with pytest.raises(ConfigError, match=said) as told:
        kinds(folder)
    assert str(folder / "shop" / file) in str(told.value)


def test_a_file_that_is_missing_is_told(tmp_path: Path) -> None:
    folder = put(tmp_path)
    (folder / "shop/read.sql").unlink()
    with pytest.raises(ConfigError, match=r"read\.sql"):
        kinds(folder)


def test_tables_are_read_as_they_are_written() -> None:
    assert tables_of("a(x, y), b ,c ( z )") == {"a": {"x", "y"}, "b": frozenset(), "c": {"z"}}


# --- the page ---------------------------------------------------------------------------------------------------


def test_the_page_tells_of_every_part_its_record_and_how_its_rows_change() -> None:
    table = PAGE.read_text().partition("## The parts")[2].partition("\n## ")[0]
    told = {
        name: (record, rows)
        for names, record, rows in re.findall(r"^\| (.*?) \| (.*?) \| (.*?) \|$", table, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", names)
    }
    assert told.keys() == PARTS.keys()
    for name, part in PARTS.items():
        record, rows = told[name]
        assert rows == ("change" if part.form == "keyed" else "are added")
        if name == "dependencies":
            assert set(re.findall(r"`(\w+)`", record)) == {"task_id", "depends_on", "kind", "lag_hours"}
        else:
            assert record == f"`{part.record.__name__}`"


def test_the_example_of_the_page_is_a_system(tmp_path: Path) -> None:
    toml, sql = re.findall(r"```(?:toml|sql)\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (shop,) = kinds(put(tmp_path, system_toml=toml, read_sql=sql))
    assert [query.part for query in shop.queries] == ["tasks"]
