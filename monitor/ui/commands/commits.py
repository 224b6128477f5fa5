"""The commands of commits, in a list of them and on one commit's own screen."""

from __future__ import annotations

from typing import Final

from monitor.ui.commands.spec import CommandSpec

COMMITS: Final = (
    CommandSpec(
        "commit.open",
        ("enter",),
        "Commit",
        "Open the commit: its files, its agents, its size.",
        "Tasks and commits",
        "open_commit",
        "commits",
        footer=True,
    ),
    CommandSpec(
        "commit.agent",
        ("e",),
        "Agent",
        "Open the details of the commit's agent.",
        "Tasks and commits",
        "commit_agent",
        "commits",
        footer=True,
    ),
    CommandSpec(
        "commit.open-agent",
        ("enter", "e"),
        "Agent",
        "On a commit: open the agent of the line, else the first.",
        "Tasks and commits",
        "open_agent",
        "commit",
        footer=True,
    ),
)
