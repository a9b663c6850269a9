"""A witness: it keeps the last checkpoint of each log it watches, and cosigns only one that goes on from that.

Its folder holds its secret key and a file for each log. What it says follows C2SP tlog-witness and tlog-cosignature.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final, Self, TypeVar

from pydantic import Field

from vault.audit.checkpoint import COSIGNATURE, Checkpoint, VerifierKey
from vault.audit.proofs import consistency_file, read_consistency
from vault.errors.audit import LogBroken
from vault.errors.campaigns import CampaignLogBroken
from vault.errors.families import Broken, Invalid
from vault.errors.witness import (
    CheckpointElsewhere,
    CheckpointInconsistent,
    CheckpointMalformed,
    CheckpointUnsigned,
    NoWitnessHere,
    UnknownLog,
)
from vault.requester.keys import check_no_file
from vault.requests.bundle import read_bounded
from vault.requests.campaign_file import read_signed_campaign
from vault.requests.campaign_log import (
    NOTE_LIMIT,
    ORIGIN,
    claimed_head,
    cosign,
    goes_on,
    log_head,
    log_origin,
    log_tree,
    signed_alone,
    signed_head,
)
from vault.requests.canonical import NotCanonical, Wire, dump, parse_as
from vault.requests.values import PublicKey
from vault.sealing.digest import sha256_hex
from vault.sealing.durable import create_file, replace_files
from vault.sealing.keyfile import read_secret_key, write_secret_key
from vault.sealing.signing import SigningKey
from vault.store.new_folder import new_folder

KEY_FILE: Final = "witness.key"
FACTS_FILE: Final = "witness.json"
LOGS_FOLDER: Final = "logs"
LOCK_FILE: Final = "lock"
FACTS_LIMIT: Final = 64 * 1024
LOG_LIMIT: Final = 16 * 1024**2
"""Bytes of the lines of a whole log in hand."""
REQUEST_LIMIT: Final = NOTE_LIMIT + 64 * 46
"""Bytes of a request: a checkpoint, and at most 63 hashes with a line that says from where."""
_WireT = TypeVar("_WireT", bound=Wire)
_NAME: Final = re.compile(r"[!-*,-~]{1,80}", re.ASCII)


class WitnessFacts(Wire):
    """What stands beside the key: the name in its signature lines."""

    v: Annotated[int, Field(ge=1, le=1)] = 1
    name: str


class WatchedLog(Wire):
    """One log: its first line, the key that signs it, and the checkpoint cosigned last with that cosignature."""

    v: Annotated[int, Field(ge=1, le=1)] = 1
    origin: str
    key: PublicKey
    checkpoint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A witness that was opened: its folder, its name and its key."""

    folder: Path
    name: str
    key: SigningKey = field(repr=False)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The witness in a folder; raises ``NoWitnessHere``, ``KeyFileInvalid`` and ``Broken``."""
        if not (folder / FACTS_FILE).is_file():
            raise NoWitnessHere(path=folder)
        facts = _read(WitnessFacts, folder / FACTS_FILE)
        key = SigningKey.from_seed(read_secret_key(folder / KEY_FILE))
        return cls(folder=folder, name=facts.name, key=key)

    @property
    def vkey(self) -> str:
        """Its verifier key, as other programs take it."""
        return VerifierKey(name=self.name, algorithm=COSIGNATURE, public=self.key.public).text()

    def watch(self, campaign: Path) -> str:
        """Cosign the log of a signed campaign from now on; its first line.

        Raises ``Invalid`` where the campaign names another witness, and what `signed_campaign` does.
        """
        found = read_signed_campaign(campaign)
        document = found.document
        if document.witness is None or document.witness.key != self.key.public.hex():
            raise Invalid(reason="the campaign does not name the key of this witness")
        log = WatchedLog(origin=log_origin(found.digest), key=document.round_key)
        with self._alone():
            if not self._file(log.origin).exists():
                self._write(log)
        return log.origin

    def add_checkpoint(self, request: bytes, now: int) -> bytes:
        """The line that cosigns the checkpoint in a request of C2SP tlog-witness, at `now` in seconds since 1970.

        The checkpoint is kept before the line is returned. Raises ``CheckpointMalformed``, ``UnknownLog``,
        ``CheckpointUnsigned``, ``CheckpointElsewhere`` and ``CheckpointInconsistent``.
        """
        old, proof, note = _taken_apart(request)
        head = _claimed(note)
        with self._alone():
            log = self._log(head.origin)
            _check_signed(note, log)
            if old > head.size:
                raise CheckpointMalformed(reason="its proof begins beyond it")
            kept = None if not log.checkpoint else claimed_head(log.checkpoint.encode())
            if old != (kept.size if kept else 0):
                raise CheckpointElsewhere(size=kept.size if kept else 0)
            if proof if kept is None else not goes_on(kept, head, proof):
                raise CheckpointInconsistent()
            return self._cosigned(log, note, now)

    def cosign_log(self, note: bytes, leaves: Sequence[bytes], now: int) -> bytes:
        """The same for a checkpoint in hand, with every line of its log instead of a proof."""
        head = _claimed(note)
        if log_head(head.origin.removeprefix(ORIGIN), leaves[: head.size]) != head:
            raise CheckpointMalformed(reason="its lines are not those of the log")
        kept = self.size(head.origin)
        if kept > head.size:
            raise CheckpointElsewhere(size=kept)
        proof = log_tree(leaves[: head.size]).consistency_proof(kept) if kept else []
        return self.add_checkpoint(request_of(note, kept, proof), now)

    def size(self, origin: str) -> int:
        """The size of the checkpoint that was cosigned last, 0 before the first; raises ``UnknownLog``."""
        kept = self._log(origin).checkpoint
        return claimed_head(kept.encode()).size if kept else 0

    def kept(self, origin_sha256: str) -> bytes:
        """The checkpoint cosigned last of the log whose first line has this SHA-256; raises ``UnknownLog``."""
        file = self.folder / LOGS_FOLDER / f"{origin_sha256}.json"
        if not re.fullmatch("[0-9a-f]{64}", origin_sha256) or not file.is_file():
            raise UnknownLog()
        log = _read(WatchedLog, file)
        if not log.checkpoint:
            raise UnknownLog()
        return log.checkpoint.encode()

    def _cosigned(self, log: WatchedLog, note: bytes, now: int) -> bytes:
        line = cosign(note, name=self.name, key=self.key, at=now)
        self._write(log.model_copy(update={"checkpoint": (signed_alone(note, *_of(log)) + line).decode()}))
        return line

    def _log(self, origin: str) -> WatchedLog:
        file = self._file(origin)
        if not file.is_file():
            raise UnknownLog()
        return _read(WatchedLog, file)

    def _file(self, origin: str) -> Path:
        return self.folder / LOGS_FOLDER / f"{sha256_hex(origin.encode())}.json"

    def _write(self, log: WatchedLog) -> None:
        file = self._file(log.origin)
        replace_files(file.parent, {file.name: dump(log)})

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else looks at what is kept and writes it in between: otherwise an older request could come last."""
        descriptor = os.open(self.folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def new_witness(folder: Path, name: str) -> Witness:
    """Make a witness with a new key in a folder; raises ``Invalid`` where one is, or for a name no line can bear."""
    if not _NAME.fullmatch(name):
        raise Invalid(
            reason="the name of a witness is 1 to 80 letters, digits and signs, without spaces and plus"
        )
    for file in (KEY_FILE, FACTS_FILE):
        check_no_file(folder / file)
    key = SigningKey.generate()
    with new_folder(folder) as place:
        (place / LOGS_FOLDER).mkdir(mode=0o700)
        write_secret_key(place / KEY_FILE, key.seed())
        create_file(place / FACTS_FILE, dump(WitnessFacts(name=name)))
    return Witness(folder=folder, name=name, key=key)


def request_of(note: bytes, old: int, proof: Sequence[bytes]) -> bytes:
    """The body by which a witness is asked to cosign a checkpoint (C2SP tlog-witness, add-checkpoint)."""
    return consistency_file(old, proof, note)


def _taken_apart(request: bytes) -> tuple[int, tuple[bytes, ...], bytes]:
    if len(request) > REQUEST_LIMIT:
        raise CheckpointMalformed(reason="it is too long")
    try:
        found = read_consistency(request)
    except LogBroken as error:
        raise CheckpointMalformed(reason=str(error.facts["reason"])) from error
    return found.number, found.hashes, found.note


def _claimed(note: bytes) -> Checkpoint:
    try:
        return claimed_head(note)
    except CampaignLogBroken as error:
        raise CheckpointMalformed(reason=str(error.facts["reason"])) from error


def _check_signed(note: bytes, log: WatchedLog) -> None:
    try:
        signed_head(note, *_of(log))
    except CampaignLogBroken as error:
        raise CheckpointUnsigned() from error


def _of(log: WatchedLog) -> tuple[str, bytes]:
    """The campaign of a log, and its round key."""
    return log.origin.removeprefix(ORIGIN), bytes.fromhex(log.key)


def _read(model: type[_WireT], file: Path) -> _WireT:
    try:
        return parse_as(model, read_bounded(file, FACTS_LIMIT))
    except NotCanonical as error:
        raise Broken(what=f"the file {file.name} of the witness") from error


def read_log(checkpoint: Path, leaves: Path) -> tuple[bytes, list[bytes]]:
    """A checkpoint and every line of its log, from files; raises ``FileMissing`` and ``Invalid``."""
    return read_bounded(checkpoint, NOTE_LIMIT), read_bounded(leaves, LOG_LIMIT).splitlines()
