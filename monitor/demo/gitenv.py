"""How the demo runs git: as one author, and untouched by the user's own configuration, hooks and signing keys."""

from __future__ import annotations

import os
from typing import Final

AUTHOR: Final = "Demo Developer"
EMAIL: Final = "demo@agent-monitor.invalid"
"""All agents share one author, as real ones do (checklist X1-07)."""
SETTINGS: Final = (
    "-c", "core.hooksPath=/dev/null",
    "-c", "commit.gpgSign=false",
    "-c", "gc.auto=0",
    "-c", "maintenance.auto=false",
    "-c", "advice.detachedHead=false",
)  # fmt: skip


def environment() -> dict[str, str]:
    """The whole environment of a git command."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": AUTHOR,
        "GIT_AUTHOR_EMAIL": EMAIL,
        "GIT_COMMITTER_NAME": AUTHOR,
        "GIT_COMMITTER_EMAIL": EMAIL,
    }
