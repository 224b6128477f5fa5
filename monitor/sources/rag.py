"""The rag metrics: what the agents' shared pattern memory holds and how it is asked (checklist SIB-28).

Four origins are known, and none tells everything: what an origin does not tell is None. Texts of patterns and
queries are counted and never kept.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from monitor.errors import SourceError
from monitor.model import RagMetrics, RagPattern
from monitor.sources.files import FileMissingError, list_files, read_file
from monitor.sources.values import as_count, as_number, as_text, as_texts, decode_json, pick
from monitor.text import mask_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.config import RagSettings
    from monitor.model import Millis
    from monitor.sources.files import Signature
    from monitor.sources.web import Answer

BANK: Final = "coordination/memory-bank"
SIZE_LIMIT: Final = 4_000_000
BANK_FILES: Final = 10_000
BANK_FILE_SIZE: Final = 1_000_000
BANK_READS: Final = 500
"""Files of the memory bank read in one poll; the rest waits for the next."""
TOP: Final = 10
_TAGS: Final = 50
_OK: Final = 200

_COLUMNS: Final = (
    "total_patterns",
    "total_queries",
    "average_response_time",
    "hit_rate",
    "memory_usage",
    "query_volume_last_hour",
    "top_patterns",
    "recent_queries",
)
_PATTERN_FILE: Final = re.compile(r".+-\d+\.json")
_SAMPLE: Final = re.compile(
    r"""(rag_searches_total|rag_search_duration_seconds_(?:sum|count)|rag_documents_total
        |rag_vector_store_size_bytes)
        (?:\{(?:[^"}]|"(?:\\.|[^"\\])*")*\})?[ \t]+(\S+)(?:[ \t]+-?\d+)?[ \t]*""",
    re.VERBOSE,
)


class RagSource:
    """The first origin that is set: a JSON file, a server's two pages, a Prometheus page, or a memory bank."""

    def __init__(self, settings: RagSettings, roots: tuple[str, ...]) -> None:
        self._settings = settings
        named = settings.memory_bank
        self._banks = (
            [_MemoryBank(".", named, required=True)]
            if named
            else [_MemoryBank(BANK, root, required=False) for root in roots]
        )

    def poll(self, now: Millis) -> RagMetrics | None:
        """Read the metrics; None when there is no origin. Blocks; raises SourceError when its origin fails."""
        settings = self._settings
        if settings.file:
            return _from_file(settings.file, now)
        if settings.url:
            return _from_server(settings.url, now)
        if settings.prometheus:
            return _from_prometheus(settings.prometheus, now)
        found = [bank for bank in self._banks if bank.poll()]
        if not found:
            return None
        tags = sum((bank.tags() for bank in found), Counter[str]())
        return RagMetrics(
            timestamp=now,
            origin="memory-bank",
            total_patterns=sum(bank.patterns for bank in found),
            top_patterns=_most_frequent(tags),
        )


def _from_file(file: str, now: Millis) -> RagMetrics:
    # The user named this very file, so a link in its path is meant.
    path = Path(file).resolve()
    content = read_file(path.name, root=str(path.parent), limit=SIZE_LIMIT)
    return _from_record(_record(content.data, path.name), now, "file")


def _from_server(base: str, now: Millis) -> RagMetrics:
    """Ask both pages; one of them may be missing."""
    stats_url, queries_url = (
        base.rstrip("/") + page for page in ("/api/patterns/stats", "/api/queries?limit=50")
    )
    stats, queries = _ask(stats_url), _ask(queries_url)
    if _OK not in (stats.status, queries.status):
        raise SourceError(
            f"{mask_url(stats_url)} answers with HTTP status {stats.status}, not with statistics."
        )
    record = _record(stats.body, mask_url(stats_url)) if stats.status == _OK else {}
    if queries.status == _OK:
        listed = decode_json(queries.body, mask_url(queries_url))
        head = listed if isinstance(listed, dict) else {"queries": listed}
        record = {**head, **record, "recent_queries": head.get("queries")}
    return _from_record(record, now, "http")


def _from_prometheus(url: str, now: Millis) -> RagMetrics:
    answer = _ask(url)
    if answer.status != _OK:
        raise SourceError(f"{mask_url(url)} answers with HTTP status {answer.status}, not with metrics.")
    sums: dict[str, float] = {}
    for line in answer.body.decode("utf-8", "replace").splitlines():
        sample = _SAMPLE.fullmatch(line)
        value = as_number(sample[2]) if sample else None
        if sample and value is not None:
            sums[sample[1]] = sums.get(sample[1], 0.0) + value
    if not sums:
        raise SourceError(f"{mask_url(url)} holds none of the rag_ metrics.")
    seconds, searches = (sums.get(f"rag_search_duration_seconds_{part}") for part in ("sum", "count"))
    return RagMetrics(
        timestamp=now,
        origin="prometheus",
        total_patterns=as_count(sums.get("rag_documents_total")),
        total_queries=as_count(sums.get("rag_searches_total")),
        average_response_time=seconds / searches * 1000 if seconds is not None and searches else None,
        memory_usage=as_count(sums.get("rag_vector_store_size_bytes")),
    )


def _ask(url: str) -> Answer:
    # Late: HTTP takes 20 ms to import, and few have a server to ask.
    from monitor.sources.web import fetch  # noqa: PLC0415

    return fetch(url, limit=SIZE_LIMIT)


def _record(data: bytes, name: str) -> dict[str, Any]:
    record = decode_json(data, name)
    if not isinstance(record, dict):
        raise SourceError(f"{name} holds no rag metrics: an object is expected.")
    return record


def _from_record(record: Mapping[str, Any], now: Millis, origin: str) -> RagMetrics:
    """Read seed 001's columns, in snake or camel case; a hit rate up to 1 is a share, above it percent."""
    names = {column: (column, _camel(column)) for column in _COLUMNS}
    if not any(name in record for pair in names.values() for name in pair):
        raise SourceError(f"the {origin} origin of the rag metrics tells none of {', '.join(_COLUMNS)}.")
    value = {column: pick(record, pair) for column, pair in names.items()}
    hit_rate = _not_negative(value["hit_rate"])
    recent = value["recent_queries"]
    return RagMetrics(
        timestamp=now,
        origin=origin,
        total_patterns=as_count(value["total_patterns"]),
        total_queries=as_count(value["total_queries"]),
        average_response_time=_not_negative(value["average_response_time"]),
        hit_rate=hit_rate * 100 if hit_rate is not None and hit_rate <= 1 else hit_rate,
        memory_usage=as_count(value["memory_usage"]),
        query_volume_last_hour=as_count(value["query_volume_last_hour"]),
        top_patterns=_patterns(value["top_patterns"]),
        recent_queries=len(recent) if isinstance(recent, list) else as_count(recent),
    )


def _camel(column: str) -> str:
    first, *rest = column.split("_")
    return first + "".join(map(str.title, rest))


def _not_negative(value: Any) -> float | None:
    number = as_number(value)
    return number if number is not None and number >= 0 else None


def _patterns(value: Any) -> tuple[RagPattern, ...]:
    """Take the patterns of a list, or of the JSON text of one, as seed 001 stores it."""
    if isinstance(value, str):
        value = decode_json(value.encode("utf-8", "replace"), "top_patterns")
    found = []
    for entry in value[:TOP] if isinstance(value, list) else ():
        record = entry if isinstance(entry, dict) else {"name": entry}
        name = as_text(pick(record, ("name", "pattern", "id")), 100)
        if name:
            count = as_count(pick(record, ("count", "usageCount", "usage_count", "queries")))
            found.append(RagPattern(name=name, count=count))
    return tuple(found)


def _most_frequent(tags: Counter[str]) -> tuple[RagPattern, ...]:
    ordered = sorted(tags.items(), key=lambda tag: (-tag[1], tag[0]))
    return tuple(RagPattern(name=name, count=count) for name, count in ordered[:TOP])


class _MemoryBank:
    """One folder of `<agent>-<ms>.json` files; a file is read again only when it changed."""

    def __init__(self, folder: str, root: str, *, required: bool) -> None:
        self._folder = folder
        self._root = root
        self._required = required
        self._read: dict[str, tuple[Signature, tuple[str, ...]]] = {}
        self.patterns = 0
        """Files in the folder, each of them one pattern."""

    def poll(self) -> bool:
        """Look at the folder; False when there is none. Raises SourceError when it cannot be read."""
        try:
            listed = list_files(self._folder, root=self._root, limit=BANK_FILES)
        except FileMissingError:
            if self._required:
                raise
            return False
        files = {name: signature for name, signature in listed.items() if _PATTERN_FILE.fullmatch(name)}
        self.patterns = len(files)
        self._read = {name: known for name, known in self._read.items() if name in files}
        changed = [name for name, signature in files.items() if self._signature(name) != signature]
        for name in changed[:BANK_READS]:
            self._read[name] = (files[name], self._tags_of(name))
        return True

    def tags(self) -> Counter[str]:
        """Count the patterns that carry each tag."""
        return Counter(tag for _, tags in self._read.values() for tag in set(tags))

    def _signature(self, name: str) -> Signature | None:
        return self._read[name][0] if name in self._read else None

    def _tags_of(self, name: str) -> tuple[str, ...]:
        """Read a file's tags; one that is half-written or no pattern has none until it changes."""
        try:
            content = read_file(str(Path(self._folder) / name), root=self._root, limit=BANK_FILE_SIZE)
            record = decode_json(content.data, name)
        except SourceError:
            return ()
        return as_texts(record.get("tags"), _TAGS) if isinstance(record, dict) else ()
