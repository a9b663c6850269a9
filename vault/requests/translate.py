"""What a manifest asks of its neighbours: a question to consent, a mechanism to price, a job to learn."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from learner.protocol import Job
from vault.budget.mechanism import Mechanism
from vault.consent.decide import Question
from vault.consent.grants import Operation, Window
from vault.requests.encodings import encoding_of, update_step
from vault.requests.manifest import Manifest, RoundManifest, kind_of
from vault.requests.models import model_spec
from vault.requests.optimizers import Adam, DecayedSgd, NoOptimizer, Sgd
from vault.requests.shapes import all_specs, dimension, label_spec
from vault.views.states import RequesterStatus


def question(
    manifest: Manifest, *, requester_id: str, requester_status: RequesterStatus, epsilon: Decimal
) -> Question:
    """What the consents are asked; ``epsilon`` is the job's price (PLD, at the vault's delta)."""
    return Question(
        collection=manifest.collection,
        required=manifest.required,
        optional=manifest.optional,
        purpose=manifest.purpose.dpv,
        requester_id=requester_id,
        requester_status=requester_status,
        operation=Operation.TRAIN,
        window=Window(start=manifest.where.start, end=manifest.where.end),
        unit=manifest.unit,
        epsilon=epsilon,
        campaign=manifest.campaign.digest if isinstance(manifest, RoundManifest) else None,
    )


def mechanism(manifest: Manifest) -> Mechanism:
    """What the job does to the data, as its price sees it: public constants only."""
    return Mechanism(
        sampling_rate=manifest.dp.sampling_rate,
        noise_multiplier=manifest.dp.noise_multiplier,
        steps=manifest.dp.steps,
        parameters=dimension(manifest),
        grid_exponent=manifest.output.grid,
        clip_norm=manifest.dp.clip,
    )


def learner_job(manifest: Manifest, allowed: frozenset[str]) -> Job:
    """What the learner is told: an optional field that is not allowed keeps its place, as its public fill."""
    return Job(
        model=model_spec(manifest.model),
        loss=manifest.loss,
        features=all_specs(manifest, allowed),
        label=label_spec(manifest.label),
        unit_reduction=manifest.unit_reduction,
        max_rows_per_unit=manifest.max_rows_per_unit,
        sampling_rate=manifest.dp.sampling_rate,
        expected_batch=manifest.dp.expected_batch,
        clip_norm=manifest.dp.clip,
        noise_multiplier=manifest.dp.noise_multiplier,
        steps=manifest.dp.steps,
        average=manifest.output.average,
        grid=manifest.output.grid,
        encoding=encoding_of(manifest),
        output_step=update_step(manifest),
        kind=kind_of(manifest),
        **_steps(manifest),
    )


def _steps(manifest: Manifest) -> dict[str, Any]:
    """How the job's noised gradients become steps."""
    optimizer = manifest.optimizer
    match optimizer:
        case Sgd():
            return {"lr": optimizer.lr, "momentum": optimizer.momentum}
        case DecayedSgd():
            return {"lr": optimizer.lr, "momentum": optimizer.momentum, "decay": optimizer.decay}
        case Adam():
            return {
                "optimizer": "adam",
                "lr": optimizer.lr,
                "momentum": optimizer.beta1,
                "second_momentum": optimizer.beta2,
                "decay": optimizer.decay,
            }
        case NoOptimizer():
            return {"lr": 1.0, "momentum": 0.0}
