"""A round of a campaign: its job follows from the campaign, and what departs from that is refused with the reason."""

from __future__ import annotations

import re
from typing import Final

from vault.errors.campaigns import OWN_NOISE, RoundDeparts, RoundTampered
from vault.errors.requests import ManifestInvalid
from vault.requests.bundle import JobFiles, check_sizes
from vault.requests.campaign import CampaignDocument
from vault.requests.canonical import NotCanonical, canonical, parse_version, read_object
from vault.requests.manifest import RoundManifest
from vault.requests.shapes import shapes
from vault.sealing.digest import sha256_hex
from vault.sealing.signing import is_signed_by

ROUND_DOMAIN: Final = b"lockbox campaign round v1\n"
"""Goes before the bytes of a round's job in what the round key signs: as a job by itself it has no signature."""
ID_DOMAIN: Final = b"lockbox campaign job id v1\n"

SAME: Final = {
    "v": "its format is not that of the campaign",
    "job": "what it computes is not what the campaign computes",
    "requester": "its requester is not that of the campaign",
    "purpose": "its purpose is not that of the campaign",
    "recipients": "its recipients are not those of the campaign",
    "retention": "how long the result is kept is not what the campaign says",
    "collection": "its collection is not that of the campaign",
    "unit": "its privacy unit is not that of the campaign",
    "max_rows_per_unit": "how many rows of a unit count is not what the campaign says",
    "unit_reduction": "how the rows of a unit are put together is not what the campaign says",
    "where": "the records it asks for are not those of the campaign",
    "fields": "its columns or their transforms are not those of the campaign",
    "model": "its model is not that of the campaign",
    "loss": "its loss is not that of the campaign",
    "optimizer": "its optimizer is not that of the campaign",
    "output": "how its update is averaged or written is not what the campaign says",
    "dp": "its mechanism is not that of the campaign",
    "slot_minutes": "the time to decide is not what the campaign says",
}
"""By the key of a manifest, what is said where a round departs from its campaign."""
OTHER_NOISE: Final = (
    "its mechanism is not that of the campaign in this vault's noise tier, {tier}: "
    "ask whoever sent it for the round in that tier"
)
FREE: Final = ("job_id", "campaign", "expires")
"""The keys that a round has of its own; its weights stand in ``model``."""


def round_job_id(digest: str, number: int) -> str:
    """The one job id of a round: the first 16 bytes of SHA-256 over campaign digest and round, in hex."""
    return sha256_hex(ID_DOMAIN + bytes.fromhex(digest) + number.to_bytes(8, "big"))[:32]


def round_manifest(document: CampaignDocument, digest: str, number: int, weights: str) -> bytes:
    """The manifest of a round that starts from the weights of this digest."""
    own = {
        "job_id": round_job_id(digest, number),
        "campaign": {"digest": digest, "round": number},
        "expires": document.deadlines[number - 1],
    }
    template = document.job.model_dump(mode="json", by_alias=True)
    return canonical({**template, **own, "model": {**template["model"], "weights": weights}})


def logged_manifest(document: CampaignDocument, digest: str, job: RoundManifest) -> str:
    """SHA-256 of the manifest by which the log of a campaign knows a round, in whichever tier its job is.

    ``document`` is the campaign as it was signed: the log has one line for a round, of the campaign's own noise.
    """
    return sha256_hex(round_manifest(document, digest, job.campaign.round, job.model.weights))


def departures(document: CampaignDocument, digest: str, job: RoundManifest) -> tuple[str, ...]:
    """Why a job is no round of a campaign, a clause for each departure; empty for one that is."""
    return (*_of_round(document, digest, job), *_of_template(document, job))


def check_round(document: CampaignDocument, digest: str, files: JobFiles) -> RoundManifest:
    """The job of a round, once it is signed by the round key and departs in nothing from the campaign.

    Raises ``RoundTampered``, ``RoundDeparts``, ``ManifestInvalid``, ``WeightsTampered`` or ``WeightsInvalid``.
    """
    from vault.requests.weights import check_weights  # it loads numpy, which most acts do without

    check_sizes(files)
    if not is_signed_by(bytes.fromhex(document.round_key), ROUND_DOMAIN + files.manifest, files.signature):
        raise RoundTampered()
    found = parse_round(files.manifest)
    for clause in departures(document, digest, found):
        raise RoundDeparts(reason=clause)
    check_weights(files.weights, shapes(found), found.model.weights)
    return found


def named_campaign(manifest: bytes) -> str:
    """The digest of the campaign that a round names, whoever wrote it; raises ``ManifestInvalid``."""
    try:
        named = read_object(manifest).get("campaign")
    except NotCanonical as error:
        raise ManifestInvalid(reason=str(error)) from error
    digest = named.get("digest") if isinstance(named, dict) else None
    if not isinstance(digest, str) or not re.fullmatch("[0-9a-f]{64}", digest):
        raise ManifestInvalid(reason="it names no campaign")
    return digest


def parse_round(data: bytes) -> RoundManifest:
    """The job of a round in these bytes; raises ``ManifestInvalid``."""
    try:
        return parse_version({2: RoundManifest}, data)
    except NotCanonical as error:
        raise ManifestInvalid(reason=str(error)) from error


def _of_round(document: CampaignDocument, digest: str, job: RoundManifest) -> tuple[str, ...]:
    """What is wrong with what a round has of its own."""
    number = job.campaign.round
    if job.campaign.digest != digest:
        return ("it names another campaign",)
    if number > document.rounds:
        return (f"it is round {number:,} of {document.rounds:,}",)
    found = []
    if job.job_id != round_job_id(digest, number):
        found.append(f"its id is not that of round {number:,}")
    if job.expires != document.deadlines[number - 1]:
        found.append(f"it does not expire with round {number:,}")
    return tuple(found)


def _of_template(document: CampaignDocument, job: RoundManifest) -> tuple[str, ...]:
    """What is not the campaign's, byte by byte, in the canonical form of each key."""
    asked = document.job.model_dump(mode="json", by_alias=True)
    found = job.model_dump(mode="json", by_alias=True)
    for one in (asked, found):
        one["model"].pop("weights")
    sentences = SAME if len(document.noises) == 1 else SAME | {"dp": OTHER_NOISE.format(tier=_tier(document))}
    return tuple(
        clause for key, clause in sentences.items() if canonical(asked[key]) != canonical(found[key])
    )


def _tier(document: CampaignDocument) -> str:
    """What the noise tier is called that this is the campaign in."""
    named = {noise: name for name, noise in document.noises.items() if name is not None}
    return named.get(document.job.dp.noise_multiplier, OWN_NOISE)
