"""The rag metrics from each of their origins; what an origin does not tell stays unknown."""

from __future__ import annotations

import json
import os
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from monitor.config import RagSettings
from monitor.errors import SourceError
from monitor.model import RagMetrics, RagPattern
from monitor.sources.rag import BANK_READS, RagSource
from monitor.sources.web import fetch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = 1_750_200_000_000

Page = tuple[int, bytes]


@contextmanager
def serve(
    pages: dict[str, Page], before: Callable[[BaseHTTPRequestHandler], None] | None = None
) -> Iterator[str]:
    """A real server on this machine; yields its base URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if before:
                before(self)
            status, body = pages.get(self.path, (404, b"not here"))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", body.decode())
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign] # a client that hangs up is no news
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def page(value: object) -> Page:
    return 200, json.dumps(value).encode()


def pattern(folder: Path, name: str, *tags: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(json.dumps({"id": name, "content": "CANARY", "description": "CANARY", "tags": tags}))
    return file


def test_without_any_origin_there_are_no_metrics(tmp_path: Path) -> None:
    assert RagSource(RagSettings(), (str(tmp_path),)).poll(NOW) is None
    assert RagSource(RagSettings(), ()).poll(NOW) is None


def poll_file(tmp_path: Path, text: str) -> RagMetrics | None:
    (tmp_path / "rag.json").write_text(text)
    return RagSource(RagSettings(file=str(tmp_path / "rag.json")), ()).poll(NOW)


@pytest.mark.parametrize("camel", [False, True])
def test_a_file_with_the_columns_of_seed_001_is_read(tmp_path: Path, camel: bool) -> None:
    record: dict[str, object] = {
        "total_patterns": 12,
        "total_queries": 40,
        "average_response_time": 12.5,
        "hit_rate": 85,
        "memory_usage": 1024,
        "query_volume_last_hour": 3,
        "top_patterns": [
            {"name": "express setup", "count": 7},
            {"pattern": "jest", "usageCount": 2},
            "bare",
            7,
            None,
        ],
        "recent_queries": ["how", "why"],
    }
    if camel:
        record = {
            name.split("_")[0] + "".join(part.title() for part in name.split("_")[1:]): value
            for name, value in record.items()
        }
        assert "averageResponseTime" in record
    assert poll_file(tmp_path, json.dumps(record)) == RagMetrics(
        timestamp=NOW,
        origin="file",
        total_patterns=12,
        total_queries=40,
        average_response_time=12.5,
        hit_rate=85.0,
        memory_usage=1024,
        query_volume_last_hour=3,
        top_patterns=(
            RagPattern(name="express setup", count=7),
            RagPattern(name="jest", count=2),
            RagPattern(name="bare"),
            RagPattern(name="7"),
        ),
        recent_queries=2,
    )


def test_what_a_file_does_not_tell_is_unknown_not_zero(tmp_path: Path) -> None:
    assert poll_file(tmp_path, '{"total_patterns": 3}') == RagMetrics(
        timestamp=NOW, origin="file", total_patterns=3
    )


def test_values_of_wrong_types_are_unknown(tmp_path: Path) -> None:
    metrics = poll_file(
        tmp_path,
        '{"total_patterns": "many", "total_queries": -1, "hit_rate": NaN, "memory_usage": [], "top_patterns": 7}',
    )
    assert metrics == RagMetrics(timestamp=NOW, origin="file")


def test_a_hit_rate_up_to_one_is_a_share(tmp_path: Path) -> None:
    metrics = poll_file(tmp_path, '{"hit_rate": 0.5}')
    assert metrics is not None
    assert metrics.hit_rate == 50.0


def test_top_patterns_may_be_json_in_text(tmp_path: Path) -> None:
    metrics = poll_file(tmp_path, json.dumps({"top_patterns": '[{"name": "jest", "count": 2}]'}))
    assert metrics is not None
    assert metrics.top_patterns == (RagPattern(name="jest", count=2),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "rag.json is empty"),
        ("[1]", "rag.json holds no rag metrics"),
        ('{"other": 1}', "tells none of total_patterns, "),
    ],
)
def test_a_file_without_metrics_is_an_error_for_people(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        poll_file(tmp_path, text)


def test_a_missing_file_is_an_error_because_it_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"none\.json does not exist"):
        RagSource(RagSettings(file=str(tmp_path / "none.json")), ()).poll(NOW)


STATS = page({"totalPatterns": 12, "averageResponseTime": 8.5})
QUERIES = page({"queries": [{"query": "CANARY"}, {"query": "CANARY"}], "totalQueries": 2})


def test_a_server_s_two_pages_make_one_reading() -> None:
    with serve({"/api/patterns/stats": STATS, "/api/queries?limit=50": QUERIES}) as url:
        metrics = RagSource(RagSettings(url=url + "/"), ()).poll(NOW)
    assert metrics == RagMetrics(
        timestamp=NOW,
        origin="http",
        total_patterns=12,
        total_queries=2,
        average_response_time=8.5,
        recent_queries=2,
    )
    assert "CANARY" not in repr(metrics)


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        ({"/api/patterns/stats": STATS}, (12, None)),
        ({"/api/queries?limit=50": QUERIES}, (None, 2)),
        ({"/api/queries?limit=50": page(["a", "b", "c"])}, (None, 3)),
    ],
)
def test_either_page_may_be_missing(pages: dict[str, Page], expected: tuple[int | None, int | None]) -> None:
    with serve(pages) as url:
        metrics = RagSource(RagSettings(url=url), ()).poll(NOW)
    assert metrics is not None
    assert (metrics.total_patterns, metrics.recent_queries) == expected


def test_a_server_with_neither_page_is_an_error_for_people() -> None:
    with (
        serve({}) as url,
        pytest.raises(SourceError, match="/api/patterns/stats answers with HTTP status 404"),
    ):
        RagSource(RagSettings(url=url), ()).poll(NOW)


def test_a_redirect_is_not_followed() -> None:
    with serve({"/api/patterns/stats": STATS}) as other:
        moved = {"/metrics": (302, f"{other}/api/patterns/stats".encode())}
        with serve(moved) as url, pytest.raises(SourceError, match="HTTP status 302"):
            RagSource(RagSettings(prometheus=url + "/metrics"), ()).poll(NOW)


def test_a_server_that_is_not_there_is_an_error_without_its_password() -> None:
    with serve({}) as url:
        gone = url.replace("http://", "http://user:SECRET@")
    with pytest.raises(SourceError, match="Connection refused") as caught:
        RagSource(RagSettings(url=gone), ()).poll(NOW)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["ftp://host/x", "file:///etc/passwd", "host:80", "http://", "http://h:port/", "http://h/a b"]
)
def test_what_is_no_web_address_is_never_asked(url: str) -> None:
    with pytest.raises(SourceError, match=r"cannot be asked|no URL that can be asked"):
        fetch(url, limit=10)


def test_user_and_password_are_sent_to_the_server_they_are_for() -> None:
    seen: list[str | None] = []
    with serve({"/": (200, b"x")}, lambda handler: seen.append(handler.headers["Authorization"])) as url:
        assert fetch(url.replace("http://", "http://user:p%40ss@"), limit=10).body == b"x"
        fetch(url, limit=10)
    assert seen == ["Basic dXNlcjpwQHNz", None]


def test_an_answer_that_is_too_large_is_refused() -> None:
    with serve({"/": (200, b"x" * 5000)}) as url, pytest.raises(SourceError, match="at most 1 kB are read"):
        fetch(url + "/", limit=1000)


def test_a_server_that_drips_forever_is_left_in_time() -> None:
    stop = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.0 200 OK\r\nX-Slow: ")
        while not stop.wait(0.02):
            handler.wfile.write(b"x")

    with serve({}, drip) as url:
        start = time.monotonic()
        with pytest.raises(SourceError, match=r"did not answer within 0\.3 s"):
            fetch(url, limit=10, timeout=0.3)
        stop.set()
    assert time.monotonic() - start < 2


def test_an_answer_cut_in_the_middle_is_no_answer() -> None:
    def cut(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Length: 10000\r\n\r\n{}")
        handler.wfile.flush()
        handler.connection.close()

    with serve({}, cut) as url, pytest.raises(SourceError, match="cannot be asked"):
        fetch(url, limit=100_000)


PROMETHEUS = b"""# HELP rag_searches_total Total RAG searches
# TYPE rag_searches_total counter
rag_searches_total{search_type="se}m\\"x",status="ok"} 30 1750200000000
rag_searches_total{search_type="text",status="error"} 10.0
rag_searches_created{search_type="text"} 1.7e+09
rag_search_duration_seconds_bucket{le="0.1"} 7
rag_search_duration_seconds_sum{search_type="text"} 2.0
rag_search_duration_seconds_count{search_type="text"} 40
rag_documents_total 1234
rag_vector_store_size_bytes NaN
"""


def test_a_prometheus_page_is_summed_over_its_labels() -> None:
    with serve({"/metrics": (200, PROMETHEUS)}) as url:
        metrics = RagSource(RagSettings(prometheus=url + "/metrics"), ()).poll(NOW)
    assert metrics == RagMetrics(
        timestamp=NOW,
        origin="prometheus",
        total_patterns=1234,
        total_queries=40,
        average_response_time=50.0,
    )


def test_without_a_search_there_is_no_average() -> None:
    text = b"rag_search_duration_seconds_sum 0\nrag_search_duration_seconds_count 0\n"
    with serve({"/metrics": (200, text)}) as url:
        metrics = RagSource(RagSettings(prometheus=url + "/metrics"), ()).poll(NOW)
    assert metrics is not None
    assert metrics.average_response_time is None


def test_a_page_without_rag_metrics_is_an_error_for_people() -> None:
    with (
        serve({"/metrics": (200, b"up 1\n")}) as url,
        pytest.raises(SourceError, match="none of the rag_ metrics"),
    ):
        RagSource(RagSettings(prometheus=url + "/metrics"), ()).poll(NOW)


def test_a_memory_bank_tells_how_many_patterns_and_their_tags_and_nothing_else(tmp_path: Path) -> None:
    bank = tmp_path / "coordination" / "memory-bank"
    pattern(bank, "builder-1750108587778.json", "node", "express", "node")
    pattern(bank, "validator-1750111217382.json", "jest", "node")
    (bank / "README.md").write_text("no pattern")
    (bank / "notes.json").write_text("no pattern")
    metrics = RagSource(RagSettings(), (str(tmp_path), str(tmp_path / "none"))).poll(NOW)
    assert metrics == RagMetrics(
        timestamp=NOW,
        origin="memory-bank",
        total_patterns=2,
        top_patterns=(
            RagPattern(name="node", count=2),
            RagPattern(name="express", count=1),
            RagPattern(name="jest", count=1),
        ),
    )
    assert "CANARY" not in repr(metrics)


def test_the_memory_banks_of_all_roots_count_together(tmp_path: Path) -> None:
    roots = [tmp_path / name for name in ("a", "b")]
    for root in roots:
        pattern(root / "coordination" / "memory-bank", "builder-1.json", "node")
    metrics = RagSource(RagSettings(), tuple(map(str, roots))).poll(NOW)
    assert metrics is not None
    assert metrics.total_patterns == 2
    assert metrics.top_patterns == (RagPattern(name="node", count=2),)


def test_a_memory_bank_that_is_named_is_read_and_has_to_be_there(tmp_path: Path) -> None:
    source = RagSource(RagSettings(memory_bank=str(tmp_path / "bank")), ())
    with pytest.raises(SourceError, match="does not exist"):
        source.poll(NOW)
    pattern(tmp_path / "bank", "builder-1.json", "node")
    metrics = source.poll(NOW)
    assert metrics is not None
    assert metrics.total_patterns == 1
    assert metrics.top_patterns == (RagPattern(name="node", count=1),)


def test_patterns_that_come_change_or_go_are_noticed(tmp_path: Path) -> None:
    source = RagSource(RagSettings(memory_bank=str(tmp_path)), ())

    def tags() -> dict[str, int | None]:
        metrics = source.poll(NOW)
        assert metrics is not None
        return {top.name: top.count for top in metrics.top_patterns}

    first = pattern(tmp_path, "builder-1.json", "node")
    assert tags() == {"node": 1}
    pattern(tmp_path, "builder-2.json", "node", "jest")
    assert tags() == {"node": 2, "jest": 1}
    pattern(tmp_path, "builder-2.json", "a-longer-tag")
    assert tags() == {"node": 1, "a-longer-tag": 1}
    first.unlink()
    assert tags() == {"a-longer-tag": 1}


def test_a_file_that_did_not_change_is_not_opened_again(tmp_path: Path) -> None:
    source = RagSource(RagSettings(memory_bank=str(tmp_path)), ())
    file = pattern(tmp_path, "builder-1.json", "node")
    status = file.stat()
    source.poll(NOW)
    with file.open("r+") as stream:
        stream.write(file.read_text().replace("node", "jest"))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    metrics = source.poll(NOW)
    assert metrics is not None
    assert metrics.top_patterns == (RagPattern(name="node", count=1),)


def test_broken_and_hostile_pattern_files_count_but_tell_no_tags(tmp_path: Path) -> None:
    (tmp_path / "builder-1.json").write_text('{"tags": ["no')
    (tmp_path / "builder-2.json").write_text('{"tags": 7}')
    (tmp_path / "builder-3.json").write_text('{"tags": ["\\u001b[31mred"]}')
    (tmp_path / "builder-4.json").write_text("[]")
    os.mkfifo(tmp_path / "builder-5.json")
    metrics = RagSource(RagSettings(memory_bank=str(tmp_path)), ()).poll(NOW)
    assert metrics is not None
    assert metrics.total_patterns == 4
    assert metrics.top_patterns == (RagPattern(name="red", count=1),)


def test_a_large_memory_bank_is_read_in_portions(tmp_path: Path) -> None:
    for number in range(BANK_READS + 10):
        (tmp_path / f"builder-{number}.json").write_text('{"tags": ["node"]}')
    source = RagSource(RagSettings(memory_bank=str(tmp_path)), ())
    polls = [source.poll(NOW), source.poll(NOW)]
    assert [metrics.total_patterns for metrics in polls if metrics] == [BANK_READS + 10] * 2
    assert [metrics.top_patterns[0].count for metrics in polls if metrics] == [BANK_READS, BANK_READS + 10]
