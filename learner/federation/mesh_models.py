"""A released model as a peer of a mesh takes it: judged from its bytes, whoever passed it on.

Over the network any peer can answer with anything. What counts is the signature of a vault in the closed list, over a
release that names the round, whose signed job names the weights it started from.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from learner.federation.aggregate import Floats
from learner.federation.mesh_forms import parse_shared
from vault.errors.families import LockboxError
from vault.errors.meshes import SharedInvalid
from vault.requester.coordinating import (
    LARGEST_WEIGHT,
    CampaignDocument,
    check_round,
    flat_weights,
    judge_answer,
    update_step,
)

if TYPE_CHECKING:
    from vault.requester.release_check import ReleaseFiles


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedModel:
    """What a peer released in a round: the weights of its model, as float64."""

    key: str
    round: int
    weights: Floats


def released_model(data: bytes, document: CampaignDocument, digest: str) -> ReleasedModel:
    """The model in these bytes, once its round and its release hold; raises ``SharedInvalid``.

    The release has to be signed by one of the campaign's peers, and to answer a round of this very campaign.
    """
    job, release = parse_shared(data)
    try:
        manifest = check_round(document, digest, job)
        key, release_id = _claimed(release)
        _check_peer(document, key)
        judged = judge_answer(release, document, vault_key=bytes.fromhex(key), job=job, release_id=release_id)
    except SharedInvalid:
        raise
    except LockboxError as error:
        raise SharedInvalid(reason=f"{error}".rstrip(".")) from error
    weights = flat_weights(document, job.weights) + judged.numbers * update_step(document.job)
    if not (np.abs(weights) <= LARGEST_WEIGHT).all():
        raise SharedInvalid(reason=f"a weight is larger than {LARGEST_WEIGHT:g}, which no job may bring")
    return ReleasedModel(key=key, round=manifest.campaign.round, weights=weights)


def _check_peer(document: CampaignDocument, key: str) -> None:
    if key not in {one.key for one in document.peers}:
        raise SharedInvalid(reason="its key is none of this mesh's peers")


def _claimed(release: ReleaseFiles) -> tuple[str, str]:
    """Whose release it says to be, and which: what is signed is judged afterwards."""
    try:
        said = json.loads(release.manifest)
        return str(said["vault_key"]), str(said["release_id"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise SharedInvalid(reason="its release cannot be read") from None
