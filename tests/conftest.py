"""What holds for every test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("tests.worlds")
pytest_plugins = ["tests.worlds.vaults"]

# How long an example takes says nothing on a busy machine; how many there are stays as each test says.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def _own_places() -> Iterator[None]:
    """No test listens where this user's own vault does, or reads what this user has set.

    The name is short because the path of a socket ends at 107 bytes.
    """
    with TemporaryDirectory(prefix="lb-") as folder:
        os.environ["LOCKBOX_RUNTIME"] = folder
        os.environ["LOCKBOX_CONFIG"] = str(Path(folder) / "config.toml")
        yield
