"""What `status --json` prints, as a page made of the records."""

from __future__ import annotations

import re
import typing
from typing import Any

import msgspec

from monitor import model
from monitor.cli.json_output import time_fields
from monitor.cli.state import SESSION_LISTS

INTRODUCTION = """# JSON

`agent-monitor status --json` prints one object on one line; `alerts list --json`, `doctor --json`,
`config show --json` and `db info --json` print theirs. Each carries `"schema": 1`, and fields are only ever
added. `status --at WHEN --json` prints that object as it was recorded; `status --watch --json` prints one a tick,
each on its line. Names are snake_case, times ISO-8601 in UTC with `Z`, sizes bytes, `null` is unknown.
`agent-monitor status` without `--json` prints the same for people.

| key | value |
|---|---|
| `schema` | 1 |
| `time` | the moment shown |
| `host` | this host's name; with `--at` the one of the recording |
| `origin` | `recorder`: read from a recorder's database; `look`: this command's own readings; `recording`: `--at` |
| `agents` | list of agents |
| `tasks` | the task board |
| `commits` | list of commits, newest first, at most 50 |
| `health` | system health |
| `rag` | rag metrics, or null |
| `alerts` | list of open alerts, the most severe first |
| `mutes` | list of mutes that hold |
| `sources` | list of sources |
| `systems` | list of attached systems |
| `queue` | what they queue, the open items first |
| `executions` | what they run and ran |
| `workflows` | list of workflows |
| `projects` | list of projects |

`health` also carries seed 001's column names: `overall_status` (as `status`), `timestamp` (as `last_check`) and
`details` (swap, uptime, disks and services together). An alert's `id` is its `alert_id`; its
`muted` says whether a mute keeps it quiet now. `alerts mutes --json` prints an object with `schema` and `mutes`.
"""
SECTIONS: tuple[tuple[str, tuple[type[msgspec.Struct], ...]], ...] = (
    ("An agent", (model.AgentStatus, model.AgentMetrics)),
    ("An agent's session (`session`)", (model.Session,)),
    ("Tokens (`tokens`)", (model.TokenCounts,)),
    ("Tokens of a model (`usage`)", (model.ModelUsage,)),
    ("A quota (`quotas`)", (model.Quota,)),
    ("A sub-agent (`subagents`)", (model.Subagent,)),
    ("Where a session is heading (`forecast`)", (model.Forecast,)),
    ("Evidence (`status_evidence`)", (model.Evidence,)),
    ("Tasks", (model.Board,)),
    ("A task", (model.Task,)),
    ("Task counts (`metrics`)", (model.TaskMetrics,)),
    ("A board (`boards`)", (model.BoardState,)),
    ("A commit", (model.Commit,)),
    ("Health", (model.SystemHealth,)),
    ("A service", (model.ServiceStatus,)),
    ("A disk", (model.DiskUsage,)),
    ("The monitor itself (`collector`)", (model.CollectorHealth,)),
    ("Rag metrics", (model.RagMetrics,)),
    ("An alert", (model.Alert,)),
    ("A mute (`mutes`)", (model.Mute,)),
    ("A source", (model.SourceStatus,)),
    ("An attached system (`systems`)", (model.SystemState,)),
    ("An item of a queue (`queue`)", (model.QueueItem,)),
    ("An execution (`executions`)", (model.Execution,)),
    ("A workflow (`workflows`)", (model.Workflow,)),
    ("A project (`projects`)", (model.Project,)),
)


def page() -> str:
    """docs/reference/json.md."""
    lines = [INTRODUCTION]
    for title, records in SECTIONS:
        lines += [f"## {title}", "", "| field | type | |", "|---|---|---|"]
        for record in records:
            lines += [
                f"| `{name}` | {kind} | {text} |"
                for name, kind, text in fields(record)
                if record is not model.Session or name not in SESSION_LISTS
            ]
        if model.AgentStatus in records:
            lines += [
                "| `session` | object or null | What the agent's own log tells; null when that is nothing. |"
            ]
        if model.SystemState in records:
            lines += ["| `lag_ms` | whole number or null | How long ago it was looked at. |"]
        lines += [""]
    return "\n".join(lines).rstrip() + "\n"


def fields(record: type[msgspec.Struct]) -> list[tuple[str, str, str]]:
    """(name, type in words, remark) of each field; the remark is the docstring under it."""
    remarks = _remarks(record)
    times = time_fields(record)
    hints = typing.get_type_hints(record)
    return [
        (
            name,
            words(hint).replace("whole number", "time") if name in times else words(hint),
            remarks.get(name, ""),
        )
        for name, hint in ((name, hints[name]) for name in record.__struct_fields__)
    ]


def words(hint: Any) -> str:
    """A type as a reader of JSON knows it."""
    arguments = [argument for argument in typing.get_args(hint) if argument is not type(None)]
    origin = typing.get_origin(hint)
    if origin is typing.Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin in (tuple, list):
        return "list"
    if origin is dict:
        return "object"
    if arguments:
        return " or ".join([*(words(argument) for argument in arguments), "null"])
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return "object"
    return {str: "text", int: "whole number", float: "number", bool: "true or false"}.get(hint, "any")


def _remarks(record: type[msgspec.Struct]) -> dict[str, str]:
    """The text under each field in the source: Python keeps a class's docstring only."""
    import inspect

    source = inspect.getsource(record)
    found = re.findall(r"^    (\w+): [^\n]*\n    \"\"\"(.*?)\"\"\"", source, re.DOTALL | re.MULTILINE)
    return {name: " ".join(text.split()).replace("|", "/") for name, text in found}
