"""Our hooks in the settings of Claude Code, as the parsed JSON. Nothing else in them is touched.

A hook is ours when its command ends in `MARK`, a comment to the shell that runs it.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, Final

from monitor.errors import MonitorError

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK: Final = "# agent-monitor"
SECONDS: Final = 5
"""After which Claude Code gives a hook up: it takes some hundredths, unless the machine is in trouble."""
_QUESTIONS: Final = "AskUserQuestion|ExitPlanMode"

EVENTS: Final = {
    "SessionStart": "",
    "UserPromptSubmit": "",
    "PreToolUse": _QUESTIONS,
    "PermissionRequest": "",
    "Notification": "",
    "PostToolUse": _QUESTIONS,
    "PreCompact": "",
    "Stop": "",
    "SessionEnd": "",
}
"""Event to the tools that it is asked for, empty for all.

What a turn begins and ends with, and whatever asks for a person. The calls of other tools are left out: there are many,
an agent waits for each hook, and its transcript tells of them as well. So are the events that came after Claude Code
2.0.45: before 2.1.101 it ignored the whole file for the name of one that it did not know.
"""


def hook_command(python: str, state_dir: str, *, targets: bool = True) -> str:
    """The command of our hooks: absolute, and the same wherever the agent works.

    `-EP` keeps Python from importing what lies in the folder in which the agent works.
    """
    words = [python, "-EPm", "monitor", "hook", "--state-dir", state_dir]
    if not targets:
        words.append("--no-targets")
    return f"{shlex.join(words)} {MARK}"


def status_line_command(command: str) -> str:
    """The command of the status line beside that of the hooks."""
    return f"{command.removesuffix(MARK)}--statusline {MARK}"


def is_ours(hook: Any) -> bool:
    """Whether this program put it there."""
    return (
        isinstance(hook, dict)
        and isinstance(command := hook.get("command"), str)
        and command.rstrip().endswith(MARK)
    )


def installed(settings: dict[str, Any]) -> dict[str, str]:
    """The events that have our hook, with its command."""
    return {
        event: hook["command"] for event, _, found in _groups(settings) for hook in found if is_ours(hook)
    }


def add(settings: dict[str, Any], command: str) -> None:
    """Put our hooks in, behind what is there; those that are there already get this command.

    Raises MonitorError when what is there is not as Claude Code wants it.
    """
    for event in installed(settings).keys() - EVENTS.keys():
        _take_out(settings, event)
    hooks = settings.setdefault("hooks", {})
    if not isinstance(hooks, dict):
        raise MonitorError("`hooks` is not an object: put that right first.")
    for event, matcher in EVENTS.items():
        ours = [
            hook for name, _, found in _groups(settings) if name == event for hook in found if is_ours(hook)
        ]
        for hook in ours:
            hook["command"] = command
        if ours:
            continue
        groups = hooks.setdefault(event, [])
        if not isinstance(groups, list):
            raise MonitorError(f"`hooks.{event}` is not a list: put that right first.")
        entry = {"type": "command", "command": command, "timeout": SECONDS}
        groups.append({"matcher": matcher, "hooks": [entry]} if matcher else {"hooks": [entry]})


def remove(settings: dict[str, Any]) -> None:
    """Take our hooks out, and what is empty without them."""
    for event in installed(settings):
        _take_out(settings, event)
    if is_ours(settings.get("statusLine")):
        del settings["statusLine"]


def _take_out(settings: dict[str, Any], event: str) -> None:
    hooks = settings["hooks"]
    for name, group, found in list(_groups(settings)):
        if name == event and any(map(is_ours, found)):
            found[:] = [hook for hook in found if not is_ours(hook)]
            if not found:
                # By identity: an equal group of somebody else stays.
                hooks[event] = [other for other in hooks[event] if other is not group]
    if not hooks[event]:
        del hooks[event]
    if not hooks:
        del settings["hooks"]


def _groups(settings: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], list[Any]]]:
    """(event, group, its hooks) of all that are as they should be."""
    hooks = settings.get("hooks")
    for event, groups in hooks.items() if isinstance(hooks, dict) else ():
        for group in groups if isinstance(groups, list) else ():
            if isinstance(group, dict) and isinstance(found := group.get("hooks"), list):
                yield event, group, found
