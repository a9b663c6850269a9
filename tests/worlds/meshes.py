"""Meshes of made vaults: a signed campaign with a closed list of peers, and models that they released."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learner.federation.mesh_forms import shared_bytes
from learner.federation.mesh_mixing import Mix, mixed_by
from learner.federation.mesh_models import ReleasedModel, released_model
from tests.worlds.answering import DOCUMENT, MadeVault, signed_campaign
from vault.requester.campaign_rounds import signed_round
from vault.requester.coordinating import (
    CampaignDocument,
    flat_weights,
    read_campaign,
    round_key,
    update_step,
    weights_file,
)

NAMES = (
    "Anna",
    "Ben",
    "Cora",
    "Dan",
    "Eve",
    "Finn",
    "Gus",
    "Hal",
    *(f"Peer {number}" for number in range(9, 40)),
)
AUTHORITY = "a" * 64
MESH_JOB = {
    **DOCUMENT["job"],
    "job": {"kind": "train"},
    "optimizer": {"kind": "sgd", "lr": 0.5, "momentum": 0},
    "dp": {"clip": 1, "expected_batch": 50, "noise_multiplier": 4, "sampling_rate": 1, "steps": 4},
}


def mesh_changes(peers: Sequence[MadeVault], **aggregation: Any) -> dict[str, Any]:
    """What makes a made campaign a mesh of these vaults."""
    names = NAMES[: len(peers)]
    known = [{"name": name, "key": one.public} for name, one in zip(names, peers, strict=True)]
    return {
        "protocol": "fedavg",
        "aggregation": {"filtered": True, "rule": "median", "weights": "inverse_noise", **aggregation},
        "server": {"kind": "mesh", "authority": AUTHORITY, "peers": known},
        "returns": "nothing",
        "job": {**MESH_JOB, "recipients": list(names)},
    }


@dataclass(frozen=True)
class MadeMesh:
    """A signed mesh of made vaults."""

    folder: Path
    peers: tuple[MadeVault, ...]

    @property
    def document(self) -> CampaignDocument:
        """Its campaign."""
        return read_campaign(self.folder).document

    @property
    def digest(self) -> str:
        """The digest of its campaign."""
        return read_campaign(self.folder).digest

    @property
    def first(self) -> NDArray[Any]:
        """Its first weights."""
        return flat_weights(self.document, read_campaign(self.folder).weights)

    def shared(
        self,
        peer: int,
        number: int,
        weights: NDArray[Any],
        *,
        start: NDArray[Any] | None = None,
        signer: MadeVault | None = None,
    ) -> bytes:
        """The model with these weights as a peer released it, from ``start`` in the round of this number."""
        begin = self.first if start is None else start
        job = signed_round(
            self.document,
            self.digest,
            number,
            weights=weights_file(self.document, begin),
            key=round_key(self.folder),
        )
        whole = np.round((weights - begin) / update_step(self.document.job))
        return shared_bytes(job, (signer or self.peers[peer]).answer(job.manifest, whole)[1])

    def released(self, peer: int, number: int, weights: NDArray[Any]) -> ReleasedModel:
        """The same, judged."""
        return released_model(self.shared(peer, number, weights), self.document, self.digest)

    def mix(self, own: ReleasedModel | None, others: Sequence[ReleasedModel], after: int) -> Mix:
        """What the first peer mixes."""
        return mixed_by(
            self.document,
            own_key=self.peers[0].public,
            own=own,
            first=self.first,
            others={one.key: one for one in others},
            after=after,
        )


def made_mesh(
    folder: Path, now: datetime, *, count: int = 4, rounds: int = 3, days: float = 7, **aggregation: Any
) -> MadeMesh:
    """A signed mesh of so many made vaults."""
    peers = tuple(MadeVault() for _ in range(count))
    made = signed_campaign(
        folder, now, name="mesh", rounds=rounds, days=days, **mesh_changes(peers, **aggregation)
    )
    return MadeMesh(folder=made, peers=peers)
