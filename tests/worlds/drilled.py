"""A vault in which drills are on, and one lies open beside the request that it looks like."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.worlds.vaults import copy_of
from tests.worlds.world import World
from vault.requests import drills
from vault.requests.drills import LEAST, SPREAD_HOURS
from vault.vault import Vault
from vault.views.requests import RequestLine

DRAWN_BY = f"{1:032}"
"""By it comes, fifteen days later, a job whose result is kept longer."""
LONGEST = LEAST + timedelta(hours=SPREAD_HOURS)


@pytest.fixture(scope="session")
def drilled_template(held_template: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Such a vault, made once; tests get copies of it."""
    world = copy_of(held_template, tmp_path_factory.mktemp("drilled") / "copy")
    with world.vault() as vault:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(drills, "random_id", lambda: DRAWN_BY)
            vault.set_drills(True)
        until_one_comes(world, vault)
    return world


@pytest.fixture
def drilled_world(drilled_template: World, tmp_path: Path) -> World:
    """A copy of it: its own files and its own clock."""
    return copy_of(drilled_template, tmp_path / "copy")


def until_one_comes(world: World, vault: Vault) -> None:
    """Let days pass until a drill lies open; no sooner and no later than they may come."""
    begin, before = world.clock.now, len(vault.requests())
    while len(vault.requests()) == before:
        assert world.clock.now - begin <= LONGEST
        world.clock.forward(days=1)
    assert world.clock.now - begin >= LEAST


def the_drill(vault: Vault) -> RequestLine:
    """The one request that waits, which nobody sent."""
    (found,) = (one for one in vault.requests() if one.state == "waiting")
    return found
