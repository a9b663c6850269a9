"""Worlds behind the screens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.worlds.lived import lived_in
from tests.worlds.world import World
from tui.text.times import show_local


@pytest.fixture(autouse=True)
def times_in_utc() -> Iterator[None]:
    """What a test shows in another zone is nobody else's."""
    yield
    show_local(False)


@pytest.fixture(scope="session")
def lived_template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A vault with a past, made once; tests get copies of it."""
    return lived_in(tmp_path_factory.mktemp("lived"))
