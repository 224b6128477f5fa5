"""`agent-monitor hooks`: settings that belong to somebody else gain our hooks and lose them again, nothing more."""

from __future__ import annotations

import copy
import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.cli.hooks import entries, settings_file
from monitor.cli.hooks.place import settings_path
from monitor.cli.main import run
from monitor.errors import MonitorError
from monitor.sources.sessions.hook_spool import append

COMMAND = entries.hook_command("/opt/agent monitor/bin/python", "/home/me/state")
OTHERS: dict[str, Any] = {
    "$schema": "https://json.schemastore.org/claude-code-settings.json",
    "permissions": {"allow": ["Bash(git status:*)"], "deny": []},
    "env": {"NODE_OPTIONS": "--max-old-space-size=4096"},
    "hooks": {
        "Stop": [{"hooks": [{"type": "command", "command": "notify-send done"}]}],
        "PreToolUse": [
            {"matcher": "Bash", "hooks": [{"type": "command", "command": "guard.sh", "timeout": 10}]},
            {"matcher": "AskUserQuestion|ExitPlanMode", "hooks": [{"type": "command", "command": "bell"}]},
        ],
        "SubagentStop": [],
    },
    "statusLine": {"type": "command", "command": "~/.claude/line.sh", "padding": 0},
    "größe": "ü €",
}
"""Settings as people have them, with hooks of their own."""

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
HOOK = st.fixed_dictionaries({"type": st.just("command"), "command": st.text(max_size=12)})
GROUP = st.fixed_dictionaries(
    {"hooks": st.lists(HOOK | JSON, max_size=3)}, optional={"matcher": st.text(max_size=8)}
)
SETTINGS = st.builds(
    lambda rest, hooks: {**rest, **({} if hooks is None else {"hooks": hooks})},
    st.dictionaries(st.text(max_size=8).filter(lambda name: name != "hooks"), JSON, max_size=4),
    st.none()
    | st.dictionaries(
        st.sampled_from([*entries.EVENTS, "Other"]), st.lists(GROUP | JSON, max_size=3), max_size=4
    ),
)


class Program:
    """The command as it is typed, with a settings file and a state folder of the test's own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.file = folder / "claude" / "settings.json"
        self.file.parent.mkdir()
        self.state = folder / "state"
        self._capsys = capsys

    def __call__(self, *arguments: str, code: int = 0) -> str:
        arguments = ("--state-dir", str(self.state), "hooks", *arguments, "--settings", str(self.file))
        assert run(list(arguments)) == code
        told = self._capsys.readouterr()
        return told.out + told.err

    @property
    def backup(self) -> Path:
        return self.file.with_name("settings.json.before-agent-monitor")

    @property
    def content(self) -> Any:
        return json.loads(self.file.read_text())


@pytest.fixture
def hooks(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Program:
    monkeypatch.setenv("AGENT_MONITOR_CONFIG", str(tmp_path / "config.toml"))
    (tmp_path / "config.toml").touch()
    return Program(tmp_path, capsys)


# --- what is in the settings -----------------------------------------------------------------------------------------


def test_our_hooks_come_behind_those_that_are_there() -> None:
    settings = copy.deepcopy(OTHERS)
    entries.add(settings, COMMAND)
    assert list(settings) == list(OTHERS)
    assert settings["hooks"]["Stop"][0] == OTHERS["hooks"]["Stop"][0]
    assert settings["hooks"]["Stop"][1:] == [
        {"hooks": [{"type": "command", "command": COMMAND, "timeout": 5}]}
    ]
    assert settings["hooks"]["PreToolUse"][2]["matcher"] == "AskUserQuestion|ExitPlanMode"
    assert entries.installed(settings) == dict.fromkeys(entries.EVENTS, COMMAND)


def test_only_events_that_old_versions_know_are_asked_for() -> None:
    """One that Claude Code before 2.1.101 does not know makes it ignore the whole file."""
    known = {
        "PreToolUse",
        "PostToolUse",
        "Notification",
        "UserPromptSubmit",
        "Stop",
        "SubagentStop",
        "PreCompact",
    }
    known |= {"SessionStart", "SessionEnd", "PermissionRequest"}
    assert entries.EVENTS.keys() <= known


@given(SETTINGS)
def test_removing_undoes_adding_but_for_what_was_empty(settings: dict[str, Any]) -> None:
    before = copy.deepcopy(settings)
    entries.add(settings, COMMAND)
    once = copy.deepcopy(settings)
    entries.add(settings, COMMAND)
    assert settings == once
    entries.remove(settings)
    assert entries.installed(settings) == {}
    hooks = before.get("hooks", {})
    for event in entries.EVENTS:
        if hooks.get(event) == []:
            del hooks[event]
    if not hooks:
        before.pop("hooks", None)
    assert settings == before


@given(SETTINGS)
def test_a_new_command_takes_the_place_of_the_old_one(settings: dict[str, Any]) -> None:
    entries.add(settings, COMMAND)
    there = json.dumps(settings)
    newer = entries.hook_command("/elsewhere/python", "/state", targets=False)
    entries.add(settings, newer)
    assert json.dumps(settings) == there.replace(json.dumps(COMMAND), json.dumps(newer))


def test_hooks_of_ours_that_are_not_asked_for_any_more_go() -> None:
    settings = {"hooks": {"SubagentStop": [{"hooks": [{"type": "command", "command": COMMAND}]}]}}
    entries.add(settings, COMMAND)
    assert set(settings["hooks"]) == set(entries.EVENTS)


def test_somebodys_own_call_of_the_program_is_theirs() -> None:
    assert not entries.is_ours({"command": "tee log | agent-monitor hook"})
    assert entries.is_ours({"command": COMMAND})
    assert entries.is_ours({"command": entries.status_line_command(COMMAND)})


# --- the file --------------------------------------------------------------------------------------------------------


@given(JSON.filter(lambda value: isinstance(value, dict)), st.sampled_from([None, 2, 4, "\t"]))
def test_a_file_is_written_as_it_was_read(
    tmp_path_factory: pytest.TempPathFactory, value: Any, indent: Any
) -> None:
    path = tmp_path_factory.mktemp("settings") / "settings.json"
    text = json.dumps(value, indent=indent, ensure_ascii=bool(indent)) + ("\n" if indent else "")
    path.write_text(text)
    written = settings_file.rendered(settings_file.read(str(path)))
    assert json.loads(written) == value
    assert written == text or not indent or "\\u" in text


@pytest.mark.parametrize(
    "text",
    [
        '{\n\t"a": 1.10,\n\t"b": 12345678901234567890123,\n\t"c": 1e400\n}\n',
        '{\n  "a": "\\ud800 ü"\n}\n',
        '{\r\n  "a": -0\r\n}',
    ],
)
def test_numbers_line_ends_and_indents_stay_as_they_are_spelled(hooks: Program, text: str) -> None:
    hooks.file.write_bytes(text.encode())
    assert settings_file.rendered(settings_file.read(str(hooks.file))) == text


# --- install, remove -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(OTHERS, indent=2, ensure_ascii=False),
        json.dumps(OTHERS, indent=4) + "\n",
        json.dumps(OTHERS),
        "{}",
        "",
        '\ufeff{"hooks": {"Stop": []}}',
        '{ "a": 1.0,\r\n "hooks": {} }\r\n',
    ],
)
def test_after_removing_the_file_is_the_very_one_that_it_was(hooks: Program, text: str) -> None:
    hooks.file.write_bytes(text.encode())
    hooks.file.chmod(0o640)
    assert "9 hooks installed" in hooks("install")
    assert set(entries.installed(settings_file.read(str(hooks.file)).content)) == set(entries.EVENTS)
    assert hooks.backup.read_bytes() == text.encode()
    assert "there already" in hooks("install")
    assert "are removed" in hooks("remove")
    assert hooks.file.read_bytes() == text.encode()
    assert stat.S_IMODE(hooks.file.stat().st_mode) == 0o640
    assert os.listdir(hooks.file.parent) == ["settings.json"]


def test_what_was_changed_since_stays_changed(hooks: Program) -> None:
    hooks.file.write_text(json.dumps(OTHERS))
    hooks("install")
    hooks.file.write_text(json.dumps({**hooks.content, "model": "opus"}))
    hooks("remove")
    assert hooks.content == {**OTHERS, "model": "opus"}
    assert hooks.backup.exists()


def test_a_file_that_was_not_there_is_gone_again(hooks: Program) -> None:
    hooks("install")
    assert stat.S_IMODE(hooks.file.stat().st_mode) == 0o600
    assert "was not there before" in hooks("remove")
    assert not hooks.file.exists()
    assert "none of our hooks" in hooks("remove")


def test_a_link_stays_a_link(hooks: Program, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "claude.json"
    real.parent.mkdir()
    real.write_text(json.dumps(OTHERS))
    hooks.file.symlink_to(real)
    hooks("install")
    assert hooks.file.is_symlink()
    assert "agent-monitor" in real.read_text()
    hooks("remove")
    assert real.read_text() == json.dumps(OTHERS)
    assert os.listdir(real.parent) == ["claude.json"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"a": 1,}', "is not JSON"),
        ('{"a": NaN}', "is not JSON"),
        ("// mine\n{}", "is not JSON"),
        ("[]", "no JSON object"),
        ('"x"', "no JSON object"),
        ('{"a": "\udcff"}', "is not UTF-8"),
        ("[" * 100_000, "nested too deeply"),
        ('{"hooks": []}', "`hooks` is not an object"),
        ('{"hooks": {"Stop": {}}}', "`hooks.Stop` is not a list"),
    ],
)
def test_a_file_that_is_not_understood_is_not_touched(hooks: Program, text: str, told: str) -> None:
    hooks.file.write_bytes(data := text.encode("utf-8", "surrogateescape"))
    message = hooks("install", code=1)
    assert told in message
    assert str(hooks.file) in message
    assert hooks.file.read_bytes() == data
    assert os.listdir(hooks.file.parent) == ["settings.json"]


def test_a_dry_run_shows_what_would_change_and_changes_nothing(hooks: Program) -> None:
    hooks.file.write_text(json.dumps(OTHERS, indent=2))
    shown = hooks("install", "--dry-run")
    assert '+        "matcher": "AskUserQuestion|ExitPlanMode",' in shown
    assert not [line for line in shown.splitlines() if line.startswith("-") and "notify-send" in line]
    assert hooks.content == OTHERS
    hooks("install")
    there = hooks.file.read_text()
    assert '-        "matcher": "AskUserQuestion|ExitPlanMode",' in hooks("remove", "--dry-run")
    assert hooks.file.read_text() == there


def test_somebody_who_writes_meanwhile_is_not_overwritten(hooks: Program) -> None:
    hooks.file.write_text("{}")
    file = settings_file.read(str(hooks.file))
    hooks.file.write_text('{"theirs": 1}')
    with pytest.raises(MonitorError, match="changed by somebody else"):
        settings_file.write(file, "{}")
    with pytest.raises(MonitorError, match="changed by somebody else"):
        settings_file.write(file, None)
    assert hooks.content == {"theirs": 1}
    assert os.listdir(hooks.file.parent) == ["settings.json"]


def test_a_status_line_is_taken_only_where_there_is_none(hooks: Program) -> None:
    assert "9 hooks installed" in hooks("install", "--statusline")
    assert hooks.content["statusLine"]["command"].endswith(" --statusline # agent-monitor")
    assert "there already" in hooks("install"), "what was asked for before stays"
    hooks("remove")
    assert not hooks.file.exists()
    hooks.file.write_text(json.dumps(OTHERS))
    assert "There is a status line already" in hooks("install", "--statusline")
    assert hooks.content["statusLine"] == OTHERS["statusLine"]


def test_the_command_holds_what_was_set(hooks: Program, tmp_path: Path) -> None:
    hooks("install")
    assert f"--state-dir {hooks.state} # agent-monitor" in hooks.file.read_text()
    (tmp_path / "config.toml").write_text("[sessions]\ntargets = false\n")
    assert "would write now" in hooks("status")
    assert "9 hooks installed" in hooks("install")
    assert f"--state-dir {hooks.state} --no-targets # agent-monitor" in hooks.file.read_text()
    assert "would write now" not in hooks("status")


# --- status ----------------------------------------------------------------------------------------------------------


def test_status_tells_what_is_installed_and_when_it_last_came(hooks: Program) -> None:
    told = hooks("status")
    assert "there is no such file" in told
    assert "none yet" in told
    hooks("install")
    append(str(hooks.state / "hooks"), "s-1.jsonl", b'{"at": 1, "event": "Stop", "session_id": "s-1"}')
    append(str(hooks.state / "hooks"), "s-1.jsonl", b'{"at": 2')
    told = hooks("status")
    assert "SessionStart, UserPromptSubmit, PreToolUse" in told
    assert "ago: Stop of session s-1" in told
    assert "missing" not in told


def test_status_tells_what_keeps_hooks_from_being_called(hooks: Program) -> None:
    hooks("install")
    content = hooks.content
    del content["hooks"]["Stop"]
    content["disableAllHooks"] = True
    hooks.file.write_text(json.dumps(content).replace(os.path.abspath(sys.executable), "/gone/python"))
    told = hooks("status")
    assert "missing      Stop" in told
    assert "/gone/python: cannot be run" in told
    assert "`disableAllHooks` is set" in told


# --- which file ------------------------------------------------------------------------------------------------------


def test_without_a_word_the_users_settings_are_meant(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CLAUDE_CONFIG_DIR", raising=False)
    assert settings_path(None, None) == f"{tmp_path}/.claude/settings.json"
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", "/elsewhere")
    assert settings_path(None, None) == "/elsewhere/settings.json"
    assert settings_path("~/mine.json", None) == f"{tmp_path}/mine.json"
    assert settings_path(None, str(tmp_path)) == f"{tmp_path}/.claude/settings.local.json"


@pytest.mark.parametrize("more", [["--project", "/nowhere"], ["--project", ".", "--settings", "x"]])
def test_a_place_that_cannot_be_meant_is_refused(more: list[str]) -> None:
    assert run(["hooks", "status", *more]) == 2
