"""What holds for every test: a home folder of its own, so that no test reads the logs of agents that work here."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _home_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "GEMINI_CLI_HOME", "XDG_DATA_HOME"):
            patch.delenv(name, raising=False)
        yield


def pytest_collection_finish() -> None:
    """The thousands of tests that were collected stay to the end: the garbage collector need not look at them again."""
    gc.collect()
    gc.freeze()
