"""A file of JSON lines that grows, each line written at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def append(file: Path, *values: Any) -> None:
    """Add a line a value; the folder is made with the first."""
    data = b"".join(json.dumps(value, separators=(",", ":")).encode() + b"\n" for value in values)
    try:
        stream = file.open("ab", buffering=0)
    except FileNotFoundError:
        file.parent.mkdir(parents=True, exist_ok=True)
        stream = file.open("ab", buffering=0)
    with stream:
        stream.write(data)


def replace(file: Path, text: str) -> None:
    """Write a whole file so that no reader meets it half done."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.new")
    temporary.write_text(text)
    temporary.replace(file)
