"""Fixtures of the whole stories."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from e2e_world import PASSPHRASE, Clock, World

from vault.sealing.slots import TEST_COST
from vault.settings import Paths
from vault.vault import Vault, passphrase_secret


def new_world(tmp_path: Path) -> World:
    """A fresh vault with light key derivation, and a clock at a fixed day."""
    clock = Clock(now=datetime(2026, 11, 21, 12, 0, 30, tzinfo=UTC))
    paths = Paths(vault=tmp_path / "vault", state=tmp_path / "state")
    key = Vault.create(paths, passphrase_secret(PASSPHRASE), cost=TEST_COST, clock=clock)
    return World(folder=tmp_path, paths=paths, clock=clock, recovery_key=key)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A fresh vault."""
    return new_world(tmp_path)


@pytest.fixture(scope="session")
def held_template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A vault with one held update, made once; tests get copies of it."""
    world = new_world(tmp_path_factory.mktemp("held"))
    with world.vault() as vault:
        world.imported(vault)
        world.introduced(vault)
        request = vault.submit(world.job()).line.id
        vault.approve(request, draft=True)
        vault.train(request, progress=lambda _step, _of: None)
    return world


@pytest.fixture
def held_world(held_template: World, tmp_path: Path) -> World:
    """A copy of the vault with one held update: its own files and its own clock."""
    folder = tmp_path / "copy"
    shutil.copytree(held_template.folder, folder)
    return World(
        folder=folder,
        paths=Paths(vault=folder / "vault", state=folder / "state"),
        clock=Clock(now=held_template.clock.now),
        recovery_key=held_template.recovery_key,
    )


@pytest.fixture
def quiet() -> Callable[[int, int], None]:
    """A progress callback for who does not look."""
    return lambda _step, _of: None
