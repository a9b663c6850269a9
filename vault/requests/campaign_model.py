"""The final model of a campaign: its weights, what says so, and the round key's signature of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field

from vault.errors.campaigns import CampaignModelInvalid, CampaignModelTampered
from vault.requests.campaign import ROUNDS_LIMIT
from vault.requests.canonical import NotCanonical, Wire, canonical, dump, parse_as
from vault.requests.shapes import shapes
from vault.requests.values import Digest
from vault.sealing.signing import is_signed_by

if TYPE_CHECKING:
    from vault.requests.campaign import CampaignDocument

MODEL_DOMAIN: Final = b"lockbox campaign model v1\n"
"""Goes before the bytes of a final model's document in what the round key signs."""
MODEL_FILE: Final = "model.json"
MODEL_SIGNATURE_FILE: Final = "model.sig"
MODEL_WEIGHTS_FILE: Final = "model.safetensors"
MODEL_LIMIT: Final = 1024
"""Bytes of the document."""
PLAIN_STEP: Final = {"kind": "sgd", "lr": 1, "momentum": 0}


class FinalModel(Wire):
    """Which weights a campaign ended with, after how many rounds."""

    v: Annotated[int, Field(ge=1, le=1)] = 1
    campaign: Digest
    rounds: Annotated[int, Field(ge=1, le=ROUNDS_LIMIT)]
    weights: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFiles:
    """The three files of a final model, as bytes; the signature is the 64 raw bytes of its line."""

    document: bytes
    signature: bytes
    weights: bytes


def model_document(digest: str, rounds: int, weights: str) -> bytes:
    """The document of a final model, from the digests of campaign and weights in hex."""
    return dump(FinalModel(campaign=digest, rounds=rounds, weights=weights))


def check_model(document: CampaignDocument, digest: str, files: ModelFiles) -> FinalModel:
    """The final model in these files, once the round key signed it and its weights are those of the campaign's model.

    Raises ``CampaignModelInvalid``, ``CampaignModelTampered``, ``WeightsTampered`` or ``WeightsInvalid``.
    """
    from vault.requests.weights import check_weights  # it loads numpy, which most acts do without

    if not is_signed_by(bytes.fromhex(document.round_key), MODEL_DOMAIN + files.document, files.signature):
        raise CampaignModelTampered()
    found = parse_model(files.document)
    if found.campaign != digest:
        raise CampaignModelInvalid(reason="it is of another campaign")
    if found.rounds > document.rounds:
        raise CampaignModelInvalid(reason="it has more rounds than the campaign")
    check_weights(files.weights, shapes(document.job), found.weights)
    return found


def parse_model(data: bytes) -> FinalModel:
    """The document in these bytes; raises ``CampaignModelInvalid``."""
    if len(data) > MODEL_LIMIT:
        raise CampaignModelInvalid(reason=f"it is larger than {MODEL_LIMIT} bytes")
    try:
        return parse_as(FinalModel, data)
    except NotCanonical as error:
        raise CampaignModelInvalid(reason=str(error)) from error


def kept_job(document: CampaignDocument, weights: str) -> bytes:
    """What the weights mean, as a job that trains the same model: by itself a job of sums holds none."""
    template = document.job.model_dump(mode="json", by_alias=True)
    trains = {"job": {"kind": "train"}, "model": {**template["model"], "weights": weights}}
    if document.job.optimizer.kind == "none":
        trains["optimizer"] = PLAIN_STEP
    return canonical({**template, **trains})
