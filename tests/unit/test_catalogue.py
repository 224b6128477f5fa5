"""Which processes are agents: a corpus of process tables, as `ps` shows them on real hosts."""

# ruff: noqa: E501 - a process table has long lines

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources.processes.catalogue import (
    CANONICAL_NAMES,
    CATALOGUE,
    AgentProgram,
    classify,
    could_be_agent,
)

HOME = "/home/u"
NPM = "/usr/local/lib/node_modules"

# name, executable, arguments (separated by spaces; a | is a space inside one), kind
AGENTS = [
    ("claude", f"{HOME}/.local/share/claude/versions/2.1.197", "claude", "claude-code"),
    ("2.1.168", f"{HOME}/.local/share/claude/versions/2.1.168", f"{HOME}/.local/share/claude/versions/2.1.168 --resume bb9f", "claude-code"),
    ("claude", "/usr/bin/node", "claude", "claude-code"),
    ("node", "/usr/bin/node", "node --no-warnings=ExperimentalWarning --enable-source-maps /opt/homebrew/bin/claude", "claude-code"),
    ("MainThread", "/usr/bin/node", f"node {NPM}/@anthropic-ai/claude-code/cli.js -p fix", "claude-code"),
    ("node", "/usr/bin/node", f"node {HOME}/p/node_modules/@anthropic-ai/claude-agent-sdk/cli.js --output-format stream-json", "claude-code"),
    ("claude.exe", f"{NPM}/@anthropic-ai/claude-code/bin/claude.exe", f"{NPM}/@anthropic-ai/claude-code/bin/claude.exe", "claude-code"),
    ("claude", None, f"{HOME}/.vscode/extensions/anthropic.claude-code-2.1/resources/native-binary/claude --output-format stream-json", "claude-code"),
    ("codex", f"{NPM}/@openai/codex/vendor/x86_64-unknown-linux-musl/codex/codex", f"{NPM}/@openai/codex/vendor/x86_64-unknown-linux-musl/codex/codex exec", "codex"),
    ("node", "/usr/bin/node", "node /usr/local/bin/codex exec --model gpt-5.1-codex", "codex"),
    ("node-MainThread", "/usr/bin/node", f"node {HOME}/.npm-global/bin/codex", "codex"),
    ("node", "/usr/bin/node", f"node {NPM}/@openai/codex/bin/codex.js", "codex"),
    ("npm exec @opena", "/usr/bin/node", "npm|exec|@openai/codex", "codex"),
    ("codex", f"{HOME}/.vscode/extensions/openai.chatgpt-1/bin/linux-x86_64/codex", "codex app-server --analytics-default-enabled", "codex"),
    ("node", "/usr/bin/node", "node --max-old-space-size=8192 /usr/bin/gemini", "gemini"),
    ("node", "/usr/bin/node", f"node {NPM}/@google/gemini-cli/bundle/gemini.js --yolo", "gemini"),
    ("node", "/usr/bin/node", f"/usr/bin/node {HOME}/.npm/_npx/1a2b/node_modules/.bin/gemini", "gemini"),
    ("opencode", f"{HOME}/.opencode/bin/opencode", "opencode --port 19932", "opencode"),
    ("node", "/usr/bin/node", "node /usr/local/bin/opencode run", "opencode"),
    (".opencode", f"{NPM}/opencode-ai/bin/.opencode", f"{NPM}/opencode-ai/bin/.opencode", "opencode"),
    ("opencode", "/usr/bin/dash", "sh /usr/local/bin/opencode", "opencode"),
    ("aider", "/usr/bin/python3.11", f"{HOME}/.venv/bin/python {HOME}/.local/bin/aider --model sonnet", "aider"),
    ("python3.12", "/usr/bin/python3.12", "python3 -m aider --yes-always", "aider"),
    ("uv", f"{HOME}/.local/bin/uv", "uv tool uvx --from aider-chat aider", "aider"),
    ("uvx", f"{HOME}/.local/bin/uvx", "uvx aider-chat@latest", "aider"),
    ("goose", f"{HOME}/.local/bin/goose", "goose session --resume", "goose"),
    ("goose", f"{HOME}/.local/bin/goose", "goose", "goose"),
    ("goose", f"{HOME}/.local/bin/goose", "goose run -t hello", "goose"),
    ("node", f"{HOME}/.local/share/cursor-agent/versions/2026.08.04-aaa/node", f"{HOME}/.local/bin/cursor-agent --use-system-ca {HOME}/.local/share/cursor-agent/versions/2026.08.04-aaa/index.js", "cursor-agent"),
    ("MainThread", f"{HOME}/.local/share/cursor-agent/versions/2026.09.18/node", f"{HOME}/.local/bin/agent --use-system-ca {HOME}/.local/share/cursor-agent/versions/2026.09.18/index.js", "cursor-agent"),
    ("node", "/usr/bin/node", "node /usr/local/bin/copilot --resume", "copilot"),
    ("node", "/usr/bin/node", f"node {NPM}/@github/copilot/npm-loader.js", "copilot"),
    ("copilot", f"{NPM}/@github/copilot-linux-x64/copilot", "copilot --allow-all-tools", "copilot"),
    ("node", "/usr/bin/node", f"node --no-warnings {NPM}/@sourcegraph/amp/dist/main.js", "amp"),
    ("amp", f"{HOME}/.amp/bin/amp", "amp -x hello", "amp"),
    ("amp", f"{HOME}/.local/bin/amp", "amp threads continue", "amp"),
    ("crush", "/usr/bin/crush", "crush --yolo", "crush"),
    ("node", "/usr/bin/node", f"node {NPM}/@qwen-code/qwen-code/cli.js", "qwen-code"),
    ("node", "/usr/bin/node", "node /usr/local/bin/qwen", "qwen-code"),
    ("droid", f"{HOME}/.local/bin/droid", "droid exec --auto high", "droid"),
    ("bun", f"{HOME}/.bun/bin/bun", f"bun run {HOME}/.bun/bin/codex", "codex"),
    ("bunx", f"{HOME}/.bun/bin/bun", "bunx @qwen-code/qwen-code", "qwen-code"),
    ("deno", "/usr/bin/deno", "deno run -A npm:@google/gemini-cli", "gemini"),
    ("node", "/usr/bin/node", "node -r ./hook.js /usr/bin/gemini", "gemini"),
    ("npx", "/usr/bin/node", "node /usr/bin/npx -y @google/gemini-cli@latest", "gemini"),
    ("pipx", "/usr/bin/python3", "/usr/bin/python3 /usr/bin/pipx run aider-chat", "aider"),
]  # fmt: skip

OTHERS = [
    ("vim", "/usr/bin/vim.basic", "vim claude.md"),
    ("nvim", "/usr/bin/nvim", "nvim codex"),
    ("vim", "/usr/bin/vim.basic", "vim codex.py"),
    ("grep", "/usr/bin/grep", "grep --color=auto claude"),
    ("pgrep", "/usr/bin/pgrep", "pgrep -f codex"),
    ("tail", "/usr/bin/tail", "tail -f aider.log"),
    ("less", "/usr/bin/less", "less claude"),
    ("man", "/usr/bin/man", "man goose"),
    ("git", "/usr/bin/git", "git commit -m claude"),
    ("ssh", "/usr/bin/ssh", "ssh host claude"),
    ("tmux: server", "/usr/bin/tmux", "tmux new-session -s claude claude"),
    ("code", "/usr/share/code/code", "/usr/share/code/code claude.md"),
    ("claude-desktop", "/usr/lib/claude-desktop/claude-desktop", "/usr/lib/claude-desktop/claude-desktop --type=renderer"),
    ("claude", "/opt/Claude/claude", "/opt/Claude/claude --type=gpu-process"),
    ("Claude", "/Applications/Claude.app/Contents/MacOS/Claude", "/Applications/Claude.app/Contents/MacOS/Claude"),
    ("claude", None, "claude daemon run --origin transient"),
    ("codex", f"{HOME}/.codex/packages/app-server-daemon/releases/0.169.0-x86_64-unknown-linux-musl/bin/codex", "codex app-server --listen unix:// --analytics-default-enabled --managed-daemon"),
    ("codex", f"{HOME}/.codex/packages/app-server-daemon/releases/0.169.0-x86_64-unknown-linux-musl/bin/codex", "codex app-server daemon pid-update-loop"),
    ("claude", None, "claude --bg-pty-host /tmp/s.sock 200 50 -- claude --resume x"),
    ("claude", None, "claude --bg-spare /tmp/s.claim.sock"),
    ("claude", None, "claude --chrome-native-host"),
    ("claude", None, "claude mcp serve"),
    ("rg", f"{NPM}/@anthropic-ai/claude-code/vendor/ripgrep/x64-linux/rg", "rg foo"),
    ("python3", "/usr/bin/python3", "python3 codex.py"),
    ("python3", "/usr/bin/python3", "python3 manage.py codex"),
    ("python3", "/usr/bin/python3", "python3 -c claude"),
    ("python3", "/usr/bin/python3", "python3 -m http.server --directory claude"),
    ("python3", "/usr/bin/python3", "python3 -m goose"),
    ("node", "/usr/bin/node", "node server.js claude"),
    ("node", "/usr/bin/node", "node -e claude"),
    ("node", "/usr/bin/node", "node my-gemini-cleaner.js"),
    ("node", "/usr/bin/node", f"node {NPM}/copilot-language-server/main.js --stdio"),
    ("bash", "/usr/bin/bash", "bash -c claude"),
    ("bash", "/usr/bin/bash", "bash -lc codex"),
    ("sh", "/usr/bin/dash", "sh -c claude"),
    ("bash", "/usr/bin/bash", "-bash"),
    ("npm", "/usr/bin/node", "npm install -g @openai/codex"),
    ("uv", "/usr/bin/uv", "uv tool install aider-chat"),
    ("uv", "/usr/bin/uv", "uv pip install aider-chat"),
    ("goose", "/usr/local/bin/goose", "goose -dir migrations postgres postgres://x up"),
    ("goose", "/usr/local/bin/goose", "goose sqlite3 ./foo.db status"),
    ("goose", "/usr/local/bin/goose", "goose up"),
    ("goose", f"{HOME}/.local/bin/goose", "goose mcp developer"),
    ("copilot", "/usr/local/bin/copilot", "copilot svc deploy --name web"),
    ("amp", "/usr/bin/amp", "amp src/main.rs"),
    ("crushtool", "/usr/bin/crushtool", "crushtool -d map"),
    ("node", f"{HOME}/.local/share/cursor-agent/versions/1/node", f"{HOME}/.local/share/cursor-agent/versions/1/node {HOME}/.local/share/cursor-agent/versions/1/index.js worker-server"),
    ("agent", "/usr/bin/agent", "agent --listen"),
    ("3.11.2", "/opt/tool/3.11.2", "/opt/tool/3.11.2"),
    ("kworker/0:1", None, ""),
]  # fmt: skip


def argv_of(line: str) -> list[str]:
    return [part.replace("|", " ") for part in line.split(" ")] if line else []


@pytest.mark.parametrize(
    ("name", "exe", "line", "kind"), AGENTS, ids=[f"{row[0]}: {row[2][-60:]}" for row in AGENTS]
)
def test_a_known_agent_is_recognised(name: str, exe: str | None, line: str, kind: str | None) -> None:
    assert classify(name, exe, argv_of(line)) == kind
    if kind is not None:
        assert could_be_agent(name), "its command line would never be read"


@pytest.mark.parametrize(("name", "exe", "line"), OTHERS, ids=[f"{row[0]}: {row[2][-60:]}" for row in OTHERS])
def test_a_false_friend_is_no_agent(name: str, exe: str | None, line: str) -> None:
    assert classify(name, exe, argv_of(line)) is None


@pytest.mark.parametrize("program", CATALOGUE, ids=lambda program: program.kind)
def test_every_program_of_the_catalogue_is_recognised_by_its_name_alone(program: AgentProgram) -> None:
    for name in program.names:
        assert could_be_agent(name)
        assert classify(name, None, ()) == program.kind, "another user's process denies its arguments"
        assert classify(name, f"/usr/bin/{name}", [name]) == program.kind
    assert CANONICAL_NAMES[program.kind] == program.names[0]


@given(st.text(max_size=20), st.none() | st.text(max_size=40), st.lists(st.text(max_size=20), max_size=6))
def test_no_command_line_breaks_it(name: str, exe: str | None, argv: list[str]) -> None:
    assert classify(name, exe, argv) in {None, *CANONICAL_NAMES}


@given(st.lists(st.sampled_from(["claude", "codex", "/usr/bin/aider", "goose", "--model", "x"]), max_size=5))
def test_arguments_alone_never_make_an_agent(arguments: list[str]) -> None:
    for program in ("vim", "grep", "cat", "git", "make", "ssh"):
        assert classify(program, f"/usr/bin/{program}", [program, *arguments]) is None
