"""What the chat histories of aider tell, whole, cut and replaced."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.model import Session, TokenCounts
from monitor.sources.sessions.aider import FILE, AiderReader
from monitor.sources.sessions.reader import ReaderOptions

BUDGET = 1 << 30
AGES = 50 * 365 * 86_400_000
NOW = time.time_ns() // 1_000_000
BANNER = """
# aider chat started at 2026-01-01 12:00:00

> Aider v0.86.1
> Main model: anthropic/claude-sonnet-4-5 with diff edit format, infinite output
> Git repo: .git with 4 files
"""
TURN = """
#### CANARY-prompt

CANARY-answer in `code`
```python
> Tokens: 999k sent, 999k received.
```

> Tokens: 16k sent, 516 received. Cost: $0.05 message, $0.05 session.
> Applied edit to src/x.py
> Commit 3b1c2d4 feat: CANARY-subject
"""
TOKENS = TokenCounts(input=16_000, output=516)


def reader(root: Path, *, targets: bool = True) -> AiderReader:
    return AiderReader(
        ReaderOptions(home="/nowhere", worktrees=(str(root),), targets=targets, max_age_ms=AGES)
    )


def read(root: Path, *, targets: bool = True) -> Session:
    (session,) = reader(root, targets=targets).poll(NOW, BUDGET)
    return session


def test_a_whole_turn(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(BANNER + TURN.replace("999k", "0"))
    session = read(tmp_path)
    assert (session.kind, session.cwd, session.version) == ("aider", str(tmp_path), "0.86.1")
    assert session.model == "anthropic/claude-sonnet-4-5"
    assert (session.turn_state, session.cost_usd, session.edits) == ("idle", 0.05, ("src/x.py",))
    assert session.tokens == TOKENS
    assert read(tmp_path, targets=False).edits == ()


def test_what_stands_in_a_block_of_code_is_nothing_that_the_program_said(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(BANNER + TURN)
    assert read(tmp_path).tokens == TOKENS


@pytest.mark.parametrize(
    ("line", "tokens", "cost"),
    [
        ("> Tokens: 730 sent, 895 received.", TokenCounts(input=730, output=895), None),
        (
            "> Tokens: 4.1k sent, 2.4k cache write, 1.2k cache hit, 120 received. Cost: $0.01 message, $0.20 session.",
            TokenCounts(input=500, output=120, cache_read=1200, cache_write=2400),
            0.01,
        ),
        ("> Tokens: 1.5M sent, 1,234 received.", TokenCounts(input=1_500_000, output=1234), None),
        ("> Tokens: ... sent, . received.", TokenCounts(), None),
    ],
)
def test_the_forms_of_the_line_of_tokens(
    tmp_path: Path, line: str, tokens: TokenCounts, cost: float | None
) -> None:
    (tmp_path / FILE).write_text(f"{BANNER}\n#### x\n\n{line}\n")
    session = read(tmp_path)
    assert (session.tokens, session.cost_usd) == (tokens, cost)


@pytest.mark.parametrize(
    ("line", "state"),
    [
        ("#### CANARY", "thinking"),
        ("> Add file to the chat? (Y)es/(N)o/(D)on't ask again [Yes]:", "permission"),
        ("> Allow edits to file that has not been added to the chat? (Y)es/(N)o [Yes]: y", "thinking"),
        ("> litellm.RateLimitError: CANARY", "limited"),
        ("> litellm.InternalServerError: CANARY", "error"),
    ],
)
def test_the_state_of_the_turn(tmp_path: Path, line: str, state: str) -> None:
    (tmp_path / FILE).write_text(f"{BANNER}\n#### x\n\n{line}\n")
    session = read(tmp_path)
    assert session.turn_state == state
    assert bool(session.waiting_for) is (state == "permission")
    assert bool(session.error) is (state in {"limited", "error"})


TOKENS_LINE = "> Tokens: 16k sent, 516 received."
CREATED = "> Create new file? (Y)es/(N)o [Yes]: y"


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        ([TOKENS_LINE, "> made.py", CREATED], "idle"),
        ([TOKENS_LINE, CREATED, "> Applied edit to made.py"], "idle"),
        ([TOKENS_LINE, "> Run shell command? (Y)es/(N)o/(D)on't ask again [Yes]: n"], "idle"),
        ([TOKENS_LINE, "> Attempt to fix lint errors? (Y)es/(N)o [Yes]: y"], "thinking"),
        ([TOKENS_LINE, "> Attempt to fix test errors? (Y)es/(N)o [Yes]: n"], "idle"),
        (
            [TOKENS_LINE, "> Add file to the chat? (Y)es/(N)o/(A)ll/(S)kip all/(D)on't ask again [Yes]: a"],
            "thinking",
        ),
    ],
)
def test_after_a_turn_only_some_answers_lead_to_another(tmp_path: Path, lines: list[str], state: str) -> None:
    (tmp_path / FILE).write_text(BANNER + "\n#### x\n\n" + "  \n".join(lines) + "\n")
    assert read(tmp_path).turn_state == state


def test_a_new_start_is_a_new_session(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(BANNER + TURN)
    source = reader(tmp_path)
    (first,) = source.poll(NOW, BUDGET)
    with (tmp_path / FILE).open("a") as file:
        file.write(BANNER.replace("12:00:00", "13:00:00"))
    (second,) = source.poll(NOW, BUDGET)
    assert second.session_id != first.session_id
    assert (second.started or 0) - (first.started or 0) == 3_600_000
    assert second.tokens.total == 0
    (again,) = source.poll(NOW, BUDGET)
    assert again is second


def test_no_text_of_a_person_or_a_model_is_kept(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(BANNER + TURN + "> litellm.BadRequestError: CANARY\n")
    assert "CANARY" not in msgspec.json.encode(read(tmp_path)).decode()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(1, 300), min_size=1, max_size=10), budget=st.integers(20, 300))
def test_totals_are_the_same_however_it_grows_and_is_read(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], budget: int
) -> None:
    root = tmp_path_factory.mktemp("root")
    content = (BANNER + 2 * TURN).encode()
    (root / FILE).write_bytes(b"")
    source = reader(root)
    written = 0
    for cut in [*cuts, len(content)]:
        with (root / FILE).open("ab") as file:
            file.write(content[written : written + cut])
        written += cut
        source.poll(NOW, budget)
    while source.progress.done != source.progress.total:
        source.poll(NOW, budget)
    (session,) = source.poll(NOW, BUDGET)
    assert session.tokens == TOKENS.plus(TOKENS)
    assert session.edit_count == 2


def test_a_history_that_is_cut_begins_anew_and_one_that_is_gone_is_no_session(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(BANNER + 3 * TURN)
    source = reader(tmp_path)
    assert source.poll(NOW, BUDGET)[0].edit_count == 3
    (tmp_path / FILE).write_text(BANNER + TURN)
    assert source.poll(NOW, BUDGET)[0].edit_count == 1
    (tmp_path / FILE).unlink()
    assert source.poll(NOW, BUDGET) == ()
    assert source.problems == ()
    source.follow(())
    assert source.poll(NOW, BUDGET) == ()
