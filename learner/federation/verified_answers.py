"""What the answers to a closed round come to, each verified again from its bytes, so that a changed database is no use.

Of a vault no more than its key, its noise tier and a verdict is held; all numbers lie in a file that has no name.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from learner.federation.answer_table import WholeNumbers, written_table
from learner.federation.coordinator_folder import CoordinatorFolder
from learner.federation.noise import known_noise
from learner.federation.round_step import RoundStep, round_step
from learner.federation.server_rules import ServerState
from learner.federation.state import State
from learner.federation.stored import StoredAnswer, StoredRound
from vault.errors.federation import AnswerInvalid, NotAggregated
from vault.requester.coordinating import (
    CampaignDocument,
    JobFiles,
    dimension,
    flat_weights,
    judge_answer,
    number_type,
)
from vault.requester.release_check import ReleaseFiles

KEY_BYTES: Final = 32


@dataclass(slots=True)
class _Heard:
    """Whose answers there are, in the order of their keys, which of them verified, and the tiers of those that did."""

    keys: bytearray = field(default_factory=bytearray)
    verified: bytearray = field(default_factory=bytearray)
    tiers: list[str | None] = field(default_factory=list)


class VerifiedAnswers:
    """The answers to the rounds of a campaign.

    ``job`` is that of a round in a tier, and ``refused`` is told of what did not verify: round, key, reason.
    """

    def __init__(
        self,
        folder: CoordinatorFolder,
        state: State,
        job: Callable[[int, str | None], JobFiles],
        refused: Callable[[int, str, str], None],
    ) -> None:
        self._folder, self._state, self._job, self._refused = folder, state, job, refused

    def aggregated(self, found: StoredRound) -> tuple[RoundStep, Iterator[tuple[str, bool]]]:
        """What they make of the weights of a closed round, and of each key whether its answer is in it.

        Raises ``NotAggregated`` for what the disk or the limits of this computer refuse now.
        """
        document, heard = self._folder.campaign.document, _Heard()
        numbers, kind = dimension(document.job), number_type(document)
        try:
            with tempfile.TemporaryFile(dir=self._folder.path) as file:
                table = written_table(file, self._verified(found, heard), numbers=numbers, kind=kind)
                noise = known_noise(document, heard.tiers)
                moved = round_step(
                    document, _state_of(document, found), table, noise=noise, number=found.number
                )
        except OSError as error:
            raise NotAggregated(reason=os.strerror(error.errno or 0).lower()) from error
        return moved, _verdicts(heard, moved)

    def _verified(self, found: StoredRound, heard: _Heard) -> Iterator[WholeNumbers]:
        """The numbers of each answer that still verifies; who is heard is told to ``heard``."""
        document = self._folder.campaign.document
        names = {name: name for name in document.noises}  # one text for all vaults of a tier
        for each, tier in self._state.answers(found.number):
            heard.keys += bytes.fromhex(each.key)
            try:
                judged = judge_answer(
                    _files(each),
                    document,
                    vault_key=bytes.fromhex(each.key),
                    job=self._job(found.number, tier),
                    release_id=each.release_id,
                )
            except AnswerInvalid as error:
                self._refused(found.number, each.key, f"it did not verify again: {error.facts['reason']}")
                heard.verified.append(False)
                continue
            heard.verified.append(True)
            heard.tiers.append(names[tier])
            yield judged.numbers


def _verdicts(heard: _Heard, moved: RoundStep) -> Iterator[tuple[str, bool]]:
    accepted = iter(moved.accepted)
    for place, is_verified in enumerate(heard.verified):
        key = heard.keys[place * KEY_BYTES : (place + 1) * KEY_BYTES]
        yield key.hex(), bool(is_verified and next(accepted))


def _files(each: StoredAnswer) -> ReleaseFiles:
    return ReleaseFiles(manifest=each.manifest, signature=each.signature, update=each.update)


def _state_of(document: CampaignDocument, found: StoredRound) -> ServerState:
    weights = flat_weights(document, found.weights)
    velocity = np.frombuffer(found.velocity) if found.velocity else np.zeros_like(weights)
    return ServerState(weights=weights, velocity=velocity)
