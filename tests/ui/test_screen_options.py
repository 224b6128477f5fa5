"""The options of the screen: the command line over the environment over the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.cli.context import Globals
from monitor.cli.live import origin_of_keys, screen_options
from monitor.cli.main import cli
from monitor.errors import ConfigError
from monitor.ui.environment import screen_environment

PLAIN = screen_environment({"TERM": "xterm-256color", "LANG": "C.UTF-8"})
SCREEN = '[screen]\ntheme = "nord"\nascii = true\nmouse = false\nreadonly = true\n'


def globals_of(folder: Path, *arguments: str, config: str = "") -> Globals:
    """What the command line makes of its options."""
    file = folder / "config.toml"
    file.write_text(config)
    arguments = ("--config", str(file), "--state-dir", str(folder / "state"), *arguments, "doctor")
    with cli.make_context("agent-monitor", list(arguments)) as context:
        values = {name: value for name, value in context.params.items() if name != "version"}
        context.invoked_subcommand = "doctor"
        assert cli.callback is not None
        context.invoke(cli.callback, **values)
        made = context.obj
    assert isinstance(made, Globals)
    return made


def test_without_options_the_configuration_counts(tmp_path: Path) -> None:
    options = screen_options(globals_of(tmp_path, config=SCREEN), PLAIN)
    assert (options.theme, options.ascii, options.mouse, options.readonly) == ("nord", True, False, True)
    plain = screen_options(globals_of(tmp_path), PLAIN)
    assert (plain.theme, plain.ascii, plain.mouse, plain.readonly) == (None, False, True, False)


def test_options_win_over_the_configuration(tmp_path: Path) -> None:
    line = ("--theme", "dracula", "--ascii", "--no-mouse", "--readonly", "--filter", "cpu>50 !idle")
    options = screen_options(globals_of(tmp_path, *line, config='[screen]\ntheme = "nord"\n'), PLAIN)
    assert (options.theme, options.ascii, options.mouse, options.readonly) == ("dracula", True, False, True)
    assert options.initial_filter == "cpu>50 !idle"


def test_the_environment_stands_for_the_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("THEME", "dracula"),
        ("ASCII", "1"),
        ("NO_MOUSE", "1"),
        ("READONLY", "1"),
        ("FILTER", "x"),
    ):
        monkeypatch.setenv(f"AGENT_MONITOR_{name}", value)
    options = screen_options(globals_of(tmp_path, config='[screen]\ntheme = "nord"\n'), PLAIN)
    assert (options.theme, options.ascii, options.mouse, options.readonly) == ("dracula", True, False, True)
    assert options.initial_filter == "x"


def test_the_demo_keeps_the_options_of_the_screen(tmp_path: Path) -> None:
    there = globals_of(tmp_path, "--theme", "dracula", "--ascii", "--no-mouse", "--readonly", "--filter", "x")
    there.settings  # noqa: B018 - what was made of one configuration must not be taken along
    other = tmp_path / "other.toml"
    other.write_text("[intervals]\ntick = 7.0\n")
    demo = there.elsewhere(str(other), str(tmp_path / "elsewhere"))
    options = screen_options(demo, PLAIN)
    assert (options.theme, options.ascii, options.mouse, options.readonly) == ("dracula", True, False, True)
    assert options.initial_filter == "x"
    assert options.interval == 7.0
    assert demo.paths.folder == tmp_path / "elsewhere"


def test_keys_are_checked_with_the_file_that_gives_them(tmp_path: Path) -> None:
    good = globals_of(tmp_path, config='[screen.keys]\n"view.zoom" = "Z, F7"\n')
    assert screen_options(good, PLAIN).keymap == {"view.zoom": "Z,f7"}
    bad = globals_of(tmp_path, config='[screen.keys]\n"view.zoom" = "s"\n')
    with pytest.raises(
        ConfigError, match=r"config.toml: screen.keys.\"view.zoom\": the key s is that of sort.next"
    ):
        screen_options(bad, PLAIN)


def test_keys_of_the_environment_are_named_by_their_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert origin_of_keys(tmp_path) == str(tmp_path)
    monkeypatch.setenv("AGENT_MONITOR_SCREEN__KEYS", "{}")
    assert origin_of_keys(tmp_path) == "environment variable AGENT_MONITOR_SCREEN__KEYS"
