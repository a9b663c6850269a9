from __future__ import annotations

import base64
import shutil
import string
from contextlib import nullcontext
from pathlib import Path

import pytest
from audit_corruptions import CORRUPTIONS, OF_THE_TRAIL, lines_of, put_lines, strip
from audit_format_checker import RefusedError, check
from audit_home import Exported, is_signed, trail_in
from audit_rules import OF_DISCLOSURES, RULES, disclosing, edited, resign
from audit_samples import DECIDED, EXPIRED, SENT

from vault.audit.bundle import verify_bundle
from vault.audit.canonical import encode
from vault.audit.checkpoint import COSIGNATURE, VerifierKey
from vault.audit.entries import EntryType
from vault.audit.merkle import leaf_hash
from vault.errors.audit import LogBroken


@pytest.fixture
def bundle(exported: Exported, tmp_path: Path) -> Path:
    return Path(shutil.copytree(exported.folder, tmp_path / "bundle"))


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_spoilt_bundle_is_refused(exported, bundle, name):
    CORRUPTIONS[name](bundle, exported)

    with pytest.raises(LogBroken):
        verify_bundle(bundle, exported.trail.vkey, verify=is_signed)


@pytest.mark.parametrize("name", OF_THE_TRAIL)
def test_a_spoilt_trail_is_refused_without_a_proof_to_help(exported, bundle, name):
    strip(bundle)
    assert verify_bundle(bundle, exported.trail.vkey, verify=is_signed).checkpoint.size == len(EntryType)
    OF_THE_TRAIL[name](bundle, exported)

    with pytest.raises(LogBroken):
        verify_bundle(bundle, exported.trail.vkey, verify=is_signed)
    with pytest.raises(RefusedError):
        check(bundle, exported.trail.vkey)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_spoilt_bundle_is_refused_by_the_checker_written_from_the_format(exported, bundle, name):
    CORRUPTIONS[name](bundle, exported)

    with pytest.raises(RefusedError):
        check(bundle, exported.trail.vkey)


def test_no_byte_of_the_entries_can_be_changed(exported, bundle):
    strip(bundle)
    data = (bundle / "entries.jsonl").read_bytes()
    for index in range(0, len(data), 53):
        (bundle / "entries.jsonl").write_bytes(data[:index] + bytes([data[index] ^ 4]) + data[index + 1 :])
        with pytest.raises(LogBroken):
            verify_bundle(bundle, exported.trail.vkey, verify=is_signed)


def test_every_length_that_the_entries_are_cut_to_is_refused(exported, bundle):
    data = (bundle / "entries.jsonl").read_bytes()
    for length in range(0, len(data), 97):
        (bundle / "entries.jsonl").write_bytes(data[:length])
        with pytest.raises(LogBroken):
            verify_bundle(bundle, exported.trail.vkey, verify=is_signed)


def test_a_bundle_is_of_the_trusted_key_or_refused(exported, bundle, tmp_path):
    other = trail_in(tmp_path, seed=9)
    other.store.close()

    with pytest.raises(LogBroken, match="not signed by the key you trust"):
        verify_bundle(bundle, other.vkey, verify=is_signed)


def test_a_bundle_that_names_another_key_is_refused(exported, bundle, tmp_path):
    other = trail_in(tmp_path, seed=9)
    other.store.close()
    (bundle / "log.vkey").write_text(f"{other.vkey}\n{exported.trail.vkey}\n")

    with pytest.raises(LogBroken, match="another verifier key"):
        verify_bundle(bundle, exported.trail.vkey, verify=is_signed)


@pytest.mark.parametrize(
    "name",
    [
        "proofs/x.tlog-proof",
        "proofs/01.tlog-proof",
        "proofs/3.txt",
        "proofs/3",
        "checkpoints/05",
        "checkpoints/five",
    ],
)
def test_a_stray_file_among_proofs_or_checkpoints_is_refused(exported, bundle, name):
    (bundle / name).write_bytes((bundle / "checkpoints/5").read_bytes())

    with pytest.raises(LogBroken):
        verify_bundle(bundle, exported.trail.vkey, verify=is_signed)


@pytest.mark.parametrize(
    "line",
    [
        b'{"d":"x","seq":5}',
        b'{"d":"x"}',
        b'{"d":1,"seq":5}',
        b'{"d":"x","seq":true}',
        b'{"d":"x","seq":-1}',
        b'{"d":"x","seq":99}',
        b'{"d":"x","extra":1,"seq":5}',
        b'{"seq":5,"d":"x"}',
        b"[]",
        b"",
    ],
)
def test_a_line_that_is_no_disclosure_is_refused(exported, bundle, line):
    with (bundle / "disclosures.jsonl").open("ab") as file:
        file.write(line + b"\n")

    with pytest.raises(LogBroken):
        verify_bundle(bundle, exported.trail.vkey, verify=is_signed)


def test_the_same_disclosure_twice_is_refused(exported, bundle):
    lines = (bundle / "disclosures.jsonl").read_bytes().split(b"\n")
    (bundle / "disclosures.jsonl").write_bytes(b"\n".join([lines[0], *lines]))

    with pytest.raises(LogBroken, match="twice"):
        verify_bundle(bundle, exported.trail.vkey, verify=is_signed)


def test_a_line_without_end_is_not_read_to_its_end(exported, bundle):
    with (bundle / "entries.jsonl").open("ab") as file:
        file.truncate(3 << 20)

    with pytest.raises(LogBroken, match="too long"):
        verify_bundle(bundle, exported.trail.vkey, verify=is_signed)


def test_a_file_that_is_far_too_large_is_refused(exported, bundle):
    with (bundle / "checkpoint").open("ab") as file:
        file.truncate(3 << 20)

    with pytest.raises(LogBroken, match="too large"):
        verify_bundle(bundle, exported.trail.vkey, verify=is_signed)


@pytest.mark.parametrize("name", RULES)
def test_a_rule_of_the_format_holds_even_against_the_holder_of_the_key(exported, bundle, name):
    good = lines_of(bundle)
    spoilt = RULES[name](good)
    assert good != spoilt

    resign(bundle, exported, spoilt)
    with pytest.raises(LogBroken):
        verify_bundle(bundle, exported.trail.vkey, verify=is_signed)
    with pytest.raises(RefusedError):
        check(bundle, exported.trail.vkey)


@pytest.mark.parametrize("name", OF_DISCLOSURES)
def test_a_rule_of_disclosures_holds_even_against_the_holder_of_the_key(exported, bundle, name):
    is_good, spoil = OF_DISCLOSURES[name]
    disclosing(bundle, exported, DECIDED, spoil)

    with nullcontext() if is_good else pytest.raises(LogBroken):
        verify_bundle(bundle, exported.trail.vkey, verify=is_signed)
    with nullcontext() if is_good else pytest.raises(RefusedError):
        check(bundle, exported.trail.vkey)


def test_nothing_can_be_disclosed_of_a_withheld_entry(exported, bundle):
    lines = lines_of(bundle)
    leaf = base64.b64encode(leaf_hash(lines[2])).decode()
    put_lines(bundle, [*lines[:2], encode({"redacted": leaf}), *lines[3:]])

    with pytest.raises(LogBroken, match="disclosed of an entry that is not there"):
        verify_bundle(bundle, exported.trail.vkey, verify=is_signed, allow_redacted=True)
    (bundle / "disclosures.jsonl").unlink()
    report = verify_bundle(bundle, exported.trail.vkey, verify=is_signed, allow_redacted=True)
    assert report.redacted == (2,)


def test_the_leaf_hash_of_a_withheld_entry_has_one_spelling(exported, bundle):
    strip(bundle)
    lines = lines_of(bundle)
    leaf = base64.b64encode(leaf_hash(lines[5])).decode()
    letters = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
    other = f"{leaf[:42]}{letters[letters.index(leaf[42]) + 1]}="
    put_lines(bundle, [*lines[:5], encode({"redacted": other}), *lines[6:]])

    assert base64.b64decode(leaf) == base64.b64decode(other)
    with pytest.raises(LogBroken, match="without a proper leaf hash"):
        verify_bundle(bundle, exported.trail.vkey, verify=is_signed, allow_redacted=True)


def test_a_rewrite_by_the_holder_of_the_key_passes_alone_and_is_caught_by_a_kept_checkpoint(exported, bundle):
    lines = lines_of(bundle)
    resign(
        bundle, exported, [*lines[:EXPIRED], edited(lines[EXPIRED], consent="0" * 32), *lines[EXPIRED + 1 :]]
    )

    verify_bundle(bundle, exported.trail.vkey, verify=is_signed)
    check(bundle, exported.trail.vkey)
    verify_bundle(bundle, exported.trail.vkey, verify=is_signed, kept=exported.earlier[:1])
    with pytest.raises(LogBroken, match="fork"):
        verify_bundle(bundle, exported.trail.vkey, verify=is_signed, kept=exported.earlier)
    with pytest.raises(RefusedError, match="fork"):
        check(bundle, exported.trail.vkey, exported.earlier)


def test_an_older_copy_passes_alone_and_is_caught_by_a_kept_checkpoint(exported, bundle):
    resign(bundle, exported, lines_of(bundle)[:10])

    verify_bundle(bundle, exported.trail.vkey, verify=is_signed)
    with pytest.raises(LogBroken, match="rollback"):
        verify_bundle(bundle, exported.trail.vkey, verify=is_signed, kept=exported.earlier)


def test_an_older_copy_that_grew_again_is_caught_by_a_kept_checkpoint(exported, bundle):
    lines = lines_of(bundle)
    regrown = [edited(lines[SENT], seq=seq) for seq in range(10, 30)]
    resign(bundle, exported, lines[:10] + regrown)

    verify_bundle(bundle, exported.trail.vkey, verify=is_signed)
    with pytest.raises(LogBroken, match="fork"):
        verify_bundle(bundle, exported.trail.vkey, verify=is_signed, kept=exported.earlier)


def test_a_kept_checkpoint_must_be_signed_too(exported, bundle):
    forged = exported.earlier[0].replace(b"\n5\n", b"\n4\n")

    with pytest.raises(LogBroken):
        verify_bundle(bundle, exported.trail.vkey, verify=is_signed, kept=[forged])


def test_a_kept_checkpoint_that_fits_shows_in_the_report(exported, bundle):
    report = verify_bundle(bundle, exported.trail.vkey, verify=is_signed, kept=exported.earlier)

    assert report.kept == (5, 16)


def test_a_missing_witness_is_a_failure(exported, bundle):
    witness = VerifierKey(name="witness.invalid/one", algorithm=COSIGNATURE, public=exported.trail.public)
    verify_bundle(bundle, exported.trail.vkey, verify=is_signed, witnesses=[witness.text()])
    with pytest.raises(LogBroken, match="0 witnesses"):
        verify_bundle(bundle, exported.trail.vkey, verify=is_signed, witnesses=[witness.text()], quorum=1)

    note = (bundle / "checkpoint").read_bytes()
    body = note[: note.index(b"\n\n") + 1]
    signature = exported.trail.sign(b"cosignature/v1\ntime 1700000000\n" + body)
    blob = base64.b64encode(witness.key_id + (1_700_000_000).to_bytes(8, "big") + signature).decode()
    cosigned = note + f"— {witness.name} {blob}\n".encode()
    for path in [bundle / "checkpoint", *(bundle / "proofs").iterdir()]:
        path.write_bytes(path.read_bytes().replace(note, cosigned))
    report = verify_bundle(
        bundle, exported.trail.vkey, verify=is_signed, witnesses=[witness.text()], quorum=1
    )
    assert {witness.name: 1_700_000_000} == report.witnesses


def test_the_samples_above_stand_where_the_rules_expect_them():
    """Between the two earlier checkpoints, of 5 and 16 entries, stands the consent that a rewrite changes."""
    assert next(iter(EntryType)) is EntryType.LOG_GENESIS
    assert 5 < EXPIRED < 16
