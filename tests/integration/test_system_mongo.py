"""The OpenClaw dashboard's collections in MongoDB (seed 003): recorded documents, and a server where there is one."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from monitor.errors import SourceError
from monitor.model.systems import SystemReading
from monitor.sources.systems.catalogue import Tables, kinds
from monitor.sources.systems.mongo import Document, MongoEngine, ServerDocuments
from monitor.sources.systems.reader import SystemReader

NOW = 1_750_000_000_000
CANARY = "canary-7f3a"
FORBIDDEN = (
    "nodeKey",
    "sessionId",
    "permissions",
    "tailscaleIP",
    "ipAddress",
    "content",
    "payload",
    "sessionData",
)


def _at(minute: int, second: int = 0) -> datetime:
    """As pymongo gives times: UTC without saying so."""
    return datetime(2025, 6, 15, 15, minute, second, tzinfo=UTC).replace(tzinfo=None)


DOCUMENTS: dict[str, list[dict[str, Any]]] = {
    "agents_state": [
        {
            "_id": "s1",
            "agentId": "a1",
            "agentType": "planning",
            "state": {
                "status": "busy",
                "currentTasks": [{"payload": CANARY}],
                "configuration": {"token": CANARY},
                "performance": {
                    "tasksCompleted": 5,
                    "averageResponseTime": 120.5,
                    "errorRate": 0.25,
                    "uptime": 60,
                },
                "tailscale": {
                    "nodeKey": CANARY,
                    "ipAddress": CANARY,
                    "lastSeen": _at(2),
                    "connectivity": "degraded",
                },
            },
            "metadata": {"x": CANARY},
            "lastUpdated": _at(1),
            "version": 3,
        },
        {
            "_id": "s2",
            "agentId": "a2",
            "agentType": "task",
            "state": {"status": "paused"},
            "lastUpdated": _at(0),
        },
        {"_id": "s3", "agentId": "a3"},
    ],
    "project_documents": [
        {
            "_id": "d1",
            "projectId": "p1",
            "documentType": "gsd_framework",
            "title": "Launch",
            "content": {"text": CANARY},
            "version": 2,
            "tags": ["shop", "plan"],
            "tailscaleAccess": {"allowedNodes": [CANARY], "accessLevel": "read"},
            "createdBy": CANARY,
            "createdAt": _at(0),
            "updatedAt": _at(1),
            "isDeleted": False,
        },
        {"_id": "d2", "title": "Deleted", "isDeleted": True},
    ],
    "message_queue": [
        {
            "_id": "m1",
            "messageId": "msg-1",
            "type": "task_assign",
            "source": "a2",
            "target": "a1",
            "priority": 3,
            "payload": {"prompt": CANARY},
            "status": "processing",
            "tailscaleRoute": {"sourceNode": CANARY, "targetNode": CANARY, "encrypted": True},
            "attempts": 1,
            "maxAttempts": 5,
            "scheduledAt": _at(0),
            "processedAt": _at(1),
            "expiresAt": _at(30),
        },
        {
            "_id": "m2",
            "messageId": "msg-2",
            "channel": "all",
            "priority": 0,
            "status": "pending",
            "scheduledAt": _at(2),
        },
        {
            "_id": "m3",
            "messageId": "msg-3",
            "target": "a1",
            "priority": 2,
            "status": "failed",
            "error": "no route",
        },
    ],
    "sessions": [
        {
            "_id": "x1",
            "sessionId": CANARY,
            "userId": CANARY,
            "agentId": "a1",
            "connectionInfo": {
                "tailscaleIP": CANARY,
                "nodeKey": CANARY,
                "userAgent": CANARY,
                "connectedAt": _at(0),
                "lastActivity": _at(6, 40),
            },
            "permissions": [CANARY],
            "subscribedChannels": [CANARY],
            "sessionData": {"x": CANARY},
            "isActive": True,
        },
        {"_id": "x2", "agentId": "a2", "connectionInfo": {"lastActivity": _at(9)}, "isActive": False},
    ],
}


class RecordedDocuments:
    """Documents that answer as a server would: with the fields that are asked for, and no others."""

    def __init__(self, documents: Mapping[str, list[dict[str, Any]]]) -> None:
        self._documents = documents
        self.asked: dict[str, list[str]] = {}
        self.is_closed = False

    async def collections(self) -> Sequence[str]:
        return list(self._documents)

    async def newest(self, collection: str, fields: Sequence[str], limit: int) -> Sequence[Document]:
        self.asked[collection] = list(fields)
        held = sorted(self._documents[collection], key=lambda document: str(document["_id"]), reverse=True)
        return [_projected(document, [*fields, "_id"]) for document in held[:limit]]

    async def close(self) -> None:
        self.is_closed = True


def _projected(document: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in fields:
        source: Any = document
        target = found
        *above, last = field.split(".")
        for key in above:
            source = source.get(key) if isinstance(source, dict) else None
            target = target.setdefault(key, {}) if isinstance(source, dict) else {}
        if isinstance(source, dict) and last in source:
            target[last] = source[last]
    return found


def _asked() -> Tables:
    """What any system's queries may ask for, as the reader has it."""
    every: Tables = {}
    for kind in kinds():
        for table, columns in kind.asked.items():
            every[table] = every.get(table, frozenset()) | columns
    return every


def _reader(documents: RecordedDocuments) -> SystemReader:
    reader = SystemReader("claw", "mongodb://reader:canary-7f3a@db.example/pm-dashboard")
    reader._engine = MongoEngine("mongodb://reader:canary-7f3a@db.example/pm-dashboard", _asked(), documents)
    return reader


def _read(documents: RecordedDocuments) -> SystemReading:
    reader = _reader(documents)
    reading = reader.poll(NOW)
    assert reading is not None
    assert reader.report() == ("ok", "")
    reader.close()
    return reading


@pytest.fixture(scope="module")
def recorded() -> RecordedDocuments:
    return RecordedDocuments(DOCUMENTS)


@pytest.fixture(scope="module")
def reading(recorded: RecordedDocuments) -> SystemReading:
    return _read(recorded)


def test_it_is_known_by_its_collections_and_what_mongodb_does_not_hold_is_told(
    reading: SystemReading,
) -> None:
    state = reading.state
    assert (state.kind, state.engine, state.url) == (
        "openclaw",
        "mongo",
        "mongodb://***@db.example/pm-dashboard",
    )
    assert (state.counts["agents"], state.counts["queue"], state.counts["documents"]) == (3, 3, 1)
    assert {problem.partition(":")[0] for problem in state.missing} >= {"tasks", "projects", "events"}
    assert state.depths == {"a1": 1, "all": 1}


def test_an_agents_state_and_its_active_session_tell_when_it_was_heard_of(reading: SystemReading) -> None:
    planner, task, bare = sorted(reading.agents, key=lambda agent: agent.id)
    assert (planner.id, planner.role, planner.status, planner.system_status) == (
        "a1",
        "planning",
        "active",
        "busy",
    )
    assert planner.heartbeat_at == 1_750_000_000_000
    assert planner.updated_at == 1_749_999_660_000
    assert (planner.tasks_done, planner.extra["connection"], planner.extra["sessions"]) == (
        5,
        "degraded",
        "1",
    )
    assert (planner.extra["error rate"], planner.extra["response time"]) == ("0.25", "120.5")
    assert (task.status, task.heartbeat_at) == ("idle", 1_749_999_600_000)
    assert (bare.status, bare.heartbeat_at) == ("offline", None)


def test_messages_in_the_queue_run_from_low_to_critical(reading: SystemReading) -> None:
    told = {item.id: item for item in reading.queue}
    first, second, third = (told[f"msg-{number}"] for number in (1, 2, 3))
    assert (first.status, first.priority, first.queue, first.agent_id) == ("running", "critical", "a1", "a1")
    assert (first.attempts, first.max_attempts, first.expires_at) == (1, 5, 1_750_001_400_000)
    assert (first.claimed_at, first.extra["type"], first.extra["source"]) == (
        1_749_999_660_000,
        "task_assign",
        "a2",
    )
    assert (second.status, second.priority, second.queue, second.delay_until) == (
        "pending",
        "low",
        "all",
        1_749_999_720_000,
    )
    assert (third.status, third.priority, third.error) == ("failed", "high", "no route")


def test_a_document_is_listed_without_its_content_and_a_deleted_one_not(reading: SystemReading) -> None:
    (document,) = reading.items
    assert (document.title, document.kind, document.version) == ("Launch", "gsd_framework", "2")
    assert (document.extra["tags"], document.extra["access"]) == ("shop, plan", "read")


def test_forbidden_fields_are_not_even_asked_for(recorded: RecordedDocuments, reading: SystemReading) -> None:
    asked = [field for fields in recorded.asked.values() for field in fields]
    assert recorded.asked.keys() == DOCUMENTS.keys()
    assert [field for field in asked if set(field.split(".")) & set(FORBIDDEN)] == []
    assert CANARY not in repr(reading)


def test_no_field_is_asked_for_together_with_one_that_holds_it(
    recorded: RecordedDocuments, reading: SystemReading
) -> None:
    for fields in recorded.asked.values():  # a server refuses such a projection
        assert [(a, b) for a in fields for b in fields if b.startswith(f"{a}.")] == []


def test_closing_hangs_up() -> None:
    documents = RecordedDocuments(DOCUMENTS)
    _read(documents)
    assert documents.is_closed


def test_a_collection_without_documents_is_there_and_empty() -> None:
    reading = _read(RecordedDocuments({**DOCUMENTS, "message_queue": [], "sessions": []}))
    assert reading.state.counts["queue"] == 0
    assert not [problem for problem in reading.state.missing if problem.startswith("queue")]
    assert len(reading.agents) == 3


def test_documents_are_read_again_each_time_and_what_did_not_change_stays_the_very_record() -> None:
    documents = {name: [dict(document) for document in held] for name, held in DOCUMENTS.items()}
    reader = _reader(RecordedDocuments(documents))
    first = reader.poll(NOW)
    assert first is not None
    assert reader.poll(NOW + 1) is None
    documents["message_queue"][1]["status"] = "completed"
    second = reader.poll(NOW + 2)
    reader.close()
    assert second is not None
    assert second.agents is first.agents
    assert {item.id: item.status for item in second.queue}["msg-2"] == "done"


def test_it_can_be_read_by_a_thread_of_its_own() -> None:
    reader = _reader(RecordedDocuments(DOCUMENTS))
    with ThreadPoolExecutor(1) as thread:
        told = thread.submit(reader.poll, NOW).result()
        thread.submit(reader.close).result()
    assert told is not None
    assert told.state.counts["agents"] == 3


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_server_that_cannot_be_reached_is_told_within_the_time_limit_and_without_its_password() -> None:
    url = f"mongodb://reader:{CANARY}@127.0.0.1:{_free_port()}/pm-dashboard"
    begun = time.monotonic()
    engine = MongoEngine(url, _asked(), ServerDocuments(url, timeout_ms=300))
    with (
        pytest.raises(
            SourceError, match=r"mongodb://\*\*\*@127\.0\.0\.1:\d+/pm-dashboard cannot be read: "
        ) as told,
        engine.look(),
    ):
        pass
    engine.close()
    assert time.monotonic() - begun < 3
    assert "Connect call failed" in str(told.value)
    assert "Topology" not in str(told.value)
    assert CANARY not in str(told.value)


@pytest.mark.parametrize(
    "url",
    [
        f"mongodb://reader:{CANARY}@127.0.0.1:port/x",
        f"mongodb://reader:{CANARY}@/x",
        f"mongodb://r:{CANARY}%2@db/x",
    ],
)
def test_an_address_that_is_none_is_told_without_its_password(url: str) -> None:
    engine = MongoEngine(url, _asked())
    with pytest.raises(SourceError, match="cannot be read") as told, engine.look():
        pass
    engine.close()
    assert CANARY not in str(told.value)
    assert told.value.__cause__ is None


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    program = shutil.which("mongod")
    if program is None:
        pytest.skip("there is no mongod on PATH")
    port = _free_port()
    command = [program, "--dbpath", str(tmp_path), "--port", str(port), "--bind_ip", "127.0.0.1", "--quiet"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        yield f"mongodb://127.0.0.1:{port}/pm-dashboard"
        process.terminate()


def test_a_real_server_gives_the_same_reading_as_recorded_documents(
    server: str, reading: SystemReading
) -> None:
    asyncio.run(_fill(server))  # it waits until the server answers
    reader = SystemReader("claw", server)
    told = reader.poll(NOW)
    reader.close()
    assert told is not None
    assert (told.agents, told.queue, told.items) == (reading.agents, reading.queue, reading.items)
    assert CANARY not in repr(told)


async def _fill(url: str) -> None:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(url, serverSelectionTimeoutMS=30_000)
    database = client.get_default_database()
    for name, documents in DOCUMENTS.items():
        await database[name].insert_many([dict(document) for document in documents])
    await client.close()
