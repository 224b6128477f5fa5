"""The settings: what may be written where, and what is said when it is wrong."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import config
from monitor.config import CONFIG_SIZE_LIMIT, Settings, load, loading
from monitor.errors import ConfigError
from monitor.prices.price import Price

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def settings_of(file: Path, text: str, **environ: str) -> Settings:
    file.write_text(text)
    return load(file, environ).settings


def complaint(file: Path, text: str, **environ: str) -> str:
    """What is said about this file, from the file's name on."""
    with pytest.raises(ConfigError) as caught:
        settings_of(file, text, **environ)
    assert caught.value.exit_code == 2
    return str(caught.value).replace(f"{file}: ", "FILE: ")


def test_without_a_file_everything_has_its_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "config_file", lambda: tmp_path / "none.toml")
    loaded = load(environ={})
    assert loaded.file is None
    assert loaded.settings == Settings()


def test_the_platforms_file_is_read_when_it_is_there(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "config_file", lambda: file)
    file.write_text("discover = false")
    loaded = load(environ={})
    assert loaded.file == file
    assert not loaded.settings.discover


def test_a_named_file_has_to_be_there(file: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file or directory"):
        load(file, {})


def test_toml_and_json_say_the_same(tmp_path: Path) -> None:
    toml, json = tmp_path / "a.toml", tmp_path / "a.json"
    toml.write_text('roots = ["/r"]\n[[agents]]\nid = "a"\n[intervals]\ntick = 5\n')
    json.write_text('{"roots": ["/r"], "agents": [{"id": "a"}], "intervals": {"tick": 5}}')
    assert load(toml, {}).settings == load(json, {}).settings
    assert load(json, {}).settings.intervals.tick == 5


def test_an_empty_file_is_all_defaults(file: Path) -> None:
    assert settings_of(file, "") == Settings()


# --- the environment ------------------------------------------------------------------------------------------


def test_the_environment_overrides_the_file(file: Path) -> None:
    settings = settings_of(file, "intervals.tick = 5\nintervals.rag = 7", AGENT_MONITOR_INTERVALS__TICK="3")
    assert settings.intervals.tick == 3
    assert settings.intervals.rag == 7


@pytest.mark.parametrize(
    ("name", "text", "keys", "value"),
    [
        ("DISCOVER", "false", "discover", False),
        ("THRESHOLDS__BLOCKED_TASKS", "9", "thresholds.blocked_tasks", 9),
        ("RAG__URL", "http://localhost:1", "rag.url", "http://localhost:1"),
        ("ROOTS", "/a:/b", "roots", ("/a", "/b")),
        ("ROOTS", '["/a:b"]', "roots", ("/a:b",)),
        ("ROOTS", "", "roots", ()),
    ],
)
def test_every_setting_can_be_given_in_the_environment(
    file: Path, name: str, text: str, keys: str, value: object
) -> None:
    found: Any = settings_of(file, "", **{f"AGENT_MONITOR_{name}": text})
    for key in keys.split("."):
        found = getattr(found, key)
    assert found == value


@pytest.mark.parametrize("name", sorted(config.NOT_SETTINGS))
def test_names_of_command_line_options_are_no_settings(file: Path, name: str) -> None:
    assert settings_of(file, "", **{f"AGENT_MONITOR_{name}": "x"}) == Settings()


def test_other_variables_are_left_alone(file: Path) -> None:
    assert settings_of(file, "", INTERVALS__TICK="0", HOME="/h") == Settings()


# --- paths ----------------------------------------------------------------------------------------------------


def test_relative_paths_start_at_the_files_folder(file: Path) -> None:
    text = 'roots = ["here", "../up"]\nagents = [{id = "a", worktree = "w", pid_file = "p"}]\ndatabase.path = "d"'
    text += '\nsessions.home = "h"'
    settings = settings_of(file, text)
    folder = str(file.parent)
    assert settings.roots == (f"{folder}/here", f"{os.path.dirname(folder)}/up")
    assert settings.agents[0].worktree == f"{folder}/w"
    assert settings.agents[0].pid_file == f"{folder}/p"
    assert settings.database.path == f"{folder}/d"
    assert settings.sessions.home == f"{folder}/h"
    assert settings.rag.file == ""


def test_a_tilde_is_the_home_folder(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    assert settings_of(file, 'roots = ["~/work"]').roots == ("/home/someone/work",)


def test_a_home_folder_that_is_not_there_is_refused(file: Path) -> None:
    assert "no such user" in complaint(file, 'roots = ["~nobody-of-that-name/x"]')


def test_a_path_with_nul_is_refused(file: Path) -> None:
    assert "NUL" in complaint(file, 'roots = ["a\\u0000b"]')


# --- what is wrong --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("intervals.tick = 0", "FILE: intervals.tick = 0: expected `float` >= 0.1."),
        ("intervals.tick = nan", "FILE: intervals.tick = null: expected `float` >= 0.1."),
        ("intervals.tick = inf", "FILE: intervals.tick = null: expected `float` <= 86400.0."),
        ('intervals.tick = "2"', 'FILE: intervals.tick = "2": expected `float`, got `str`.'),
        ("intervals = 3", "FILE: intervals = 3: expected `object`, got `int`."),
        ("[[agents]]", "FILE: agents[0] = {}: object missing required field `id`."),
        (
            "database.pth = 'x'",
            "FILE: database.pth: unknown setting; allowed here: path, wal_limit_mb.",
        ),
        (
            "[[agents]]\nid='a'\n[[agents]]\nid='a'",
            'FILE: agents[1].id = "a": is given twice; each agent needs its own id.',
        ),
        (
            "[[agents]]\nid='a'\nmatch='x'\npid_file='/p'",
            'FILE: agents[0].pid_file = "/p": allowed is either match or pid_file, not both.',
        ),
        (
            "thresholds.active_minutes = 99",
            "FILE: thresholds.active_minutes = 99.0: expected at most thresholds.idle_minutes (30.0).",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_its_value_and_what_is_allowed(
    file: Path, text: str, said: str
) -> None:
    assert complaint(file, text) == said


@pytest.mark.parametrize("match", ["(", "a{99999999999}", "(" * 5000])
def test_a_match_has_to_be_a_regular_expression(file: Path, match: str) -> None:
    assert "expected a regular expression" in complaint(file, f"[[agents]]\nid='a'\nmatch='{match}'")


@pytest.mark.parametrize("identifier", ["", "-a", "a b", "a\\n", "é", "x" * 65, "../a"])
def test_an_agents_id_is_safe_to_show_and_to_type(file: Path, identifier: str) -> None:
    assert "agents[0].id" in complaint(file, f'[[agents]]\nid="{identifier}"')


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("tcp", "host"),
        ("tcp", "host:0"),
        ("tcp", "host:65536"),
        ("tcp", "::1:80"),
        ("http", "host:80"),
        ("http", "ftp://h"),
    ],
)
def test_a_services_target_has_to_fit_its_kind(file: Path, kind: str, target: str) -> None:
    text = f"[[services]]\nname='s'\nkind='{kind}'\ntarget='{target}'"
    assert f'services[0].target = "{target}": expected' in complaint(file, text)


@pytest.mark.parametrize(
    ("kind", "target"), [("tcp", "[::1]:80"), ("tcp", "host:65535"), ("http", "https://h/p")]
)
def test_a_services_target_that_fits_is_taken(file: Path, kind: str, target: str) -> None:
    text = f"[[services]]\nname='s'\nkind='{kind}'\ntarget='{target}'"
    assert settings_of(file, text).services[0].target == target


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("INTERVALS__TICK", "soon"),
        ("INTERVALS__TIK", "1"),
        ("THRESHOLDS__ACTIVE_MINUTES", "99"),
        ("AGENTS", '[{"id": "a"}, {"id": "a"}]'),
        ("AGENTS__0__ID", "a"),
        ("RAG__FILE", "\udcff"),
        ("", "1"),
        ("INTERVALS__TICK__X", "1"),
    ],
)
def test_a_wrong_variable_is_named_itself(file: Path, name: str, text: str) -> None:
    said = complaint(file, "", **{f"AGENT_MONITOR_{name}": text})
    assert said.startswith(f"environment variable AGENT_MONITOR_{name}: ")
    said.encode()


def test_deeply_nested_text_in_a_variable_is_only_text(file: Path) -> None:
    assert settings_of(file, "", AGENT_MONITOR_RAG__URL="[" * 100_000).rag.url.startswith("[[")


def test_a_huge_number_is_a_complaint(file: Path) -> None:
    assert "is not valid TOML" in complaint(file, f"intervals.tick = {'1' * 5000}")


def test_a_file_that_is_far_too_large_is_not_parsed(file: Path) -> None:
    assert "that is no configuration" in complaint(file, "#" * (CONFIG_SIZE_LIMIT + 1))


def test_a_list_is_no_configuration(tmp_path: Path) -> None:
    assert "must hold a table of settings, not list" in complaint(tmp_path / "config.json", "[]")


@given(
    st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)),
    st.sampled_from(["toml", "json"]),
)
def test_whatever_is_in_the_file_it_loads_or_complains(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, kind: str
) -> None:
    file = tmp_path_factory.getbasetemp() / f"any.{kind}"
    file.write_bytes(content)
    with suppress(ConfigError):
        load(file, {})


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(Settings.__struct_fields__), json_like, max_size=3))
def test_settings_of_any_shape_load_or_complain(
    tmp_path_factory: pytest.TempPathFactory, content: dict[str, object]
) -> None:
    file = tmp_path_factory.getbasetemp() / "shape.json"
    try:
        file.write_bytes(msgspec.json.encode(content))
    except OverflowError:
        return
    with suppress(ConfigError):
        load(file, {})


def every_field(kind: type[msgspec.Struct]) -> list[msgspec.inspect.Field]:
    found = []
    information = msgspec.inspect.type_info(kind)
    assert isinstance(information, msgspec.inspect.StructType)
    for field in information.fields:
        inner = field.type
        if isinstance(inner, msgspec.inspect.VarTupleType):
            inner = inner.item_type
        elif isinstance(inner, msgspec.inspect.DictType):
            inner = inner.value_type
        found += every_field(inner.cls) if isinstance(inner, msgspec.inspect.StructType) else [field]
    return found


@pytest.mark.parametrize("field", every_field(Settings), ids=lambda field: field.name)
def test_every_setting_says_what_it_means(field: msgspec.inspect.Field) -> None:
    kinds = field.type.types if isinstance(field.type, msgspec.inspect.UnionType) else (field.type,)
    (kind,) = (kind for kind in kinds if isinstance(kind, msgspec.inspect.Metadata))
    assert "description" in (kind.extra_json_schema or {})


def test_prices_of_models_are_set_by_name(file: Path) -> None:
    text = '[prices."claude-opus-4-8"]\ninput = 4\noutput = 20.5\n'
    assert settings_of(file, text).prices == {"claude-opus-4-8": Price(input=4, output=20.5)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[prices."m"]\ninput = -1\noutput = 1', "prices[...].input"),
        ('[prices."m"]\ninput = 1', "output"),
        ('[prices."m"]\ninput = 1\noutput = 1\ncached = 2', "cached"),
    ],
)
def test_a_wrong_price_is_told(file: Path, text: str, said: str) -> None:
    assert said in complaint(file, text)
