"""Campaigns without owners: a signed one in a folder, and made vaults that answer its rounds by a key alone.

Nothing is priced and nothing learned here, so that it costs next to nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learner.federation.exchange import answer_bytes, enrolment_bytes
from learner.update import encode_update
from vault.budget.filter import Charge
from vault.budget.pricing import Price
from vault.requester.campaigns import sign_campaign
from vault.requester.keys import keygen
from vault.requester.release_check import ReleaseFiles
from vault.requests.bundle import signature_line
from vault.requests.campaign import parse_campaign
from vault.requests.canonical import canonical
from vault.requests.enrolment_message import enrolment_message
from vault.requests.parse import manifest_digest, parse_stored
from vault.requests.release_manifest import RELEASE_DOMAINS, build_release_manifest
from vault.requests.shapes import dimension, shapes, update_shapes
from vault.requests.values import TIME_FORMAT
from vault.requests.weights import write_tensors
from vault.sealing.keyfile import write_secret_key
from vault.sealing.random import random_id
from vault.sealing.signing import SigningKey

START = datetime(2026, 1, 1, tzinfo=UTC)
"""When made campaigns begin, and how long a round of theirs is open."""
WEEK = timedelta(days=7)

NUMBER = {"kind": "standard", "clip": 3}
DOCUMENT: dict[str, Any] = {
    "v": 1,
    "protocol": "gradient_sum",
    "most_units": 500,
    "aggregation": {"filtered": True, "rule": "trimmed_mean", "weights": "inverse_noise"},
    "server": {"kind": "gradient_steps", "lr": 1.5, "momentum": 0.5, "units": 50},
    "witness": None,
    "returns": "final_model",
    "job": {
        "v": 2,
        "job_id": "0" * 32,
        "campaign": None,
        "requester": {"name": "Sleep lab", "contact": "lab@example.org", "key": "0" * 64},
        "purpose": {"dpv": "https://w3id.org/dpv#AcademicResearch", "text": "Do steps tell the night?"},
        "recipients": [],
        "retention": "deleted when the study ends",
        "collection": "nights",
        "unit": "day",
        "max_rows_per_unit": 3,
        "unit_reduction": "mean",
        "where": {"from": None, "to": None},
        "fields": [
            {"name": "good", "necessity": "required", "role": "label",
             "transform": {"kind": "classes", "labels": ["false", "true"]}},
            {"name": "steps", "necessity": "required", "role": "feature",
             "transform": {**NUMBER, "center": 7000, "fill": 7000, "scale": 3000}},
            {"name": "coffee", "necessity": "optional", "role": "feature",
             "transform": {**NUMBER, "center": 2, "fill": 2, "scale": 1}},
        ],
        "job": {"kind": "gradient_sum"},
        "model": {"kind": "logistic", "weights": "0" * 64},
        "loss": "cross_entropy",
        "optimizer": {"kind": "none"},
        "output": {"average": "last", "encoding": "int64", "grid": 13},
        "dp": {"clip": 0.866, "expected_batch": 1, "noise_multiplier": 7.3174, "sampling_rate": 1, "steps": 1},
        "slot_minutes": 60,
    },
}  # fmt: skip
"""A campaign of gradient sums, without an id, deadlines and keys."""
PRICE = Price(
    charge=Charge(()), delta=Decimal("1e-6"), epsilon=Decimal("0.6"), guess_rate=Decimal("0.6"),
    worst_case=Decimal("0.6"), numerical_assumption=False,
)  # fmt: skip


def signed_campaign(
    folder: Path, now: datetime, *, name: str = "campaign", rounds: int = 3, days: float = 7, **changes: Any
) -> Path:
    """The folder of a signed campaign, its round key beside it; the requester's key lies in ``lab``."""
    if not (folder / "lab").exists():
        keygen(folder / "lab")
    to, key = folder / name, SigningKey.generate()
    deadlines = [(now + timedelta(days=days * (place + 1))).strftime(TIME_FORMAT) for place in range(rounds)]
    document = {**DOCUMENT, "campaign_id": random_id(), "deadlines": deadlines, "round_key": key.public.hex()}
    document = document | changes
    data = canonical({**document, "job": {**document["job"], "expires": deadlines[-1]}})
    to.mkdir()
    (to / "campaign.json").write_bytes(data)
    tensors = {name: np.zeros(shape, np.float32) for name, shape in shapes(parse_campaign(data).job).items()}
    (to / "weights.safetensors").write_bytes(write_tensors(tensors))
    write_secret_key(to / "round.key", key.seed())
    sign_campaign(to, folder / "lab" / "requester.key")
    return to


@dataclass(frozen=True)
class MadeVault:
    """A vault that is a key alone: it signs whatever numbers it is told to, as a vault signs a release."""

    key: SigningKey = field(default_factory=SigningKey.generate)

    @property
    def public(self) -> str:
        """Its public key."""
        return self.key.public.hex()

    def proof(self, campaign: str, code: str) -> bytes:
        """Its signature that it enrols in a campaign by a code."""
        return self.key.sign(enrolment_message(campaign, code))

    def enrolment(self, campaign: str, code: str) -> bytes:
        """The body by which it enrols."""
        return enrolment_bytes(code, self.key.public, self.proof(campaign, code))

    def answer(
        self, manifest: bytes, numbers: Sequence[float] | NDArray[Any] | None = None, *, release_id: str = ""
    ) -> tuple[str, ReleaseFiles]:
        """A release that answers a round, and its id; ``numbers`` are whole, and without them all are zero."""
        job = parse_stored(manifest)
        whole = np.zeros(dimension(job)) if numbers is None else np.asarray(numbers)
        update = encode_update(whole.astype("int64"), update_shapes(job))
        release_id = release_id or random_id()
        data = build_release_manifest(
            job,
            request_id=job.job_id,
            job_digest=manifest_digest(manifest),
            allowed=job.required | job.optional,
            price=PRICE,
            update=update,
            vault_key=self.key.public,
            release_id=release_id,
        )
        return release_id, self.signed(data, update)

    def signed(self, manifest: bytes, update: bytes, *, domain: bytes = RELEASE_DOMAINS[2]) -> ReleaseFiles:
        """The files of a release with this key's signature."""
        line = signature_line(self.key.sign(domain + manifest))
        return ReleaseFiles(manifest=manifest, signature=line, update=update)

    def body(
        self, manifest: bytes, numbers: Sequence[float] | NDArray[Any] | None = None
    ) -> tuple[str, bytes]:
        """The body of an answer, and the id of its release."""
        release_id, files = self.answer(manifest, numbers)
        return release_id, answer_bytes(files)


def changed_release(files: ReleaseFiles, **changes: Any) -> bytes:
    """The manifest of a release with other values in it, not signed."""
    return canonical({**json.loads(files.manifest), **changes})
