"""kill -9 anywhere: what was acknowledged is there, nothing is half-done, and the vault goes on."""

from __future__ import annotations

import itertools
import random
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests.sweeps import sweep, sweep_of_many
from tests.worlds import learners
from tests.worlds.kills.checks import Truth, truth
from tests.worlds.kills.nursery import KILLED, Nursery
from tests.worlds.kills.points import HEADER, ONE_ACT, SEND, TRAIN
from tests.worlds.world import NAME, PASSPHRASE, World
from vault.errors.keys import WrongPassphrase
from vault.errors.requests import WrongState
from vault.importers import plan
from vault.records.imports import import_table
from vault.requester.releases import verify_release
from vault.requester.trail import verify_trail


def killed(nursery: Nursery, world: World, act: str, at: str) -> tuple[str, Truth]:
    """Let an owner do an act and die at a place of it; what the act was about, and the truth afterwards."""
    nursery.order(world, do="act", act=act, at=at)
    assert nursery.end() == KILLED, nursery.said
    return nursery.subject(), truth(world)


def go_on(nursery: Nursery, world: World, act: str) -> Truth:
    """Let another owner do an act whole."""
    nursery.order(world, do="act", act=act)
    assert nursery.end() == 0
    return truth(world)


# acts of one transaction --------------------------------------------------------------------------------------

DONE = {
    "import": "record.import",
    "submit": "request.received",
    "approve": "request.approve",
    "withhold": "release.withhold",
    "withdraw": "consent.withdraw",
    "erase": "record.erase",
}
UNDONE = ("the first row is written", "all is written, nothing committed")
# By default three acts are killed: one undone, one undone that writes two entries, and one done.
FIRST = [("erase", UNDONE[0]), ("approve", UNDONE[1]), ("withdraw", "committed, not marked")]
OTHERS = [both for both in itertools.product(DONE, ONE_ACT) if both not in FIRST]


@pytest.mark.parametrize(("act", "at"), sweep_of_many([*FIRST, *OTHERS], default=len(FIRST)))
def test_an_act_is_whole_or_not_at_all(nursery: Nursery, known_world: World, act: str, at: str) -> None:
    subject, found = killed(nursery, known_world, act, at)
    happened = at not in UNDONE
    assert found.kinds.count(DONE[act]) == happened
    match act:
        case "import":
            assert found.rows == ({"fresh": 300} if happened else {})
        case "submit":
            assert list(found.states.values()) == ["waiting"] * happened
        case "approve":
            assert found.states[subject] == ("approved" if happened else "waiting")
            assert found.kinds.count("consent.grant") == happened
        case _:
            ended = {"withhold": "withheld", "withdraw": "destroyed", "erase": "destroyed"}[act]
            assert found.states[subject] == (ended if happened else "held")
            assert found.rows == ({} if happened and act == "erase" else {"fresh": 300})


def test_an_act_that_fails_half_way_leaves_nothing_of_it(
    known_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not killed but ended by an error, after its rows and its audit entry were written."""
    original = import_table

    def fails_after(*arguments: Any, **facts: Any) -> None:
        original(*arguments, **facts)
        raise KeyboardInterrupt

    monkeypatch.setattr(plan, "import_table", fails_after)
    before = truth(known_world)
    with known_world.vault() as vault, pytest.raises(KeyboardInterrupt):
        known_world.imported(vault)
    assert before == truth(known_world)


# training -----------------------------------------------------------------------------------------------------

AFTER_TRAIN = {
    "the learner is not started": "approved",
    "ready is committed": "approved",
    "the charge is written, not committed": "approved",
    "the charge is committed, not marked": "failed",
    "the charge is marked": "failed",
    "training is committed": "failed",
    "the columns are read": "failed",
    "the columns are handed over": "failed",
    "the learner trains": "failed",
    "the update is checked": "failed",
    "the held update is written, not committed": "failed",
    "the held update is committed, not marked": "held",
}


FIRST_OF_TRAIN = (
    "the charge is written, not committed",
    "the charge is committed, not marked",
    "the held update is written, not committed",
)


@pytest.mark.parametrize("at", sweep(sorted(TRAIN, key=lambda at: at not in FIRST_OF_TRAIN), default=3))
def test_before_the_charge_a_request_is_approved_again_and_after_it_the_charge_stays(
    nursery: Nursery, known_world: World, at: str
) -> None:
    request, found = killed(nursery, known_world, "train", at)
    state = AFTER_TRAIN[at]
    assert found.states[request] == state
    assert len(found.charges) == (state != "approved")
    assert found.lost == (state == "failed")
    if state == "approved":
        again = go_on(nursery, known_world, "retrain")
        assert (again.states[request], len(again.charges)) == ("held", 1)
    if state == "failed":
        with known_world.vault() as vault, pytest.raises(WrongState):
            vault.train(request, progress=lambda _step, _of: None)


@pytest.mark.skipif(sys.platform != "linux", reason="a parent's death is not told at once here")
def test_the_learner_dies_with_its_vault(nursery: Nursery, known_world: World) -> None:
    """The real one, in the middle of its training."""
    mark = known_world.folder.parent.name
    nursery = replace(nursery, learner=learners.real(mark=mark))
    request, found = killed(nursery, known_world, "train", "the learner trains")
    assert found.states[request] == "failed"
    assert list(learners.alive(mark)) == []


@pytest.mark.parametrize("at", sweep(["all is written, nothing committed", "committed, not marked"]))
def test_settling_what_a_crash_left_may_itself_be_killed(
    nursery: Nursery, known_world: World, at: str
) -> None:
    nursery.order(known_world, do="act", act="train", at="the charge is marked")
    assert nursery.end() == KILLED
    request = nursery.subject()
    nursery.order(known_world, do="settle", at=at)
    assert nursery.end() == KILLED
    found = truth(known_world)
    assert found.states[request] == "failed"
    assert found.lost == 1


# the release --------------------------------------------------------------------------------------------------

AFTER_SEND = {
    "the intent is written, not committed": ("held", False),
    "the intent is committed": ("sending", False),
    "one file of the draft is written": ("sending", False),
    "the draft is whole": ("sending", False),
    "the folder is in place": ("sending", True),
    "sent is written, not committed": ("sending", True),
    "sent is committed, not marked": ("released", True),
}


FIRST_OF_SEND = ("the intent is committed", "sent is written, not committed")


@pytest.mark.parametrize("at", sweep(sorted(SEND, key=lambda at: at not in FIRST_OF_SEND), default=2))
def test_an_intent_without_a_sent_may_have_left_and_the_same_bytes_go_again(
    nursery: Nursery, known_world: World, at: str
) -> None:
    request, found = killed(nursery, known_world, "send", at)
    state, is_there = AFTER_SEND[at]
    assert found.states[request] == state
    assert found.may_have_left == ({request} if state == "sending" else frozenset())
    first = known_world.folder / f"out-{request}-0"
    assert first.exists() == is_there
    if state != "released":
        assert go_on(nursery, known_world, "resend").states[request] == "released"
    places = [path for path in known_world.folder.iterdir() if f"out-{request}" in path.name]
    assert len(places) == (2 if state == "sending" and is_there else 1), "a draft was left behind"
    _verify(known_world, {request: places})


def _content(folder: Path) -> tuple[tuple[str, bytes], ...]:
    return tuple((path.name, path.read_bytes()) for path in sorted(folder.iterdir()))


def _verify(world: World, places: Mapping[str, list[Path]]) -> None:
    """Every folder of a request holds the bytes that its owner approved, signed."""
    key = world.folder / "vault.pub"
    with world.vault(writable=False) as vault:
        key.write_text(vault.vault_key(NAME))
        for request, folders in places.items():
            assert len({_content(folder) for folder in folders}) == 1
            digest = vault.release(request).digest
            assert verify_release(folders[0], key).digest == digest


# the passphrase -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", HEADER)
def test_a_killed_change_of_the_passphrase_leaves_the_old_or_the_new_one(
    nursery: Nursery, known_world: World, at: str
) -> None:
    new = "another horse battery staple"
    nursery.order(known_world, do="change_passphrase", at=at, old=PASSPHRASE, new=new)
    assert nursery.end() == KILLED
    word = PASSPHRASE if at == "the change is proposed" else new
    with known_world.vault(passphrase=word) as vault:
        vault.verify_audit()
    with pytest.raises(WrongPassphrase):
        known_world.vault(passphrase=new if word == PASSPHRASE else PASSPHRASE)


# random places ------------------------------------------------------------------------------------------------

ACTS = ("import", "approve", "train", "release")


@dataclass(slots=True)
class Witness:
    """What owners said they had done, held against what the vault says after each of them was killed."""

    world: World
    done: dict[str, set[str]] = field(default_factory=lambda: {act: set() for act in (*ACTS, "submit")})
    lives: int = 0

    def hear(self, said: list[str]) -> None:
        for line in said:
            if line.startswith("acknowledged "):
                _, act, subject = line.split()
                self.done[act].add(subject)

    def check(self, found: Truth) -> None:
        assert set(found.rows.values()) <= {300}
        assert self.done["import"] <= found.rows.keys()
        assert len(found.rows) <= len(self.done["import"]) + self.lives
        assert self.done["submit"] <= found.states.keys()
        self._has_come_to(found, "approve", {"approved", "failed", "held", "sending", "released"})
        self._has_come_to(found, "train", {"held", "sending", "released"})
        self._has_come_to(found, "release", {"released"})
        places = {request: list(self.world.folder.glob(f"out-{request}-*")) for request in found.states}
        for request, state in found.states.items():
            assert state in {"sending", "released"} or not places[request]
            assert places[request] or state != "released"
        _verify(self.world, {request: folders for request, folders in places.items() if folders})

    def _has_come_to(self, found: Truth, act: str, states: set[str]) -> None:
        assert {found.states[request] for request in self.done[act]} <= states


def kill_at_random(nursery: Nursery, world: World, kills: int, *, seed: int = 0) -> Witness:
    """Each act is hit in turn, at a random moment after it began."""
    dice, witness, longest = random.Random(seed), Witness(world=world), dict.fromkeys(ACTS, 0.05)
    for number in range(kills):
        act = ACTS[number % len(ACTS)]
        nursery.order(world, do="live", first=number * 1000)
        nursery.wait_for(f"begin {act} ")
        began = time.monotonic()
        if number < len(ACTS):  # once, to know how long it takes
            nursery.wait_for(f"acknowledged {act} ")
            longest[act] = time.monotonic() - began
        else:
            time.sleep(dice.uniform(0, 1.2 * longest[act]))
        nursery.kill()
        witness.lives += 1
        witness.hear(nursery.said)
        witness.check(truth(world))
    return witness


def check_trail(world: World) -> None:
    with world.vault() as vault:
        size = vault.export_audit(world.folder / "trail").size
        assert size == verify_trail(world.folder / "trail", vault.audit_key()).size


@pytest.mark.slow
def test_six_kills_at_random_lose_nothing_and_leave_nothing_half_done(
    nursery: Nursery, known_world: World
) -> None:
    witness = kill_at_random(nursery, known_world, 6)
    assert all(witness.done.values())
    check_trail(known_world)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_two_hundred_kills_at_random_lose_nothing_and_leave_nothing_half_done(
    nursery: Nursery, known_world: World, seed: int
) -> None:
    """Twenty in each of ten vaults."""
    witness = kill_at_random(nursery, known_world, 20, seed=seed)
    assert all(witness.done.values())
    check_trail(known_world)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="a parent's death is not told at once here")
def test_forty_kills_with_the_real_learner_leave_no_orphan(nursery: Nursery, known_world: World) -> None:
    mark = known_world.folder.parent.name
    witness = kill_at_random(replace(nursery, learner=learners.real(mark=mark)), known_world, 40)
    assert all(witness.done.values())
    assert list(learners.alive(mark)) == []
