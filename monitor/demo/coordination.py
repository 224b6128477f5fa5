"""What the demo agents leave beside the board: the progress log, the rag metrics and the memory bank."""

from __future__ import annotations

import json
import random
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from monitor.demo.board import iso
from monitor.demo.content import LESSONS

if TYPE_CHECKING:
    from pathlib import Path

_HEADER: Final = """# Progress Log

This document tracks daily progress updates from all agents. Each entry includes timestamp, agent ID, and progress
summary.

---
"""
_LOG_LIMIT_BYTES: Final = 2_000_000
"""A log that has grown to this size starts again, so that a demo left alone does not fill the disk."""
_MEMORY_LIMIT_FILES: Final = 200
_QUERIES: Final = (
    "how are refunds modelled",
    "retry policy",
    "pagination of listings",
    "who owns the search index",
)


class ProgressLog:
    """`progress-log.md`: entries appended as checklist SIB-09 has them."""

    def __init__(self, file: Path, now: float) -> None:
        self._file = file
        self._begin(now)

    def append(self, agent_id: str, now: float, section: str, text: str) -> None:
        """Add an entry of one section (`Completed`, `Blockers`, …) with one line."""
        if self._file.stat().st_size > _LOG_LIMIT_BYTES:
            self._begin(now)
        with self._file.open("a") as log:
            log.write(f"\n\n## {iso(now)} - {agent_id}\n### {section}\n- {text}\n")

    def _begin(self, now: float) -> None:
        today = datetime.fromtimestamp(now, UTC).date()
        self._file.write_text(
            f"{_HEADER}\n\n## {iso(now - 7200)} - system\n\n"
            "Worktrees are set up:\n- Branches created\n\n### Blockers\nNone\n"
            f"\n\n## {today} - Daily Activity Summary\n\nAll agents at work on checkout and search.\n"
        )


class Rag:
    """`rag-metrics.json` with the columns of seed 001's rag_metrics, and the memory bank that they count."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._file = folder / "rag-metrics.json"
        self._bank = folder / "memory-bank"
        self._bank.mkdir()
        self._rng = random.Random(f"{seed}:rag")
        self._asked = [(40 - 7 * number, lesson) for number, lesson in enumerate(LESSONS)]
        self._queries = 1_200
        self._last_hour = 90

    def remember(self, agent_id: str, now: float) -> None:
        """Store a pattern in the memory bank, as `<agent>-<ms>.json` (checklist SIB-28); a full bank stays as it is."""
        if self._stored() >= _MEMORY_LIMIT_FILES:
            return
        lesson = self._rng.choice(LESSONS)
        pattern = {
            "id": str(uuid.UUID(int=self._rng.getrandbits(128), version=4)),
            "content": f"## {lesson}\n\nSeen while working on the shop.",
            "description": lesson,
            "tags": self._rng.sample(["backend", "testing", "database", "http", "money", "cache"], 2),
            "agentId": agent_id,
            "timestamp": iso(now),
        }
        (self._bank / f"{agent_id}-{int(now * 1000)}.json").write_text(json.dumps(pattern, indent=2))

    def move(self, now: float) -> None:
        """Ask a little more of the memory and write the metrics by rename."""
        asked = self._rng.randrange(6)
        self._queries += asked
        self._last_hour = max(20, min(240, self._last_hour + self._rng.randint(-4, 4)))
        place = self._rng.randrange(len(self._asked))
        self._asked[place] = (self._asked[place][0] + asked, self._asked[place][1])
        stored = self._stored()
        metrics = {
            "timestamp": iso(now),
            "total_patterns": stored,
            "total_queries": self._queries,
            "average_response_time": round(self._rng.uniform(18, 42), 1),
            "hit_rate": round(self._rng.uniform(71, 88), 1),
            "memory_usage": 48_000_000 + 90_000 * stored,
            "query_volume_last_hour": self._last_hour,
            "top_patterns": [
                {"name": name, "count": count} for count, name in sorted(self._asked, reverse=True)
            ],
            "recent_queries": [
                {"query": self._rng.choice(_QUERIES), "timestamp": iso(now)} for _ in range(asked)
            ],
        }
        temporary = self._file.with_name(f".{self._file.name}.new")
        temporary.write_text(json.dumps(metrics, indent=2))
        temporary.replace(self._file)

    def _stored(self) -> int:
        return sum(1 for _ in self._bank.iterdir())
