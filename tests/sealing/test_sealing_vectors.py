"""Files written by version 1 of the format. They are never made again: what is here must open for ever."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from sealing_oracle import argon2id, blake2b, open_blob

from vault.errors.families import LockboxError
from vault.sealing.aead import open_sealed
from vault.sealing.header import read_header, unlock, unlock_with_recovery_key
from vault.sealing.passphrase import passphrase_secret
from vault.sealing.secret import Secret

VECTORS = Path(__file__).parent / "vectors"
HEADERS = json.loads((VECTORS / "headers.json").read_text())
BLOBS = json.loads((VECTORS / "blobs.json").read_text())
WHOLE = HEADERS["cases"][0]


def case_name(case: dict[str, Any]) -> str:
    return f"{case.get('folder', case.get('name'))}-{case.get('door', '')}-{case['outcome']}"


def open_header(case: dict[str, str]) -> str:
    try:
        header = read_header(VECTORS / "headers" / case["folder"])
        if case["door"] == "passphrase":
            root = unlock(header, passphrase_secret(case["typed"]))
        else:
            root = unlock_with_recovery_key(header, case["typed"])
    except LockboxError as error:
        return type(error).__name__
    return "opens" if root.reveal().hex() == HEADERS["root"] else "opens to something else"


@pytest.mark.parametrize("case", HEADERS["cases"], ids=case_name)
def test_every_frozen_header_has_its_outcome(case: dict[str, str]) -> None:
    assert case["outcome"] == open_header(case)


@pytest.mark.parametrize("case", BLOBS, ids=case_name)
def test_every_frozen_blob_has_its_outcome(case: dict[str, str]) -> None:
    key, blob, aad = (
        Secret(bytes.fromhex(case["key"])),
        bytes.fromhex(case["blob"]),
        bytes.fromhex(case["aad"]),
    )
    try:
        outcome = "opens" if open_sealed(key, blob, aad, what="it").hex() == case["plaintext"] else "lies"
    except LockboxError as error:
        outcome = type(error).__name__

    assert case["outcome"] == outcome


def slot_context(facts: dict[str, Any], kind: str, vault: bytes) -> bytes:
    slot = facts[kind]
    return (
        b"lockbox-slot-v1".ljust(16, b"\0")
        + vault
        + kind.encode().ljust(16, b"\0")
        + slot.get("passes", 0).to_bytes(4, "big")
        + slot.get("memory_kib", 0).to_bytes(4, "big")
        + bytes.fromhex(slot["salt"])
    )


def opened_by_the_oracle(facts: dict[str, Any], kind: str, output: bytes) -> str:
    """The root key as another program would get it; the commitment is checked on the way."""
    slot, vault = facts[kind], bytes.fromhex(facts["vault"])
    committed = [b"commitment", slot_context(facts, kind, bytes(16))]

    assert slot["commitment"] == blake2b(output[32:], committed, b"lockbox-digest-1").hex()
    return open_blob(output[:32], bytes.fromhex(slot["sealed_root"]), slot_context(facts, kind, vault)).hex()


def whole_facts() -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((VECTORS / "headers" / WHOLE["folder"] / "keys.lockbox").read_text())
    return facts


def test_another_program_opens_the_frozen_header_with_the_passphrase() -> None:
    facts = whole_facts()
    slot = facts["passphrase"]
    output = argon2id(
        WHOLE["typed"].encode(), bytes.fromhex(slot["salt"]), slot["passes"], slot["memory_kib"]
    )

    assert HEADERS["root"] == opened_by_the_oracle(facts, "passphrase", output)


def test_another_program_opens_the_frozen_header_with_the_recovery_key() -> None:
    facts = whole_facts()
    typed = next(case["typed"] for case in HEADERS["cases"] if case["door"] == "recovery")
    number = 0
    for sign in typed.replace("-", ""):
        number = number * 32 + "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(sign)
    key, salt = (number >> 17).to_bytes(16, "big"), bytes.fromhex(facts["recovery"]["salt"])
    output = hashlib.blake2b(digest_size=64, key=key, salt=salt, person=b"lockbox-recovery").digest()

    assert HEADERS["root"] == opened_by_the_oracle(facts, "recovery", output)


def test_the_check_of_a_frozen_header_is_the_sha256_of_the_rest() -> None:
    facts = whole_facts()
    check = facts.pop("check")
    rest = json.dumps(facts, indent=1, sort_keys=True) + "\n"

    assert check == hashlib.sha256(rest.encode()).hexdigest()
