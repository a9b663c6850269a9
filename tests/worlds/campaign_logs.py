"""The log of a world's campaign, kept by whoever runs its rounds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vault.requester.campaign_log import (
    LogPart,
    campaign_leaf,
    closed_leaf,
    cosign,
    enrolled_leaf,
    log_head,
    model_leaf,
    part_since,
    round_key,
    round_leaf,
    sign_head,
)
from vault.requests.campaign_model import MODEL_DOMAIN, ModelFiles, model_document
from vault.sealing.digest import sha256_hex
from vault.sealing.signing import SigningKey


class WorldLog:
    """The leaves of one campaign's log, and what a vault is handed of it."""

    def __init__(self, folder: Path, *, witness: SigningKey | None = None) -> None:
        self.digest = sha256_hex((folder / "campaign.json").read_bytes())
        self.key = round_key(folder)
        self.witness = witness
        self.leaves = [campaign_leaf(self.digest)]

    def enrol(self, vaults: int) -> None:
        """Some vaults are enrolled."""
        self.leaves += [enrolled_leaf(number.to_bytes(32, "big")) for number in range(vaults)]

    def open(self, job: Path, number: int) -> None:
        """A round is opened."""
        manifest, weights = (job / name for name in ("manifest.json", "weights.safetensors"))
        digests = {"manifest": sha256_hex(manifest.read_bytes()), "weights": sha256_hex(weights.read_bytes())}
        self.leaves.append(round_leaf(number, **digests))

    def close(self, number: int) -> None:
        """A round is closed."""
        self.leaves.append(closed_leaf(number, answers=1))

    def end(self, weights: bytes) -> ModelFiles:
        """The campaign ends with these weights."""
        self.leaves.append(model_leaf(sha256_hex(weights)))
        document = model_document(self.digest, 1, sha256_hex(weights))
        return ModelFiles(
            document=document, signature=self.key.sign(MODEL_DOMAIN + document), weights=weights
        )

    def note(self, leaves: Sequence[bytes] | None = None) -> bytes:
        """A checkpoint over these leaves, by default over all."""
        note = sign_head(log_head(self.digest, self.leaves if leaves is None else leaves), self.key)
        if self.witness is None:
            return note
        return note + cosign(note, name="witness", key=self.witness, at=1_767_225_600)

    def part(self, kept: int = 0) -> LogPart:
        """What a vault that kept so many leaves is handed."""
        return part_since(self.note(), self.leaves, kept)
