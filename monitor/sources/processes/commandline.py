"""Command lines of other programs: which program really runs, and the little of it that may be shown.

A command line may hold prompts and keys, so nothing of it leaves this package but a program's name and flags from
a short list (DESIGN.md §5, "What is never stored").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME_LIMIT: Final = 100

_PYTHON: Final = re.compile(r"(?:python|pypy)[\d.]*t?")
_SHELLS: Final = frozenset({"sh", "bash", "dash", "zsh", "ksh", "fish", "ash", "busybox"})
_JAVASCRIPT: Final = frozenset({"node", "nodejs", "bun", "deno"})
_THREAD_NAMES: Final = frozenset({"MainThread", "node-MainThread"})
"""What Linux calls the process of a Node that names its main thread (20 and later): the program hides behind it."""
_LAUNCHERS: Final = frozenset({"npx", "npm", "pnpm", "pnpx", "yarn", "bunx", "uvx", "uv", "pipx"})


class _Runtime(NamedTuple):
    """How a kind of runtime or launcher is told what to run."""

    values: frozenset[str]
    """Options whose value is the next argument."""
    code: re.Pattern[str]
    """Options after which comes code instead of a file."""
    words: frozenset[str] = frozenset()
    """Subcommands that stand before what is run."""


_AS_PYTHON: Final = _Runtime(frozenset({"-W", "-X", "--check-hash-based-pycs"}), re.compile(r"-[A-Za-z]*c|-"))
_AS_SHELL: Final = _Runtime(
    frozenset({"-o", "+o", "-O", "+O", "--rcfile", "--init-file"}), re.compile(r"-[a-z]*[cs][a-z]*|-")
)
_AS_JAVASCRIPT: Final = _Runtime(
    frozenset({"-r", "--require", "--import", "--loader", "--experimental-loader", "-C", "--conditions"})
    | {"--env-file", "--cwd", "--config", "--preload", "--inspect-port"},
    re.compile(r"-[ep]+|--eval|--print|eval|-"),
    frozenset({"run", "x"}),
)
_AS_LAUNCHER: Final = _Runtime(
    frozenset({"-p", "--package", "--from", "--python", "--with", "--spec", "--index-url", "-w", "--prefix"}),
    re.compile(r"-c|--call"),
    frozenset({"exec", "x", "dlx", "tool", "run"}) | _LAUNCHERS,
)

_FLAGS: Final = frozenset(
    {"--continue", "-c", "--resume", "-r", "--print", "-p", "--execute", "-x", "--headless"}
    | {
        "--dangerously-skip-permissions",
        "--dangerously-bypass-approvals-and-sandbox",
        "--dangerously-allow-all",
    }
    | {"--yolo", "--full-auto", "--force", "--allow-all-tools", "--yes-always", "--fork-session", "--oss"}
)
"""Flags shown; what follows them is not."""
_SUBCOMMANDS: Final = frozenset(
    {"exec", "resume", "fork", "session", "run", "serve", "acp", "app-server", "mcp-server", "remote-control"}
)
_VALUES: Final = {
    "--permission-mode": frozenset(
        {"default", "acceptEdits", "plan", "auto", "dontAsk", "bypassPermissions"}
    ),
    "--approval-mode": frozenset({"default", "auto_edit", "auto-edit", "yolo", "plan"}),
    "--ask-for-approval": frozenset({"untrusted", "on-failure", "on-request", "never"}),
    "--sandbox": frozenset({"read-only", "workspace-write", "danger-full-access"}),
    "--output-format": frozenset({"text", "json", "stream-json"}),
    "--auto": frozenset({"low", "medium", "high"}),
}
"""Flags shown with their value, and the values that are shown."""
_MODEL: Final = re.compile(
    r"[a-z][a-z0-9]{0,15}(?:[./:@-][a-z0-9]{1,16}){0,8}(?:\[\w{1,4}\])?", re.IGNORECASE
)
_MODEL_LIMIT: Final = 64
_KEY_LIKE: Final = re.compile(
    r"(?:sk|pk|key|gh[opsu]|xox[a-z]|AIza|ya29|glpat|eyJ)[-_.A-Z0-9]", re.IGNORECASE
)
_SCRIPT: Final = re.compile(r"[\w./@+~-]{1,200}")


class Program(NamedTuple):
    """What a command line runs, behind runtimes and launchers."""

    name: str
    """Base name of the program, script, module or package; empty when it is code on the command line."""
    path: str
    """The program or script as it was written."""
    arguments: tuple[str, ...]
    """What was given to it."""
    module: bool = False
    """Whether `name` is a module that Python runs (`python -m name`)."""
    wrapped: bool = False
    """Whether a runtime or launcher stands before it."""


def base_name(path: str) -> str:
    """Last part of a path, without the `.exe` that some packages put there on every system."""
    return path.rpartition("/")[2].removesuffix(".exe")


def is_wrapper(name: str) -> bool:
    """Whether a process of this name runs something else, which only its arguments tell."""
    return name in _THREAD_NAMES or _runtime(name) is not None or name.startswith("npm exec")


def program_of(name: str, argv: Sequence[str]) -> Program:
    """Find the program that really runs: `node /usr/bin/codex exec` runs `codex`.

    `name` is the process's own; `argv` may be empty (a kernel thread, or denied) or one string with spaces in it
    (npm renames its process to `npm exec <package>`).
    """
    if len(argv) == 1 and argv[0].startswith(("npm exec ", "npx ", "npm x ")):
        argv = argv[0].split(" ")
    if not argv:
        return Program(name, name, ())
    first = base_name(argv[0]).removeprefix("-")
    runtime = _runtime(first)
    program = Program(first, argv[0], tuple(argv[1:]))
    while runtime is not None:
        program = _wrapped(runtime, program.arguments)
        runtime = None if program.module else _runtime(program.name)
    return program


def _runtime(name: str) -> _Runtime | None:
    if name in _LAUNCHERS:
        return _AS_LAUNCHER
    if name in _JAVASCRIPT:
        return _AS_JAVASCRIPT
    if name in _SHELLS:
        return _AS_SHELL
    return _AS_PYTHON if _PYTHON.fullmatch(name) else None


def _wrapped(runtime: _Runtime, arguments: Sequence[str]) -> Program:
    """What a runtime or launcher was told to run."""
    rest = iter(enumerate(arguments, 1))
    for index, argument in rest:
        if runtime is _AS_PYTHON and argument == "-m" and index < len(arguments):
            module = arguments[index]
            return Program(module, module, tuple(arguments[index + 1 :]), module=True, wrapped=True)
        if runtime.code.fullmatch(argument):
            break
        if argument in runtime.values:
            next(rest, None)
        elif not argument.startswith(("-", "+")) and argument not in runtime.words:
            path = argument.removeprefix("npm:")
            if _SCRIPT.fullmatch(path):
                return Program(_script_name(path), path, tuple(arguments[index:]), wrapped=True)
            break
    return Program("", "", (), wrapped=True)


def _script_name(path: str) -> str:
    """Name of a script or package; of `@scope/package@1.2` the package."""
    name = base_name(path)
    return name.partition("@")[0] or name


def display_name(name: str, program: Program, canonical: str | None = None) -> str:
    """What may be shown of a process: its program's name and allow-listed flags, never prompts or keys.

    `canonical` replaces the name for known agent programs, which may hide behind `node` or a version number.
    """
    shown = canonical or program.name or base_name(name) or "?"
    words = [clean(shown, 40), *_shown_flags(program.arguments)]
    return clean(" ".join(words), NAME_LIMIT)


def _shown_flags(arguments: Sequence[str]) -> list[str]:
    shown: list[str] = []
    for index, argument in enumerate(arguments):
        if argument == "--":
            break
        flag, equals, value = argument.partition("=")
        if not equals:
            value = arguments[index + 1] if index + 1 < len(arguments) else ""
        if index == 0 and argument in _SUBCOMMANDS:
            shown.append(argument)
        elif flag == "--model":
            shown.extend([flag, value] if _is_model(value) else [flag])
        elif flag in _VALUES:
            shown.extend([flag, value] if value in _VALUES[flag] else [flag])
        elif flag in _FLAGS and not equals and flag not in shown:
            shown.append(flag)
    return shown


def _is_model(value: str) -> bool:
    return (
        len(value) <= _MODEL_LIMIT and _MODEL.fullmatch(value) is not None and _KEY_LIKE.match(value) is None
    )
