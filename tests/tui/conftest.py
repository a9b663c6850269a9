"""Worlds behind the screens."""

from __future__ import annotations

import pytest

from tests.worlds.lived import lived_in
from tests.worlds.world import World


@pytest.fixture(scope="session")
def lived_template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A vault with a past, made once; tests get copies of it."""
    return lived_in(tmp_path_factory.mktemp("lived"))
