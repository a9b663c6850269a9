"""The one way out, from the inside: what is checked twice, what is kept to be fetched, and a trail that names it."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.worlds.approving import approve
from tests.worlds.vaults import copy_of
from tests.worlds.world import NAME, World
from vault import release
from vault.errors.daemon import NotAtThisDoor
from vault.errors.release import DigestMismatch, HeldUpdateDamaged
from vault.errors.requests import WrongState
from vault.release import Parcel
from vault.requester.releases import verify_release
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
    assert ("held", "release.sent" in kinds) == (after.state, False)


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


def job_of(vault: Vault, release_id: str) -> tuple[str, str]:
    """The requester and the job of a release, as that requester names them."""
    return vault.requesters()[0].id, vault.request(release_id).job_id


def released(world: World, vault: Vault) -> tuple[str, tuple[str, str]]:
    """The held update, released to be fetched."""
    one = vault.releases()[0]
    vault.send(one.id, confirm_digest=one.digest[:8])
    return one.id, job_of(vault, one.id)


def test_without_a_folder_a_release_stays_in_the_vault_for_its_requester_alone(held_world: World) -> None:
    with held_world.vault() as vault:
        one = vault.releases()[0]
        asker = job_of(vault, one.id)
        before = sorted(path.name for path in held_world.paths.state.iterdir())
        with pytest.raises(DigestMismatch):
            vault.send(one.id, confirm_digest="0" * 8)
        with pytest.raises(NotAtThisDoor):
            vault.released_files(*asker)
        vault.send(one.id, confirm_digest=one.digest[:8])
        files, sent = vault.released_files(*asker), vault.release(one.id)
        assert sorted(path.name for path in held_world.paths.state.iterdir()) == before, "no file is made"
    assert (sent.state, sent.can_be_sent, sent.fetch_until) == ("released", False, "2027-02-19T12:00:30Z")
    assert set(files) == {UPDATE_FILE, RELEASE_FILE, RELEASE_SIGNATURE_FILE}
    assert hashlib.sha256(files[RELEASE_FILE]).hexdigest() == one.digest
    assert hashlib.sha256(files[UPDATE_FILE]).hexdigest() == one.update_sha256


def test_what_is_fetched_verifies_as_what_lies_in_a_folder(held_world: World) -> None:
    with held_world.vault() as vault:
        _, asker = released(held_world, vault)
        folder, key = held_world.folder / "fetched", held_world.folder / "vault.pub"
        folder.mkdir()
        for name, data in vault.released_files(*asker).items():
            (folder / name).write_bytes(data)
        key.write_text(vault.vault_key(NAME))
    assert verify_release(folder, key, held_world.folder / "job").answers_job


def test_a_sending_that_was_begun_offers_nothing_until_it_is_finished(held_world: World) -> None:
    with held_world.vault() as vault:
        one = vault.releases()[0]
        asker = job_of(vault, one.id)
        with vault._opened.store.write() as uow:
            row = uow.get(RequestRow, one.id)
            assert row is not None
            row.state = RequestState.SENDING
            uow.commit()
        with pytest.raises(NotAtThisDoor):
            vault.released_files(*asker)
        vault.send(one.id, confirm_digest=one.digest[:8])
        assert hashlib.sha256(vault.released_files(*asker)[RELEASE_FILE]).hexdigest() == one.digest


@pytest.mark.parametrize("what", ["pipes", "links", "one pipe"])
def test_nothing_in_the_state_folder_changes_or_holds_up_what_is_fetched(
    held_world: World, what: str
) -> None:
    """An earlier version kept releases in a folder there, and read whatever lay in it."""
    with held_world.vault() as vault:
        one, requester = vault.releases()[0], vault.requesters()[0]
        _put_in_the_way(held_world, held_world.paths.outbox / requester.id / one.id, what)
        _, asker = released(held_world, vault)
        files = vault.released_files(*asker)
    assert hashlib.sha256(files[UPDATE_FILE]).hexdigest() == one.update_sha256


def _put_in_the_way(world: World, place: Path, what: str) -> None:
    if what == "one pipe":
        os.mkfifo(world.paths.outbox)
        return
    place.mkdir(parents=True)
    for name in (UPDATE_FILE, RELEASE_FILE, RELEASE_SIGNATURE_FILE):
        if what == "pipes":
            os.mkfifo(place / name)
        else:
            (place / name).symlink_to(world.paths.database)


def test_bytes_that_changed_in_the_vault_since_they_were_sent_are_not_handed_out(held_world: World) -> None:
    """Other bytes, in themselves as good, with every digest beside them changed as well: the trail has another."""
    with held_world.vault() as vault:
        one, asker = released(held_world, vault)
        swap_held(vault, one)
        with pytest.raises(HeldUpdateDamaged):
            vault.released_files(*asker)


def test_after_ninety_days_or_a_withdrawal_there_is_nothing_to_fetch(
    held_world: World, tmp_path: Path
) -> None:
    other = copy_of(held_world, tmp_path / "other")
    with held_world.vault() as vault:
        one, asker = released(held_world, vault)
        held_world.days_pass(vault, 89)
        held_world.clock.forward(days=1, seconds=-1)
        assert vault.released_files(*asker)
        held_world.clock.forward(seconds=1)
        with pytest.raises(NotAtThisDoor):
            vault.released_files(*asker)
        vault.settle()
        assert (kept(vault, one), vault.release(one).fetch_until) == (None, None)
        assert any("its time to be fetched is over" in line.sentence for line in vault.audit_lines(newest=3))
        assert vault.job_state(*asker).word == "released"
    with other.vault() as vault:
        one, asker = released(other, vault)
        vault.withdraw(vault.grants()[0].id)
        with pytest.raises(NotAtThisDoor):
            vault.released_files(*asker)
        assert kept(vault, one) is None
        assert vault.job_state(*asker).word == "released", "it had left, and that cannot be unsaid"


def kept(vault: Vault, release_id: str) -> bytes | None:
    """The bytes of an update that the vault still has."""
    with vault._opened.read() as uow:
        held = uow.get(HeldRow, release_id)
        assert held is not None
        return held.update


def test_nothing_is_released_after_its_requester_heard_that_it_is_over(world: World) -> None:
    """A run that begins at the end of its job and takes a day leaves less time to decide, and no more than that."""
    with world.vault() as vault:
        world.imported(vault)
        world.introduced(vault)
        request = vault.submit(world.job())
        one, asker = request.line.id, (vault.requesters()[0].id, request.job_id)
        end = datetime.fromisoformat(request.line.expires_at)
        approve(vault, one, draft=True)
        world.clock.now = end - timedelta(minutes=1)

        def slowly(step: int, of: int) -> None:
            if step == of:
                world.clock.forward(days=1, minutes=30)

        held = vault.train(one, progress=slowly)
        over = end + timedelta(days=1, minutes=60)
        assert datetime.fromisoformat(held.expires_at) == over
        world.clock.now = over - timedelta(seconds=1)
        assert (vault.job_state(*asker).word, vault.release(one).can_be_sent) == ("waiting", True)
        world.clock.now = over
        assert (vault.job_state(*asker).word, vault.release(one).can_be_sent) == ("expired", False)
        with pytest.raises(WrongState):
            vault.send(one, confirm_digest=held.digest)


def test_what_went_into_a_folder_is_not_kept_and_not_to_be_fetched(held_world: World) -> None:
    with held_world.vault() as vault:
        one = vault.releases()[0]
        vault.send(one.id, confirm_digest=one.digest[:8], to=held_world.folder / "out")
        assert kept(vault, one.id) is None
        with pytest.raises(NotAtThisDoor):
            vault.released_files(*job_of(vault, one.id))


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
