from __future__ import annotations

import base64
import hashlib
import json
import string
from pathlib import Path

import pytest
from audit_home import is_signed
from audit_samples import ORIGIN
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vault.audit.checkpoint import (
    COSIGNATURE,
    ED25519,
    Checkpoint,
    VerifierKey,
    cosigners,
    open_checkpoint,
    parse_vkey,
    sign_checkpoint,
    unverified_checkpoint,
    vkey,
)
from vault.errors.audit import LogBroken
from vault.errors.families import InternalError
from vault.sealing.secret import Secret
from vault.sealing.signing import SigningKey, is_signed_by

NOTES = json.loads((Path(__file__).parent / "vectors" / "tlog.json").read_text())["notes"]
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()
ROOT = hashlib.sha256(b"root").digest()
NOTE = sign_checkpoint(ORIGIN, 12, ROOT, KEY.sign, PUBLIC)
VKEY = vkey(ORIGIN, PUBLIC)
LINES = NOTE.decode().split("\n")
WITNESS = Ed25519PrivateKey.from_private_bytes(b"w" * 32)
WITNESS_KEY = VerifierKey(
    name="witness.invalid/one", algorithm=COSIGNATURE, public=WITNESS.public_key().public_bytes_raw()
)


def note_of(body: str, *lines: str) -> bytes:
    return (body + "\n" + "".join(f"{line}\n" for line in lines)).encode()


def signed(body: str, key: Ed25519PrivateKey = KEY, name: str = ORIGIN) -> bytes:
    """A note with a good signature over whatever body."""
    verifier = VerifierKey(name=name, algorithm=ED25519, public=key.public_key().public_bytes_raw())
    blob = base64.b64encode(verifier.key_id + key.sign(body.encode())).decode()
    return note_of(body, f"— {name} {blob}")


def cosignature(time: int = 1_700_000_000, key: Ed25519PrivateKey = WITNESS) -> str:
    stamp = time.to_bytes(8, "big")
    message = f"cosignature/v1\ntime {time}\n{LINES[0]}\n{LINES[1]}\n{LINES[2]}\n"
    blob = base64.b64encode(WITNESS_KEY.key_id + stamp + key.sign(message.encode())).decode()
    return f"— {WITNESS_KEY.name} {blob}"


def test_a_note_is_three_lines_an_empty_line_and_a_signature():
    origin, size, root, gap, signature, end = LINES

    assert [ORIGIN, "12", base64.b64encode(ROOT).decode(), "", ""] == [origin, size, root, gap, end]
    assert signature.startswith(f"\N{EM DASH} {ORIGIN} ")


@pytest.mark.parametrize("case", NOTES, ids=lambda case: str(case["size"]))
def test_notes_equal_those_of_the_go_implementation(case):
    """Ed25519 is deterministic, so the same key and tree give the same note byte for byte."""
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(case["seed"]))
    public = key.public_key().public_bytes_raw()
    origin = case["vkey"].split("+")[0]

    assert case["vkey"] == vkey(origin, public)
    assert case["note"].encode() == sign_checkpoint(
        origin, case["size"], bytes.fromhex(case["root"]), key.sign, public
    )
    assert Checkpoint(origin=origin, size=case["size"], root=bytes.fromhex(case["root"])) == open_checkpoint(
        case["note"].encode(), case["vkey"], is_signed
    )


def test_the_verifier_key_of_the_go_documentation_is_read():
    text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"

    assert parse_vkey(text).name == "PeterNeumann"
    assert text == parse_vkey(text).text()


def test_the_signing_key_of_the_vault_fits():
    key = SigningKey.from_seed(Secret(b"s" * 32))
    note = sign_checkpoint(ORIGIN, 3, ROOT, key.sign, key.public)

    checkpoint = open_checkpoint(note, vkey(ORIGIN, key.public), is_signed_by)
    assert Checkpoint(origin=ORIGIN, size=3, root=ROOT) == checkpoint


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"\xff" + NOTE,
        b"\xef\xbb\xbf" + NOTE,
        NOTE[:-1],
        NOTE + b"\n",
        NOTE.replace(b"\n", b"\r\n"),
        NOTE.replace("—".encode(), b"-"),
        NOTE.replace("—".encode(), "–".encode()),
        NOTE.replace("— ".encode(), "—\u00a0".encode()),
        note_of("\n".join(LINES[:3]) + "\n"),
        note_of("\n".join(LINES[:3]) + "\n", LINES[4], "an unsigned line"),
        note_of("\n".join(LINES[:3]) + "\n", LINES[4], LINES[4]),
        note_of("\n".join(LINES[:3]) + "\n", *[f"— w{i} AAAAAAAA" for i in range(100)], LINES[4]),
        signed(f"{ORIGIN}\n12\n{LINES[2]}\nextension\n"),
        signed(f"{ORIGIN}\n012\n{LINES[2]}\n"),
        signed(f"{ORIGIN}\n+12\n{LINES[2]}\n"),
        signed(f"{ORIGIN}\n0\n{LINES[2]}\n"),
        signed(f"{ORIGIN}\n١٢\n{LINES[2]}\n"),
        signed(f"{ORIGIN}\n12\n{LINES[2][:-1]}\n"),
        signed(f"{ORIGIN}\n12\n{LINES[2][:-2]}B=\n"),
        signed(f"{ORIGIN}\n12\n{base64.b64encode(ROOT[:31]).decode()}\n"),
        signed(f"{ORIGIN}\n12\n"),
        signed(f"\n12\n{LINES[2]}\n"),
        signed(f"two words\n12\n{LINES[2]}\n"),
        signed(f"{ORIGIN}0\n12\n{LINES[2]}\n"),
        NOTE.replace(b"\n12\n", b"\n13\n"),
        NOTE.replace(LINES[2].encode(), base64.b64encode(hashlib.sha256(b"other").digest())),
        signed("\n".join(LINES[:3]) + "\n", Ed25519PrivateKey.from_private_bytes(b"x" * 32)),
        signed("\n".join(LINES[:3]) + "\n", KEY, name=ORIGIN + "0"),
        note_of("\n".join(LINES[:3]) + "\n", LINES[4][:-4] + "AAA="),
        note_of("\n".join(LINES[:3]) + "\n", LINES[4], f"— {ORIGIN} {LINES[4].split(' ')[2][:8]}AAAA"),
    ],
)
def test_a_note_with_one_thing_wrong_does_not_open(note):
    assert open_checkpoint(NOTE, VKEY, is_signed).size == 12
    with pytest.raises(LogBroken):
        open_checkpoint(note, VKEY, is_signed)


def test_no_byte_of_a_note_can_be_changed():
    for index, byte in enumerate(NOTE):
        with pytest.raises(LogBroken):
            open_checkpoint(NOTE[:index] + bytes([byte ^ 1]) + NOTE[index + 1 :], VKEY, is_signed)


def test_a_signature_has_one_spelling():
    """The last letter of 68 bytes in base64 has two unused bits; only zeros may stand there."""
    letters = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
    head, last, tail = NOTE[:-3].decode(), NOTE[-3:-2].decode(), NOTE[-2:].decode()
    other = f"{head}{letters[letters.index(last) + 1]}{tail}".encode()

    assert base64.b64decode(NOTE.split()[-1]) == base64.b64decode(other.split()[-1])
    with pytest.raises(LogBroken):
        open_checkpoint(other, VKEY, is_signed)


def test_signatures_of_other_keys_are_not_judged():
    more = NOTE + b"\xe2\x80\x94 somebody.else AAAAAAAA\n"

    assert open_checkpoint(NOTE, VKEY, is_signed) == open_checkpoint(more, VKEY, is_signed)


def test_what_a_note_claims_can_be_read_without_trust():
    forged = signed("\n".join(LINES[:3]) + "\n", Ed25519PrivateKey.from_private_bytes(b"x" * 32))

    assert unverified_checkpoint(forged) == unverified_checkpoint(NOTE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ORIGIN,
        VKEY + "\n",
        VKEY.replace("+A", "+B", 1),
        VKEY[:-1],
        f"{ORIGIN}+00000000+{VKEY.split('+', 2)[2]}",
        "a b" + VKEY[len(ORIGIN) :],
        WITNESS_KEY.text(),
        VerifierKey(name=ORIGIN, algorithm=ED25519, public=PUBLIC + b"x").text(),
    ],
)
def test_a_mistyped_verifier_key_is_not_read(text):
    assert VerifierKey(name=ORIGIN, algorithm=ED25519, public=PUBLIC) == parse_vkey(VKEY)
    with pytest.raises(LogBroken):
        parse_vkey(text)


@pytest.mark.parametrize(
    ("origin", "size", "root", "public"),
    [
        ("two words", 1, ROOT, PUBLIC),
        ("a+b", 1, ROOT, PUBLIC),
        ("", 1, ROOT, PUBLIC),
        ("line\nend", 1, ROOT, PUBLIC),
        (ORIGIN, 0, ROOT, PUBLIC),
        (ORIGIN, 1, ROOT[:31], PUBLIC),
        (ORIGIN, 1, ROOT, PUBLIC[:31]),
    ],
)
def test_nothing_improper_is_signed(origin, size, root, public):
    with pytest.raises(InternalError):
        sign_checkpoint(origin, size, root, KEY.sign, public)


def test_a_cosignature_tells_who_saw_the_checkpoint_and_when():
    note = NOTE + cosignature().encode() + b"\n"

    assert {WITNESS_KEY.name: 1_700_000_000} == cosigners(note, [WITNESS_KEY.text()], is_signed)
    assert cosigners(NOTE, [WITNESS_KEY.text()], is_signed) == {}
    assert cosigners(note, [], is_signed) == {}
    assert open_checkpoint(note, VKEY, is_signed).size == 12


@pytest.mark.parametrize(
    "line",
    [
        cosignature(key=KEY),
        cosignature()[:-4],
        f"{cosignature()}AAAA",
        f"— {WITNESS_KEY.name} {base64.b64encode(WITNESS_KEY.key_id + bytes(72)).decode()}",
    ],
)
def test_a_wrong_cosignature_of_a_known_witness_spoils_the_note(line):
    with pytest.raises(LogBroken):
        cosigners(NOTE + line.encode() + b"\n", [WITNESS_KEY.text()], is_signed)


def test_a_cosignature_is_not_good_for_another_checkpoint():
    other = sign_checkpoint(ORIGIN, 13, ROOT, KEY.sign, PUBLIC) + cosignature().encode() + b"\n"

    with pytest.raises(LogBroken):
        cosigners(other, [WITNESS_KEY.text()], is_signed)


def test_the_key_of_a_log_is_no_key_of_a_witness():
    with pytest.raises(LogBroken):
        cosigners(NOTE, [VKEY], is_signed)
