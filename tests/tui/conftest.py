"""Worlds behind the screens."""

from __future__ import annotations

import pytest
from e2e_home import held_template, held_world, quiet, today, today_template, world
from e2e_world import World
from lived_home import lived_in

__all__ = ["held_template", "held_world", "quiet", "today", "today_template", "world"]


@pytest.fixture(scope="session")
def lived_template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A vault with a past, made once; tests get copies of it."""
    return lived_in(tmp_path_factory.mktemp("lived"))
