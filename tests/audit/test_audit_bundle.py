from __future__ import annotations

import json
from pathlib import Path

import pytest
from audit_format_checker import check, main
from audit_home import Trail, is_signed
from audit_samples import DECIDED, HIDDEN, LAST, ORIGIN

from tests.worlds.disks import full_at
from vault.audit.bundle import export_bundle, verify_bundle
from vault.audit.checkpoint import sign_checkpoint
from vault.audit.entries import EntryType
from vault.audit.log import log_root
from vault.errors.audit import LogBroken
from vault.errors.families import Invalid
from vault.errors.release import DestinationUnavailable, DestinationUnusable
from vault.errors.storage import DiskFull
from vault.sealing.secret import Secret
from vault.sealing.signing import SigningKey, is_signed_by
from vault.store.tables import Disclosure, LogEntry


@pytest.fixture
def short(trail: Trail) -> Trail:
    for kind in (
        EntryType.LOG_GENESIS,
        EntryType.RECORD_IMPORT,
        EntryType.CONSENT_GRANT,
        EntryType.RUN_FAILED,
    ):
        trail.record(kind)
    return trail


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_by_default_a_bundle_holds_checkpoint_entries_and_key_and_discloses_nothing(short, tmp_path):
    checkpoint = short.export(tmp_path / "bundle")

    assert {"checkpoint", "entries.jsonl", "log.vkey"} == names(tmp_path / "bundle")
    with short.store.read() as uow:
        assert (ORIGIN, *log_root(uow)) == (checkpoint.origin, checkpoint.size, checkpoint.root)


def test_the_entries_of_a_bundle_are_the_stored_bytes(short, tmp_path):
    short.export(tmp_path / "bundle")

    with short.store.read() as uow:
        stored = [entry.body + b"\n" for entry in uow.find(LogEntry, order_by="seq")]
    assert b"".join(stored) == (tmp_path / "bundle" / "entries.jsonl").read_bytes()
    assert f"{short.vkey}\n" == (tmp_path / "bundle" / "log.vkey").read_text()


def test_a_bundle_with_everything_verifies_and_says_what_it_holds(exported):
    report = verify_bundle(exported.folder, exported.trail.vkey, verify=is_signed)

    assert (ORIGIN, len(EntryType)) == (report.checkpoint.origin, report.checkpoint.size)
    assert dict.fromkeys(EntryType, 1) == report.kinds
    assert (report.first_time, report.last_time) == ("2026-01-02T03:04:00Z", f"2026-01-02T03:{4 + LAST}:00Z")
    assert (report.earlier, report.consistent, report.proven) == ((5, 16), (5, 16), (0, 4, LAST))
    assert (report.redacted, report.kept, report.witnesses, report.unread) == ((), (), {}, ())
    told = [(each.seq, each.field.name, each.field.value) for each in report.opened]
    hidden = {seq: HIDDEN[list(EntryType)[seq]] for seq in (2, 4, DECIDED)}
    assert told == [(seq, name, hidden[seq][name]) for seq in hidden for name in sorted(hidden[seq])]


def test_a_bundle_with_everything_verifies_by_the_checker_written_from_the_format(exported):
    assert len(EntryType) == check(exported.folder, exported.trail.vkey, exported.earlier)


def test_the_checker_says_in_one_sentence_whether_a_bundle_verifies(short, tmp_path, capsys):
    """Its exit code says it as well: of the true bundle, of one with a changed entry, and of one that is not there."""
    bundle = tmp_path / "bundle"
    short.export(bundle)
    told = [(main([str(bundle), short.vkey]), capsys.readouterr())]
    told.append((main([str(bundle), str(bundle / "log.vkey")]), capsys.readouterr()))
    entries = bundle / "entries.jsonl"
    entries.write_bytes(entries.read_bytes().replace(b"consent.grant", b"consent.withdraw"))
    told.append((main([str(bundle), short.vkey]), capsys.readouterr()))
    told.append((main([str(tmp_path / "nowhere"), short.vkey]), capsys.readouterr()))
    told.append((main([str(bundle), "no key"]), capsys.readouterr()))

    assert [code for code, _ in told] == [0, 0, 1, 1, 1]
    assert told[0][1].out.startswith("verified: the 4 entries")
    assert all(said.err.startswith("REFUSED: ") and not said.out for _, said in told[2:])
    assert (main(["one argument"]), capsys.readouterr().out) == (2, "")


def test_a_bundle_holds_the_files_of_the_format(exported):
    assert {
        *("checkpoint", "entries.jsonl", "log.vkey", "disclosures.jsonl"),
        *("checkpoints/5", "checkpoints/16", "proofs/5.consistency", "proofs/16.consistency"),
        *("proofs/0.tlog-proof", "proofs/4.tlog-proof", f"proofs/{LAST}.tlog-proof"),
    } == names(exported.folder)


def test_the_keys_of_the_vault_make_a_bundle_that_verifies(short, tmp_path):
    key = SigningKey.from_seed(Secret(b"s" * 32))
    short = Trail(store=short.store, sign=key.sign, public=key.public)
    short.export(tmp_path / "bundle")

    assert verify_bundle(tmp_path / "bundle", short.vkey, verify=is_signed_by).checkpoint.size == 4
    assert check(tmp_path / "bundle", short.vkey) == 4


def test_entries_written_during_an_export_are_not_in_it(short, tmp_path):
    """One snapshot: the checkpoint is of exactly the lines that are exported."""
    with short.store.read() as uow:
        short.record(EntryType.ACCESS_VIEW)
        checkpoint = export_bundle(
            uow, tmp_path / "bundle", origin=ORIGIN, public=short.public, sign=short.sign
        )

    assert checkpoint.size == 4
    assert check(tmp_path / "bundle", short.vkey) == 4


def test_a_trail_of_one_entry_can_be_exported_with_every_proof(trail, tmp_path):
    trail.record(EntryType.LOG_GENESIS)
    trail.export(tmp_path / "bundle", prove=[0], earlier=[trail.checkpoint()])

    assert verify_bundle(tmp_path / "bundle", trail.vkey, verify=is_signed).consistent == (1,)
    assert check(tmp_path / "bundle", trail.vkey) == 1


def test_only_what_was_chosen_is_disclosed(short, tmp_path):
    short.export(tmp_path / "bundle", disclose=[2])
    lines = (tmp_path / "bundle" / "disclosures.jsonl").read_text().splitlines()

    assert {2} == {json.loads(line)["seq"] for line in lines}
    assert len(HIDDEN[EntryType.CONSENT_GRANT]) == len(lines)


def test_choosing_an_entry_with_nothing_to_disclose_makes_no_file(short, tmp_path):
    short.export(tmp_path / "bundle", disclose=[0, 3])

    assert "disclosures.jsonl" not in names(tmp_path / "bundle")


def test_a_withheld_entry_is_its_leaf_hash_and_passes_only_when_that_is_allowed(short, tmp_path):
    short.export(tmp_path / "bundle", redact=[1], prove=[1, 2])

    assert set(json.loads((tmp_path / "bundle" / "entries.jsonl").read_bytes().split(b"\n")[1])) == {
        "redacted"
    }
    report = verify_bundle(tmp_path / "bundle", short.vkey, verify=is_signed, allow_redacted=True)
    assert report.redacted == (1,)
    with pytest.raises(LogBroken, match="entry 1 is withheld"):
        verify_bundle(tmp_path / "bundle", short.vkey, verify=is_signed)


def test_files_that_are_no_evidence_are_named_and_not_read(short, tmp_path):
    short.export(tmp_path / "bundle")
    (tmp_path / "bundle" / "report.html").write_text("<html>")

    assert verify_bundle(tmp_path / "bundle", short.vkey, verify=is_signed).unread == ("report.html",)


def test_after_a_change_of_keys_the_older_key_is_good_for_earlier_checkpoints(short, tmp_path):
    old_checkpoint, old_vkey = short.checkpoint(), short.vkey
    key = SigningKey.from_seed(Secret(b"n" * 32))
    renewed = Trail(store=short.store, sign=key.sign, public=key.public)
    renewed.record(EntryType.SETTINGS_CHANGE)
    renewed.export(tmp_path / "bundle", earlier=[old_checkpoint], older_vkeys=[old_vkey])

    report = verify_bundle(tmp_path / "bundle", renewed.vkey, verify=is_signed, older_vkeys=[old_vkey])
    assert report.earlier == (4,)
    assert f"{renewed.vkey}\n{old_vkey}\n" == (tmp_path / "bundle" / "log.vkey").read_text()
    with pytest.raises(LogBroken):
        verify_bundle(tmp_path / "bundle", renewed.vkey, verify=is_signed)
    with pytest.raises(LogBroken):
        verify_bundle(tmp_path / "bundle", old_vkey, verify=is_signed)


@pytest.mark.parametrize(
    "choice",
    [{"prove": [4]}, {"prove": [-1]}, {"disclose": [4]}, {"redact": [9]}, {"disclose": [1], "redact": [1]}],
)
def test_an_entry_that_is_not_there_cannot_be_chosen(short, tmp_path, choice):
    with pytest.raises(Invalid):
        short.export(tmp_path / "bundle", **choice)

    assert not (tmp_path / "bundle").exists()


def test_an_existing_folder_is_never_written_to(short, tmp_path):
    (tmp_path / "bundle").mkdir()
    with pytest.raises(DestinationUnusable):
        short.export(tmp_path / "bundle")
    with pytest.raises(DestinationUnavailable):
        short.export(tmp_path / "no such folder" / "bundle")

    assert list((tmp_path / "bundle").iterdir()) == []


def test_a_trail_that_does_not_fit_itself_is_not_exported(short, tmp_path):
    with short.store.write() as uow:
        uow.get(LogEntry, 2).body = b"{}"
        uow.commit()

    with pytest.raises(LogBroken):
        short.export(tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


@pytest.mark.parametrize(
    ("origin", "size", "root"), [(ORIGIN, 3, bytes(32)), (ORIGIN, 5, None), ("x", 4, None)]
)
def test_an_earlier_checkpoint_of_another_story_stops_the_export(short, tmp_path, origin, size, root):
    with short.store.read() as uow:
        root = root or log_root(uow)[1]
    with pytest.raises(LogBroken):
        short.export(
            tmp_path / "bundle", earlier=[sign_checkpoint(origin, size, root, short.sign, short.public)]
        )

    assert not (tmp_path / "bundle").exists()


def test_a_hidden_field_that_was_exchanged_is_not_disclosed(short, tmp_path):
    with short.store.write() as uow:
        row, other = uow.find(Disclosure, seq=1)[:2]
        row.d = other.d
        uow.commit()

    with pytest.raises(LogBroken):
        short.export(tmp_path / "bundle", disclose=[1])
    assert not (tmp_path / "bundle").exists()


@pytest.mark.parametrize("nth", [1, 4])
def test_a_failed_write_leaves_no_part_of_a_bundle(short, tmp_path, monkeypatch, nth):
    (tmp_path / "out").mkdir()
    full_at(monkeypatch, nth)
    with pytest.raises(DiskFull):
        short.export(tmp_path / "out" / "bundle")
    assert list((tmp_path / "out").iterdir()) == []
