"""The demo plays attached systems: each keeps its database of the fleet, and is read as it would be anywhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from monitor.config import load
from monitor.demo.attached import database_of, demo_systems
from monitor.demo.fleet import Fleet
from monitor.errors import ConfigError
from monitor.model import SystemReading
from monitor.sources.systems.catalogue import kinds
from monitor.sources.systems.reader import SystemReader

DEADLINE = 20


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("demo")
    with Fleet(folder, agents=3, seed=2, pace=20, keep=True, systems=["all"]) as fleet:
        yield fleet


def until(reader: SystemReader, enough: Callable[[SystemReading], object]) -> SystemReading:
    deadline = time.monotonic() + DEADLINE
    last: SystemReading | None = None
    while True:
        last = reader.poll(time.time_ns() // 1_000_000) or last
        if last is not None and enough(last):
            return last
        assert time.monotonic() < deadline, f"{last}"
        time.sleep(0.2)


def test_every_known_system_can_be_played() -> None:
    assert set(demo_systems()) == {kind.name for kind in kinds()}


@pytest.mark.parametrize("system", demo_systems())
def test_a_played_system_is_known_by_itself_and_its_work_goes_on(fleet: Fleet, system: str) -> None:
    reader = SystemReader(system, str(fleet.folder / database_of(system)))
    told = until(reader, lambda told: told.state.kind and sum(told.state.counts.values()) > 5)
    assert told.state.kind == system
    assert told.state.problem == ""
    before = dict(told.state.tallies)
    until(reader, lambda told: told.state.tallies != before)
    reader.close()


def test_the_configuration_attaches_what_is_played(fleet: Fleet) -> None:
    attached = load(fleet.config).settings.systems
    assert [system.name for system in attached] == list(demo_systems())
    assert all(Path(system.url).is_file() for system in attached)


def test_a_system_that_cannot_be_played_is_refused_with_those_that_can(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--system shop: expected all, .*multi-agent-dashboard"):
        Fleet(tmp_path / "demo", systems=["shop"])


def test_the_players_end_with_the_fleet(tmp_path: Path) -> None:
    with Fleet(tmp_path / "demo", agents=1, systems=["multi-agent-dashboard"]) as fleet:
        assert fleet._stories is not None
        (story,) = fleet._stories._running
        process = psutil.Process(story.pid)
    assert not process.is_running()
