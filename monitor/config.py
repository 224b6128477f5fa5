"""The settings: a TOML or JSON file, then the environment (`AGENT_MONITOR_*`), then the command line.

Each setting stands once, with its meaning, unit and bounds; `config init`, the reference page and every error message
are made from them.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, field

from monitor.errors import ConfigError
from monitor.paths import config_file, expand

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENT_PREFIX: Final = "AGENT_MONITOR_"
NOT_SETTINGS: Final = frozenset({"CONFIG", "DB", "STATE_DIR", "ROOT", "INTERVAL"})
"""Environment names that stand for command-line options and are read there."""
CONFIG_SIZE_LIMIT: Final = 1_000_000

Seconds = Annotated[float, Meta(ge=0.1, le=86_400)]
Days = Annotated[int, Meta(ge=1, le=36_500)]
Percent = Annotated[float, Meta(ge=0, le=100)]
Name = Annotated[str, Meta(min_length=1, max_length=100)]


class AgentSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An agent you name yourself, in an `[[agents]]` table."""

    id: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9._:#@/-]{0,63}\Z",
            description="Its id: letters, digits and . _ : # @ / -, at most 64.",
        ),
    ]
    name: Annotated[
        str, Meta(max_length=100, description="Its name on the screen; the id when left out.")
    ] = ""
    role: Annotated[str, Meta(max_length=100, description="What it is for, in your words.")] = ""
    kind: Annotated[
        str, Meta(max_length=40, description="The program: `claude-code`, `codex`, `gemini`, … or `custom`.")
    ] = "custom"
    worktree: Annotated[
        str, Meta(description="The folder it works in; a relative path starts at the configuration's folder.")
    ] = ""
    match: Annotated[
        str,
        Meta(
            description="A regular expression looked for in the program's name and arguments, to find its process."
        ),
    ] = ""
    pid_file: Annotated[
        str, Meta(description="A file that holds its process id; may not go with `match`.")
    ] = ""


class Intervals(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often each source is asked, in seconds."""

    tick: Annotated[Seconds, Meta(description="Between two samples of every agent.")] = 2.0
    process_scan: Annotated[
        Seconds,
        Meta(description="Between two full looks at the process table, which find reparented children."),
    ] = 30.0
    git: Annotated[
        Seconds, Meta(description="At the latest, for a worktree in which nothing was seen to move.")
    ] = 120.0
    git_busy: Annotated[
        Seconds,
        Meta(description="At the earliest, between two readings of a worktree that moves all the time."),
    ] = 20.0
    board: Annotated[
        Seconds, Meta(description="For the task board and the progress log, beside file events.")
    ] = 10.0
    rag: Annotated[Seconds, Meta(description="For the rag metrics.")] = 30.0
    services: Annotated[Seconds, Meta(description="For the service checks.")] = 15.0
    health: Annotated[Seconds, Meta(description="Between two recorded rows of host health.")] = 10.0


class Thresholds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a status or an alert begins."""

    active_minutes: Annotated[
        float, Meta(gt=0, le=10_080, description="An agent with activity in this many minutes is active.")
    ] = 5.0
    idle_minutes: Annotated[
        float, Meta(gt=0, le=10_080, description="An agent with activity in this many minutes is idle.")
    ] = 30.0
    active_cpu_percent: Annotated[
        float, Meta(ge=0, le=100_000, description="CPU, in percent of one core, that counts as activity.")
    ] = 5.0
    status_hold_seconds: Annotated[
        float, Meta(ge=0, le=3600, description="How long a new status has to hold before it is taken.")
    ] = 4.0
    task_blocked_minutes: Annotated[
        float, Meta(gt=0, le=525_600, description="A task BLOCKED for longer raises an alert.")
    ] = 60.0
    task_stale_minutes: Annotated[
        float,
        Meta(gt=0, le=525_600, description="A task IN_PROGRESS and not updated for longer raises an alert."),
    ] = 60.0
    blocked_tasks: Annotated[int, Meta(ge=0, description="More BLOCKED tasks than this raise an alert.")] = 3
    agent_memory_percent: Annotated[
        Percent, Meta(description="An agent's share of the machine's memory.")
    ] = 80.0
    host_warning_percent: Annotated[
        Percent, Meta(description="Host CPU, memory or disk: warning above this.")
    ] = 80.0
    host_critical_percent: Annotated[
        Percent, Meta(description="Host CPU, memory or disk: critical above this.")
    ] = 90.0
    host_hold_seconds: Annotated[
        float,
        Meta(ge=0, le=86_400, description="How long a host threshold has to be passed before it counts."),
    ] = 30.0
    uncommitted_warning: Annotated[int, Meta(ge=0, description="More uncommitted files: warning.")] = 10
    uncommitted_error: Annotated[int, Meta(ge=0, description="More uncommitted files: error.")] = 20
    no_commit_minutes: Annotated[
        float, Meta(gt=0, le=525_600, description="No commit by any agent for longer raises an alert.")
    ] = 120.0
    source_failing_seconds: Annotated[
        float, Meta(ge=0, le=86_400, description="A source that fails for longer raises an alert.")
    ] = 60.0
    disk_free_mb: Annotated[
        int, Meta(ge=0, description="Less free space than this, in MiB, beside the database raises an alert.")
    ] = 200
    git_budget_percent: Annotated[
        float, Meta(gt=0, le=100, description="What git may cost, in percent of one core over a minute.")
    ] = 3.0


class Retention(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long history is kept, in days (seed 001's numbers)."""

    agent_metrics_days: Annotated[Days, Meta(description="Samples of agents.")] = 30
    agent_metrics_daily_days: Annotated[Days, Meta(description="Daily rows of agents.")] = 365
    system_health_days: Annotated[Days, Meta(description="Rows of host health.")] = 7
    system_health_hourly_days: Annotated[Days, Meta(description="Hourly rows of host health.")] = 30
    rag_metrics_days: Annotated[Days, Meta(description="Rows of rag metrics.")] = 30
    alerts_days: Annotated[
        Days, Meta(description="Resolved alerts; critical ones are archived after that.")
    ] = 90


class ServiceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A service to check, in a `[[services]]` table. Nothing is executed."""

    name: Annotated[Name, Meta(description="Its name on the screen.")]
    kind: Annotated[
        Literal["tcp", "http", "process"],
        Meta(description="A connection, a request (2xx and 3xx are up), or a running process of that name."),
    ]
    target: Annotated[Name, Meta(description="`host:port`, a URL, or a program name.")]
    timeout: Annotated[float, Meta(ge=0.1, le=60, description="Seconds until it counts as down.")] = 3.0
    severity: Annotated[
        Literal["warning", "error", "critical"], Meta(description="Of the alert while it is down.")
    ] = "critical"


class RagSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the rag metrics come from; the first origin that is set is asked."""

    file: Annotated[str, Meta(description="A JSON file with the columns of rag_metrics.")] = ""
    url: Annotated[
        str, Meta(description="Base URL of a server with `/api/patterns/stats` and `/api/queries?limit=50`.")
    ] = ""
    prometheus: Annotated[str, Meta(description="URL of a Prometheus page with the rag_* metrics.")] = ""
    memory_bank: Annotated[
        str,
        Meta(
            description="A folder of memory-bank files; each root's `coordination/memory-bank` when left out."
        ),
    ] = ""


class DatabaseSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The history database."""

    path: Annotated[str, Meta(description="Its file; `monitor.db` in the state folder when left out.")] = ""
    wal_limit_mb: Annotated[
        int, Meta(ge=1, le=10_000, description="Bound on the write-ahead log, in MiB.")
    ] = 16


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every setting; see each part for its keys."""

    roots: Annotated[
        tuple[str, ...],
        Meta(description="Folders whose `coordination/` and worktrees are watched."),
    ] = ()
    discover: Annotated[
        bool, Meta(description="Whether running agents that are not listed are looked for.")
    ] = True
    agents: tuple[AgentSettings, ...] = ()
    intervals: Intervals = field(default_factory=Intervals)
    thresholds: Thresholds = field(default_factory=Thresholds)
    retention: Retention = field(default_factory=Retention)
    services: tuple[ServiceSettings, ...] = ()
    rag: RagSettings = field(default_factory=RagSettings)
    database: DatabaseSettings = field(default_factory=DatabaseSettings)


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
        "rag": RagSettings,
        "database": DatabaseSettings,
    }
    parts = re.sub(r"\[\d+\]", "", keys).split(".")
    table = tables.get(parts[0], Settings) if len(parts) > 1 else Settings
    return [info.name for info in msgspec.structs.fields(table)]


def _check(settings: Settings, file: str, origins: Mapping[str, str]) -> None:
    """What one field's bounds cannot say."""
    seen: set[str] = set()
    for index, agent in enumerate(settings.agents):
        where = f"{origins.get('agents', file)}: agents[{index}]"
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
    for index, service in enumerate(settings.services):
        where = f'{origins.get("services", file)}: services[{index}].target = "{service.target}"'
        port = re.fullmatch(r"(?:\[[^\]]+\]|[^:\s]+):(\d{1,5})", service.target, re.ASCII)
        if service.kind == "tcp" and not (port and 0 < int(port[1]) < 65536):
            raise ConfigError(f"{where}: expected host:port.")
        if service.kind == "http" and not re.match(r"https?://", service.target):
            raise ConfigError(f"{where}: expected a http(s) URL.")


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
        rag=replace(settings.rag, file=path(settings.rag.file), memory_bank=path(settings.rag.memory_bank)),
        database=replace(settings.database, path=path(settings.database.path)),
    )
