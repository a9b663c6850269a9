"""A vault to which a campaign is offered, made once for the room."""

from __future__ import annotations

import pytest

from tests.worlds.campaigns import campaign
from tests.worlds.vaults import new_world
from tests.worlds.world import World


@pytest.fixture(scope="session")
def campaign_template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A vault with records that knows who asks, and a signed campaign beside it; tests get copies."""
    world = new_world(tmp_path_factory.mktemp("campaign"))
    with world.vault() as vault:
        world.imported(vault)
        world.introduced(vault)
    campaign(world)
    return world
