"""kill -9 of the process that has the vault open, of its learner and of a command, at random moments of acts."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from tests.worlds import learners
from tests.worlds.commands import PATIENCE, Outcome, begin, run
from tests.worlds.daemon import eventually, facts, serving
from tests.worlds.forks import Fork
from tests.worlds.kills.served import ACTS, Words, place, stages, standing
from tests.worlds.vaults import copy_of
from tests.worlds.world import PASSPHRASE, World

MARK = "killed-below"
KILLS = 12
STEP, SHORT = 0.05, 0.1
LEARNS = 0.6  # about as long as a learner lives here


@dataclass(slots=True)
class Lives:
    """Vaults of each stage, and how long each act takes."""

    folder: Path
    stages: dict[str, World]
    took: dict[str, float] = field(default_factory=dict)
    number: int = 0

    def world(self, act: str) -> World:
        self.number += 1
        return copy_of(self.stages[ACTS[act].stage], self.folder / str(self.number))

    @contextmanager
    def asked(self, world: World, words: Words) -> Iterator[tuple[Fork, Fork]]:
        """The process and a command that was just begun; what the process has started is gone afterwards."""
        learner = learners.pretended(learners.zeros(world.folder / "job"), mark=MARK, pause=STEP)
        with serving(world, learner=learner) as process, begin(world.paths, *words) as command:
            yield process, command
        eventually(lambda: not list(learners.alive(MARK)), "a learner is left")

    def length(self, act: str) -> float:
        """How long the act takes when nobody is killed."""
        if act not in self.took:
            world = self.world(act)
            with self.asked(world, ACTS[act].words(world)) as (_, command):
                began = time.monotonic()
                assert ended(command).code == 0
                self.took[act] = time.monotonic() - began
            assert standing(world, act) == "done"
        return self.took[act]

    def settle(self, world: World, act: str, outcome: Outcome | None) -> str:
        """Check what there is, with what the command said, and that the vault goes on."""
        name = standing(world, act)
        if outcome is not None:
            says_once(outcome)
            assert outcome.code != 0 or name == "done"
        self._go_on(world, act, name)
        return name

    def _go_on(self, world: World, act: str, name: str) -> None:
        """Do what was not done; what was done or lost is not done again."""
        words = ACTS[act].words(world) if name != "done" else ("audit", "verify")
        if act == "release" and name == "half":
            words = (*words[:-1], place(world))
        outcome = run(world.paths, *words)
        assert (outcome.code == 0) == ((act, name) != ("train", "half")), outcome.all
        assert standing(world, act) == (name if (act, name) == ("train", "half") else "done")


def ended(command: Fork) -> Outcome:
    out, err = command.communicate(timeout=PATIENCE)
    assert command.returncode is not None
    return Outcome(code=command.returncode, out=out, err=err)


def says_once(outcome: Outcome) -> None:
    """What failed says why in one sentence, and not that it was a mistake."""
    errors = [line for line in outcome.err.splitlines() if line.startswith("lockbox: error: ")]
    assert len(errors) == (outcome.code != 0), outcome.all
    assert "mistake of its own" not in outcome.err
    assert "Traceback" not in outcome.all


def is_idle(world: World) -> bool:
    (told,) = facts(world, "status", secret=PASSPHRASE)
    return bool(told["running"] == 0)


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> Lives:
    folder = tmp_path_factory.mktemp("lives")
    return Lives(folder=folder, stages=stages(folder / "stages"))


def turns(lives: Lives, seed: int) -> Iterator[tuple[str, World, Callable[[Fork], None]]]:
    """Each act in turn, its vault, and what waits for a random moment: of all its time, or once it writes."""
    dice, acts = random.Random(seed), list(ACTS)
    for number in range(KILLS):
        act = acts[(seed + number) % len(acts)]
        length, world = lives.length(act), lives.world(act)
        share = dice.uniform(0, 1.1)
        if number % 2:
            yield (
                act,
                world,
                partial(_once_it_writes, world, LEARNS * share if act == "train" else SHORT * share),
            )
        else:
            yield act, world, partial(_whenever, length * share)


def _whenever(seconds: float, _command: Fork) -> None:
    time.sleep(seconds)


def _once_it_writes(world: World, seconds: float, command: Fork) -> None:
    """Wait for the first change of the vault's files, or the end of the command, and so long after it."""
    log = world.paths.vault / "vault.db-wal"
    before = log.stat()
    while command.poll() is None and log.stat() == before:
        time.sleep(0.001)
    time.sleep(seconds)


def some(seeds: int) -> list[object]:
    """The first lives are slow, all of them an audit."""
    marks = [pytest.mark.slow, *[pytest.mark.audit] * (seeds - 1)]
    return [pytest.param(seed, marks=mark) for seed, mark in enumerate(marks)]


@pytest.mark.parametrize("seed", some(9))
def test_twelve_kills_of_the_process_lose_nothing_and_leave_nothing_half_done(
    lives: Lives, seed: int
) -> None:
    for act, world, wait in turns(lives, seed):
        with lives.asked(world, ACTS[act].words(world)) as (process, command):
            wait(command)
            process.kill()
            outcome = ended(command)
        lives.settle(world, act, outcome)


@pytest.mark.parametrize("seed", some(9))
def test_twelve_kills_of_a_command_leave_the_process_at_work(lives: Lives, seed: int) -> None:
    """What it had asked for is done or not; a run it watched goes on."""
    for act, world, wait in turns(lives, seed):
        with lives.asked(world, ACTS[act].words(world)) as (process, command):
            wait(command)
            command.kill()
            command.wait(PATIENCE)
            assert run(world.paths, "status").code == 0
            eventually(partial(is_idle, world), "it works on for ever")
            assert process.poll() is None
            assert run(world.paths, "lock").code == 0
            assert process.wait(PATIENCE) == 0
        assert lives.settle(world, act, None) != "half"


@pytest.mark.parametrize("seed", some(9))
def test_twelve_kills_of_the_learner_end_its_run_alone(lives: Lives, seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(KILLS):
        world = lives.world("train")
        with lives.asked(world, ACTS["train"].words(world)) as (process, command):
            eventually(lambda: list(learners.alive(MARK)) != [], "it does not run")
            time.sleep(dice.uniform(0, LEARNS))
            for learner in learners.alive(MARK):
                os.kill(learner, signal.SIGKILL)
            outcome = ended(command)
            assert process.poll() is None
            assert run(world.paths, "audit", "verify").code == 0
        lives.settle(world, "train", outcome)
