"""U1-U5: the engine keeps the promises its price rests on, and the checks that say so can fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
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
from numpy.typing import NDArray
from planted_bugs import BUGS, PlantedBug
from privacy_checks import (
    bounded,
    independence_violations,
    noise_violations,
    sampling_violations,
    sensitivity_violations,
    step_violations,
)

from learner import data, engine
from learner.dp import clipping
from learner.models import gradients
from learner.protocol import Job, LabelSpec, job_shapes, parameter_count

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
    assert CHECKS[name]() == []


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_each_planted_bug_is_seen(bug: PlantedBug, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every known way to get it wrong is reported by the check that is meant for it."""
    bug.plant(monkeypatch)
    found = CHECKS[bug.seen_by]()
    assert any(bug.says in violation for violation in found), found


def test_all_thirteen_bugs_are_planted() -> None:
    """The battery of the privacy page is complete."""
    assert len({bug.name for bug in BUGS}) == 13


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
    assert independence_violations(job, units, rows_each) == []


def test_u5_sees_a_statistic_of_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Centring the inputs by their mean in the batch ties every unit to the others."""
    right = data.Rows.batch

    def wrong(rows: data.Rows, numbers: NDArray[np.int64], size: int) -> data.Batch:
        batch = right(rows, numbers, size)
        return replace(batch, inputs=batch.inputs - batch.inputs.mean(dim=0))

    monkeypatch.setattr(data.Rows, "batch", wrong)
    assert independence_violations(LOGISTIC, 30, 1) != []


ODD = replace(LOGISTIC, features=LOGISTIC.features + LOGISTIC.features[:1])
Drift = Callable[[torch.Tensor, int], torch.Tensor]


def plant(monkeypatch: pytest.MonkeyPatch, drift: Drift) -> list[int]:
    """Let every row differ by what ``drift`` makes of its place and of how many were asked for; gives the sizes."""
    right, sizes = data.Rows.batch, []

    def wrong(rows: data.Rows, numbers: NDArray[np.int64], size: int) -> data.Batch:
        batch = right(rows, numbers, size)
        sizes.append(len(batch.inputs))
        places = torch.arange(float(size))[:, None]
        return replace(batch, inputs=batch.inputs * (1 + 2.0**-20 * drift(places, len(numbers))))

    monkeypatch.setattr(data.Rows, "batch", wrong)
    return sizes


def test_u5_sees_kernels_that_add_in_another_order_for_few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bits that follow the number of rows are reported; what is computed is always the same number of them."""
    sizes = plant(monkeypatch, lambda _places, count: torch.tensor(float(count)))
    assert independence_violations(ODD, 300, 1) != []
    assert {clipping.physical_batch(parameter_count(job_shapes(ODD)))} == set(sizes)


def test_u5_and_the_rehearsal_see_kernels_that_add_by_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nine inputs and two outputs: where a row's bits depend on its place, the job is stopped."""
    engine.rehearse(ODD, weights_of(ODD))
    assert independence_violations(ODD, 300, 1) == []
    plant(monkeypatch, lambda places, _count: places)
    assert independence_violations(ODD, 300, 1) != []
    with pytest.raises(RuntimeError, match="place in the batch"):
        engine.rehearse(ODD, weights_of(ODD))


@pytest.mark.parametrize("classes", [2, 3, 10, 33])
@pytest.mark.parametrize("width", [1, 5, 9, 18, 33, 70])
@pytest.mark.parametrize("hidden", [(), (37,), (10, 129)], ids=str)
def test_no_shape_of_model_lets_a_row_depend_on_its_place(
    width: int, classes: int, hidden: tuple[int, ...]
) -> None:
    """U5 for widths around the sizes at which kernels change."""
    job = replace(
        WIDE, features=LOGISTIC.features[:1] * width, label=LabelSpec(kind="classes", classes=classes)
    )
    job = mlp(job, *hidden) if hidden else job
    size = clipping.physical_batch(parameter_count(job_shapes(job)))
    rows = data.encode_rows(job, data.constant_frame(job, size))
    assert not gradients.depends_on_place(job, rows, size)


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
    units = bounded(job, random_frame(job, 60, spread=30.0), np.ones(60, dtype=np.bool_))
    norms = [float(np.linalg.norm(gradient)) for gradient in units.values()]
    assert max(norms) <= job.clip_norm * (1 + 1e-12)
    assert max(norms) > job.clip_norm * 0.99


def test_physical_batches_are_never_small() -> None:
    """Below about 31 rows kernels change; every model gets at least 64, and memory stays bounded."""
    sizes = {d: clipping.physical_batch(d) for d in (1, 1024, 1025, 16_384, 16_385, 200_000)}
    assert sizes == {1: 1024, 1024: 1024, 1025: 256, 16_384: 256, 16_385: 64, 200_000: 64}
