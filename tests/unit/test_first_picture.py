"""What the first picture waits for: starting up is felt."""

from __future__ import annotations

import subprocess
import sys

LATE = (
    "monitor.collector",
    "monitor.sources",
    "monitor.history.writing.writer",
    "psutil",
    "git",
    "aiosqlite",
    "aiosql",
    "watchfiles",
)
"""What collects and records; together it takes longer to import than the screen."""


def test_the_screen_is_up_before_anything_that_collects_is_imported() -> None:
    code = (
        "import sys, monitor.cli.main, monitor.cli.live, monitor.cli.late_feed, monitor.history.presence,"
        "monitor.ui.app, monitor.ui.terminal, monitor.ui.options, monitor.ui.screens.main\n"
        f"print([name for name in {LATE!r} if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_screens_that_are_opened_later_are_imported_later() -> None:
    late = (
        "monitor.ui.screens.agent",
        "monitor.ui.screens.board",
        "monitor.ui.screens.help",
    )
    code = f"import sys, monitor.ui.app\nprint([name for name in {late!r} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
