"""What the holder of the key could sign and no reader may take: entries and disclosures that break one rule each."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

from audit_corruptions import lines_of, put_lines, strip
from audit_home import Exported
from audit_samples import DECIDED, EXPIRED, KINDS, LAST, ORIGIN, RAN, SENT

from vault.audit.canonical import encode
from vault.audit.checkpoint import sign_checkpoint
from vault.audit.entries import EntryType, digest_of
from vault.audit.merkle import leaf_hash, root

Change = Callable[[list[bytes]], list[bytes]]
SALT = "A" * 22
FEBRUARY_30 = "2026-02-30T00:00:00Z"


def resign(bundle: Path, exported: Exported, lines: list[bytes]) -> None:
    """What the holder of the key can do: write other entries and sign them."""
    put_lines(bundle, lines)
    leaves = [leaf_hash(line) for line in lines]
    note = sign_checkpoint(ORIGIN, len(lines), root(leaves), exported.trail.sign, exported.trail.public)
    (bundle / "checkpoint").write_bytes(note)
    strip(bundle)


def edited(line: bytes, **changes: object) -> bytes:
    """The entry with other values; the value `None` takes a key out."""
    fields = {**json.loads(line), **changes}
    return encode({key: value for key, value in fields.items() if value is not None})


def at(place: int, change: Callable[[bytes], bytes]) -> Change:
    return lambda lines: [*lines[:place], change(lines[place]), *lines[place + 1 :]]


def but(place: int, **changes: object) -> Change:
    return at(place, lambda line: edited(line, **changes))


def respelled(line: bytes) -> bytes:
    """The last commitment with a bit set that carries nothing, so that it decodes to the same digest."""
    *others, last = json.loads(line)["_sd"]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return edited(line, _sd=[*others, last[:42] + letters[letters.index(last[42]) + 1]])


RULES: dict[str, Change] = {
    "a gap in the numbers": lambda lines: [
        *lines[:3],
        *(edited(line, seq=i) for i, line in enumerate(lines[3:], 4)),
    ],
    "a number twice": but(3, seq=2),
    "time running backwards": but(9, ts="2026-01-02T03:04:00Z"),
    "a day that is none": but(LAST, ts=FEBRUARY_30),
    "a time with a fraction": but(LAST, ts="2026-01-02T04:04:00.5Z"),
    "a time in another zone": but(LAST, ts="2026-01-02T04:04:00+00:00"),
    "an expiry on a day that is none": but(EXPIRED, expires=FEBRUARY_30),
    "a type that is not in the list": but(LAST - 1, type="data.leak"),
    "a type of a draft": but(LAST - 1, type="key.rotate"),
    "no type": but(LAST, type=None),
    "a field named in clear": but(DECIDED, field="weight"),
    "a key in clear of another type": but(DECIDED, run="a" * 32),
    "a clear key missing": but(DECIDED, outcome=None),
    "a text as reason code": but(DECIDED, reason="too nosy"),
    "a reason code of another type": but(DECIDED, reason="learner"),
    "an id with capital letters": but(DECIDED, request="A" * 32),
    "a price with an exponent": but(RAN, epsilon="1e-3"),
    "a price as a number": but(RAN, epsilon=1),
    "a count that is no decade": but(2, count="10-98"),
    "fewer than no steps": but(RAN, steps=-1),
    "steps that are true": but(RAN, steps=True),
    "a round before the first": but(KINDS.index(EntryType.CAMPAIGN_ROUND), round=0),
    "a size beyond 2^53": at(SENT, lambda line: line.replace(b'"size":4096', b'"size":9007199254740992')),
    "no genesis": lambda lines: [edited(lines[5], seq=0), *lines[1:]],
    "a second genesis": lambda lines: [
        *lines[:3],
        edited(lines[0], seq=3, ts="2026-01-02T03:07:00Z"),
        *lines[4:],
    ],
    "another version": but(LAST, v=2),
    "a version that is true": but(LAST, v=True),
    "a float": at(RAN, lambda line: line.replace(b'"steps":1200', b'"steps":1200.0')),
    "a key twice": at(LAST, lambda line: line.replace(b'{"', b'{"_sd_alg":"sha-256","', 1)),
    "keys out of order": at(LAST, lambda line: b'{"v":1,' + line[1:].replace(b',"v":1', b"")),
    "a line that is no JSON": at(LAST, lambda _: b"nonsense"),
    "a list instead of an entry": at(LAST, lambda _: b"[]"),
    "commitments without an algorithm": but(DECIDED, _sd_alg=None),
    "another algorithm": but(DECIDED, _sd_alg="sha-512"),
    "an algorithm without commitments": but(DECIDED, _sd=None),
    "no commitment in the list": but(DECIDED, _sd=[]),
    "commitments out of order": at(
        DECIDED, lambda line: edited(line, _sd=list(reversed(json.loads(line)["_sd"])))
    ),
    "a commitment twice": at(
        DECIDED, lambda line: edited(line, _sd=sorted([*json.loads(line)["_sd"], json.loads(line)["_sd"][0]]))
    ),
    "a commitment in a second spelling": at(DECIDED, respelled),
    "a commitment that is too short": but(DECIDED, _sd=["A" * 42]),
}


def spelled(*parts: object) -> str:
    """A disclosure of these parts."""
    return base64.urlsafe_b64encode(encode(list(parts))).decode().rstrip("=")  # type: ignore[arg-type]


def raw(text: bytes) -> str:
    """A disclosure of these bytes."""
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


OF_DISCLOSURES: dict[str, tuple[bool, list[str]]] = {
    "one that is good": (True, [spelled(SALT, "field", "weight")]),
    "of a value with a second plane and a control": (
        True,
        [spelled(SALT, "field", {"\U0001f600": 1, "\uffee": "\x0b\u2028"})],
    ),
    "of null": (True, [spelled(SALT, "field", None)]),
    "under the name of a clear key": (False, [spelled(SALT, "outcome", "permit")]),
    "under the name of another clear key": (False, [spelled(SALT, "reason", "permit")]),
    "under a name twice": (False, [spelled(SALT, "field", 1), spelled(SALT, "field", 2)]),
    "under a name with capital letters": (False, [spelled(SALT, "Field", 1)]),
    "with a short salt": (False, [spelled("A" * 21, "field", 1)]),
    "with a salt in a second spelling": (False, [spelled("A" * 21 + "B", "field", 1)]),
    "of four parts": (False, [spelled(SALT, "field", 1, 2)]),
    "of a fraction": (False, [raw(b'["' + SALT.encode() + b'","field",1.5]')]),
    "of a large number": (False, [raw(b'["' + SALT.encode() + b'","field",9007199254740992]')]),
    "with a space inside": (False, [raw(b'["' + SALT.encode() + b'", "field",1]')]),
    "with padding": (False, [spelled(SALT, "field", 1) + "="]),
}


def disclosing(bundle: Path, exported: Exported, seq: int, opened: list[str]) -> None:
    """Sign a trail in which this entry commits to exactly these disclosures, and put them beside it."""
    digests = sorted(digest_of(d) for d in opened)
    resign(bundle, exported, but(seq, _sd=digests)(lines_of(bundle)))
    (bundle / "disclosures.jsonl").write_bytes(b"".join(encode({"d": d, "seq": seq}) + b"\n" for d in opened))
