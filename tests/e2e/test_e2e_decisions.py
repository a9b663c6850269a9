"""What a person decided is what happens: no later consent widens a run, and no late act slips past a withdrawal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.worlds.approving import approve
from tests.worlds.world import NAME, World
from vault import release
from vault.errors.consent import ConsentRefused
from vault.errors.families import Invalid
from vault.errors.release import DestinationUnusable, DigestMismatch, ReleaseNotRecorded
from vault.errors.requests import ApprovalChanged, RequesterBlocked, WrongState
from vault.errors.rollback import OlderVault
from vault.errors.storage import DiskFull
from vault.errors.training import LearnerFailed
from vault.vault import Vault
from vault.views.records import FileChoice

Quiet = Callable[[int, int], None]


def approved(world: World, vault: Vault) -> str:
    """A request approved with its drafted consent, the optional column withheld."""
    world.imported(vault)
    world.introduced(vault)
    request = vault.submit(world.job()).line.id
    approve(vault, request, draft=True)
    return request


def wider(world: World, vault: Vault, *, days: int = 20) -> str:
    """A consent for the same requester and purpose that names the withheld column too."""
    return vault.grant(
        requester=NAME,
        collection="nights",
        fields=["good", "steps", "coffee"],
        purpose="AcademicResearch",
        not_after=world.clock.now + timedelta(days=days),
    ).id


def test_a_later_wider_consent_does_not_widen_what_was_approved(world: World, quiet: Quiet) -> None:
    with world.vault() as vault:
        request = approved(world, vault)
        other = wider(world, vault)
        held = vault.train(request, progress=quiet)
        assert held.fields_used == ("good", "steps")
        assert {one.id: one.uses_spent for one in vault.grants()}[other] == 0


def waiting(world: World, vault: Vault) -> tuple[str, str]:
    """A request that waits, and the digest of its manifest."""
    world.imported(vault)
    found = vault.submit(world.folder / "job")
    return found.line.id, found.manifest_digest


def test_a_wider_consent_that_comes_before_the_approval_does_not_widen_what_was_shown(
    known_world: World,
) -> None:
    with known_world.vault() as vault:
        request, digest = waiting(known_world, vault)
        shown = vault.preview_approval(request, draft=True, optional=frozenset()).draft
        assert shown is not None
        assert shown.withheld == ("coffee",)
        wider(known_world, vault)
        vault.approve(request, manifest_digest=digest, draft=True)
        read = {one.name for one in vault.explain_request(request).fields if one.permitted}
        assert read == {"good", "steps"} == set(shown.fields)


def test_an_approval_under_a_consent_that_was_shown_writes_no_other_and_takes_no_other(
    known_world: World,
) -> None:
    with known_world.vault() as vault:
        request, digest = waiting(known_world, vault)
        with pytest.raises(ConsentRefused):
            vault.approve(request, manifest_digest=digest)
        first = wider(known_world, vault)
        with pytest.raises(ApprovalChanged):
            vault.approve(request, manifest_digest=digest)
        assert vault.preview_approval(request, draft=True, optional=frozenset()).consent == first
        second = wider(known_world, vault)
        vault.withdraw(first)
        with pytest.raises(ConsentRefused, match="was withdrawn"):
            vault.approve(request, manifest_digest=digest, consent=first)
        with pytest.raises(Invalid):
            vault.approve(request, manifest_digest=digest, consent=second, draft=True)
        assert len(vault.grants()) == 2
        assert vault.request(request).line.state == "waiting"
        vault.approve(request, manifest_digest=digest, consent=second[:8])
        assert vault.explain_request(request).grant == second


def test_withdrawing_the_approved_consent_stops_the_run_although_another_would_cover_it(
    world: World, quiet: Quiet
) -> None:
    with world.vault() as vault:
        request = approved(world, vault)
        drafted = vault.grants()[0].id
        wider(world, vault)
        before = len(vault.audit_lines())
        vault.withdraw(drafted)
        with pytest.raises(WrongState):
            vault.train(request, progress=quiet)
        kinds = [line.type for line in vault.audit_lines()[before:]]
        assert vault.request(request).line.state == "waiting", "it can be approved anew, under the other one"
    assert kinds == ["consent.withdraw", "request.return"]


def test_a_refused_approval_leaves_no_consent_behind(world: World) -> None:
    with world.vault() as vault:
        world.imported(vault)
        world.introduced(vault)
        request = vault.submit(world.job()).line.id
        vault.block_requester(NAME)
        with pytest.raises(ConsentRefused):
            approve(vault, request, draft=True)
        assert vault.grants() == []


def test_an_approved_request_does_not_run_past_its_own_end(world: World, quiet: Quiet) -> None:
    """Even with a consent that lasts longer, in a vault that stays open."""
    with world.vault() as vault:
        world.imported(vault)
        world.introduced(vault)
        wider(world, vault, days=300)
        request = vault.submit(world.job()).line.id
        approve(vault, request)
        world.days_pass(vault, 60)
        assert vault.request(request).line.state == "expired"
        with pytest.raises(WrongState, match="expired"):
            vault.train(request, progress=quiet)
        assert vault.budget()[0].jobs == 0


@pytest.mark.parametrize("act", ["withdraw", "block"])
def test_the_folder_does_not_appear_after_a_withdrawal_or_a_block(
    held_world: World, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    """The files are written beside their place; what is decided meanwhile still counts."""
    original = release._write

    with held_world.vault() as vault:
        one = vault.releases()[0]

        def meanwhile(*arguments: object, **options: object) -> Path:
            draft = original(*arguments, **options)  # type: ignore[arg-type]
            if act == "withdraw":
                vault.withdraw(vault.grants()[0].id)
            else:
                vault.block_requester(NAME)
            return draft

        monkeypatch.setattr(release, "_write", meanwhile)
        with pytest.raises((ConsentRefused, RequesterBlocked)):
            vault.send(one.id, confirm_digest=one.digest[:8], to=held_world.folder / "out")
        after = vault.release(one.id)
        kinds = [line.type for line in vault.audit_lines()]
    assert not (held_world.folder / "out").exists()
    assert not list(held_world.folder.glob(".out*"))
    assert "release.sent" not in kinds
    ended = {"withdraw": "destroyed", "block": "held"}[act]
    assert (after.state, after.can_be_sent, after.may_have_left) == (ended, False, False)
    assert (after.for_you is not None) == (ended == "destroyed")


def test_a_release_that_is_out_but_not_recorded_says_so(
    held_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> None:
        raise DiskFull()

    with held_world.vault() as vault:
        one = vault.releases()[0]
        monkeypatch.setattr(release, "_record_sent", full)
        with pytest.raises(ReleaseNotRecorded, match="count as having left"):
            vault.send(one.id, confirm_digest=one.digest[:8], to=held_world.folder / "out")
        assert vault.release(one.id).may_have_left
        monkeypatch.undo()
        again = vault.send(one.id, confirm_digest=one.digest[:8], to=held_world.folder / "again")
    assert again.state == "released"


def test_a_run_that_ends_after_the_charge_says_that_its_budget_is_spent(
    world: World, monkeypatch: pytest.MonkeyPatch, quiet: Quiet
) -> None:
    from vault.training import run

    def full(*_arguments: object) -> None:
        raise DiskFull()

    with world.vault() as vault:
        request = approved(world, vault)
        monkeypatch.setattr(run, "_hold", full)
        with pytest.raises(LearnerFailed, match="its budget is spent"):
            vault.train(request, progress=quiet)
        assert vault.request(request).line.state == "failed"
        assert vault.budget()[0].jobs == 1


def test_an_older_copy_signs_no_trail(held_world: World, tmp_path: Path) -> None:
    older = (held_world.paths.vault / "vault.db").read_bytes()
    with held_world.vault() as vault:
        one = vault.releases()[0]
        vault.send(one.id, confirm_digest=one.digest[:8], to=tmp_path / "out")
    for name in ("vault.db", "vault.db-wal", "vault.db-shm"):
        (held_world.paths.vault / name).unlink(missing_ok=True)
    (held_world.paths.vault / "vault.db").write_bytes(older)
    with held_world.vault() as vault, pytest.raises(OlderVault):
        vault.export_audit(tmp_path / "trail")
    assert not (tmp_path / "trail").exists()


def test_an_export_that_cannot_be_written_is_not_claimed_on_the_trail(
    held_world: World, tmp_path: Path
) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    with held_world.vault() as vault:
        before = len(vault.audit_lines())
        for attempt in (
            lambda: vault.export_audit(taken),
            lambda: vault.export_collection("nights", taken, as_format="csv"),
            lambda: vault.backup(taken),
        ):
            with pytest.raises(DestinationUnusable):
                attempt()
        assert len(vault.audit_lines()) == before


@pytest.mark.parametrize("typed", ["éééééééé", "0x123456", "12345678" * 9])
def test_a_typed_digest_that_is_none_is_refused_as_one_that_does_not_fit(
    held_world: World, typed: str
) -> None:
    with held_world.vault() as vault:
        one = vault.releases()[0]
        with pytest.raises(DigestMismatch):
            vault.send(one.id, confirm_digest=typed, to=held_world.folder / "out")


def test_what_ran_out_is_shown_so_although_nobody_recorded_it_yet(held_world: World) -> None:
    held_world.clock.forward(minutes=61)
    with held_world.vault(writable=False) as vault:
        one = vault.releases()[0]
    assert (one.state, one.can_be_sent) == ("expired", False)


def test_rows_are_added_to_what_nobody_can_learn_from_any_more_like_to_any_collection(
    world: World,
) -> None:
    more = FileChoice(path=world.table("more.csv", seed=7), name="nights", unit="day", time_field="day")
    with world.vault() as vault:
        request = approved(world, vault)
        before = vault.plan_import(more)
        vault.train(request)
        after = vault.plan_import(more)

    assert (before.under_consent, before.needs_passphrase) == (True, True)
    assert (after.under_consent, after.needs_passphrase) == (False, False)
