"""What a person hears of a mesh, and that an approval names every peer."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from learner.federation.mesh_folder import MeshRound
from learner.federation.mesh_mixing import Verdict
from learner.federation.mesh_node import _opened
from tui.couriers.meshes import Awaited
from tui.text import mesh_facts, release_facts
from vault.errors.meshes import ZenohMissing
from vault.views.requests import RoundOf

NAMES = {"a": "Anna", "b": "Ben", "c": "Cora", "d": "Dan"}


def test_a_round_says_whom_it_was_mixed_from_and_whom_not_and_why() -> None:
    verdicts = (
        Verdict(key="a", word="accepted", distance=1, allowed=2),
        Verdict(key="b", word="not compared", distance=1),
        Verdict(key="c", word="too far", distance=12.345, allowed=2.5),
        Verdict(key="d", word="nothing came"),
    )

    row = mesh_facts.round_row(MeshRound(number=2, job="j", word="released", verdicts=verdicts), NAMES)

    assert row == (
        "2",
        "released to your peers",
        "Anna, Ben (not compared)",
        "Cora: 12.3 away, 2.5 allowed; Dan: nothing came",
    )


def test_every_event_of_a_mesh_has_its_sentence() -> None:
    for event in (
        "mixed",
        "handed over",
        "not handed over",
        "released",
        "refused",
        "expired",
        "not here",
        "told",
    ):
        assert "3" in mesh_facts.event({"event": event, "round": 3}, NAMES)
    assert (
        mesh_facts.event({"event": "received", "round": 3, "key": "b"}, NAMES)
        == "Ben's model of round 3 came."
    )
    assert "another authority" in mesh_facts.event({"event": "alone", "connected": 0}, NAMES)
    assert (
        mesh_facts.event({"event": "mixed", "round": 1}, NAMES)
        == "Round 1 starts from the founder's weights."
    )


def test_a_mesh_says_whose_models_came_and_for_whom_it_waits_and_until_when() -> None:
    one = Awaited(
        number=2, came=("b",), missing=("c", "d"), until="2026-12-06T08:42:00Z", own="waiting", is_last=False
    )
    assert mesh_facts.awaited(one, NAMES) == (
        "Of round 2 the model of Ben came; it waits for Cora, Dan and your own release, until 2026-12-06 08:42 UTC, "
        "and then the next round begins without."
    )
    kept = mesh_facts.awaited(replace(one, own="kept private", came=()), NAMES)
    assert "no model of others is here; it waits for Cora, Dan and yours, which does not come, until" in kept
    over = replace(one, own="released", came=("b", "c", "d"), missing=(), is_last=True)
    assert mesh_facts.awaited(over, NAMES) == (
        "Of round 2 the models of Ben, Cora and Dan came; the model of the mesh is mixed."
    )
    many = {str(place): f"Peer {place}" for place in range(9)}
    assert "Peer 4 and 4 more, until" in mesh_facts.awaited(
        replace(one, own="released", missing=tuple(many)), many | NAMES
    )


def test_an_update_of_a_mesh_names_every_peer_that_gets_it() -> None:
    one = RoundOf(campaign="cd0f3c3b99", number=2, ends_at="2026-12-06T08:42:00Z", is_carried=False)

    assert ("every peer gets it", "“Anna”, “Ben”") in release_facts.in_round(
        RoundOf(campaign=one.campaign, number=2, ends_at=one.ends_at, is_carried=False, peers=("Anna", "Ben"))
    )
    assert [name for name, _ in release_facts.in_round(one)] == ["part of", "round ends"]


def test_without_zenoh_a_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zenoh", None)

    with pytest.raises(ZenohMissing, match="not installed"):
        _opened({})
