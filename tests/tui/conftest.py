"""Worlds behind the screens."""

from __future__ import annotations

import pytest

from tests.worlds.lived import lived_in
from tests.worlds.vaults import held_template, held_world, quiet, today, today_template, world
from tests.worlds.world import World

__all__ = ["held_template", "held_world", "quiet", "today", "today_template", "world"]


@pytest.fixture(scope="session")
def lived_template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A vault with a past, made once; tests get copies of it."""
    return lived_in(tmp_path_factory.mktemp("lived"))
