"""The process that has a vault open, as `lockbox serve` starts it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tests.worlds.commands import PATIENCE, begin, run
from tests.worlds.forks import Fork
from tests.worlds.world import PASSPHRASE, World
from vault.client import attach


@contextmanager
def serving(world: World, *words: str, learner: Sequence[str] = ()) -> Iterator[Fork]:
    """A real process that has this vault open; ended with the block, if it has not ended by then."""
    with begin(world.paths, "serve", "--json", *words, learner=learner) as process:
        try:
            told = process.stdout.readline()
            assert told, process.stderr.read()
            assert str(world.paths.socket) == json.loads(told)["socket"]
            yield process
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE)


def leave_session(world: World) -> None:
    """What `lockbox unlock` leaves for the commands that follow."""
    outcome = run(world.paths, "unlock")
    assert (outcome.code, world.paths.session.exists()) == (0, True), outcome.err


def facts(world: World, *words: str, secret: str | None = None) -> list[dict[str, Any]]:
    """What a reading command tells as JSON, by default with the session that was left."""
    outcome = run(world.paths, *words, "--json", secret=secret)
    assert outcome.code == 0, outcome.err
    return [json.loads(line) for line in outcome.out.splitlines()]


def eventually(is_so: Callable[[], bool], what: str) -> None:
    """Wait until something is so."""
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until, what
        time.sleep(0.05)


def is_served(world: World) -> bool:
    return attach.served_by(world.paths) is not None


def until_it_trains(world: World) -> None:
    """Wait until the newest request is training, as its owner sees it without a command for each look."""
    vault = attach.attach(world.paths, attach.passphrase_secret(PASSPHRASE), is_owner=True)
    try:
        eventually(lambda: vault.requests()[0].state == "training", "it does not train")
    finally:
        vault.close()
