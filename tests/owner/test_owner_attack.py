"""What an attacker would learn: tried once for each job, on made-up data, with no record read and nothing charged."""

from __future__ import annotations

import json

import pytest

from tests.worlds.asking import the_request
from tests.worlds.commands import run
from tests.worlds.learners import REAL
from tests.worlds.world import World
from vault.errors.daemon import Stopped
from vault.records.reading import ColumnReader
from vault.training import attack as attacking
from vault.training import process
from vault.views.attack import AttackView


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few guesses are made."""
    monkeypatch.setattr(attacking, "MOST_GUESSES", 100)


def test_it_is_kept_beside_the_price_and_no_record_is_read(
    held_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_arguments: object) -> None:
        raise AssertionError("records were opened")

    monkeypatch.setattr(ColumnReader, "__init__", never)
    with held_world.vault() as vault:
        request, budget, before = the_request(vault).line.id, vault.budget(), len(vault.audit_lines())
        found = vault.attack_stand_in(request)
        again = vault.attack_stand_in(request)
        price, (*_, last) = vault.request(request).price, vault.audit_lines()

        assert isinstance(found, AttackView)
        assert found.guesses >= 100
        assert found.right_rate is not None
        assert price.attack == again == found
        assert (vault.budget(), vault.runs()) == (budget, [])
        assert len(vault.audit_lines()) == before + 1
        assert last.sentence == "You looked at what an attacker would learn from a job."


def test_what_was_kept_first_stays(held_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two that went on at once the one that ended first counts: nobody can try until a number pleases."""
    from vault.owner import requests
    from vault.requests.attacked import Guesses, keep_guesses

    with held_world.vault() as vault:
        request = the_request(vault)
        monkeypatch.setattr(requests, "kept_guesses", lambda _uow, _digest: None)
        first = vault.attack_stand_in(request.line.id)
        with vault._opened.act() as act:
            keep_guesses(act, request.manifest_digest, Guesses(made=500, right=0))
        assert vault.attack_stand_in(request.line.id) == first


def test_one_that_is_stopped_leaves_nothing_behind(held_world: World) -> None:
    def stop(_done: int, _of: int) -> None:
        raise Stopped

    with held_world.vault() as vault:
        request, before = the_request(vault).line.id, len(vault.audit_lines())
        with pytest.raises(Stopped):
            vault.attack_stand_in(request, progress=stop)
        assert vault.request(request).price.attack is None
        assert len(vault.audit_lines()) == before


@pytest.mark.slow
def test_too_few_guesses_are_told_and_not_kept(held_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attacking, "LONG", 0.0)
    monkeypatch.setattr(attacking, "LONGEST", 0.0)
    with held_world.vault() as vault:
        request = the_request(vault).line.id
        found = vault.attack_stand_in(request)
        assert found.guesses < 100
        assert (found.right_rate, found.least_seen) == (None, None)
        assert vault.request(request).price.attack is None


@pytest.mark.slow
def test_the_command_says_it_and_so_do_request_and_release(held_world: World) -> None:
    with held_world.vault() as vault:
        request = the_request(vault).line.id
        vault.attack_stand_in(request)
    shown = run(held_world.paths, "request", "attack", request)
    assert shown.code == 0
    sentence = " ".join(shown.out.split())
    assert sentence.startswith("We attacked a stand-in of this job, on made-up data, ")
    # few guesses come above the bound by luck, of which another sentence speaks
    assert sentence.endswith(" says nothing about habits.")
    for words in (("request", "show", request), ("release", "show", request)):
        assert sentence in " ".join(run(held_world.paths, *words).all.split())
    facts = json.loads(run(held_world.paths, "request", "attack", request, "--json").out)
    price = json.loads(run(held_world.paths, "request", "show", request, "--json").out)["price"]
    assert {"v": 1, **price["attack"]} == facts


@pytest.mark.slow
def test_the_real_learner_is_attacked_in_its_own_process(
    held_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "COMMAND", REAL)
    told: list[tuple[int, int]] = []
    with held_world.vault() as vault:
        found = vault.attack_stand_in(the_request(vault).line.id, progress=lambda *far: told.append(far))
    assert found.right_rate is not None
    assert not found.is_above_bound
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1]
