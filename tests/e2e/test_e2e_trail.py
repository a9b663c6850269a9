"""The trail that is handed to others: what it tells of the records, and what the verifying command refuses."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.worlds.commands import run
from tests.worlds.vaults import new_world
from tests.worlds.world import World

KEY = Ed25519PrivateKey.from_private_bytes(b"an auditor's key is not this one")
ORIGIN = "vault.invalid/" + "ab" * 16
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def in_clear(world: World, rows: int) -> list[dict[str, Any]]:
    """Import so many rows, erase them, export the trail, and read what everybody can read of it."""
    table = world.folder / "table.csv"
    table.write_text("steps\n" + "".join(f"{row}\n" for row in range(rows)))
    for words in (
        ("import", table, "--collection", "walks", "--unit", "record"),
        ("data", "erase", "walks", "--confirm", "walks"),
        ("audit", "export", world.folder / "trail"),
    ):
        outcome = run(world.paths, *words)
        assert outcome.code == 0, outcome.err
    lines = (world.folder / "trail" / "entries.jsonl").read_text().splitlines()
    assert len({len(json.loads(line).get("_sd", [])) for line in lines}) > 1, "some entries hide something"
    return [_without_chance(json.loads(line)) for line in lines]


def _without_chance(entry: dict[str, Any]) -> dict[str, Any]:
    """Commitments by their number, and neither the time nor a random id."""
    told = {key: value for key, value in entry.items() if key not in ("_sd", "ts")}
    return {
        "digests": len(entry.get("_sd", [])),
        **json.loads(re.sub(r"[0-9a-f]{32}", "id", json.dumps(told))),
    }


def test_one_row_more_changes_nothing_that_stands_in_clear(tmp_path: Path) -> None:
    """Nine rows and ten: a decade of rows is a bit of one row."""
    folders = [tmp_path / "nine", tmp_path / "ten"]
    for folder in folders:
        folder.mkdir()
    nine, ten = (in_clear(new_world(folder), rows) for folder, rows in zip(folders, (9, 10), strict=True))

    assert {"record.import", "record.erase"} <= {entry["type"] for entry in nine}
    assert nine == ten


def bundle_of(folder: Path, bodies: list[bytes]) -> str:
    """A bundle of one or two entries that a key of our own signed, as docs/audit-format.md has it; returns its key."""
    leaves = [hashlib.sha256(b"\x00" + body).digest() for body in bodies]
    root = leaves[0] if len(leaves) == 1 else hashlib.sha256(b"\x01" + leaves[0] + leaves[1]).digest()
    public = b"\x01" + KEY.public_key().public_bytes_raw()
    key_id = hashlib.sha256(ORIGIN.encode() + b"\n" + public).digest()[:4]
    head = f"{ORIGIN}\n{len(bodies)}\n{base64.b64encode(root).decode()}\n"
    blob = base64.b64encode(key_id + KEY.sign(head.encode())).decode()
    vkey = f"{ORIGIN}+{key_id.hex()}+{base64.b64encode(public).decode()}"
    folder.mkdir()
    (folder / "checkpoint").write_text(f"{head}\n— {ORIGIN} {blob}\n")
    (folder / "entries.jsonl").write_bytes(b"".join(body + b"\n" for body in bodies))
    (folder / "log.vkey").write_text(vkey + "\n")
    return vkey


def trail_with(digest: str) -> list[bytes]:
    """The shortest trail with a commitment in it."""
    begun = '{"app":"lockbox 1","seq":0,"ts":"2026-01-01T00:00:00Z","type":"log.genesis","v":1}'
    hides = f'"_sd":["{digest}"],"_sd_alg":"sha-256"'
    looked = f'{{{hides},"seq":1,"ts":"2026-01-01T00:00:00Z","type":"access.view","v":1}}'
    return [begun.encode(), looked.encode()]


@pytest.mark.parametrize(("bit", "code"), [(0, 0), (1, 6), (2, 6), (3, 6)])
def test_a_commitment_has_one_spelling(world: World, bit: int, code: int) -> None:
    """43 letters carry 258 bits and a digest has 256: with one of the two others set it reads as the same digest."""
    digest = base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("=")
    spelled = digest[:42] + LETTERS[LETTERS.index(digest[42]) + bit]
    assert base64.urlsafe_b64decode(spelled + "=") == bytes(range(32))
    vkey = bundle_of(world.folder / "bundle", trail_with(spelled))

    outcome = run(world.paths, "audit", "verify", "--bundle", world.folder / "bundle", "--key", vkey)
    assert code == outcome.code, outcome.all
