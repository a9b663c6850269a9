"""One vault lives the whole story, and each of the three sentences holds on the way."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.worlds.approving import approve
from tests.worlds.world import NAME, World
from tui.cli.entry_point import run as run_command
from tui.text import update_facts
from vault.errors.budget import BudgetExhausted
from vault.errors.consent import ConsentRefused
from vault.errors.families import LockboxError
from vault.errors.release import (
    DestinationUnavailable,
    DestinationUnusable,
    DigestMismatch,
    HeldUpdateDamaged,
)
from vault.errors.requests import JobReplayed, RequesterBlocked, WrongState
from vault.requester.keys import keygen
from vault.requester.releases import verify_release
from vault.requester.trail import verify_trail
from vault.store.tables import ChargeRow, GrantRow, HeldRow, Segment
from vault.vault import Vault

Quiet = Callable[[int, int], None]


def test_a_release_reaches_the_requester_and_verifies(held_world: World) -> None:
    with held_world.vault() as vault:
        one = vault.releases()[0].id
        digest = vault.release(one).digest
        sent = vault.send(one, confirm_digest=digest[:8], to=held_world.folder / "out")
        key = held_world.folder / "vault.pub"
        key.write_text(vault.vault_key(NAME))
    assert sent.state == "released"
    facts = verify_release(held_world.folder / "out", key, held_world.folder / "job")
    assert (digest, ("good", "steps"), ("coffee",)) == (
        facts.digest,
        facts.manifest.fields_used,
        facts.manifest.fields_withheld,
    )
    assert sorted(path.name for path in (held_world.folder / "out").iterdir()) == [
        "release.json",
        "release.sig",
        "update.safetensors",
    ]


def test_what_was_released_predicts_outside_in_both_forms(held_world: World) -> None:
    """The requester writes the model twice, and both predict the same for rows of their own."""
    folder = held_world.folder
    with held_world.vault() as vault:
        one = vault.releases()[0].id
        vault.send(one, confirm_digest=vault.release(one).digest[:8], to=folder / "sent")
        (folder / "vault.pub").write_text(vault.vault_key(NAME))
    (folder / "rows.csv").write_text("steps,coffee\n12000,1\n2000,\n,4\n")
    verify = (
        "update",
        "verify",
        folder / "sent",
        "--vault-key",
        folder / "vault.pub",
        "--job",
        folder / "job",
    )
    predict = ("update", "predict")

    written = command(*verify, "--model", folder / "m.safetensors", "--onnx", folder / "m.onnx")
    by_graph = command(*predict, folder / "m.onnx", folder / "rows.csv", "--to", folder / "graph.csv")
    by_job = command(
        *predict,
        folder / "m.safetensors",
        folder / "rows.csv",
        "--job",
        folder / "job",
        "--to",
        folder / "job.csv",
    )

    assert (written, by_graph, by_job) == (0, 0, 0)
    assert (folder / "graph.csv").read_text() == (folder / "job.csv").read_text()
    assert (folder / "job.csv").read_text().startswith("steps,coffee,predicted good,chance\n12000,1,")
    assert command(*verify, "--onnx", folder / "m.onnx") == 1


def command(*words: str | Path) -> int:
    """The exit code of a command of a requester, who has no vault."""
    return run_command([str(word) for word in words])


def test_nothing_is_read_before_the_charge_is_durable(
    world: World, quiet: Quiet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the first segment is opened, another reader of the database already sees the charge."""
    seen: list[int] = []
    with world.vault() as vault:
        world.imported(vault)
        world.introduced(vault)
        request = vault.submit(world.job()).line.id
        approve(vault, request, draft=True)
        from vault.records import reading

        original = reading.open_segment

        def watched(*arguments: object) -> object:
            with vault._opened.store.read() as uow:
                seen.append(uow.count(ChargeRow))
            return original(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(reading, "open_segment", watched)
        vault.train(request, progress=quiet)
    assert seen
    assert {1} == set(seen)


def test_a_field_that_no_consent_names_is_never_unwrapped(
    world: World, quiet: Quiet, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vault.records import reading

    opened: list[str] = []
    original = reading.unwrap_key

    def watched(keys: object, wrapped: bytes, place: object) -> object:
        opened.append(place.name)  # type: ignore[attr-defined]
        return original(keys, wrapped, place)  # type: ignore[arg-type]

    with world.vault() as vault:
        world.imported(vault)
        world.introduced(vault)
        request = vault.submit(world.job()).line.id
        approve(vault, request, draft=True)
        monkeypatch.setattr(reading, "unwrap_key", watched)
        vault.train(request, progress=quiet)
    assert sorted(opened) == ["_unit", "good", "steps"]


def test_without_a_consent_a_request_cannot_be_approved_and_the_refusal_is_on_the_record(
    world: World,
) -> None:
    with world.vault() as vault:
        world.imported(vault)
        world.introduced(vault)
        request = vault.submit(world.job()).line.id
        with pytest.raises(ConsentRefused):
            approve(vault, request)
        assert vault.request(request).line.state == "waiting"
        assert sum(line.type == "decision" for line in vault.audit_lines()) == 3


def test_for_you_is_hidden_until_the_decision_is_final(held_world: World) -> None:
    with held_world.vault() as vault:
        one = vault.releases()[0].id
        assert vault.release(one).for_you is None
        vault.withhold(one)
        results = vault.release(one).for_you
    assert results is not None
    assert results.rows == 100
    assert results.final_metric is not None
    assert results.attack is not None
    assert (results.attack.guesses, results.attack.right_rate) == (200, Decimal("0.53"))


def test_the_private_results_never_reach_the_egress(held_world: World) -> None:
    with held_world.vault() as vault:
        one = vault.releases()[0].id
        with vault._opened.read() as uow:
            row = uow.get(HeldRow, one)
            assert row is not None
            private = row.private or b""
        vault.send(one, confirm_digest=vault.release(one).digest[:8], to=held_world.folder / "out")
    left = b"".join(path.read_bytes() for path in (held_world.folder / "out").iterdir())
    for name in (b"curve", b"guesses"):
        assert name in private
        assert name not in left
    assert b"accuracy" not in left


@pytest.mark.parametrize("typed", ["", "0" * 8, "zzzzzzzz", "f"])
def test_a_digest_that_is_not_the_held_one_releases_nothing(held_world: World, typed: str) -> None:
    with held_world.vault() as vault:
        one = vault.releases()[0].id
        typed = typed or vault.release(one).digest[:7]
        with pytest.raises(DigestMismatch):
            vault.send(one, confirm_digest=typed, to=held_world.folder / "out")
        assert vault.release(one).state == "held"
    assert not (held_world.folder / "out").exists()


@pytest.mark.parametrize("changed", ["update", "manifest", "both"])
def test_bytes_that_changed_since_they_were_held_do_not_leave(held_world: World, changed: str) -> None:
    with held_world.vault() as vault:
        one = vault.releases()[0].id
        digest = vault.release(one).digest
        with vault._opened.store.write() as uow:
            row = uow.get(HeldRow, one)
            assert row is not None
            assert row.update is not None
            if changed in ("update", "both"):
                row.update = row.update[:-1] + bytes([row.update[-1] ^ 1])
            if changed in ("manifest", "both"):
                row.manifest = row.manifest.replace(b'"steps":5', b'"steps":6')
                row.manifest_digest = (
                    hashlib.sha256(row.manifest).hexdigest() if changed == "both" else digest
                )
            uow.commit()
        with pytest.raises((HeldUpdateDamaged, DigestMismatch)):
            vault.send(one, confirm_digest=digest[:8], to=held_world.folder / "out")
    assert not (held_world.folder / "out").exists()


def test_an_update_without_its_charge_does_not_leave(held_world: World) -> None:
    with held_world.vault() as vault:
        one = vault.releases()[0].id
        with vault._opened.store.write() as uow:
            for row in uow.find(ChargeRow):
                uow.delete(row)
            uow.commit()
        with pytest.raises(HeldUpdateDamaged):
            vault.send(one, confirm_digest=vault.release(one).digest[:8], to=held_world.folder / "out")


def test_withdrawal_destroys_what_is_held_and_stops_the_release(held_world: World) -> None:
    with held_world.vault() as vault:
        one = vault.releases()[0].id
        digest = vault.release(one).digest
        done = vault.withdraw(vault.grants()[0].id)
        assert (one,) == done.destroyed
        with pytest.raises(WrongState):
            vault.send(one, confirm_digest=digest[:8], to=held_world.folder / "out")
        with vault._opened.read() as uow:
            row = uow.get(HeldRow, one)
            assert row is not None
            assert row.update is None


def test_the_egress_itself_checks_that_the_consent_was_not_withdrawn(held_world: World) -> None:
    """Even if destroying had been forgotten, the egress refuses."""
    with held_world.vault() as vault:
        one = vault.releases()[0].id
        with vault._opened.store.write() as uow:
            row = uow.find(GrantRow)[0]
            row.withdrawn_at = datetime(2026, 11, 21, 12, tzinfo=UTC)
            uow.commit()
        with pytest.raises(ConsentRefused):
            vault.send(one, confirm_digest=vault.release(one).digest[:8], to=held_world.folder / "out")


def test_nothing_is_sent_to_a_blocked_requester(held_world: World) -> None:
    with held_world.vault() as vault:
        one = vault.releases()[0].id
        vault.block_requester(NAME)
        with pytest.raises(RequesterBlocked):
            vault.send(one, confirm_digest=vault.release(one).digest[:8], to=held_world.folder / "out")
        status, digest = vault.status(), vault.digest()
        blocked = vault.release(one)
        vault.unblock_requester(NAME)
        assert (status.held, digest.held, vault.status().held) == (0, (), 1)
        assert vault.release(one).can_be_sent
    assert (update_facts.state(blocked), update_facts.short_state(blocked)) == (
        "requester blocked",
        "◆ blocked",
    )
    assert update_facts.why_not_sent(blocked).startswith("It cannot be sent while its requester is blocked.")


def test_a_held_update_expires_with_its_slot_and_its_bytes_are_deleted(held_world: World) -> None:
    with held_world.vault() as vault:
        one = vault.releases()[0].id
        digest = vault.release(one).digest
        held_world.clock.forward(minutes=61)
        with pytest.raises(WrongState):
            vault.send(one, confirm_digest=digest[:8], to=held_world.folder / "out")
    with held_world.vault() as vault:
        assert vault.release(one).state == "expired"
        assert any(line.type == "release.expire" for line in vault.audit_lines())


@pytest.mark.parametrize(
    ("where", "error"),
    [
        ("taken", DestinationUnusable),
        ("in_vault", DestinationUnusable),
        ("no_parent", DestinationUnavailable),
    ],
)
def test_an_unusable_destination_is_said_before_anything_is_decided(
    held_world: World, where: str, error: type[LockboxError]
) -> None:
    (held_world.folder / "taken").mkdir()
    (held_world.folder / "taken" / "mine").write_text("mine")
    to = {
        "taken": held_world.folder / "taken",
        "in_vault": held_world.paths.vault / "out",
        "no_parent": held_world.folder / "a" / "b",
    }[where]
    with held_world.vault() as vault:
        one = vault.releases()[0].id
        with pytest.raises(error):
            vault.send(one, confirm_digest=vault.release(one).digest[:8], to=to)
        assert (vault.release(one).state, vault.release(one).may_have_left) == ("held", False)


def test_a_job_runs_once_and_cannot_come_again(held_world: World, quiet: Quiet) -> None:
    with held_world.vault() as vault:
        one = vault.releases()[0].id
        with pytest.raises(WrongState):
            vault.train(one, progress=quiet)
        with pytest.raises(JobReplayed):
            vault.submit(held_world.folder / "job")


def test_no_refund_when_the_result_is_withheld(held_world: World) -> None:
    with held_world.vault() as vault:
        one = vault.releases()[0].id
        before = vault.budget()[0].used_percent
        vault.withhold(one)
        assert before == vault.budget()[0].used_percent
        assert before > 0


def test_an_exhausted_budget_refuses_before_a_learner_is_started(world: World, quiet: Quiet) -> None:
    with world.vault() as vault:
        world.imported(vault)
        world.introduced(vault)
        refused = 0
        for number in range(12):
            folder = world.job(f"job{number}", epsilon="1.9")
            try:
                request = vault.submit(folder).line.id
                approve(vault, request, draft=True)
                vault.train(request, progress=quiet)
            except BudgetExhausted:
                refused += 1
                break
        spent = [line for line in vault.budget() if line.requester == NAME]
    assert refused == 1
    assert spent[0].used_percent <= 100


def test_the_trail_of_a_whole_story_exports_and_verifies_without_the_vault(held_world: World) -> None:
    with held_world.vault() as vault:
        one = vault.releases()[0].id
        vault.send(one, confirm_digest=vault.release(one).digest[:8], to=held_world.folder / "out")
        size = vault.export_audit(held_world.folder / "trail").size
        key = vault.audit_key()
        vault.verify_audit()
    assert size == verify_trail(held_world.folder / "trail", key).size
    exported = b"".join(
        path.read_bytes() for path in (held_world.folder / "trail").rglob("*") if path.is_file()
    )
    for secret in (b"nights", b"steps", b"coffee", b"Sleep lab", b"out"):
        assert b'"' + secret + b'"' not in exported.replace(b'"steps":5', b"")


def test_each_request_has_one_decision_for_every_field_asked_and_one_charge(held_world: World) -> None:
    with held_world.vault() as vault:
        kinds = [line.type for line in vault.audit_lines()]
    assert kinds.count("decision") == 6  # three fields, when approved and when charged
    assert kinds.count("budget.spend") == 1


def test_another_requester_gets_another_vault_key(world: World) -> None:
    with world.vault() as vault:
        world.introduced(vault)
        other = keygen(world.folder / "other")
        vault.add_requester("Other", other.public)
        assert vault.vault_key(NAME) != vault.vault_key("Other")


@pytest.mark.usefixtures("real_learner")
def test_the_held_update_is_noise_and_public_numbers_even_for_an_empty_window(
    world: World, quiet: Quiet
) -> None:
    """A scope that matches nothing trains on pure noise: same size, same states, no refusal."""
    from tests.worlds.world import JOB

    with world.vault() as vault:
        world.imported(vault)
        world.introduced(vault)
        text = JOB + "\n[where]\nfrom = 2030-01-01T00:00:00Z\nto = 2031-01-01T00:00:00Z\n"
        empty = vault.submit(world.job("empty", text=text)).line.id
        approve(vault, empty, draft=True)
        nothing = vault.train(empty, progress=quiet)
        full = vault.submit(world.job("full")).line.id
        approve(vault, full, draft=True)
        everything = vault.train(full, progress=quiet)
    assert (nothing.size, nothing.state) == (everything.size, everything.state)


def test_segments_are_only_in_the_database(world: World) -> None:
    with world.vault() as vault:
        world.imported(vault)
        with vault._opened.read() as uow:
            assert uow.count(Segment) > 0
    names = {path.name for path in world.paths.vault.iterdir()}
    assert {"keys.lockbox", "keys.copy.lockbox", "vault.db"} <= names
    assert names <= {
        "keys.lockbox",
        "keys.copy.lockbox",
        "vault.db",
        "vault.db-wal",
        "vault.db-shm",
        "writer.lock",
    }


@pytest.mark.usefixtures("real_learner")
def test_a_released_update_is_integers_of_the_public_grid(world: World, quiet: Quiet) -> None:
    import numpy as np
    from safetensors.numpy import load_file

    with world.vault() as vault:
        world.imported(vault)
        world.introduced(vault)
        one = vault.submit(world.job()).line.id
        approve(vault, one, draft=True)
        vault.train(one, progress=quiet)
        vault.send(one, confirm_digest=vault.release(one).digest[:8], to=world.folder / "out")
    tensors = load_file(world.folder / "out" / "update.safetensors")
    assert {np.dtype(np.int64)} == {tensor.dtype for tensor in tensors.values()}
    manifest = json.loads((world.folder / "out" / "release.json").read_bytes())
    assert manifest["update"]["step"] == 2.0**-24


def test_a_backup_opens_elsewhere_and_is_read_only_where_the_vault_went_on(
    world: World, tmp_path: Path
) -> None:
    import tarfile

    from vault.settings import Paths
    from vault.vault import passphrase_secret

    file = tmp_path / "backup.tar"
    with world.vault() as vault:
        world.imported(vault)
        vault.backup(file)
        world.introduced(vault)
    restored = tmp_path / "restored"
    restored.mkdir(mode=0o700)
    with tarfile.open(file) as tar:
        tar.extractall(restored, filter="data")
    here = Paths(vault=restored, state=world.paths.state)
    elsewhere = Paths(vault=restored, state=tmp_path / "fresh")
    secret = passphrase_secret("correct horse battery staple")
    with Vault.open(here, secret, clock=world.clock) as vault:
        assert "seen before on this computer" in vault.rollback_reason
        assert vault.status().rows == 100
    with Vault.open(elsewhere, secret, clock=world.clock) as vault:
        assert vault.rollback_reason == ""
        world.introduced_again(vault, tmp_path / "lab" / "requester.pub")
