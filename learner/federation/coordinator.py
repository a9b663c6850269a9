"""A coordinator: who may answer, what is an answer, and how one round follows from another.

It is trusted for little: it signs rounds by a key that can sign nothing else, stores only what it judged from the
bytes, and can be killed between any two lines here, since each act is one transaction of its state.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from learner.federation.coordinator_folder import CoordinatorFolder
from learner.federation.exchange import Invitation, check_proof, parse_answer
from learner.federation.state import State
from learner.federation.stored import Stored, StoredAnswer, StoredModel, StoredRound
from learner.federation.verified_answers import VerifiedAnswers
from vault.errors.campaigns import NoTierMade
from vault.errors.federation import (
    AnswerInvalid,
    CodeRefused,
    NothingThere,
    OtherAnswer,
    RoundClosed,
)
from vault.requester.campaign_log import (
    Checkpoint,
    campaign_leaf,
    claimed_head,
    closed_leaf,
    enrolled_leaf,
    log_origin,
    model_leaf,
    round_leaf,
    sign_head,
)
from vault.requester.coordinating import (
    JobFiles,
    check_round,
    final_model_in,
    judge_answer,
    parse_signature_line,
    sign_model,
    signature_line,
    signed_round,
    weights_file,
)
from vault.requester.release_check import ReleaseFiles

if TYPE_CHECKING:
    from learner.federation.witness_client import MakeClient

TOKEN_DOMAIN: Final = b"lockbox enrolment v1\n"
ACCESS_DOMAIN: Final = b"lockbox requester access v1\n"
ROUNDS_AT_HAND: Final = 4
MOST_INVITED: Final = 1_000_000

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened: by a vault, under its pseudonym, to a round, or to the log."""

    kind: Literal[
        "enrolled", "answer", "refused", "opened", "closed", "finished", "cosigned", "silent", "waiting"
    ]
    round: int = 0
    vault: str = ""
    bytes: int = 0
    reason: str = ""


class Coordinator:
    """The campaign of a folder, its state, and the round key; ``heard`` is told what happens, from any thread."""

    def __init__(
        self,
        folder: CoordinatorFolder,
        *,
        clock: Clock = lambda: datetime.now(UTC),
        heard: Callable[[Event], None] = lambda _event: None,
    ) -> None:
        self.folder, self.campaign = folder, folder.campaign
        self.document, self.digest = folder.campaign.document, folder.campaign.digest
        self.changed = threading.Event()
        self.silent_because = ""
        self._clock, self.heard, self._key = clock, heard, folder.round_key
        self.state = State(folder.database_url, self.digest, self._signed_head)
        self.job = lru_cache(maxsize=ROUNDS_AT_HAND * len(self.document.noises))(self._job)
        self._answers = VerifiedAnswers(folder, self.state, self.job, self._refused)

    def close(self) -> None:
        """Let go of the database."""
        self.state.close()

    @property
    def now(self) -> int:
        """Seconds since 1970."""
        return int(self._clock().timestamp())

    # who may answer ---------------------------------------------------------------------------------------

    def invite(
        self, count: int, url: str, tier: str | None = None, *,
        hand_out: Callable[[list[Invitation]], None] = lambda made: None,
    ) -> list[Invitation]:  # fmt: skip
        """New invitations to a noise tier, each for one vault; of codes only digests stay. Raises ``NoTierMade``.

        They count once ``hand_out`` has come back: where it fails, nobody is invited.
        """
        self.document.at_tier(tier, refusal=NoTierMade)
        pinned = self.folder.pinned
        made = [self.folder.invitation(url, pinned, tier) for _ in range(count)]
        hand_out(made)
        self.state.invite([sha256(each.code.encode()) for each in made], tier)
        return made

    def is_invited(self, code: str) -> bool:
        """Whether this is the code of an invitation, used or not."""
        return self.state.is_invited(sha256(code.encode()))

    def enrol(self, code: str, key: str, proof: str) -> tuple[str, bool]:
        """The token of a key, and whether it is new here.

        Raises ``EnrolmentNotProven``, ``CodeRefused`` and ``EnrolledInOtherTier``. The token follows from the key, so
        that whoever lost the answer asks again and hears the same: by the same code or by another, which stays good for
        another vault. ``proof`` is the key's own signature: else anybody heard it.
        """
        check_proof(self.digest, code, key, proof)
        message = TOKEN_DOMAIN + bytes.fromhex(self.digest + key)
        token = hmac.digest(self.folder.token_secret, message, "sha256").hex()
        is_new = self.state.enrol(
            code=sha256(code.encode()),
            key=key,
            token=sha256(token.encode()),
            leaf=lambda tier: enrolled_leaf(bytes.fromhex(key), tier),
            now=self.now,
        )
        if is_new is None:
            raise CodeRefused()
        if is_new:
            self.heard(Event(kind="enrolled", vault=pseudonym(key)))
        return token, is_new

    @property
    def access_token(self) -> str:
        """What the requester looks at the campaign by, from elsewhere."""
        message = ACCESS_DOMAIN + bytes.fromhex(self.digest)
        return hmac.digest(self.folder.token_secret, message, "sha256").hex()

    def key_of(self, token: str) -> str | None:
        """The key that is enrolled with this token."""
        return self.state.key_of(sha256(token.encode()))

    # what is an answer ------------------------------------------------------------------------------------

    def answer(self, number: int, release_id: str, *, key: str, body: bytes) -> Stored:
        """Judge an answer whole, from its bytes, and keep it; the same again is no second one.

        It has to answer the job of the noise tier that its key was given, whatever it says. Raises ``NothingThere``,
        ``AnswerInvalid``, ``OtherAnswer`` or ``RoundClosed``.
        """
        job = self.job(number, self._tier_of(key))
        try:
            files = parse_answer(body)
            judge_answer(files, self.document, vault_key=bytes.fromhex(key), job=job, release_id=release_id)
        except AnswerInvalid as error:
            self._refused(number, key, str(error.facts["reason"]))
            raise
        found = self.state.store(number, _stored(files, key, release_id, self.now))
        match found:
            case Stored.OTHER:
                self._refused(number, key, "it is another answer in the same round")
                raise OtherAnswer()
            case Stored.CLOSED:
                self._refused(number, key, "it came after the round was closed")
                raise RoundClosed()
            case Stored.NEW:
                self.heard(Event(kind="answer", round=number, vault=pseudonym(key), bytes=len(files.update)))
                self.changed.set()
        return found

    def _tier_of(self, key: str) -> str | None:
        """The noise tier that a key was given; of a campaign without tiers none is looked for."""
        return self.state.tier_of(key) if len(self.document.noises) > 1 else None

    def _job(self, number: int, tier: str | None = None) -> JobFiles:
        """The job of a round that was opened, in a noise tier; raises ``NothingThere``."""
        found = self.state.round(number)
        if found is None or tier not in self.document.noises:
            raise NothingThere(what=f"round {number}")
        if tier is not None:
            document = self.document.at_tier(tier)
            return signed_round(document, self.digest, number, weights=found.weights, key=self._key)
        signature = parse_signature_line(found.signature)
        return JobFiles(manifest=found.manifest, signature=signature, weights=found.weights)

    def _refused(self, number: int, key: str, reason: str) -> None:
        self.state.refuse(number, key, reason)
        self.heard(Event(kind="refused", round=number, vault=pseudonym(key), reason=reason))

    # what is shown ----------------------------------------------------------------------------------------

    def checkpoint(self) -> bytes:
        """The checkpoint that vaults are shown: with the cosignature of the campaign's witness where it has one."""
        newest, cosigned = self.state.checkpoints()
        note = cosigned if self.document.witness else newest
        if not note:
            raise NothingThere(what="checkpoint yet")
        return note

    def ask_witness(self, client: MakeClient | None = None) -> bool:
        """Have the witness of the campaign cosign the newest checkpoint, if it has not; raises ``WitnessSilent``."""
        from learner.federation.witness_client import cosigned, witness_client

        witness, (size, done) = self.document.witness, self.state.log_sizes()
        if witness is None or size == done:
            return False
        newest, _ = self.state.checkpoints()
        key, url = bytes.fromhex(witness.key), self.folder.settings.witness
        note = cosigned(url, newest, self.state.leaves(), key, client=client or witness_client)
        self.state.cosign(note, claimed_head(note).size)
        return True

    def returned_model(self) -> StoredModel:
        """The final model, where owners get it back; raises ``NothingThere``."""
        found = self.state.model() if self.document.returns == "final_model" else None
        if found is None:
            raise NothingThere(what="final model")
        return found

    def final_model(self, target: Path) -> bytes:
        """The final model for whoever runs this, as the ending of that file says; raises ``NothingThere``."""
        found = self.state.model()
        if found is None:
            raise NothingThere(what="final model yet")
        return final_model_in(target, self.document, found.weights)

    # one round after the other ----------------------------------------------------------------------------

    def tick(self) -> None:
        """Do what is due: open the first round, close one at its quorum or deadline, and open what follows.

        Whatever was not finished when a process ended is finished by the next call, here or in another process.
        """
        newest = self.state.newest_round()
        if newest is None:
            self._begin()
            newest = self.state.newest_round()
        assert newest is not None
        while not newest.settled and (newest.closed_at is not None or self._is_due(newest)):
            self._close(newest)
            self._settle(newest)
            following = self.state.newest_round()
            assert following is not None
            newest = following

    def _begin(self) -> None:
        first, leaf = self._round(1, self.campaign.weights, b"")
        if self.state.begin(first, [campaign_leaf(self.digest), leaf]):
            self.heard(Event(kind="opened", round=1))

    def _is_due(self, newest: StoredRound) -> bool:
        if self._clock() >= self.document.deadline(newest.number):
            return True
        quorum = self.folder.settings.quorum
        return 0 < quorum <= self.state.answered(newest.number)

    def _close(self, found: StoredRound) -> None:
        number = found.number
        if self.state.close_round(
            number, now=self.now, leaf=lambda count: closed_leaf(number, answers=count)
        ):
            self.heard(Event(kind="closed", round=number))

    def _settle(self, found: StoredRound) -> None:
        """Aggregate a closed round and open what follows it; of two processes at once the first is kept."""
        moved, verdicts = self._answers.aggregated(found)
        weights = weights_file(self.document, moved.state.weights)
        if found.number == self.document.rounds:
            signed = sign_model(self.document, self.digest, weights, self._key)
            model = StoredModel(document=signed.document, signature=signed.signature, weights=weights)
            then: StoredModel | StoredRound = model
            leaf, event = model_leaf(sha256(weights)), Event(kind="finished")
        else:
            following = found.number + 1
            then, leaf = self._round(following, weights, moved.state.velocity.tobytes())
            event = Event(kind="opened", round=following)
        if self.state.settle_round(found.number, accepted=verdicts, then=then, leaf=leaf):
            self.heard(event)

    def _round(self, number: int, weights: bytes, velocity: bytes) -> tuple[StoredRound, bytes]:
        """A round to be opened, and its line on the log."""
        files = signed_round(self.document, self.digest, number, weights=weights, key=self._key)
        check_round(self.document, self.digest, files)  # what no vault would take is not opened
        found = StoredRound(
            number=number,
            manifest=files.manifest,
            signature=signature_line(files.signature),
            weights=weights,
            velocity=velocity,
            opened_at=self.now,
        )
        return found, round_leaf(number, manifest=sha256(files.manifest), weights=sha256(weights))

    def _signed_head(self, size: int, root: bytes) -> bytes:
        return sign_head(Checkpoint(origin=log_origin(self.digest), size=size, root=root), self._key)


def pseudonym(key: str) -> str:
    """What a vault is called on screens: the beginning of the digest of its key that stands on the log."""
    return sha256(bytes.fromhex(key))[:8]


def sha256(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def _stored(files: ReleaseFiles, key: str, release_id: str, now: int) -> StoredAnswer:
    return StoredAnswer(
        key=key,
        release_id=release_id,
        manifest=files.manifest,
        signature=files.signature,
        update=files.update,
        received_at=now,
    )
