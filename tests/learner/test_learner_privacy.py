"""U1-U5: the engine keeps the promises its price rests on, and the checks that say so can fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from learner_setups import (
    LINEAR,
    LOGISTIC,
    SeededWords,
    listened,
    mlp,
    random_frame,
    weights_of,
    without_unit,
)
from planted_bugs import BUGS, PlantedBug
from privacy_checks import (
    bounded,
    independence_violations,
    noise_violations,
    sampling_violations,
    sensitivity_violations,
    step_violations,
)

from learner.dp import clipping
from learner.protocol import Job

CHECKS: dict[str, Callable[[], list[str]]] = {
    "U1": sensitivity_violations,
    "U2": noise_violations,
    "U3": sampling_violations,
    "U4": step_violations,
}
WIDE = replace(LOGISTIC, grid=20)


@pytest.mark.parametrize("name", CHECKS)
def test_the_engine_has_no_violation(name: str) -> None:
    """Sensitivity, noise, sampling and step count are those of the priced mechanism."""
    assert [] == CHECKS[name]()


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_each_planted_bug_is_seen(bug: PlantedBug, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every known way to get it wrong is reported by the check that is meant for it."""
    bug.plant(monkeypatch)
    assert [] != CHECKS[bug.seen_by]()


def test_all_thirteen_bugs_are_planted() -> None:
    """The battery of the privacy page is complete."""
    assert 13 == len({bug.name for bug in BUGS})


@pytest.mark.parametrize(
    ("job", "units", "rows_each"),
    [
        (LOGISTIC, 300, 7),
        (replace(LINEAR, unit_reduction="mean"), 1500, 1),
        (mlp(WIDE, 100, 20), 300, 3),
        (mlp(WIDE, 150, 120), 100, 3),
    ],
    ids=["logistic", "linear", "mlp of 3 k", "mlp of 20 k"],
)
def test_a_unit_gradient_has_the_same_bits_in_any_company(job: Job, units: int, rows_each: int) -> None:
    """U5: who else is in the batch changes not one bit of a unit's bounded gradient."""
    assert [] == independence_violations(job, units, rows_each)


def test_u5_sees_a_physical_batch_that_follows_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without padding to one shape the matrix kernels sum in another order, and the check says so."""
    import learner.data

    right = learner.data.Rows.batch
    monkeypatch.setattr(learner.data.Rows, "batch", lambda self, rows, size: right(self, rows, len(rows)))
    assert [] != independence_violations(mlp(WIDE, 150, 120), 100, 1)


def test_taking_a_unit_out_changes_the_sum_by_exactly_its_gradient() -> None:
    """The sum is exact in float64, so no rounding of it depends on who is there."""
    frame = random_frame(LOGISTIC, 40, rows_each=2, spread=3.0)
    weights = weights_of(LOGISTIC, scale=0.3)
    alone = bounded(LOGISTIC, frame, np.arange(40) == 11)[11]
    whole = listened(LOGISTIC, frame, weights=weights, words=SeededWords(0))[0].totals[0]
    rest = listened(LOGISTIC, without_unit(LOGISTIC, frame, 11), weights=weights, words=SeededWords(0))[0]
    assert alone.any()
    assert np.array_equal(alone, whole - rest.totals[0])


def test_no_bounded_gradient_is_longer_than_the_clip_norm() -> None:
    """Clipping is over all parameters together, and truncation lets no norm grow."""
    job = mlp(WIDE, 30, 10)
    gradients = bounded(job, random_frame(job, 60, spread=30.0), np.ones(60, dtype=np.bool_))
    norms = [float(np.linalg.norm(gradient)) for gradient in gradients.values()]
    assert max(norms) <= job.clip_norm * (1 + 1e-12)
    assert max(norms) > job.clip_norm * 0.99


def test_physical_batches_are_never_small() -> None:
    """Below about 31 rows kernels change; every model gets at least 64, and memory stays bounded."""
    sizes = {d: clipping.physical_batch(d) for d in (1, 1024, 1025, 16_384, 16_385, 200_000)}
    assert {1: 1024, 1024: 1024, 1025: 256, 16_384: 256, 16_385: 64, 200_000: 64} == sizes
