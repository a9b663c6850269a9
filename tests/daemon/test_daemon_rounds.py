"""Rounds that nobody has to start begin by themselves, and again after a while where they could not begin."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.worlds.campaigns import campaign, round_of
from tests.worlds.daemon import eventually
from tests.worlds.vaults import new_world
from vault.daemon.service import AGAIN_AFTER, Service
from vault.errors.storage import DiskFull
from vault.sealing.slots import TEST_COST


def test_a_round_that_could_not_begin_is_tried_again_after_a_while_and_none_while_the_date_is_in_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = new_world(tmp_path)
    seconds, begun = [0.0], []

    def full(request: str, **_named: object) -> None:
        begun.append(request)
        raise DiskFull

    with world.vault() as vault:
        world.imported(vault)
        world.introduced(vault)
        folder = campaign(world)
        found = vault.submit_campaign(folder)
        vault.join_campaign(found.line.id, digest=found.digest, unattended=True)
        request = vault.submit(round_of(folder, 1)).line.id
        monkeypatch.setattr(vault, "train", full)
        service = Service(
            vault, clock=lambda: seconds[0], lock_minutes=60, cost=TEST_COST, finish=lambda: None
        )
        for later, expected in ((0.0, 1), (1.0, 1), (AGAIN_AFTER, 2), (AGAIN_AFTER + 1, 2)):
            seconds[0] = later
            service.begin_round()
            eventually(lambda: not service.watched.has_run, "the run did not end")
            assert begun == [request] * expected
        world.clock.forward(days=40)
        assert vault.status().date_question
        assert vault.rounds_to_run() == []
        service.close()
