"""A round of a campaign, written and signed by whoever runs the rounds: the requester's own key is not needed."""

from __future__ import annotations

from pathlib import Path

from vault.errors.campaigns import NoTierMade
from vault.errors.families import Invalid
from vault.requester.campaign_log import ROUND_KEY_FILE
from vault.requests.bundle import (
    MANIFEST_FILE,
    SIGNATURE_FILE,
    WEIGHTS_FILE,
    WEIGHTS_LIMIT,
    JobFiles,
    read_bounded,
    signature_line,
)
from vault.requests.campaign import (
    CampaignDocument,
)
from vault.requests.campaign_file import read_signed_campaign
from vault.requests.campaign_round import ROUND_DOMAIN, check_round, round_manifest
from vault.requests.folders import check_campaign_there
from vault.requests.manifest import RoundManifest
from vault.sealing.digest import sha256_hex
from vault.sealing.durable import create_file
from vault.sealing.keyfile import read_secret_key
from vault.sealing.signing import SigningKey
from vault.store.new_folder import check_free, new_folder


def new_round(
    folder: Path, number: int, *, to: Path, weights: Path | None = None, tier: str | None = None
) -> RoundManifest:
    """Write the signed job of a round into a new folder; it starts from the campaign's first weights by default.

    It is for vaults in this noise tier, None being the campaign's own noise. Raises ``NoTierMade``,
    ``DestinationUnusable``, ``Invalid``, ``CampaignTampered``, ``RoundTampered`` where the round key beside the
    campaign is another one, and what else ``signed_campaign`` and ``check_round`` do; then nothing is written.
    """
    check_free(to)
    check_campaign_there(folder)
    signed = read_signed_campaign(folder)
    document, digest = signed.document.at_tier(tier, refusal=NoTierMade), signed.digest
    if not 1 <= number <= document.rounds:
        raise Invalid(reason=f"the campaign has the rounds 1 to {document.rounds:,}")
    start = read_bounded(weights or folder / WEIGHTS_FILE, WEIGHTS_LIMIT)
    key = SigningKey.from_seed(read_secret_key(folder / ROUND_KEY_FILE))
    files = signed_round(document, digest, number, weights=start, key=key)
    found = check_round(document, digest, files)
    _write(files, to)
    return found


def signed_round(
    document: CampaignDocument, digest: str, number: int, *, weights: bytes, key: SigningKey
) -> JobFiles:
    """The job of a round that starts from these weights, signed by the round key; nothing of it is checked."""
    manifest = round_manifest(document, digest, number, sha256_hex(weights))
    return JobFiles(manifest=manifest, signature=key.sign(ROUND_DOMAIN + manifest), weights=weights)


def _write(files: JobFiles, to: Path) -> None:
    with new_folder(to) as place:
        create_file(place / MANIFEST_FILE, files.manifest)
        create_file(place / SIGNATURE_FILE, signature_line(files.signature))
        create_file(place / WEIGHTS_FILE, files.weights)
