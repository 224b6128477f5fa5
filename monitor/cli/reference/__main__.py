"""`python -m monitor.cli.reference FOLDER` writes the reference pages; `make docs` calls it."""

from __future__ import annotations

import sys
from pathlib import Path

from monitor.cli.main import cli
from monitor.cli.reference import commands, database, json, settings


def pages() -> dict[str, str]:
    """File name to text of every generated page."""
    from monitor.ui.commands import reference

    return {
        "commands.md": commands.page(cli),
        "configuration.md": settings.page(),
        "database.md": database.page(),
        "json.md": json.page(),
        "keys.md": reference(),
    }


def main() -> None:
    """Write the pages into the folder named by the first argument."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
