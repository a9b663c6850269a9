"""Learners made up for a test, and the descriptors that they may not leave behind."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from learner_children import PRELUDE, Pretend

from vault.training import process


@pytest.fixture(scope="module", autouse=True)
def _real_learner(real_learner: None) -> None:
    """The tests of the learner are of the real one."""


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Pretend:
    """Let the next learner run this code instead."""

    def command(body: str) -> None:
        code = PRELUDE + dedent(body)
        monkeypatch.setattr(process, "COMMAND", (sys.executable, "-I", "-c", code))

    return command


@pytest.fixture
def nothing_is_left_open() -> Iterator[None]:
    """After the test, the descriptors that were open before it."""
    before = _descriptors()
    yield
    assert before == _descriptors()


def _descriptors() -> list[str]:
    folder = Path("/proc/self/fd") if sys.platform == "linux" else Path("/dev/fd")
    return sorted(entry.name for entry in folder.iterdir())
