"""The checks of commands, collected from the modules `checks_*.py`: each says which commands it is about."""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable
from pathlib import Path

from ui_screens import Screen

Check = Callable[[Screen], Awaitable[None]]
CHECKS: dict[str, Check] = {}


def covers(*ids: str) -> Callable[[Check], Check]:
    """Say which commands a check is about."""

    def note(check: Check) -> Check:
        for command_id in ids:
            assert command_id not in CHECKS, command_id
        CHECKS.update(dict.fromkeys(ids, check))
        return check

    return note


def collect() -> dict[str, Check]:
    """Every command's check, by its id."""
    for file in sorted(Path(__file__).parent.glob("checks_*.py")):
        importlib.import_module(file.stem)
    return CHECKS
