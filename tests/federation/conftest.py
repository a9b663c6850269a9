"""A coordinator for a campaign of made vaults, opened in the test or served over TLS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from learner.federation.coordinator import Coordinator
from tests.worlds.answering import START, signed_campaign
from tests.worlds.carried import CarriedWorld, carried_template, carrying
from tests.worlds.coordinators import Moving, made_coordinator
from tests.worlds.served import at, runtime
from tests.worlds.vaults import copy_of, new_world
from tests.worlds.world import World


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


@pytest.fixture(scope="session")
def campaign_template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A vault with records and a signed campaign beside it, made once."""
    return carried_template(new_world(tmp_path_factory.mktemp("carried")))


@pytest.fixture
def carried(campaign_template: World, tmp_path: Path) -> Iterator[CarriedWorld]:
    """A served copy of that vault, which joined the campaign; a courier carries it."""
    with runtime() as short, carrying(at(copy_of(campaign_template, tmp_path / "copy"), short)) as one:
        yield one
