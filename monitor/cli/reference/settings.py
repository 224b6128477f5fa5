"""The settings, as a commented file (`config init`) and as a page."""

from __future__ import annotations

import typing
from typing import Any, Final

import msgspec
from msgspec import inspect

from monitor import config
from monitor.config import Settings
from monitor.prices.price import Price

if typing.TYPE_CHECKING:
    from collections.abc import Iterator

LISTS: Final[dict[str, type[msgspec.Struct]]] = {
    "agents": config.AgentSettings,
    "services": config.ServiceSettings,
    "systems": config.SystemSettings,
}
"""Lists of tables, shown in the file as comments since they have no default."""
NAMED: Final[dict[str, type[msgspec.Struct]]] = {"prices": Price}
"""Tables by a name that people choose, shown as comments too."""


class Setting(typing.NamedTuple):
    """One key: its meaning, its default, and what is allowed, in words."""

    key: str
    meaning: str
    default: Any
    """None: it has none."""
    allowed: str
    required: bool


def settings_of(table: type[msgspec.Struct]) -> Iterator[Setting]:
    """The keys of one table that are not tables themselves, in their order."""
    kind = inspect.type_info(table)
    for field in kind.fields if isinstance(kind, inspect.StructType) else ():
        meaning, bare = "", field.type
        if isinstance(bare, inspect.UnionType):  # or nothing
            bare = next(kind for kind in bare.types if not isinstance(kind, inspect.NoneType))
        if isinstance(bare, inspect.Metadata):
            meaning, bare = (bare.extra_json_schema or {}).get("description", ""), bare.type
        inner = bare.item_type if isinstance(bare, inspect.VarTupleType) else bare
        inner = inner.value_type if isinstance(inner, inspect.DictType) else inner
        if isinstance(inner, inspect.StructType):
            continue
        default = (
            None if field.default is msgspec.UNSET or field.default is msgspec.NODEFAULT else field.default
        )
        if field.default_factory not in (msgspec.UNSET, msgspec.NODEFAULT):
            default = field.default_factory()
        yield Setting(field.name, meaning, default, allowed(bare), field.required)


def allowed(kind: inspect.Type) -> str:
    """What a value may be, in words: `number, 0.1 to 86,400`."""
    if isinstance(kind, inspect.VarTupleType):
        return f"list of {allowed(kind.item_type)}"
    if isinstance(kind, inspect.DictType):
        return f"table of {allowed(kind.value_type)}"
    match kind:
        case inspect.LiteralType():
            return ", ".join(f"`{value}`" for value in kind.values)
        case inspect.BoolType():
            return "`true` or `false`"
        case inspect.IntType() | inspect.FloatType():
            return ("whole number" if isinstance(kind, inspect.IntType) else "number") + _bounds(kind)
        case inspect.StrType():
            return "text"
    raise TypeError(f"no words for {kind}")


def parts() -> Iterator[tuple[str, type[msgspec.Struct]]]:
    """Name and type of each table below the top level, in the order of the settings."""
    hints = typing.get_type_hints(Settings)
    for field in msgspec.structs.fields(Settings):
        if field.name in LISTS:
            yield field.name, LISTS[field.name]
        elif field.name in NAMED:
            yield field.name, NAMED[field.name]
        elif isinstance(hints[field.name], type) and issubclass(hints[field.name], msgspec.Struct):
            yield field.name, hints[field.name]


def template() -> str:
    """A configuration file in which every setting stands, commented out, with its meaning and its default."""
    lines = [
        "# Agent Monitor's settings. A line that begins with # shows a default; take the # away to change it.",
        "",
    ]
    lines += _template_lines(Settings)
    for name, table in parts():
        comment = name in LISTS or name in NAMED
        lines += ["", f"# {(table.__doc__ or '').strip()}", f"# {_head(name)}" if comment else _head(name)]
        lines += _template_lines(table)
    return "\n".join(lines) + "\n"


def page() -> str:
    """docs/reference/configuration.md."""
    lines = [
        "# Configuration",
        "",
        "The file is TOML, or JSON when its name ends in `.json`: the one named by `--config`, else the one",
        "that `agent-monitor config path` prints. `agent-monitor config init` writes one in which every",
        "setting stands with its meaning; `agent-monitor config show` prints what is in force.",
        "",
        "Each setting can also come from the environment, with two underscores between a table and its key:",
        "`AGENT_MONITOR_INTERVALS__TICK=1`, `AGENT_MONITOR_DISCOVER=false`,",
        "`AGENT_MONITOR_ROOTS=/srv/a:/srv/b`. The command line wins over the environment, the environment over",
        "the file. Relative paths start at the file's folder. A wrong setting names the file, the key, the value",
        "and what is allowed, and ends with exit code 2.",
        "",
        "## At the top",
        "",
        *_table(Settings),
    ]
    for name, table in parts():
        lines += [
            "",
            f"## `{_head(name)}`",
            "",
            (table.__doc__ or "").strip(),
            "",
        ]
        lines += _table(table)
    return "\n".join(lines) + "\n"


def _table(table: type[msgspec.Struct]) -> list[str]:
    lines = ["| key | meaning | allowed | default |", "|---|---|---|---|"]
    for setting in settings_of(table):
        none = "(must be given)" if setting.required else "(none)"
        default = none if setting.default is None else f"`{_encode(setting.default)}`"
        lines.append(f"| `{setting.key}` | {setting.meaning} | {setting.allowed} | {default} |")
    return lines


def _head(name: str) -> str:
    """The line above a table in the file."""
    if name in NAMED:
        return f'[{name}."<name>"]'
    return f"[[{name}]]" if name in LISTS else f"[{name}]"


def _template_lines(table: type[msgspec.Struct]) -> list[str]:
    lines = []
    for setting in settings_of(table):
        value = _encode(setting.default)
        if setting.default is None:
            value = "1" if "number" in setting.allowed else '""'
        lines.append(f"# {setting.key} = {value}".ljust(36) + f"  # {setting.meaning}")
    return lines


def _encode(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _bounds(kind: inspect.IntType | inspect.FloatType) -> str:
    low = kind.ge if kind.ge is not None else kind.gt
    word = "" if kind.ge is not None or kind.gt is None else "above "
    if low is None:
        return ""
    if kind.le is None:
        return f", {word or 'from '}{low:,}"
    return f", {word}{low:,} to {kind.le:,}"
