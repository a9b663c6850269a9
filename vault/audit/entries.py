"""Entries of the audit trail: built once, then only ever stored, hashed and copied as the same bytes.

What may not stand in clear goes in as a salted commitment per field (the hidden fields). Someone who is given
the salt, name and value can match them with the entry; once they are erased the commitment says nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from vault.audit.canonical import Json, decode, encode
from vault.audit.entry_types import (
    CLEAR_KEYS,
    READ_ONLY_KEYS,
    REQUIRED_KEYS,
    EntryType,
    is_instant,
    misfits,
)
from vault.errors.audit import LogBroken
from vault.errors.families import InternalError

__all__ = [
    "CLEAR_KEYS",
    "REQUIRED_KEYS",
    "Disclosed",
    "Entry",
    "EntryType",
    "Json",
    "Opened",
    "build_entry",
    "digest_of",
    "open_disclosure",
    "parse_entry",
]

SALT_BYTES: Final = 16
MOST_HIDDEN: Final = 8
_FRAME: Final = frozenset({"v", "seq", "type", "ts"})
_COMMITMENTS: Final = frozenset({"_sd", "_sd_alg"})
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
# The last letter of each carries bits that have to be zero: one spelling, so that one entry has one form.
_DIGEST: Final = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]", re.ASCII)
_SALT: Final = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosed:
    """What opens one hidden field: ``d`` holds salt, name and value, ``digest`` stands in the entry."""

    digest: str
    d: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The name and value of one hidden field."""

    name: str
    value: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry as anybody can read it; ``digests`` are its commitments, decoys included."""

    seq: int
    kind: EntryType
    ts: str
    clear: Mapping[str, Json]
    digests: tuple[str, ...]


def build_entry(
    *,
    seq: int,
    kind: EntryType,
    ts: str,
    clear: Mapping[str, Json],
    hidden: Mapping[str, Json],
    salt: Callable[[int], bytes],
) -> tuple[bytes, list[Disclosed]]:
    """Return the RFC 8785 bytes of an entry (no line end) and what opens each of its hidden fields.

    ``ts`` is RFC 3339 UTC; ``salt(n)`` gives n fresh random bytes. Raises InternalError, repeating nothing it
    was given, when a clear key is not allowed for this type, is missing or has another shape, or when a
    hidden field has a bad name, the name of a clear key, or is one too many.
    """
    _check_parts(kind, ts, clear, hidden)
    disclosed = [_commit(name, value, salt) for name, value in hidden.items()]
    fields: dict[str, Json] = {**clear, "v": 1, "seq": seq, "type": str(kind), "ts": ts}
    if disclosed:
        fields |= {"_sd": _padded([each.digest for each in disclosed], salt), "_sd_alg": "sha-256"}
    return encode(fields), disclosed


def parse_entry(body: bytes, *, what: str = "an entry") -> Entry:
    """Return the entry of these bytes; LogBroken, naming ``what``, when they are not a version 1 entry."""
    fields = decode(body, what=what)
    if not (isinstance(fields, dict) and fields.keys() >= _FRAME and _is_version_one(fields)):
        raise LogBroken(reason=f"{what} is not a version 1 entry")
    if not (_is_index(fields["seq"]) and is_instant(fields["ts"])):
        raise LogBroken(reason=f"{what} has no proper number or time")
    kind = _kind(fields["type"], what)
    clear = {key: value for key, value in fields.items() if key not in _FRAME and key not in _COMMITMENTS}
    if wrong := misfits(kind, clear):
        raise LogBroken(reason=f"{what} may not have {_named(kind, wrong)} in clear")
    return Entry(seq=fields["seq"], kind=kind, ts=fields["ts"], clear=clear, digests=_digests(fields, what))


def digest_of(d: str) -> str:
    """Return the base64url SHA-256 of a disclosure, as it stands in ``_sd``."""
    return _base64url(hashlib.sha256(d.encode()).digest())


def open_disclosure(d: str, *, what: str = "a disclosure") -> Opened:
    """Return the name and value inside a disclosure; LogBroken, naming ``what``, when it is none."""
    try:
        data = base64.urlsafe_b64decode(d + "=" * (-len(d) % 4))
    except (ValueError, binascii.Error):
        raise LogBroken(reason=f"{what} is not base64url") from None
    if _base64url(data) != d:
        raise LogBroken(reason=f"{what} is not base64url")
    match decode(data, what=what):
        case [str(salt), str(name), value] if _SALT.fullmatch(salt) and _NAME.fullmatch(name):
            return Opened(name=name, value=value)
    raise LogBroken(reason=f"{what} is not a salt, a name and a value")


def _check_parts(kind: EntryType, ts: str, clear: Mapping[str, Json], hidden: Mapping[str, Json]) -> None:
    if not is_instant(ts):
        raise InternalError(what="an audit entry without a proper time")
    if wrong := misfits(kind, clear):
        raise InternalError(what=f"the audit entry {kind} may not have {_named(kind, wrong)} in clear")
    if retired := READ_ONLY_KEYS & clear.keys():
        raise InternalError(what=f"the audit entry {kind} no longer has {min(retired)} in clear")
    taken = CLEAR_KEYS[kind] | _FRAME
    if any(name in taken or not _NAME.fullmatch(name) for name in hidden):
        raise InternalError(what=f"a hidden field of the audit entry {kind} has a name it may not have")
    if len(hidden) > MOST_HIDDEN:
        raise InternalError(what=f"the audit entry {kind} hides more than {MOST_HIDDEN} fields")


def _commit(name: str, value: Json, salt: Callable[[int], bytes]) -> Disclosed:
    d = _base64url(encode([_base64url(salt(SALT_BYTES)), name, value]))
    return Disclosed(digest=digest_of(d), d=d)


def _padded(digests: list[str], salt: Callable[[int], bytes]) -> list[str]:
    """Fill up to four or eight with decoys, so that the number of hidden fields does not show."""
    room = MOST_HIDDEN // 2 if len(digests) <= MOST_HIDDEN // 2 else MOST_HIDDEN
    decoys = [_base64url(hashlib.sha256(salt(32)).digest()) for _ in range(room - len(digests))]
    return sorted(digests + decoys)


def _kind(value: object, what: str) -> EntryType:
    try:
        return EntryType(str(value))
    except ValueError:
        raise LogBroken(reason=f"{what} has a type that is not in the list") from None


def _digests(fields: Mapping[str, Any], what: str) -> tuple[str, ...]:
    if not fields.keys() & _COMMITMENTS:
        return ()
    digests = fields.get("_sd")
    if not (fields.get("_sd_alg") == "sha-256" and isinstance(digests, list) and digests):
        raise LogBroken(reason=f"{what} has no proper commitments")
    if not all(isinstance(digest, str) and _DIGEST.fullmatch(digest) for digest in digests):
        raise LogBroken(reason=f"{what} has a commitment that is no digest")
    if digests != sorted(set(digests)):
        raise LogBroken(reason=f"{what} has its commitments out of order")
    return tuple(digests)


def _is_version_one(fields: Mapping[str, object]) -> bool:
    return type(fields["v"]) is int and fields["v"] == 1


def _is_index(value: object) -> bool:
    return type(value) is int and value >= 0


def _named(kind: EntryType, wrong: list[str]) -> str:
    """Name the keys of our own list only: any other may be foreign text."""
    known = [f"{key} like that (or no {key})" for key in wrong if key in CLEAR_KEYS[kind]]
    return known[0] if known else "a key that is not in its list"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
