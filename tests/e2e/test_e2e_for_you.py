"""What a run told its owner alone is shown once the last decision is on record; what is odd of it breaks nothing."""

from __future__ import annotations

import base64
import sys
from datetime import timedelta

import pytest

from tests.worlds.approving import approve
from tests.worlds.disks import fill_up, open_to_all
from tests.worlds.learners import HAND_IN, PRELUDE, zeros
from tests.worlds.world import NAME, World
from vault.audit.entries import EntryType
from vault.errors.release import ReleaseMayHaveLeft
from vault.owner.interface.session import OwnerSession
from vault.store.tables import HeldRow
from vault.training import process


def test_an_odd_private_part_is_not_kept_and_its_update_goes_its_way(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world.vault() as vault:
        world.imported(vault)
        world.introduced(vault)
        job = world.job()
        request = vault.submit(job).line.id
        approve(vault, request, draft=True)
        handed_in = HAND_IN.format(update=base64.b64encode(zeros(job)).decode(), private=b"{}")
        monkeypatch.setattr(
            process, "COMMAND", (sys.executable, "-I", "-c", PRELUDE.format(pause=0) + handed_in)
        )
        assert vault.train(request).state == "held"
        (one,) = vault.releases()
        sent = vault.send(request, confirm_digest=one.digest, to=world.folder / "out")
        assert (sent.state, sent.for_you) == ("released", None)
        assert [each.state for each in vault.releases()] == ["released"]


def test_a_block_that_can_be_lifted_shows_nothing(held_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the score would be looked at, the block lifted, and the update sent because of it."""
    with held_world.vault() as vault:
        (one,) = vault.releases()
        with monkeypatch.context() as patch:
            open_to_all(patch)
            fill_up(patch)
            with pytest.raises(ReleaseMayHaveLeft):
                vault.send(one.id, confirm_digest=one.digest, to=held_world.folder / "out")
        vault.block_requester(NAME)
        (blocked,) = vault.releases()
        assert (blocked.state, blocked.can_be_sent, blocked.for_you) == ("sending", False, None)
        vault.unblock_requester(NAME)
        assert vault.release(one.id).can_be_sent
        vault.withhold(one.id)
        assert vault.release(one.id).for_you is not None
        keep_instead(vault, b'{"v":1,"rows":3,"curve":[],"final":{"loss":-1e308,"accuracy":0.5}}')
        assert vault.release(one.id).for_you is None  # what an earlier version kept is judged by the form too


def keep_instead(vault: OwnerSession, private: bytes) -> None:
    with vault._opened.act() as act:
        for held in act.uow.find(HeldRow):
            held.private = private
        act.record(EntryType.ACCESS_VIEW, hidden={"what": "a test"})


def test_a_clock_that_is_ahead_shows_nothing_before_the_end_is_on_record(held_world: World) -> None:
    """A look writes nothing down; with the clock back, the update can still be released."""
    now = held_world.clock.now
    held_world.clock.now = now + timedelta(days=10)
    with held_world.vault(writable=False) as vault:
        (one,) = vault.releases()
        assert (one.state, one.can_be_sent, one.for_you) == ("expired", False, None)
    held_world.clock.now = now
    with held_world.vault(writable=False) as vault:
        assert vault.release(one.id).can_be_sent
    held_world.clock.now = now + timedelta(days=10)
    with held_world.vault() as vault:
        ended = vault.release(one.id)
        assert (ended.state, ended.decided_at is not None, ended.for_you is not None) == (
            "expired",
            True,
            True,
        )
