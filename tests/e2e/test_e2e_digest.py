"""The digest of a week is the owner's own facts: the trail, the ledger, requests and consents, of that week alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.worlds.world import NAME, World
from vault.errors.rollback import OlderVault
from vault.vault import Vault
from vault.views.digest import Digest


def counts(digest: Digest) -> dict[str, int]:
    return {one.type: one.count for one in digest.events}


def released(vault: Vault, world: World) -> None:
    (one,) = vault.releases()
    vault.send(one.id, confirm_digest=one.digest, to=world.folder / "out")


def test_it_says_what_happened_what_was_paid_and_what_left(held_world: World) -> None:
    with held_world.vault() as vault:
        released(vault, held_world)
        vault.add_model(held_world.folder / "out", name="mine")
        vault.note_lock_minutes(5)
        found = vault.digest()
        (line,) = (one for one in vault.budget() if one.requester is None)
        (left,) = vault.releases()
    assert [(one.requester, one.collection, one.state) for one in found.asked] == [
        (NAME, "nights", "released")
    ]
    assert [(one.collection, one.jobs, one.used_percent) for one in found.spent] == [
        ("nights", 1, line.used_percent)
    ]
    assert [(one.id, one.recipient, one.collection) for one in found.left] == [(left.id, NAME, "nights")]
    seen = counts(found)
    assert (seen["settings.change"], found.model_changes) == (2, 1)
    assert {kind: seen[kind] for kind in ("record.import", "requester.add", "request.approve")} == {
        "record.import": 1, "requester.add": 1, "request.approve": 1,
    }  # fmt: skip


def test_what_waits_in_it_is_what_waits_in_the_vault(held_world: World) -> None:
    with held_world.vault() as vault:
        vault.submit(held_world.job("second", epsilon="0.5"))
        vault.grant(
            requester=NAME, collection="nights", fields=["good"], purpose="AcademicResearch", uses=1,
            not_after=held_world.clock.now + timedelta(days=6), not_before=None, window=(None, None), epsilon_cap=None,
        )  # fmt: skip
        found, status = vault.digest(), vault.status()
        held = [one.id for one in vault.releases()]
        waiting = [one.id for one in vault.requests() if one.state == "waiting"]
    assert [one.id for one in found.held] == held
    assert [one.id for one in found.waiting] == waiting
    assert len(found.ending) == status.expiring > 0
    assert (found.approved, found.unfinished) == ((), ())


def test_what_is_older_than_a_week_is_not_in_it(held_world: World) -> None:
    with held_world.vault() as vault:
        released(vault, held_world)
        held_world.clock.forward(days=8)
        found = vault.digest()
    assert (found.asked, found.spent, found.left, counts(found)) == ((), (), (), {})


def test_it_is_due_a_week_after_it_was_read_and_reading_it_is_on_the_trail(world: World) -> None:
    def due(vault: Vault) -> bool:
        assert vault.digest().is_due == vault.status().is_digest_due
        return vault.digest().is_due

    with world.vault() as vault:
        assert not due(vault)
        world.clock.forward(days=7)
        assert due(vault)
        vault.note_digest_read()
        (last,) = vault.audit_lines(newest=1)
        assert last.sentence == "You looked at the digest of the week."
        assert not due(vault)
        assert "access.view" not in counts(vault.digest())
        world.clock.forward(days=6, hours=23)
        assert not due(vault)
        world.clock.forward(hours=1)
        assert due(vault)


def test_an_older_copy_can_still_tell_its_week(world: World) -> None:
    with world.vault() as vault:
        before = world.paths.database.read_bytes()
        vault.note_lock_minutes(5)
    world.paths.database.write_bytes(before)
    with world.vault() as vault:
        assert vault.status().read_only_because
        assert vault.digest().events
        with pytest.raises(OlderVault):
            vault.note_digest_read()
