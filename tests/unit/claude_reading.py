"""Reads what the tests of Claude Code's reader have written, and a session with everything in it."""

from __future__ import annotations

from pathlib import Path

from claude_logs import CONTENT, OUTPUT, PROMPT, START, TranscriptWriter

from monitor.model import Session, TokenCounts
from monitor.sources.sessions.claude_code import ClaudeCodeReader
from monitor.sources.sessions.reader import ReaderOptions

BUDGET = 1 << 30
AGES = 50 * 365 * 86_400_000
ONCE = TokenCounts(input=10, output=50, cache_read=3000, cache_write=200)
"""Tokens of one answer of the writer."""


def times(count: int) -> TokenCounts:
    total = TokenCounts()
    for _ in range(count):
        total = total.plus(ONCE)
    return total


def reader(home: Path, *, targets: bool = True) -> ClaudeCodeReader:
    environ = {"CLAUDE_CONFIG_DIR": str(home)}
    options = ReaderOptions(
        home="/nowhere", environ=environ, targets=targets, max_age_ms=AGES, spool=str(home / "spool")
    )
    return ClaudeCodeReader(options)


def read(home: Path, *, targets: bool = True) -> Session:
    (session,) = reader(home, targets=targets).poll(START, BUDGET)
    return session


def own_start() -> int:
    """Field 22 of this process's stat."""
    return int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])


def whole() -> TranscriptWriter:
    """A session with everything in it."""
    log = TranscriptWriter()
    log.prompt()
    log.call("t1", "Bash", command=f"CANARY=1 grep {CONTENT}", description=CONTENT)
    log.result("t1")
    log.call("t2", "Edit", file_path="/shop/a/x.py", old_string=CONTENT, new_string=CONTENT)
    log.result("t2", [{"type": "text", "text": OUTPUT}])
    log.call("t3", "WebFetch", url=f"https://example.org/{CONTENT}", prompt=PROMPT)
    log.result("t3", OUTPUT, error=True)
    log.failed(f"API Error: {OUTPUT}")
    log.put("summary", summary=CONTENT)
    log.put("last-prompt", lastPrompt=PROMPT)
    log.put("ai-title", title=CONTENT)
    log.answer()
    return log
