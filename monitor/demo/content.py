"""What the demo agents write: a small made-up shop as their project, edits to it, commit subjects and tasks.

Everything is drawn from a seeded generator, so that the same seed gives the same project.
"""

from __future__ import annotations

import random
from typing import Final, NamedTuple

AREAS: Final = (
    "orders",
    "catalog",
    "accounts",
    "search",
    "billing",
    "web",
    "shipping",
    "returns",
    "reviews",
    "coupons",
    "stock",
    "reports",
)
_MODULES: Final = ("models", "service", "routes")
VERBS: Final = ("load", "check", "merge", "price", "rank", "export", "retry", "cache", "split", "notify")
NOUNS: Final = (
    "basket",
    "refund",
    "invoice",
    "address",
    "voucher",
    "session",
    "stock",
    "receipt",
    "return",
    "quote",
)
_LONGEST_FILE: Final = 240
"""Lines after which an edit cuts a file back, so that a fleet that runs for days does not fill the disk."""

BLOCKERS: Final = (
    "waiting for the staging API keys",
    "needs a decision: store prices as integers or decimals?",
    "asks for permission to run a database migration",
    "the payment sandbox answers 503",
    "depends on a schema change that is still in review",
)
LESSONS: Final = (
    "Keep money in minor units and convert at the edge",
    "Retry with jitter, and only what is idempotent",
    "One transaction per request, opened by the middleware",
    "Fixtures build their own data; tests share none",
    "Index the columns that the listing sorts by",
    "Cache negative look-ups for a shorter time",
)


class TaskText(NamedTuple):
    """The words of one task; `hours` is its estimate."""

    title: str
    description: str
    area: str
    priority: str
    tags: tuple[str, ...]
    criteria: tuple[str, ...]
    hours: float


def task_text(seed: int, agent_id: str, number: int) -> TaskText:
    """The agent's task of that number: known to the agent and to the board without asking each other."""
    rng = random.Random(f"{seed}:{agent_id}:task:{number}")
    area, verb, noun = rng.choice(AREAS), rng.choice(VERBS), rng.choice(NOUNS)
    kind = rng.choice(("feature", "bug", "refactoring", "testing"))
    return TaskText(
        title=f"{verb.capitalize()} the {noun} in {area}",
        description=f"Let {area} {verb} a {noun} the way the API specification says; keep what callers rely on.",
        area=area,
        priority=rng.choice(("LOW", "MEDIUM", "MEDIUM", "HIGH", "HIGH", "CRITICAL")),
        tags=(area, kind),
        criteria=(f"{area} can {verb} a {noun}", "Tests cover the failures", "Documentation updated"),
        hours=rng.choice((0.3, 0.5, 1, 1.5, 2)),
    )


def base_files() -> dict[str, str]:
    """The project's files on its first day: relative path to text."""
    files = {
        "README.md": "# Corner Shop\n\nA small shop: orders, a catalogue, accounts, search and billing.\n",
        "pyproject.toml": '[project]\nname = "corner-shop"\nversion = "0.4.0"\nrequires-python = ">=3.11"\n',
        ".gitignore": "__pycache__/\n*.pyc\n.coverage\n.aider*\n",
        "docs/architecture.md": "# Architecture\n\nEach area has models, a service and routes.\n",
        "docs/api-spec.md": "# API\n\nEvery route answers JSON; errors carry a code and a sentence.\n",
    }
    for area in AREAS:
        rng = random.Random(f"base:{area}")
        for module in _MODULES:
            body = "\n\n".join(_function(rng) for _ in range(3))
            files[f"src/{area}/{module}.py"] = f'"""The {module} of {area}."""\n\n\n{body}'
        files[f"docs/{area}.md"] = f"# {area.capitalize()}\n\nWhat its routes take.\n"
        files[f"tests/test_{area}.py"] = f'"""What {area} promises."""\n\n\n{_test(rng)}'
    return files


def files_of(area: str) -> tuple[str, ...]:
    """The files that work in an area touches: agents whose tasks are in the same one get in each other's way."""
    return (*(f"src/{area}/{module}.py" for module in _MODULES), f"tests/test_{area}.py", f"docs/{area}.md")


def edited(text: str, path: str, rng: random.Random) -> str:
    """The file's text after one more edit; a long file is cut back first."""
    lines = text.splitlines(keepends=True)
    if len(lines) > _LONGEST_FILE:
        text = "".join(lines[: _LONGEST_FILE // 3])
    if path.endswith(".md"):
        return f"{text}\n- `{rng.choice(VERBS)}_{rng.choice(NOUNS)}` takes {rng.randrange(2, 9)} arguments.\n"
    return f"{text}\n\n{_test(rng) if path.startswith('tests/') else _function(rng)}"


def subject(area: str, rng: random.Random) -> str:
    """A commit's first line."""
    kind = rng.choice(("feat", "feat", "fix", "fix", "refactor", "test", "perf", "docs"))
    return f"{kind}({area}): {rng.choice(VERBS)} the {rng.choice(NOUNS)} {rng.choice(_CIRCUMSTANCES)}"


_CIRCUMSTANCES: Final = (
    "once per request",
    "before the total is known",
    "when the stock is empty",
    "without a second query",
    "for guests too",
    "and say why it failed",
)


def _function(rng: random.Random) -> str:
    verb, noun, limit = rng.choice(VERBS), rng.choice(NOUNS), rng.randrange(10, 500, 10)
    return (
        f"def {verb}_{noun}_{rng.randrange(10_000)}({noun}, *, limit={limit}):\n"
        f'    """{verb.capitalize()} the {noun}, at most `limit` of them."""\n'
        f"    if {noun} is None:\n"
        f'        raise ValueError("no {noun} given")\n'
        f"    return [item for item in {noun} if item.count <= limit]\n"
    )


def _test(rng: random.Random) -> str:
    verb, noun = rng.choice(VERBS), rng.choice(NOUNS)
    return (
        f"def test_{verb}_{noun}_{rng.randrange(10_000)}({noun}):\n"
        f"    assert {noun}.{verb}(limit={rng.randrange(100)}).count >= 0\n"
    )
