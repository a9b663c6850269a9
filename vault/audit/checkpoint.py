"""Signed checkpoints in the C2SP note form (c2sp.org/signed-note, tlog-checkpoint and tlog-cosignature).

A checkpoint is three lines (origin, size, root), an empty line, and one signature line for each key. Signing
and verifying come in as functions, so that this room holds no key.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from vault.errors.audit import LogBroken
from vault.errors.families import InternalError
from vault.strict_base64 import from_base64

Sign: TypeAlias = Callable[[bytes], bytes]
Verify: TypeAlias = Callable[[bytes, bytes, bytes], bool]

ED25519: Final = b"\x01"
COSIGNATURE: Final = b"\x04"
MOST_SIGNATURES: Final = 100
_NAME = "[!-*,-~]{1,80}"  # printable ASCII without space and plus
_ORIGIN: Final = re.compile(_NAME)
_HEAD: Final = r"([1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n"
_SIGNATURE: Final = re.compile(r"— ([^\s+]{1,200}) ([A-Za-z0-9+/]{8,1000}={0,2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The head of a log: its name, its number of entries and its 32-byte root hash."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """The three lines that are signed, each with its line end."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """A verifier key taken apart: whose it is, the algorithm byte, and the 32-byte Ed25519 key."""

    name: str
    algorithm: bytes
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The first 4 bytes of SHA-256(name || 0x0A || algorithm || public)."""
        return hashlib.sha256(self.name.encode() + b"\n" + self.algorithm + self.public).digest()[:4]

    def text(self) -> str:
        """``<name>+<8 hex of key ID>+<base64(algorithm || public)>``."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(self.algorithm + self.public).decode()}"


def vkey(origin: str, public: bytes) -> str:
    """Return the verifier key line of a log, for whoever shall verify it."""
    return _log_key(origin, public).text()


def parse_vkey(text: str, *, algorithm: bytes = ED25519) -> VerifierKey:
    """Return the parts of a verifier key; LogBroken unless it has this algorithm and the right key ID."""
    name, _, rest = text.partition("+")
    data = _unbase64(rest.partition("+")[2])
    key = VerifierKey(name=name, algorithm=data[:1], public=data[1:])
    if not (_ORIGIN.fullmatch(name) and len(key.public) == 32 and key.algorithm == algorithm):
        raise LogBroken(reason="the verifier key is not one of this kind")
    if key.text() != text:
        raise LogBroken(reason="the verifier key is mistyped: its key ID does not fit")
    return key


def sign_checkpoint(origin: str, size: int, root: bytes, sign: Sign, public: bytes) -> bytes:
    """Return the signed note of a log of ``size`` entries with this root."""
    key = _log_key(origin, public)
    if size < 1 or len(root) != 32:
        raise InternalError(what="an empty audit log was to be signed")
    body = Checkpoint(origin=origin, size=size, root=root).body()
    return f"{body}\n{signature_line(key, sign(body.encode()))}".encode()


def signature_line(key: VerifierKey, signature: bytes) -> str:
    """Return the line of a note by which this key signed it."""
    return f"— {key.name} {base64.b64encode(key.key_id + signature).decode()}\n"


def open_checkpoint(note: bytes, vkey: str, verify: Verify) -> Checkpoint:
    """Return the checkpoint of a note signed by this key of this origin; LogBroken otherwise.

    Signatures of other keys are not judged; a bad one of this key spoils the note.
    """
    checkpoint, signatures = _taken_apart(note)
    key = parse_vkey(vkey)
    if checkpoint.origin != key.name:
        raise LogBroken(reason="the checkpoint is of another log than the verifier key")
    mine = [blob[4:] for name, blob in signatures if name == key.name and blob[:4] == key.key_id]
    if not mine:
        raise LogBroken(reason="the checkpoint is not signed by the key you trust")
    if not all(verify(key.public, checkpoint.body().encode(), signature) for signature in mine):
        raise LogBroken(reason="the signature of the checkpoint is wrong")
    return checkpoint


def cosigners(note: bytes, witnesses: Sequence[str], verify: Verify) -> dict[str, int]:
    """Return which of these witnesses cosigned a note, with their time (seconds since 1970).

    LogBroken when a line that claims to be of one of them is wrong (c2sp.org/tlog-cosignature).
    """
    checkpoint, signatures = _taken_apart(note)
    keys = {
        (key.name, key.key_id): key for key in (parse_vkey(text, algorithm=COSIGNATURE) for text in witnesses)
    }
    found: dict[str, int] = {}
    for name, blob in signatures:
        key = keys.get((name, blob[:4]))
        if key is None:
            continue
        found[name] = cosigned_at(checkpoint, key.public, blob, verify)
    return found


def cosigned_at(checkpoint: Checkpoint, public: bytes, blob: bytes, verify: Verify) -> int:
    """Return the time of a cosignature, key ID first, in seconds since 1970; LogBroken when it is wrong."""
    time = int.from_bytes(blob[4:12], "big")
    if not (len(blob) == 76 and verify(public, cosigned_text(checkpoint, time), blob[12:])):
        raise LogBroken(reason="the signature of a witness is wrong")
    return time


def cosigned_text(checkpoint: Checkpoint, time: int) -> bytes:
    """Return what a witness signs of a checkpoint at this time, in seconds since 1970."""
    return f"cosignature/v1\ntime {time}\n{checkpoint.body()}".encode()


def _log_key(origin: str, public: bytes) -> VerifierKey:
    if not (_ORIGIN.fullmatch(origin) and len(public) == 32):
        raise InternalError(what="an audit log with an improper name or key")
    return VerifierKey(name=origin, algorithm=ED25519, public=public)


def unverified_checkpoint(note: bytes) -> Checkpoint:
    """Return what a note claims, without looking at who signed it; LogBroken when it is no note."""
    return _taken_apart(note)[0]


def checkpoint_in(note: bytes, origin: str) -> tuple[Checkpoint, list[tuple[str, bytes]]]:
    """Return what a note claims and its signature lines, each a name and key ID with signature; nobody is believed.

    ``origin`` is a pattern of the first line. LogBroken when it is no note of such a log.
    """
    try:
        body, gap, tail = note.decode().rpartition("\n\n")
    except UnicodeDecodeError:
        raise LogBroken(reason="the checkpoint is not text") from None
    parts = re.fullmatch(rf"({origin})\n{_HEAD}", body + "\n")
    if not (gap and parts):
        raise LogBroken(reason="the checkpoint is not three lines, an empty line and signatures")
    checkpoint = Checkpoint(origin=parts[1], size=int(parts[2]), root=_unbase64(parts[3]))
    return checkpoint, list(_signatures(tail))


def _taken_apart(note: bytes) -> tuple[Checkpoint, list[tuple[str, bytes]]]:
    return checkpoint_in(note, _NAME)


def _signatures(tail: str) -> Iterator[tuple[str, bytes]]:
    lines = tail.split("\n")
    if lines.pop() or not 0 < len(lines) <= MOST_SIGNATURES or len(set(lines)) != len(lines):
        raise LogBroken(reason="the checkpoint has no proper signature lines")
    for line in lines:
        parts = _SIGNATURE.fullmatch(line)
        if not parts:
            raise LogBroken(reason="a signature line of the checkpoint is malformed")
        blob = _unbase64(parts[2])
        if len(blob) < 5:
            raise LogBroken(reason="a signature line of the checkpoint is malformed")
        yield parts[1], blob


def _unbase64(text: str) -> bytes:
    try:
        return from_base64(text)
    except ValueError:
        raise LogBroken(reason="something that should be base64 is not") from None
