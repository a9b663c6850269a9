"""Vaults that a process has open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worlds.served import Daemon, at, runtime, serving
from tests.worlds.vaults import copy_of, new_world
from tests.worlds.world import World
from vault.daemon import server, service


@pytest.fixture
def short() -> Iterator[Path]:
    """A short folder for a socket."""
    with runtime() as folder:
        yield folder


@pytest.fixture(scope="session")
def waiting_template(held_template: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A vault with one held update and one waiting request, made once."""
    world = copy_of(held_template, tmp_path_factory.mktemp("waiting") / "world")
    with world.vault() as vault:
        vault.submit(world.job("second"))
    return world


@pytest.fixture
def waiting(waiting_template: World, tmp_path: Path, short: Path) -> World:
    """A copy of that vault, with a short way to its socket."""
    return at(copy_of(waiting_template, tmp_path / "copy"), short)


@pytest.fixture
def settles_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is due is done ten times a second."""
    monkeypatch.setattr(server, "SETTLE_EVERY", 0.1)


@pytest.fixture
def daemon(waiting: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    """The process that has that vault open; a wrong passphrase costs no pause in it."""
    monkeypatch.setattr(service, "WRONG_PAUSE", 0.0)
    with serving(waiting) as one:
        yield one


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A process with an empty vault, for a module that changes nothing in it; a wrong passphrase costs no pause."""
    with pytest.MonkeyPatch.context() as patch, runtime() as folder:
        patch.setattr(service, "WRONG_PAUSE", 0.0)
        with serving(at(new_world(tmp_path_factory.mktemp("shared")), folder)) as one:
            yield one
