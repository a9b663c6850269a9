"""A verifier written from docs/audit-format.md alone: hashlib, json and cryptography, nothing of the vault.

It reads the types, their keys and the words a key can have from the tables of section 7. It walks the tree by the
definition of RFC 6962 (recursively, slowly), so that it shares no algorithm either.

    python tests/audit/audit_format_checker.py DIR KEY [CHECKPOINT ...]

KEY is a verifier key as `lockbox audit key` shows it, or a file whose first line it is. The exit code is 0 for a bundle
that verifies, 1 for one that does not, and 2 for other arguments.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

WHOLE = range(2**53)
SHAPES: dict[str, Any] = {
    "request": "[0-9a-f]{32}",
    "manifest_sha256": "[0-9a-f]{64}",
    "epsilon": r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,12})?",
    "count": "0|" + "|".join(f"1{'0' * n}-{'9' * (n + 1)}" for n in range(15)),
    "checkpoint": r"[!-*,-~]+\n[1-9][0-9]*\n[A-Za-z0-9+/]{43}=\n",
    "app": "[A-Za-z0-9][A-Za-z0-9 .+-]{0,39}",
    "accountant": "[A-Za-z0-9][A-Za-z0-9 ._+-]{0,59}",
}
SAME = dict.fromkeys(["campaign", "consent", "run", "release"], "request") | {
    "update_sha256": "manifest_sha256",
    "delta": "epsilon",
}


@cache
def section_7() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The keys of every type, and the words that a key can have."""
    page = (Path(__file__).parents[2] / "docs" / "audit-format.md").read_text()
    rows = [line.strip("| ").split("|") for line in page.splitlines() if line.startswith("| `")]
    named = [(cells[0], re.findall(r"`([^`]*)`", cells[1])) for cells in rows]
    keys = {words[0]: found for cell, found in named if (words := re.findall(r"`([^`]*)`", cell))}
    return keys, {cell.strip(): found for cell, found in named}


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
    leaves, entries = _read_lines(lines)
    _require(len(leaves) == size, "size")
    _require(_tree(leaves) == root, "root")
    _check_disclosures(bundle / "disclosures.jsonl", entries)
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
    name, key_id, key = vkey.split("+", 2)
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


def _read_lines(lines: list[bytes]) -> tuple[list[bytes], list[dict[str, Any]]]:
    leaves, entries, before = [], [], ""
    for index, line in enumerate(lines):
        entry = _json(line)
        _require("redacted" not in entry, "withheld entry")
        _require(entry["v"] is not True and (entry["v"], entry["seq"]) == (1, index), "version or number")
        _require(_is_time(entry["ts"]) and entry["ts"] >= before, "time")
        _require((index == 0) == (entry["type"] == "log.genesis"), "genesis")
        _check_clear(entry)
        _check_commitments(entry)
        before = entry["ts"]
        leaves.append(hashlib.sha256(b"\x00" + line).digest())
        entries.append(entry)
    return leaves, entries


def _check_clear(entry: dict[str, Any]) -> None:
    _require(re.fullmatch(r"[a-z]+\.[a-z]+|export|decision", entry["type"]) is not None, "type")
    listed, kind = section_7()[0][entry["type"]], entry["type"]
    clear = entry.keys() - {"v", "seq", "type", "ts", "_sd", "_sd_alg"}
    _require({key for key in listed if not key.endswith("?")} <= clear, "a key is missing")
    _require(clear <= {key.rstrip("?") for key in listed}, "a key too many")
    _require(all(_has_shape(kind, key, entry[key]) for key in clear), "shape")


def _has_shape(kind: str, key: str, value: object) -> bool:
    if key == "round":
        return type(value) is int and value in WHOLE[1:]
    if key in {"steps", "size", "charged"}:
        return type(value) is (bool if key == "charged" else int) and value in WHOLE
    if key == "expires":
        return _is_time(value)
    shape = SHAPES.get(SAME.get(key, key))
    words = section_7()[1]
    codes = words.get(f"`{key}`", words.get(f"`reason` of `{kind}`", []))
    return isinstance(value, str) and (re.fullmatch(shape, value) is not None if shape else value in codes)


def _check_commitments(entry: dict[str, Any]) -> None:
    if not entry.keys() & {"_sd", "_sd_alg"}:
        return
    digests = entry["_sd"]
    _require(entry["_sd_alg"] == "sha-256" and digests == sorted(set(digests)) != [], "commitments")
    _require(all(len(_base64url(each)) == 32 for each in digests), "commitment")


def _check_disclosures(path: Path, entries: list[dict[str, Any]]) -> None:
    seen = set()
    for line in path.read_bytes().splitlines() if path.exists() else []:
        one = _json(line)
        seq, d = one["seq"], one["d"]
        digest = base64.urlsafe_b64encode(hashlib.sha256(d.encode()).digest()).decode().rstrip("=")
        _require(len(one) == 2 and 0 <= seq < len(entries) and digest in entries[seq]["_sd"], "disclosure")
        salt, name, _ = _json(_base64url(d))
        _require(
            len(_base64url(salt)) == 16 and re.fullmatch("[a-z][a-z0-9_]{0,39}", name) is not None, "parts"
        )
        _require(name not in entries[seq] and (seq, name) not in seen, "name")
        seen.add((seq, name))


def _json(data: bytes) -> Any:
    value = json.loads(data.decode(), parse_float=_refuse, parse_constant=_refuse, parse_int=_whole)
    again = json.dumps(_sorted(value), separators=(",", ":"), ensure_ascii=False).encode()
    _require(again == data, "not canonical")
    return value


def _sorted(value: Any) -> Any:
    """The same value with its keys in the order of RFC 8785: by their UTF-16 code units."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value, key=lambda key: key.encode("utf-16-be"))}
    return [_sorted(each) for each in value] if isinstance(value, list) else value


def _whole(digits: str) -> int:
    _require(len(digits) <= 17 and abs(int(digits)) in WHOLE, "number")
    return int(digits)


def _is_time(text: Any) -> bool:
    _require(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text) is not None, "form of a time")
    return bool(datetime.fromisoformat(text))


def _base64url(text: str) -> bytes:
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    _require(base64.urlsafe_b64encode(data).decode().rstrip("=") == text, "base64url")
    return data


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


def main(arguments: list[str]) -> int:
    """Say in one sentence whether a bundle verifies; the exit code."""
    if len(arguments) < 2 or arguments[0].startswith("-"):
        print("Usage: audit_format_checker.py DIR KEY [CHECKPOINT ...]", file=sys.stderr)
        return 2
    bundle, key, *kept = arguments
    try:
        count = check(Path(bundle), _key(key), tuple(Path(each).read_bytes() for each in kept))
    except (RefusedError, OSError) as error:
        print(f"REFUSED: {bundle} does not verify: {error or 'its form'}.", file=sys.stderr)
        return 1
    print(f"verified: the {count} entries of {bundle} are those under its checkpoint, signed by this key.")
    return 0


def _key(word: str) -> str:
    """A verifier key, or the first line of the file of this name."""
    return word if "+" in word and not Path(word).exists() else Path(word).read_text().split("\n")[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
