"""The demo's seeded parts: who there is, what they do, and what they write."""

from __future__ import annotations

import random
from itertools import islice, takewhile

import pytest

from monitor.demo import content
from monitor.demo.cast import cast
from monitor.demo.script import FAILURES, Step, steps

NOW = 1_800_000_000


def an_hour(seed: int, agent_id: str, life: int = 1) -> list[Step]:
    """The steps that begin within an hour at pace 1."""
    found: list[Step] = []
    seconds = 0.0
    for step in steps(seed, agent_id, life, "working"):
        if seconds > 3600:
            break
        seconds += step.seconds
        found.append(step)
    return found


def test_the_same_seed_gives_every_agent_the_same_script() -> None:
    assert an_hour(7, "builder") == an_hour(7, "builder")


@pytest.mark.parametrize(("seed", "agent_id", "life"), [(8, "builder", 1), (7, "docs", 1), (7, "builder", 2)])
def test_another_seed_agent_or_life_gives_another_script(seed: int, agent_id: str, life: int) -> None:
    assert an_hour(seed, agent_id, life) != an_hour(7, "builder", 1)


def test_an_agent_edits_every_half_minute_or_so_and_commits_every_two_to_four_minutes() -> None:
    at_work = {"edits": 0, "commits": 0, "seconds": 0.0}
    for number in range(60):
        hour = [step for step in an_hour(3, f"agent-{number}") if step.kind not in {"rest", "block"}]
        at_work["edits"] += sum(step.kind == "edit" for step in hour)
        at_work["commits"] += sum(step.kind == "commit" for step in hour)
        at_work["seconds"] += sum(step.seconds for step in hour)
    assert 25 <= at_work["seconds"] / at_work["edits"] <= 60
    assert 120 <= at_work["seconds"] / at_work["commits"] <= 240


def test_a_commit_follows_a_test_run() -> None:
    hour = an_hour(5, "builder")
    commits = [number for number, step in enumerate(hour) if step.kind == "commit"]
    assert commits
    assert all(hour[number - 1].kind == "test" for number in commits)


def test_a_failure_is_the_end_of_a_life() -> None:
    lives = [list(islice(steps(1, f"agent-{number}", 1, "working"), 5000)) for number in range(20)]
    assert all(life[-1].kind == "fail" for life in lives)
    assert {life[-1].failure for life in lives} <= set(FAILURES)
    assert all(step.kind != "fail" for life in lives for step in life[:-1])


@pytest.mark.parametrize(
    ("opening", "kind"), [("waiting", "block"), ("failing", "fail"), ("working", "edit")]
)
def test_a_new_fleet_shows_its_states_within_ten_seconds(opening: str, kind: str) -> None:
    member = next(member for member in cast(4, 0, NOW) if member.opening == opening)
    before = list(takewhile(lambda step: step.kind != kind, steps(0, member.id, 0, member.opening)))
    assert sum(step.seconds for step in before) < 10


def test_a_resting_agent_stays_quiet_for_minutes() -> None:
    first = next(steps(0, "frontend", 0, "resting"))
    assert first.kind == "rest"
    assert first.seconds >= 240


def test_the_first_three_agents_are_those_of_the_original_system() -> None:
    assert [(member.id, member.name) for member in cast(3, 0, NOW)] == [
        ("architect", "System Architect"),
        ("builder", "Full-Stack Builder"),
        ("validator", "Quality Validator"),
    ]


def test_a_thousand_agents_have_ids_and_branches_of_their_own_and_several_kinds() -> None:
    members = cast(1000, 0, NOW)
    assert len({member.id for member in members}) == 1000
    assert len({member.branch for member in members}) == 1000
    assert len({member.kind for member in members}) > 8
    assert members[20].id == "agent-20"


def test_the_project_starts_with_every_file_that_an_agent_edits() -> None:
    files = content.base_files()
    assert files == content.base_files()
    assert {path for area in content.AREAS for path in content.files_of(area)} <= set(files)


def test_a_file_never_grows_without_bound() -> None:
    rng = random.Random(1)
    text = ""
    for _ in range(500):
        text = content.edited(text, "src/orders/models.py", rng)
    assert text.count("\n") < 300
