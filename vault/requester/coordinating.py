"""What whoever runs the rounds of a campaign needs of it: its files, its rounds, answers that are judged, its model.

The requester's key is asked for nowhere here: a campaign is signed already, and the rest is the round key's.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vault.errors.families import LockboxError
from vault.errors.federation import AnswerInvalid
from vault.requester.campaign_log import ROUND_KEY_FILE, round_key
from vault.requester.campaign_rounds import signed_round
from vault.requester.model_endings import model_in
from vault.requester.new_file import check_new
from vault.requester.release_check import ReleaseFiles, check_answers, check_release, update_tensors
from vault.requests.bundle import (
    WEIGHTS_FILE,
    WEIGHTS_LIMIT,
    JobFiles,
    parse_signature_line,
    read_bounded,
    signature_line,
)
from vault.requests.campaign import (
    CAMPAIGN_FILE,
    CAMPAIGN_SIGNATURE_FILE,
    MOVING_STRATEGIES,
    Average,
    CampaignDocument,
    GradientSteps,
    Mesh,
    campaign_digest,
)
from vault.requests.campaign_file import read_signed_campaign
from vault.requests.campaign_model import MODEL_DOMAIN, ModelFiles, check_model, kept_job, model_document
from vault.requests.campaign_round import check_round
from vault.requests.encodings import encoding_of, update_step
from vault.requests.manifest import PEERS_LIMIT
from vault.requests.release_manifest import ReleaseManifest, SecondRelease
from vault.requests.shapes import dimension, shapes, update_shapes
from vault.requests.translate import learner_job
from vault.requests.weights import LARGEST_WEIGHT, Tensor, check_form, read_tensors, write_tensors
from vault.sealing.digest import sha256_hex
from vault.sealing.durable import create_file, sync
from vault.sealing.keyfile import write_secret_key
from vault.sealing.secret import Secret
from vault.sealing.signing import SigningKey, fingerprint
from vault.store.destination import held_place, is_free, move_to, writing_to
from vault.store.draft_folder import draft_folder
from vault.store.new_folder import check_free, new_folder

if TYPE_CHECKING:
    from learner.protocol import Job

__all__ = [
    "CAMPAIGN_FILE",
    "CAMPAIGN_SIGNATURE_FILE",
    "LARGEST_WEIGHT",
    "MOVING_STRATEGIES",
    "PEERS_LIMIT",
    "ROUND_KEY_FILE",
    "WEIGHTS_FILE",
    "Average",
    "CampaignDocument",
    "GradientSteps",
    "JobFiles",
    "Mesh",
    "ModelFiles",
    "SigningKey",
    "Tensor",
    "campaign_digest",
    "check_free",
    "check_model",
    "check_new",
    "check_round",
    "create_file",
    "dimension",
    "draft_folder",
    "final_model_in",
    "fingerprint",
    "held_place",
    "is_free",
    "move_to",
    "new_folder",
    "parse_signature_line",
    "read_bounded",
    "round_key",
    "shapes",
    "signature_line",
    "signed_round",
    "sync",
    "update_shapes",
    "update_step",
    "write_round_key",
    "write_secret_key",
    "writing_to",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCampaignFiles:
    """A campaign whose signature holds: its bytes, the line of its signature, and the weights of its first round."""

    document: CampaignDocument
    digest: str
    data: bytes
    signature: bytes
    weights: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedAnswer:
    """An answer that is one to this round, and its whole numbers one after the other, in the order of the tensors."""

    release: ReleaseManifest
    numbers: Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedModel:
    """The final model: its document, the line of the round key's signature, and its weights."""

    document: bytes
    signature: bytes
    weights: bytes


def read_campaign(folder: Path) -> SignedCampaignFiles:
    """The campaign in a folder with its first weights; raises ``CampaignTampered``, ``CampaignInvalid`` and such."""
    found = read_signed_campaign(folder)
    weights = read_bounded(folder / WEIGHTS_FILE, WEIGHTS_LIMIT)
    check_form(weights, shapes(found.document.job))
    return SignedCampaignFiles(
        document=found.document,
        digest=found.digest,
        data=found.data,
        signature=found.signature,
        weights=weights,
    )


def write_round_key(folder: Path, seed: bytes) -> None:
    """Put the key of the rounds beside a campaign, where ``round_key`` finds it."""
    write_secret_key(folder / ROUND_KEY_FILE, Secret(seed))


def judge_answer(
    files: ReleaseFiles, document: CampaignDocument, *, vault_key: bytes, job: JobFiles, release_id: str
) -> JudgedAnswer:
    """Everything that can be checked of an answer, from its bytes: who signed it, that it answers this very job, and
    that it is the release of this id.

    The job names campaign and round, and the release states its digest. Raises ``AnswerInvalid``.
    """
    try:
        release = check_release(files, vault_key)
        check_answers(release, files.update, job)
    except LockboxError as error:
        raise AnswerInvalid(reason=f"{error}".rstrip(".")) from error
    if not isinstance(release, SecondRelease) or release.campaign is None:
        raise AnswerInvalid(reason="it answers no round of a campaign")
    if release.release_id != release_id:
        raise AnswerInvalid(reason="it is another release than the one it was sent as")
    tensors = update_tensors(release, files.update)
    numbers = np.concatenate([tensors[name].ravel() for name in update_shapes(document.job)])
    return JudgedAnswer(release=release, numbers=numbers)


def number_type(document: CampaignDocument) -> str:
    """The numpy type of the whole numbers of an answer."""
    return encoding_of(document.job)


def flat_weights(document: CampaignDocument, weights: bytes) -> Tensor:
    """The weights of the model one after the other, in the order of its tensors, as float64."""
    tensors = read_tensors(weights, dtype="F32")
    return np.concatenate([tensors[name].ravel() for name in shapes(document.job)]).astype(np.float64)


def weights_file(document: CampaignDocument, flat: Tensor) -> bytes:
    """The same back as float32 safetensors, cut to the largest weight that a job may start from."""
    kept, found, first = np.clip(flat, -LARGEST_WEIGHT, LARGEST_WEIGHT), {}, 0
    for name, shape in shapes(document.job).items():
        size = int(np.prod(shape))
        found[name] = kept[first : first + size].reshape(shape).astype(np.float32)
        first += size
    return write_tensors(found)


def template_job(document: CampaignDocument) -> Job:
    """What each round has the learner do, every column granted."""
    return learner_job(document.job, frozenset(field.name for field in document.job.fields))


def sign_model(document: CampaignDocument, digest: str, weights: bytes, key: SigningKey) -> SignedModel:
    """The final model of a campaign with these weights, signed by the round key."""
    data = model_document(digest, document.rounds, sha256_hex(weights))
    signature = signature_line(key.sign(MODEL_DOMAIN + data))
    return SignedModel(document=data, signature=signature, weights=weights)


def final_model_in(target: Path, document: CampaignDocument, weights: bytes) -> bytes:
    """The final model of a campaign as the ending of this file says; raises ``Invalid``."""
    job = kept_job(document, sha256_hex(weights))
    return model_in(target, job=job, weights=weights, name="the final model")
