"""What may be shown of a command line: a program's name and flags from a short list, and nothing else."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources.processes.catalogue import CANONICAL_NAMES
from monitor.sources.processes.commandline import Program, display_name, program_of

CANARY = "sk-ant-SECRET99"


def shown(*argv: str, name: str = "node", kind: str = "") -> str:
    return display_name(name, program_of(name, argv), CANONICAL_NAMES.get(kind))


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (("claude", "--model", "claude-opus-4-1[1m]", "-p", "write a poem"), "claude --model claude-opus-4-1[1m] -p"),
        (("claude", "--resume", "4a6f-88", "--yolo"), "claude --resume --yolo"),
        (("claude", "--permission-mode", "plan", "--mcp-config", "/etc/x"), "claude --permission-mode plan"),
        (("claude", "--permission-mode", "whatever"), "claude --permission-mode"),
        (("node", "/usr/bin/codex", "exec", "--full-auto", "fix the bug"), "codex exec --full-auto"),
        (("codex", "--model=gpt-5.1-codex"), "codex --model gpt-5.1-codex"),
        (("goose", "session", "-r"), "goose session -r"),
        (("python3", "-u", "/srv/worker.py", "--queue", "fast"), "worker.py"),
        (("python3", "-m", "worker.run", "now"), "worker.run"),
        (("claude", "--", "--resume"), "claude"),
    ],
)  # fmt: skip
def test_the_name_and_listed_flags_are_shown(argv: tuple[str, ...], expected: str) -> None:
    assert shown(*argv) == expected


@pytest.mark.parametrize(
    "argv",
    [
        ("claude", "--api-key", CANARY),
        ("claude", f"--api-key={CANARY}"),
        ("claude", "-p", CANARY),
        ("claude", CANARY),
        ("claude", "--model", CANARY),
        ("claude", f"--model={CANARY}"),
        ("claude", "--output-format", CANARY),
        ("claude", "--resume", CANARY),
        ("codex", "exec", CANARY),
        ("codex", "-c", f"key={CANARY}"),
        ("node", "-e", CANARY),
        ("bash", "-c", f"KEY={CANARY} claude"),
        ("python3", "-c", CANARY),
        ("custom-agent", "--token", CANARY, CANARY),
        ("npx", "-y", "some-agent", CANARY),
    ],
)
def test_keys_and_prompts_are_never_shown(argv: tuple[str, ...]) -> None:
    assert "SECRET" not in shown(*argv)


def test_code_on_the_command_line_shows_the_process_name_only() -> None:
    assert shown("bash", "-c", "claude -p secret", name="bash") == "bash"
    assert program_of("bash", ("bash", "-c", "x")) == Program("", "", (), wrapped=True)


def test_a_known_program_is_shown_by_the_name_people_call_it() -> None:
    assert shown("/x/2.1.3", "--continue", name="2.1.3", kind="claude-code") == "claude --continue"


def test_without_arguments_the_process_name_is_all_there_is() -> None:
    assert shown(name="kworker/0:1") == "kworker/0:1"
    assert shown(name="builder") == "builder"


@given(st.lists(st.text(min_size=1, max_size=30), max_size=8), st.text(max_size=20))
def test_whatever_the_arguments_one_short_printable_line_comes_out(argv: list[str], name: str) -> None:
    line = display_name(name, program_of(name, argv))
    assert line.isprintable()
    assert len(line) <= 100


WORDS = st.text(alphabet="XYZ", min_size=8, max_size=12)


@given(
    st.lists(
        WORDS | st.sampled_from(["--model", "-p", "--resume", "exec", "--auto", "--sandbox"]), max_size=8
    )
)
def test_no_word_of_a_prompt_is_shown_beside_the_flags(arguments: list[str]) -> None:
    words = shown("claude", *arguments).split(" ")
    after_model = {right for left, right in pairwise(arguments) if left == "--model"}
    assert not {word for word in words if set(word) <= set("XYZ")} - after_model
