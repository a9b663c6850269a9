"""A verifier written from docs/audit-format.md alone: hashlib, json and cryptography, nothing of the vault.

It walks the tree by the definition of RFC 6962 (recursively, slowly), so that it shares no algorithm either.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class RefusedError(Exception):
    """The bundle does not verify."""


def check(bundle: Path, vkey: str, kept: tuple[bytes, ...] = ()) -> int:
    """Return the number of entries of a bundle that verifies; RefusedError otherwise."""
    try:
        return _check(bundle, vkey, kept)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RefusedError(str(error)) from error


def _check(bundle: Path, vkey: str, kept: tuple[bytes, ...]) -> int:
    note = (bundle / "checkpoint").read_bytes()
    size, root = _open_note(note, vkey)
    _require(bool((bundle / "log.vkey").read_text().split("\n")[0] == vkey), "log.vkey")
    data = (bundle / "entries.jsonl").read_bytes()
    _require(data.endswith(b"\n"), "last line without LF")
    lines = data[:-1].split(b"\n")
    leaves, digests = _read_lines(lines)
    _require(len(leaves) == size, "size")
    _require(_tree(leaves) == root, "root")
    _check_disclosures(bundle / "disclosures.jsonl", digests)
    earlier = {path.name: path.read_bytes() for path in _files(bundle / "checkpoints")}
    for name, old in earlier.items():
        _require(name == str(_check_prefix(old, vkey, leaves)), "checkpoint name")
    for old in kept:
        _check_prefix(old, vkey, leaves)
    for path in _files(bundle / "proofs"):
        _check_proof(path, note, leaves, earlier, vkey)
    return size


def _open_note(note: bytes, vkey: str) -> tuple[int, bytes]:
    body, signatures = note.decode().split("\n\n")
    origin, size, root = body.split("\n")
    name, key_id, key = vkey.split("+")
    public = base64.b64decode(key, validate=True)
    _require(hashlib.sha256(name.encode() + b"\n" + public).hexdigest()[:8] == key_id, "vkey")
    _require(public[:1] == b"\x01" and name == origin, "another log")
    _require(re.fullmatch("[1-9][0-9]*", size) is not None and signatures.endswith("\n"), "form of the note")
    good = 0
    for line in signatures[:-1].split("\n"):
        dash, signer, blob64 = line.split(" ")
        _require(dash == "\N{EM DASH}", "dash")
        blob = base64.b64decode(blob64, validate=True)
        if signer == name and blob[:4].hex() == key_id:
            try:
                Ed25519PublicKey.from_public_bytes(public[1:]).verify(blob[4:], (body + "\n").encode())
            except InvalidSignature as error:
                raise RefusedError("signature") from error
            good += 1
    _require(good == 1, "no signature of the trusted key")
    return int(size), _hash(root)


def _read_lines(lines: list[bytes]) -> tuple[list[bytes], list[list[str]]]:
    leaves, digests, before = [], [], ""
    for index, line in enumerate(lines):
        entry = json.loads(line.decode(), parse_float=_refuse, parse_constant=_refuse)
        again = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        _require(again == line, "not canonical")
        _require("redacted" not in entry, "withheld entry")
        _require(
            entry["v"] == 1 and entry["seq"] == index and entry["ts"] >= before, "version, number or time"
        )
        _require(entry["seq"] > 0 or entry["type"] == "log.genesis", "genesis")
        before = entry["ts"]
        leaves.append(hashlib.sha256(b"\x00" + line).digest())
        digests.append(entry.get("_sd", []))
    return leaves, digests


def _check_disclosures(path: Path, digests: list[list[str]]) -> None:
    for line in path.read_text().splitlines() if path.exists() else []:
        one = json.loads(line)
        digest = base64.urlsafe_b64encode(hashlib.sha256(one["d"].encode()).digest()).decode().rstrip("=")
        _require(0 <= one["seq"] < len(digests) and digest in digests[one["seq"]], "disclosure")


def _check_prefix(note: bytes, vkey: str, leaves: list[bytes]) -> int:
    size, root = _open_note(note, vkey)
    _require(size <= len(leaves), "rollback")
    _require(_tree(leaves[:size]) == root, "fork")
    return size


def _check_proof(path: Path, note: bytes, leaves: list[bytes], earlier: dict[str, bytes], vkey: str) -> None:
    top, rest = path.read_bytes().split(b"\n\n", 1)
    _require(rest == note, "checkpoint in the proof")
    head, *hashes = top.decode().split("\n")
    number = int(path.stem)
    if path.suffix == ".tlog-proof":
        magic, head, *hashes = [head, *hashes]
        _require(magic == "c2sp.org/tlog-proof@v1" and head == f"index {number}", "head of the proof")
        expected = _path(number, leaves)
    else:
        _require(path.suffix == ".consistency" and head == f"old {number}", "head of the proof")
        _open_note(earlier[str(number)], vkey)
        expected = _subproof(number, leaves, whole=True)
    _require([_hash(each) for each in hashes] == expected, "proof")


def _tree(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    k = _split(len(leaves))
    return hashlib.sha256(b"\x01" + _tree(leaves[:k]) + _tree(leaves[k:])).digest()


def _path(index: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        _require(index == 0, "index")
        return []
    k = _split(len(leaves))
    if index < k:
        return [*_path(index, leaves[:k]), _tree(leaves[k:])]
    return [*_path(index - k, leaves[k:]), _tree(leaves[:k])]


def _subproof(old: int, leaves: list[bytes], *, whole: bool) -> list[bytes]:
    if old == len(leaves):
        return [] if whole else [_tree(leaves)]
    k = _split(len(leaves))
    if old <= k:
        return [*_subproof(old, leaves[:k], whole=whole), _tree(leaves[k:])]
    return [*_subproof(old - k, leaves[k:], whole=False), _tree(leaves[:k])]


def _split(count: int) -> int:
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def _hash(text: str) -> bytes:
    data = base64.b64decode(text, validate=True)
    _require(len(data) == 32 and base64.b64encode(data).decode() == text, "hash")
    return data


def _files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.exists() else []


def _refuse(_: str) -> None:
    raise ValueError


def _require(fact: bool, reason: str) -> None:
    if not fact:
        raise RefusedError(reason)
