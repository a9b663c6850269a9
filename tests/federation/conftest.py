"""A coordinator for a campaign of made vaults, opened in the test or served over TLS."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from learner.federation.coordinator import Coordinator
from tests.worlds.answering import signed_campaign
from tests.worlds.coordinators import Moving, made_coordinator

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def clock() -> Moving:
    return Moving(START)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A coordinator's folder whose rounds close at two answers."""
    made_coordinator(tmp_path / "coordinator", signed_campaign(tmp_path, START), quorum=2, now=START)
    return tmp_path / "coordinator"


@pytest.fixture
def coordinator(folder: Path, clock: Moving) -> Iterator[Coordinator]:
    """That coordinator with its first round open."""
    from learner.federation.coordinator_folder import open_folder

    found = Coordinator(open_folder(folder), clock=clock)
    found.tick()
    yield found
    found.close()


WEEK = timedelta(days=7)
