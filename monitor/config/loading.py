"""Reads the settings: a TOML or JSON file, then the environment; whatever is wrong is told with its origin."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from monitor.config.settings import (
    AgentSettings,
    Backup,
    DatabaseSettings,
    Intervals,
    RagSettings,
    Retention,
    ScreenSettings,
    ServiceSettings,
    SessionSettings,
    Settings,
    SystemSettings,
    Thresholds,
)
from monitor.errors import ConfigError
from monitor.paths import config_file, expand
from monitor.prices.price import Price

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENT_PREFIX: Final = "AGENT_MONITOR_"
NOT_SETTINGS: Final = frozenset(
    {"CONFIG", "DB", "STATE_DIR", "ROOT", "INTERVAL", "THEME", "FILTER", "ASCII", "NO_MOUSE", "READONLY"}
)
"""Environment names that stand for command-line options and are read there."""
CONFIG_SIZE_LIMIT: Final = 1_000_000


class Loaded(msgspec.Struct, frozen=True):
    """The settings, and the file they came from (None when only defaults and the environment spoke)."""

    settings: Settings
    file: Path | None


def load(file: Path | None = None, environ: Mapping[str, str] | None = None) -> Loaded:
    """Read the settings.

    `file` must exist when it is named; the platform's file is optional. Relative paths start at the file's folder.
    Raises ConfigError for anything wrong.
    """
    chosen = file or config_file()
    present = file is not None or chosen.is_file()
    raw = _read(chosen) if present else {}
    origins = dict.fromkeys(_leaves(raw), str(chosen))
    for name, keys, value in _environment(os.environ if environ is None else environ):
        _put(raw, keys, value, name)
        origins[".".join(keys)] = f"environment variable {name}"
    settings = _convert(raw, origins, str(chosen))
    _check(settings, str(chosen), origins)
    return Loaded(
        _absolute(settings, chosen.absolute().parent if present else Path.cwd()), chosen if present else None
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as stream:
            text = stream.read(CONFIG_SIZE_LIMIT + 1)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}. Name another with --config.") from error
    if len(text) > CONFIG_SIZE_LIMIT:
        raise ConfigError(f"{file}: larger than {CONFIG_SIZE_LIMIT:,} bytes; that is no configuration.")
    decode = msgspec.json.decode if file.suffix.lower() == ".json" else msgspec.toml.decode
    try:
        raw = decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        kind = "JSON" if file.suffix.lower() == ".json" else "TOML"
        raise ConfigError(f"{file}: is not valid {kind}: {error}") from error
    if not isinstance(raw, dict):
        raise ConfigError(f"{file}: must hold a table of settings, not {type(raw).__name__}.")
    return raw


def _environment(environ: Mapping[str, str]) -> list[tuple[str, list[str], Any]]:
    """(name, key path, value) of each setting in the environment: `AGENT_MONITOR_INTERVALS__TICK=1`."""
    found = []
    for name in sorted(environ):
        if not name.startswith(ENVIRONMENT_PREFIX) or name.removeprefix(ENVIRONMENT_PREFIX) in NOT_SETTINGS:
            continue
        keys = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
        text = environ[name]
        if not all(keys):
            raise ConfigError(
                f"environment variable {name}: names no setting; as in AGENT_MONITOR_INTERVALS__TICK."
            )
        if not text.isprintable() and text != text.encode("utf-8", "replace").decode():
            raise ConfigError(f"environment variable {name}: is not valid UTF-8.")
        value: Any
        if keys == ["roots"] and not text.lstrip().startswith("["):
            value = [part for part in text.split(os.pathsep) if part]
        else:
            try:
                value = msgspec.json.decode(text)
            except (msgspec.DecodeError, RecursionError):
                value = text
        found.append((name, keys, value))
    return found


def _put(raw: dict[str, Any], keys: list[str], value: Any, name: str) -> None:
    table = raw
    for key in keys[:-1]:
        below = table.setdefault(key, {})
        if not isinstance(below, dict):
            raise ConfigError(f"environment variable {name}: {key} is not a table of settings.")
        table = below
    table[keys[-1]] = value


def _leaves(value: Any, prefix: str = "") -> list[str]:
    if not isinstance(value, dict):
        return [prefix]
    return [
        leaf
        for key, below in value.items()
        for leaf in _leaves(below, f"{prefix}.{key}" if prefix else str(key))
    ]


def _convert(raw: dict[str, Any], origins: Mapping[str, str], file: str) -> Settings:
    try:
        return msgspec.convert(raw, Settings)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `")
        keys = path.rstrip("`").removeprefix("$").removeprefix(".")
        unknown = re.search(r"unknown field `(.+?)`", message)
        if unknown:
            keys = f"{keys}.{unknown[1]}" if keys else unknown[1]
        origin = next(
            (origins[name] for name in origins if name == keys or name.startswith(f"{keys}.")), file
        )
        if unknown:
            table = _table_of(keys)
            raise ConfigError(
                f"{origin}: {keys}: unknown setting; allowed here: {', '.join(table)}."
            ) from error
        value = _value_at(raw, keys)
        shown = msgspec.json.encode(value).decode()[:200] if value is not ... else "(missing)"
        allowed = message[:1].lower() + message[1:]
        raise ConfigError(f"{origin}: {keys or 'file'} = {shown}: {allowed}.") from error


def _value_at(raw: Any, keys: str) -> Any:
    for name, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", keys):
        try:
            raw = raw[int(index)] if index else raw[name]
        except (KeyError, IndexError, TypeError):
            return ...
    return raw


def _table_of(keys: str) -> list[str]:
    """Names allowed in the table that holds `keys`."""
    tables: dict[str, type[msgspec.Struct]] = {
        "agents": AgentSettings,
        "intervals": Intervals,
        "thresholds": Thresholds,
        "retention": Retention,
        "services": ServiceSettings,
        "systems": SystemSettings,
        "rag": RagSettings,
        "database": DatabaseSettings,
        "backup": Backup,
        "sessions": SessionSettings,
        "prices": Price,
        "screen": ScreenSettings,
    }
    parts = re.sub(r"\[\d+\]", "", keys).split(".")
    table = tables.get(parts[0], Settings) if len(parts) > 1 else Settings
    return [info.name for info in msgspec.structs.fields(table)]


def _check(settings: Settings, file: str, origins: Mapping[str, str]) -> None:
    """What one field's bounds cannot say."""
    _check_agents(settings, origins.get("agents", file))
    _check_services(settings, origins.get("services", file))
    _check_systems(settings, origins.get("systems", file))
    limits = settings.thresholds
    for low, high in (
        ("active_minutes", "idle_minutes"),
        ("host_warning_percent", "host_critical_percent"),
        ("uncommitted_warning", "uncommitted_error"),
    ):
        below, above = getattr(limits, low), getattr(limits, high)
        if below > above:
            origin = origins.get(f"thresholds.{low}") or origins.get(f"thresholds.{high}", file)
            raise ConfigError(
                f"{origin}: thresholds.{low} = {below}: expected at most thresholds.{high} ({above})."
            )


def _check_agents(settings: Settings, origin: str) -> None:
    seen: set[str] = set()
    for index, agent in enumerate(settings.agents):
        where = f"{origin}: agents[{index}]"
        if agent.id in seen:
            raise ConfigError(f'{where}.id = "{agent.id}": is given twice; each agent needs its own id.')
        seen.add(agent.id)
        if agent.match and agent.pid_file:
            raise ConfigError(
                f'{where}.pid_file = "{agent.pid_file}": allowed is either match or pid_file, not both.'
            )
        try:
            re.compile(agent.match)
        except (re.error, OverflowError, RecursionError) as error:
            raise ConfigError(
                f'{where}.match = "{agent.match}": expected a regular expression ({error}).'
            ) from error


def _check_services(settings: Settings, origin: str) -> None:
    for index, service in enumerate(settings.services):
        where = f'{origin}: services[{index}].target = "{service.target}"'
        port = re.fullmatch(r"(?:\[[^\]]+\]|[^:\s]+):(\d{1,5})", service.target, re.ASCII)
        if service.kind == "tcp" and not (port and 0 < int(port[1]) < 65536):
            raise ConfigError(f"{where}: expected host:port.")
        if service.kind == "http" and not re.match(r"https?://", service.target):
            raise ConfigError(f"{where}: expected a http(s) URL.")


def _check_systems(settings: Settings, origin: str) -> None:
    names: set[str] = set()
    for index, system in enumerate(settings.systems):
        if system.name in names:
            where = f"{origin}: systems[{index}].name"
            raise ConfigError(f'{where} = "{system.name}": is given twice; each system needs its own name.')
        names.add(system.name)


def _absolute(settings: Settings, base: Path) -> Settings:
    """Relative paths start at the configuration's folder; `~` is the user's home."""

    def path(text: str) -> str:
        return os.path.normpath(base / expand(text)) if text else text

    replace = msgspec.structs.replace
    return replace(
        settings,
        roots=tuple(path(root) for root in settings.roots),
        agents=tuple(
            replace(agent, worktree=path(agent.worktree), pid_file=path(agent.pid_file))
            for agent in settings.agents
        ),
        systems=tuple(
            replace(system, url=system.url if "://" in system.url else path(system.url))
            for system in settings.systems
        ),
        rag=replace(settings.rag, file=path(settings.rag.file), memory_bank=path(settings.rag.memory_bank)),
        database=replace(settings.database, path=path(settings.database.path)),
        backup=replace(settings.backup, folder=path(settings.backup.folder)),
        sessions=replace(settings.sessions, home=path(settings.sessions.home)),
    )
