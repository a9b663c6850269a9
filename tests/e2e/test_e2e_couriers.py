"""Vaults that learn together by commands alone: a coordinator over HTTPS, daemons, couriers, rounds, a model back."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from learner.federation.exchange import invitation_bytes
from tests.worlds import coordinators
from tests.worlds.campaigns import CAMPAIGN, campaign, round_of
from tests.worlds.commands import assert_refused, run, secrets_of
from tests.worlds.coordinators import ServedCoordinator
from tests.worlds.daemon import eventually, serving
from tests.worlds.vaults import new_world, paths_in
from tests.worlds.world import NAME, Clock, World
from vault.requester.keys import fingerprint_of, keygen

TWO_ROUNDS = CAMPAIGN.replace("rounds = 3", "rounds = 2")


@pytest.fixture
def coordinator(tmp_path: Path) -> Iterator[ServedCoordinator]:
    """A coordinator of two rounds that two vaults are to answer."""
    folder = tmp_path / "requester"
    folder.mkdir()
    keygen(folder / "lab")
    asker = World(folder=folder, paths=paths_in(folder), clock=Clock(now=datetime.now(UTC)), recovery_key="")
    coordinators.made_coordinator(tmp_path / "coordinator", campaign(asker, text=TWO_ROUNDS), quorum=2)
    with coordinators.serving(tmp_path / "coordinator") as served:
        yield served


def owner(folder: Path) -> World:
    """An owner with records who knows nobody yet."""
    folder.mkdir()
    world = new_world(folder, now=datetime.now(UTC))
    with world.vault() as vault:
        world.imported(vault)
    return world


def said(world: World, *words: str | Path) -> list[dict[str, Any]]:
    """What a command tells as JSON."""
    done = run(world.paths, *words, "--json")
    assert done.code == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


def done(world: World, *words: str | Path) -> None:
    outcome = run(world.paths, *words)
    assert outcome.code == 0, outcome.err


def joined(world: World, invitation: Path, fingerprint: str) -> str:
    """Let a courier in, and join the campaign that it brought; the campaign's id here."""
    how = ("--requester", NAME, "--fingerprint", fingerprint)
    (told,) = said(world, "courier", "join", invitation, *how)
    done(world, "campaign", "join", told["campaign"])
    return str(told["campaign"])


def words(world: World) -> list[str]:
    """What became of each round, as the courier tells it."""
    (told,) = said(world, "courier", "status")
    return [one["word"] for one in told["rounds"]]


def decided(world: World, number: int) -> None:
    """A courier brings a round in, and a person lets its update go, which no courier brought away before."""
    said(world, "courier", "run", "--once")
    assert words(world) == ["sent"] * (number - 1) + ["waiting"]

    def approved() -> list[dict[str, Any]]:
        return [one for one in said(world, "request", "list") if one["state"] == "approved"]

    eventually(lambda: bool(approved()), "the round is not approved by the word on the campaign")
    done(world, "train", approved()[0]["id"])
    (held,) = [one for one in said(world, "release", "list") if one["state"] == "held"]
    assert said(world, "courier", "run", "--once") == []
    done(world, "release", "send", held["id"], "--confirm-digest", held["digest"][:8])


def answered(world: World, number: int) -> None:
    """Answer a round: the same, and a courier brings the update away."""
    decided(world, number)
    assert [one["event"] for one in said(world, "courier", "run", "--once")] == ["released", "sent"]


def price_of(world: World, campaign_id: str) -> dict[str, Any]:
    """What all rounds cost this vault, as it is told."""
    (told,) = said(world, "campaign", "show", campaign_id)
    return {name: told["price"][name] for name in ("epsilon", "share_percent")} | {"tier": told["tier"]}


@pytest.mark.slow
def test_two_vaults_in_two_tiers_pay_each_its_own_price_and_learn_one_model(tmp_path: Path) -> None:
    """The tier comes with the invitation; the round of another tier, by hand, is no round of theirs."""
    folder = tmp_path / "requester"
    folder.mkdir()
    keygen(folder / "lab")
    asker = World(folder=folder, paths=paths_in(folder), clock=Clock(now=datetime.now(UTC)), recovery_key="")
    asked = campaign(asker, text=TWO_ROUNDS, clinic="2")
    coordinators.made_coordinator(tmp_path / "coordinator", asked, quorum=2)
    fingerprint = fingerprint_of(folder / "lab" / "requester.pub")
    owners = [owner(tmp_path / name) for name in ("one", "two")]
    (told,) = said(asker, "campaign", "check", asked)
    with coordinators.serving(tmp_path / "coordinator") as served, ExitStack() as open_vaults:
        ids = []
        for world, tier in zip(owners, (None, "clinic"), strict=True):
            open_vaults.enter_context(serving(world))
            (invitation,) = served.coordinator.invite(1, served.url, tier)
            file = world.folder / "mine.invitation"
            file.write_bytes(invitation_bytes(invitation))
            ids.append(joined(world, file, fingerprint))
        prices = [price_of(world, full) for world, full in zip(owners, ids, strict=True)]
        assert [one["tier"] for one in prices] == [None, "clinic"]
        assert [one["epsilon"] for one in prices] == [told["epsilon"], told["tiers"][0]["epsilon"]]
        assert_refused(
            run(owners[0].paths, "request", "submit", round_of(asked, 1, tier="clinic")),
            4,
            "noise tier",
            secrets_of(owners[0]),
        )
        for number in (1, 2):
            for world in owners:
                answered(world, number)
        coordinators.wait_until(lambda: any(one.kind == "finished" for one in served.events))
        for world, price in zip(owners, prices, strict=True):
            assert [one["event"] for one in said(world, "courier", "run", "--once")] == ["model"]
            budget = next(one for one in said(world, "budget") if one["requester"] is None)
            assert Decimal(budget["used_percent"]) == pytest.approx(
                Decimal(price["share_percent"]), abs=Decimal("0.1")
            )
        (stands,) = said(asker, "campaign", "status", tmp_path / "coordinator")
        assert [(one["name"], one["enrolled"]) for one in stands["tiers"]] == [("", 1), ("clinic", 1)]
        assert stands["rounds"][1]["left_out"] == 0


@pytest.mark.slow
def test_two_vaults_learn_together_through_a_coordinator_and_get_the_model(
    tmp_path: Path, coordinator: ServedCoordinator
) -> None:
    fingerprint = fingerprint_of(tmp_path / "requester" / "lab" / "requester.pub")
    owners = [owner(tmp_path / name) for name in ("one", "two")]
    with ExitStack() as served:
        for world, invitation in zip(owners, coordinator.invitations(2), strict=True):
            served.enter_context(serving(world))
            file = world.folder / "mine.invitation"
            file.write_bytes(invitation_bytes(invitation))
            joined(world, file, fingerprint)
        for number in (1, 2):
            for world in owners:
                answered(world, number)
        coordinators.wait_until(lambda: any(one.kind == "finished" for one in coordinator.events))
        for world in owners:
            assert [one["event"] for one in said(world, "courier", "run", "--once")] == ["model"]
            eventually(lambda world=world: len(said(world, "model", "list")) == 1, "no model")
            assert words(world) == ["sent", "sent"]
            assert said(world, "courier", "status")[0]["is_over"]
    answers = [one for one in coordinator.events if one.kind == "answer"]
    assert len(answers) == 4


@pytest.mark.slow
def test_an_answer_counts_once_though_two_couriers_bring_it_and_one_is_cut_off(
    tmp_path: Path, coordinator: ServedCoordinator
) -> None:
    world = owner(tmp_path / "one")
    (invitation,) = coordinator.invitations(1)
    file = world.folder / "mine.invitation"
    file.write_bytes(invitation_bytes(invitation))
    other = replace(world, paths=replace(world.paths, state=tmp_path / "other"))
    with serving(world):
        joined(world, file, fingerprint_of(tmp_path / "requester" / "lab" / "requester.pub"))
        decided(world, 1)
        shutil.copytree(world.paths.courier, other.paths.courier)
        state = next(world.paths.courier.glob("*/state.json"))
        before = state.read_bytes()
        for one in (world, other):
            assert [each["event"] for each in said(one, "courier", "run", "--once")] == ["released", "sent"]
        state.write_bytes(before)  # as if it had been killed before it could write down that it had sent
        assert [each["event"] for each in said(world, "courier", "run", "--once")] == ["released", "sent"]
    assert [one.kind for one in coordinator.events].count("answer") == 1
    assert "refused" not in [one.kind for one in coordinator.events]


@pytest.mark.slow
def test_a_courier_that_leaves_takes_its_access_with_it_and_tells_no_secret(
    tmp_path: Path, coordinator: ServedCoordinator
) -> None:
    world = owner(tmp_path / "one")
    fingerprint = fingerprint_of(tmp_path / "requester" / "lab" / "requester.pub")
    (invitation,) = coordinator.invitations(1)
    file = world.folder / "mine.invitation"
    file.write_bytes(invitation_bytes(invitation))
    secrets = secrets_of(world)

    hostile = world.folder / "hostile.invitation"
    for content in (b"", b"\0" * 5000, b'{"v":1}', file.read_bytes().replace(b"https", b"ftp:/")):
        hostile.write_bytes(content)
        assert_refused(run(world.paths, "courier", "join", hostile), 1, "no invitation", secrets)
    wrong = run(world.paths, "courier", "join", file, "--requester", NAME, "--fingerprint", "0" * 16)
    assert_refused(wrong, 1, "is another one", secrets)
    assert run(world.paths, "requester", "list").out == ""

    with serving(world):
        carried = joined(world, file, fingerprint)
        again = run(world.paths, "courier", "join", file)
        assert again.code == 0, again.err
        home = world.paths.courier
        assert {stat.S_IMODE(one.stat().st_mode) for one in home.rglob("*") if one.is_file()} == {0o600}
        assert "waits" not in run(world.paths, "courier", "status").out
        answered(world, 1)
    locked = run(world.paths, "courier", "run", "--once")
    assert_refused(locked, 7, "no process has the vault open", secrets)

    left = run(world.paths, "courier", "leave", carried[:8])
    assert left.code == 0, left.err
    assert list(home.iterdir()) == []
    assert "left" in run(world.paths, "campaign", "list").out
    assert_refused(run(world.paths, "courier", "run", "--once", carried), 1, "no campaign", secrets)

    (tmp_path / "two").mkdir()
    other = new_world(tmp_path / "two", now=datetime.now(UTC))
    used = run(other.paths, "courier", "join", file, "--requester", NAME, "--fingerprint", fingerprint)
    assert_refused(used, 4, "used by another vault", secrets_of(other))
    assert not list(other.paths.courier.iterdir())
    assert run(other.paths, "requester", "list").out == ""
    (second,) = coordinator.invitations(1)
    file.write_bytes(invitation_bytes(second))
    anew = run(world.paths, "courier", "join", file)
    assert_refused(anew, 4, "you have left this campaign", secrets)
    assert not list(home.iterdir())
    assert [one.kind for one in coordinator.events].count("enrolled") == 1
