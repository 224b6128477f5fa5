"""The catalogue: known agent programs, and how each appears in a process table.

Looked up in the programs' own packages and issue trackers; each entry names where. None of it is a stable
interface: what a release changes is changed here, and in the tables of tests/unit/test_catalogue.py.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from monitor.sources.processes.commandline import Program, base_name, is_wrapper, program_of

if TYPE_CHECKING:
    from collections.abc import Sequence


class AgentProgram(NamedTuple):
    """How one agent program is recognised."""

    kind: str
    names: tuple[str, ...]
    """Names of its executable or script, the usual one first."""
    packages: tuple[str, ...] = ()
    """Parts of the path of its script, when a runtime runs it by path; names of packages for launchers."""
    modules: tuple[str, ...] = ()
    """Python modules (`python -m`)."""
    executables: re.Pattern[str] | None = None
    """Path of its executable, when its name says nothing."""
    helpers: re.Pattern[str] | None = None
    """Arguments (joined by spaces, searched) of processes that use the same executable and are no agent."""
    hosts: re.Pattern[str] | None = None
    """Arguments of processes that outlive the agents they serve, and run the commands of any of them."""
    strangers: re.Pattern[str] | None = None
    """Arguments (joined by spaces, matched from the first) of another program of the same name."""


CATALOGUE: Final = (
    # npm @anthropic-ai/claude-code: native binary in ~/.local/share/claude/versions/<version>, started as `claude`,
    # or `node …/claude-code/cli.js`; renames itself `claude`. Its daemon holds background sessions, so it must not
    # be their topmost process; hosts and spares of it are no sessions (anthropics/claude-code#65233, #77649).
    AgentProgram(
        "claude-code",
        ("claude",),
        ("@anthropic-ai/claude-code", "@anthropic-ai/claude-agent-sdk"),
        executables=re.compile(r"/claude/versions/\d[\w.-]*$"),
        helpers=re.compile(
            r"^daemon run\b|^mcp serve\b|--bg-pty-host|--bg-spare|--daemon-worker|--chrome-native-host"
            r"|--claude-in-chrome-mcp|--computer-use-mcp|--ripgrep\b"
        ),
    ),
    # npm @openai/codex: `node …/bin/codex`, which starts vendor/<target>/codex/codex. The first one that is interactive
    # starts a daemon, in which the commands of all of them run from then on (seen with 0.169).
    AgentProgram(
        "codex",
        ("codex",),
        ("@openai/codex",),
        helpers=re.compile(r"--chrome-native-host"),
        hosts=re.compile(r"^app-server (?:daemon\b|.*--managed-daemon\b)"),
    ),
    # npm @google/gemini-cli: `node …/bin/gemini` or …/bundle/gemini.js, relaunched once with more memory.
    AgentProgram("gemini", ("gemini",), ("@google/gemini-cli",)),
    # npm opencode-ai: `node …/bin/opencode`, which starts opencode-linux-x64/bin/opencode (or a copy `.opencode`).
    AgentProgram("opencode", ("opencode", ".opencode"), ("opencode-ai",)),
    # PyPI aider-chat: a script `aider`, or `python -m aider`.
    AgentProgram("aider", ("aider",), ("aider-chat",), ("aider", "aider.main")),
    # github.com/block/goose: a binary; `goosed` serves its desktop. `goose mcp` is one of its tools. pressly/goose
    # migrates databases: `goose [-flags] DRIVER DSN COMMAND`, or one of its commands with GOOSE_DRIVER set.
    AgentProgram(
        "goose",
        ("goose", "goosed"),
        helpers=re.compile(r"^mcp\b"),
        strangers=re.compile(
            r"(?:-(?:dir|table|allow-missing|certfile|env|no-versioning|timeout|ssl-\w+|s|h|v)\b.*"
            r"|(?:postgres|pgx|mysql|sqlite3?|mssql|sqlserver|redshift|tidb|clickhouse|vertica|ydb|turso|duckdb)\b.*"
            r"|(?:up|up-by-one|up-to|down|down-to|redo|reset|status|version|create|fix|validate)(?: .*)?)",
            re.DOTALL,
        ),
    ),
    # Cursor's command line: ~/.local/share/cursor-agent/versions/<version>/{node,index.js}, started as
    # `cursor-agent` or `agent` (cursor/cursor#3588); `worker-server` outlives its session.
    AgentProgram(
        "cursor-agent",
        ("cursor-agent",),
        ("cursor-agent/versions",),
        executables=re.compile(r"/cursor-agent/versions/[^/]+/(?:node|cursor-agent)$"),
        helpers=re.compile(r"\bworker-server\b"),
    ),
    # npm @github/copilot: `node …/npm-loader.js`, which starts a native `copilot` (github/copilot-cli#3244).
    # AWS Copilot is a `copilot` too.
    AgentProgram(
        "copilot",
        ("copilot",),
        ("@github/copilot",),
        helpers=re.compile(r"\blanguage-server\b"),
        strangers=re.compile(
            r"(?:app|env|svc|job|task|pipeline|deploy|storage|secret|docs|run)(?: .*)?", re.DOTALL
        ),
    ),
    # npm @sourcegraph/amp: `node …/dist/main.js` or a binary `amp`. A text editor of that name is given files.
    AgentProgram(
        "amp",
        ("amp",),
        ("@sourcegraph/amp", "@ampcode/cli"),
        strangers=re.compile(r"(?!-)(?:\S*[./]\S*)(?: .*)?", re.DOTALL),
    ),
    # npm @charmland/crush, or the binary alone.
    AgentProgram("crush", ("crush",), ("@charmland/crush",)),
    # npm @qwen-code/qwen-code: `node …/bin/qwen` or …/cli.js, …/cli-entry.js.
    AgentProgram("qwen-code", ("qwen",), ("@qwen-code/qwen-code",)),
    # Factory's `droid`, a binary in ~/.local/bin.
    AgentProgram("droid", ("droid",), ("@factory/cli",)),
)

CANONICAL_NAMES: Final = {program.kind: program.names[0] for program in CATALOGUE}
"""Kind → the name people call the program by."""

_BY_NAME: Final = {name: program for program in CATALOGUE for name in program.names}
_BY_MODULE: Final = {module: program for program in CATALOGUE for module in program.modules}
_VERSION: Final = re.compile(r"\d+\.\d+[\w.-]*")
_OTHER_NAMES: Final = frozenset({"agent", "claude.exe"})
_ELECTRON_HELPER: Final = "--type="


@lru_cache(maxsize=4096)
def could_be_agent(name: str) -> bool:
    """Whether a process of this name (15 characters of it on Linux) is worth reading its command line."""
    return (
        name in _BY_NAME or name in _OTHER_NAMES or is_wrapper(name) or _VERSION.fullmatch(name) is not None
    )


def classify(name: str, exe: str | None, argv: Sequence[str]) -> str | None:
    """Tell the kind of agent that this process is, or None when it is none.

    `name` is the process's name, `exe` the path of its executable where that may be read. What counts is the
    program that runs, seen through runtimes and launchers; arguments alone never make an agent.
    """
    program = program_of(name, argv)
    found = _find(name, exe or "", program)
    if found is None or any(argument.startswith(_ELECTRON_HELPER) for argument in argv[1:]):
        return None
    arguments = " ".join(program.arguments)
    if any(known is not None and known.search(arguments) for known in (found.helpers, found.hosts)):
        return None
    if found.strangers is not None and not program.wrapped and found.strangers.fullmatch(arguments):
        return None
    return found.kind


def hosted(name: str, exe: str | None, argv: Sequence[str]) -> str | None:
    """The kind of agents whose commands this process runs for them, or None when it is no such process."""
    program = program_of(name, argv)
    found = _find(name, exe or "", program)
    if found is None or found.hosts is None or not found.hosts.search(" ".join(program.arguments)):
        return None
    return found.kind


def _find(name: str, exe: str, program: Program) -> AgentProgram | None:
    if program.module:
        return _BY_MODULE.get(program.name)
    by_name = _BY_NAME.get(program.name) or (_BY_NAME.get(base_name(name)) if name else None)
    if by_name is not None:
        return by_name
    for candidate in CATALOGUE:
        if candidate.executables is not None and candidate.executables.search(exe):
            return candidate
        if program.wrapped and any(_is_in(package, program.path) for package in candidate.packages):
            return candidate
    return _BY_NAME.get(base_name(exe)) if not program.wrapped else None


def _is_in(package: str, path: str) -> bool:
    """Whether a script's path leads into that package, or a launcher was given it (with a version, perhaps)."""
    return f"/{package}/" in f"/{path}/" or path == package or path.startswith(f"{package}@")
