"""Where a system keeps its state in a folder that somebody names: its usual files, looked for in this order."""

from __future__ import annotations

import os
from typing import Final

import msgspec

from monitor.errors import SourceError
from monitor.sources.files import read_file
from monitor.sources.values import decode_json

_USUAL: Final = (
    "dashboard/backend/data",  # multi-agent-dashboard's JSON files (checklist SIB-32)
    "backend/data/openclaw-pm.db",  # SIB-47
    "backend/agentvine.db",  # SIB-40
    "agentvine.db",
    "data/coordination.db",  # SIB-53
    "coordination.db",
    "db/tempolite.db",
    "tempolite.db",
    "data/dev/pm-dashboard-dev.sqlite",  # 003-004
    "data/prod/pm-dashboard.sqlite",
    "processes.json",
)
BEADS: Final = ".beads"
"""The folder in which Beads keeps its files."""
_LIMIT: Final = 1 << 20


def place_in(folder: str) -> str:
    """The file or folder to be read; the folder itself when it holds JSON files. Raises SourceError."""
    beads = folder if os.path.basename(folder) == BEADS else os.path.join(folder, BEADS)
    if os.path.isdir(beads):
        return _beads_in(beads)
    for name in _USUAL:
        place = os.path.join(folder, name)
        if os.path.exists(place):
            return folder if name == "processes.json" else place
    raise SourceError(
        f"{folder} holds no system that is known: name its file, or a folder with one of {', '.join(_USUAL[:4])}, …"
    )


def _beads_in(folder: str) -> str:
    """The SQLite file of bd up to 0.50 and of br, or the issues that later ones write out, as metadata.json tells."""
    told = _metadata(folder)
    database = _named(folder, told.get("database"), ".db", "beads.db")
    issues = _named(folder, told.get("jsonl_export"), ".jsonl", "issues.jsonl")
    if _is_dolt(folder, told):
        if os.path.exists(issues):
            return issues
        raise SourceError(
            f"{folder} keeps its issues in Dolt, which is not read, and has no issues.jsonl: have bd export them "
            "(`bd config set export.auto true`, from bd 1.0.1 on)."
        )
    if os.path.exists(database):
        return database
    if os.path.exists(issues):
        return issues
    raise SourceError(f"{folder} holds neither beads.db nor issues.jsonl.")


def _is_dolt(folder: str, told: dict[str, object]) -> bool:
    """Whether bd from 0.51 on keeps them: by what it says, else by its folder. A SQLite file may be left over."""
    if told.get("backend") == "sqlite":
        return False
    if "dolt" in (told.get("backend"), told.get("database")) or told.get("dolt_mode"):
        return True
    return any(os.path.isdir(os.path.join(folder, name)) for name in ("dolt", "embeddeddolt"))


def _named(folder: str, name: object, ending: str, usual: str) -> str:
    """The file that the metadata name, if it is one of this folder's own and is there; else the usual one."""
    if isinstance(name, str) and name.endswith(ending) and os.path.basename(name) == name:
        path = os.path.join(folder, name)
        if os.path.exists(path):
            return path
    return os.path.join(folder, usual)


def _metadata(folder: str) -> dict[str, object]:
    try:
        told = decode_json(read_file("metadata.json", root=folder, limit=_LIMIT).data, "metadata.json")
    except (SourceError, msgspec.MsgspecError):
        return {}
    return told if isinstance(told, dict) else {}
