"""Worlds for whole stories, made new or copied from one made before."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.worlds.approving import approve
from tests.worlds.forks import end_forks
from tests.worlds.kills.nursery import Nursery, nursery_for
from tests.worlds.world import NAME, PASSPHRASE, Clock, World
from vault.sealing.slots import TEST_COST
from vault.settings import Paths
from vault.vault import Vault, passphrase_secret

FIXED_DAY = datetime(2026, 11, 21, 12, 0, 30, tzinfo=UTC)


def paths_in(folder: Path) -> Paths:
    """A place in this folder, with settings of its own: what one test sets is nothing to another."""
    return Paths(vault=folder / "vault", state=folder / "state", config=folder / "config.toml")


def new_world(tmp_path: Path, *, now: datetime = FIXED_DAY) -> World:
    """A fresh vault with light key derivation, and a clock that stands still, by default at a fixed day."""
    clock = Clock(now=now)
    paths = paths_in(tmp_path)
    key = Vault.create(paths, passphrase_secret(PASSPHRASE), cost=TEST_COST, clock=clock)
    return World(folder=tmp_path, paths=paths, clock=clock, recovery_key=key)


@pytest.fixture(scope="session")
def new_template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A fresh vault, made once; tests get copies of it."""
    return new_world(tmp_path_factory.mktemp("new"))


@pytest.fixture
def world(new_template: World, tmp_path: Path) -> World:
    """A fresh vault with files and a clock of its own."""
    return copy_of(new_template, tmp_path)


@pytest.fixture(scope="session")
def held_template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A vault with one held update, made once; tests get copies of it."""
    world = new_world(tmp_path_factory.mktemp("held"))
    with world.vault() as vault:
        world.imported(vault)
        world.introduced(vault)
        request = vault.submit(world.job()).line.id
        approve(vault, request, draft=True)
        vault.train(request, progress=lambda _step, _of: None)
    return world


@pytest.fixture
def held_world(held_template: World, tmp_path: Path) -> World:
    """A copy of the vault with one held update: its own files and its own clock."""
    return copy_of(held_template, tmp_path / "copy")


def copy_of(template: World, folder: Path) -> World:
    """The same vault with files and a clock of its own."""
    shutil.copytree(template.folder, folder, dirs_exist_ok=True)
    return World(
        folder=folder,
        paths=paths_in(folder),
        clock=Clock(now=template.clock.now),
        recovery_key=template.recovery_key,
    )


@pytest.fixture(scope="session", autouse=True)
def _forks() -> Iterator[None]:
    """End the process that commands are forked from with the tests."""
    yield
    end_forks()


@pytest.fixture(scope="session")
def today_template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A vault of today, as commands use the real clock: a consent ended, an update is held, a request waits."""
    today = datetime.now(UTC)
    world = new_world(tmp_path_factory.mktemp("today"), now=today - timedelta(days=30))
    with world.vault() as vault:
        world.imported(vault)
        world.introduced(vault)
        vault.grant(
            requester=NAME,
            collection="nights",
            fields=["good", "steps"],
            purpose="AcademicResearch",
            not_after=today - timedelta(days=29),
        )
        world.clock.now = today
        first = vault.submit(world.job("held-job")).line.id
        approve(vault, first, draft=True)
        vault.train(first, progress=lambda _step, _of: None)
        vault.submit(world.job("job"))
    return world


@pytest.fixture
def today(today_template: World, tmp_path: Path) -> World:
    """A copy of today's vault."""
    return copy_of(today_template, tmp_path / "copy")


@pytest.fixture(scope="session")
def known_template(held_template: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A vault without records that knows the requester of the calibrated job beside it."""
    world = new_world(tmp_path_factory.mktemp("known"))
    for name in ("lab", "job"):
        shutil.copytree(held_template.folder / name, world.folder / name)
    with world.vault() as vault:
        vault.add_requester(NAME, world.folder / "lab" / "requester.pub")
    return world


@pytest.fixture
def known_world(known_template: World, tmp_path: Path) -> World:
    """A copy of that vault."""
    return copy_of(known_template, tmp_path / "copy")


@pytest.fixture(scope="session")
def approved_template(known_template: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """That vault with records and one approved request, made once."""
    return _approved(copy_of(known_template, tmp_path_factory.mktemp("approved") / "copy"))


@pytest.fixture(scope="session")
def approved_today_template(known_template: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The same of today, made once."""
    world = copy_of(known_template, tmp_path_factory.mktemp("approved-today") / "copy")
    world.clock.now = datetime.now(UTC)
    return _approved(world)


@pytest.fixture
def approved_today(approved_today_template: World, tmp_path: Path) -> World:
    """A copy of that vault of today, with records and one approved request."""
    return copy_of(approved_today_template, tmp_path / "copy")


def _approved(world: World) -> World:
    with world.vault() as vault:
        world.imported(vault)
        approve(vault, vault.submit(world.folder / "job").line.id, draft=True)
    return world


@pytest.fixture(scope="session")
def nursery(known_template: World) -> Iterator[Nursery]:
    """Where owners in processes of their own come from."""
    with nursery_for(known_template.folder / "job") as one:
        yield one


@pytest.fixture
def quiet() -> Callable[[int, int], None]:
    """A progress callback for who does not look."""
    return lambda _step, _of: None
