"""The one way out, from the inside: what is checked twice, the outbox, and a trail that names what was confirmed."""

from __future__ import annotations

import hashlib
import json
import stat
from pathlib import Path

import pytest

from tests.worlds.world import NAME, World
from vault import release
from vault.errors.release import DestinationUnusable, DigestMismatch, HeldUpdateDamaged
from vault.release import Parcel
from vault.requests.canonical import canonical
from vault.requests.release_manifest import RELEASE_FILE, RELEASE_SIGNATURE_FILE, UPDATE_FILE
from vault.store.tables import HeldRow, RequestRow
from vault.vault import Vault
from vault.views.states import RequestState


def swap_held(vault: Vault, release_id: str) -> None:
    """Put another update in the place of the held one, whole in itself: every digest fits."""
    with vault._opened.store.write() as uow:
        held = uow.get(HeldRow, release_id)
        assert held is not None
        assert held.update is not None
        update = bytes([held.update[0]]) + held.update[1:-1] + bytes([held.update[-1] ^ 1])
        manifest = json.loads(held.manifest)
        manifest["update"]["sha256"] = hashlib.sha256(update).hexdigest()
        held.update, held.manifest = update, canonical(manifest)
        held.manifest_digest = hashlib.sha256(held.manifest).hexdigest()
        uow.commit()


def test_the_parcel_that_was_confirmed_is_the_one_that_leaves_and_no_other(
    held_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another update, in itself as good, is put there after the confirmation and before the folder appears."""
    original, to = release._write, held_world.folder / "out"
    with held_world.vault() as vault:
        one = vault.releases()[0]

        def meanwhile(parcel: Parcel, where: Path, *, draft: str) -> Path:
            written = original(parcel, where, draft=draft)
            swap_held(vault, one.id)
            return written

        monkeypatch.setattr(release, "_write", meanwhile)
        with pytest.raises(HeldUpdateDamaged):
            vault.send(one.id, confirm_digest=one.digest[:8], to=to)
        after, kinds = vault.release(one.id), [line.type for line in vault.audit_lines()]
    assert not to.exists()
    assert not list(held_world.folder.glob(".out*"))
    assert ("sending", "release.sent" in kinds) == (after.state, False)


def test_the_swapped_update_would_leave_under_its_own_digest(held_world: World) -> None:
    """What the test above puts there passes every other check, so that the comparison alone refused it."""
    with held_world.vault() as vault:
        one = vault.releases()[0].id
        swap_held(vault, one)
        vault.send(one, confirm_digest=vault.release(one).digest[:8], to=held_world.folder / "out")


def test_the_intent_is_durable_before_the_first_byte_is_written(
    held_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reads the vault at that moment sees an update that may have left."""
    original, seen = release._write, []
    with held_world.vault() as vault:
        one = vault.releases()[0]

        def noticed(parcel: Parcel, where: Path, *, draft: str) -> Path:
            assert not list(held_world.folder.glob(".out*"))
            kinds = [line.type for line in vault.audit_lines()]
            seen.append((vault.release(one.id).state, kinds[-2:]))
            return original(parcel, where, draft=draft)

        monkeypatch.setattr(release, "_write", noticed)
        vault.send(one.id, confirm_digest=one.digest[:8], to=held_world.folder / "out")
    assert seen == [("sending", ["release.approve", "release.intent"])]


def test_the_trail_names_the_digest_that_was_confirmed(held_world: World) -> None:
    with held_world.vault() as vault:
        one = vault.releases()[0]
        vault.send(one.id, confirm_digest=one.digest[:8], to=held_world.folder / "out")
        said = {line.type: line.sentence for line in vault.audit_lines()}
    run, digest = one.id[:8], one.digest[:8]
    approved = f"You approved the release of the update of run {run} to {NAME}, by its digest {digest}."
    assert approved == said["release.approve"]
    left = f"The update of run {run} left for {NAME}: {one.size} bytes, under the digest {digest}."
    assert left == said["release.sent"]


def test_without_a_folder_a_release_lies_in_the_outbox_of_its_requester_alone(held_world: World) -> None:
    with held_world.vault() as vault:
        one, requester = vault.releases()[0], vault.requesters()[0]
        with pytest.raises(DigestMismatch):
            vault.send(one.id, confirm_digest="0" * 8)
        assert not list(held_world.paths.outbox.glob("*/*"))
        vault.send(one.id, confirm_digest=one.digest[:8])
        assert vault.release(one.id).state == "released"
    place = held_world.paths.outbox / requester.id / one.id
    assert {UPDATE_FILE, RELEASE_FILE, RELEASE_SIGNATURE_FILE} == {path.name for path in place.iterdir()}
    assert hashlib.sha256((place / RELEASE_FILE).read_bytes()).hexdigest() == one.digest
    assert [path.name for path in place.parent.iterdir()] == [one.id]
    for folder in (held_world.paths.outbox, place.parent, place):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_a_crash_left_in_the_outbox_is_replaced_by_the_next_sending(held_world: World) -> None:
    """The folder had appeared and the sending was not recorded: there is but one place, so it is written anew."""
    with held_world.vault() as vault:
        one, requester = vault.releases()[0], vault.requesters()[0]
        place = held_world.paths.outbox / requester.id / one.id
        place.mkdir(parents=True)
        (place / RELEASE_FILE).write_text("half")
        (place / "more").write_text("more")
        with vault._opened.store.write() as uow:
            row = uow.get(RequestRow, one.id)
            assert row is not None
            row.state = RequestState.SENDING
            uow.commit()
        vault.send(one.id, confirm_digest=one.digest[:8])
    assert {UPDATE_FILE, RELEASE_FILE, RELEASE_SIGNATURE_FILE} == {path.name for path in place.iterdir()}
    assert hashlib.sha256((place / RELEASE_FILE).read_bytes()).hexdigest() == one.digest


def test_an_outbox_that_cannot_be_made_is_said_before_anything_is_decided(held_world: World) -> None:
    held_world.paths.outbox.write_text("in the way")
    with held_world.vault() as vault:
        one = vault.releases()[0]
        with pytest.raises(DestinationUnusable):
            vault.send(one.id, confirm_digest=one.digest[:8])
        assert (vault.release(one.id).state, vault.release(one.id).can_be_sent) == ("held", True)


def test_a_missing_reminder_is_said_at_opening_and_the_trail_claims_no_comparison(held_world: World) -> None:
    with held_world.vault(writable=False) as vault:
        assert vault.mark_missing == ""
        assert vault.verify_audit().seen_before
    for mark in held_world.paths.state.glob("*.json"):
        mark.unlink()
    with held_world.vault(writable=False) as vault:
        assert "no reminder of this vault" in vault.mark_missing
        assert not vault.verify_audit().seen_before
    held_world.vault().close()  # opened to write, which makes a new reminder
    with held_world.vault(writable=False) as vault:
        assert (vault.mark_missing, vault.verify_audit().seen_before) == ("", True)


def test_a_new_vault_is_not_said_to_miss_its_reminder(world: World) -> None:
    with world.vault(writable=False) as vault:
        assert vault.mark_missing == ""
        assert not vault.verify_audit().seen_before
