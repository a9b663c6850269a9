"""U1-U5: the engine keeps the promises its price rests on, and the checks that say so can fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from learner_setups import (
    LINEAR,
    LOGISTIC,
    listened,
    mlp,
    only_unit,
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
from learner.dp.places import depends_on_place
from learner.dp.plan import plan_of
from learner.models.network import network_of
from learner.protocol import Job, LabelSpec
from tests.sweeps import sweep_of_many

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


def test_all_bugs_are_planted() -> None:
    """The thirteen of the battery, and noise that follows the size of the batch."""
    assert len({bug.name for bug in BUGS}) == 14


@pytest.mark.parametrize(
    ("job", "units", "rows_each"),
    [
        (LOGISTIC, 300, 7),
        (replace(LINEAR, unit_reduction="mean"), 1500, 1),
        (mlp(WIDE, 100, 20), 300, 3),
        (mlp(WIDE, 150, 120), 100, 3),
        (mlp(replace(WIDE, max_rows_per_unit=1), 150, 120), 900, 1),
        (mlp(replace(WIDE, max_rows_per_unit=600), 30, 30), 4, 600),
    ],
    ids=["logistic", "linear", "mlp of 3 k", "mlp of 20 k", "mlp by rows", "long units"],
)
def test_a_unit_gradient_has_the_same_bits_in_any_company(job: Job, units: int, rows_each: int) -> None:
    """U5: who else is in the batch changes not one bit of a unit's bounded gradient."""
    assert independence_violations(job, units, rows_each) == []


Wrong = Callable[[data.Block, int], None]


def plant(monkeypatch: pytest.MonkeyPatch, spoil: Wrong) -> None:
    """Let the inputs of a block differ by what ``spoil`` makes of them and of how many rows were asked for."""
    right = data.Rows.fill

    def wrong(rows: data.Rows, block: data.Block, numbers: NDArray[np.int64]) -> None:
        right(rows, block, numbers)
        spoil(block, len(numbers))

    monkeypatch.setattr(data.Rows, "fill", wrong)


def by_the_mean(block: data.Block, _count: int) -> None:
    block.inputs[:] -= block.inputs.mean(axis=0)


def by_count(block: data.Block, count: int) -> None:
    block.inputs[:] *= 1 + 2.0**-20 * count


def by_place(block: data.Block, _count: int) -> None:
    block.inputs[:] *= 1 + 2.0**-20 * np.arange(len(block.inputs))[:, None]


KINDS = {"rows": replace(LOGISTIC, max_rows_per_unit=1), "units": LOGISTIC, "mlp": mlp(WIDE, 5)}


@pytest.mark.parametrize("spoil", [by_the_mean, by_count, by_place])
@pytest.mark.parametrize("job", KINDS.values(), ids=KINDS)
def test_u5_and_the_rehearsal_see_rows_that_tell_of_each_other(
    job: Job, spoil: Wrong, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inputs centred by the batch, kernels that follow the number of rows or a row's place: the job is stopped."""
    engine.rehearse(job, weights_of(job))
    assert independence_violations(job, 60, 1) == []
    plant(monkeypatch, spoil)
    assert independence_violations(job, 60, 1) != []
    with pytest.raises(RuntimeError, match="place in the batch"):
        engine.rehearse(job, weights_of(job))


MODELS: list[tuple[int, int, tuple[int, ...]]] = [
    (width, classes, hidden)
    for hidden in ((), (37,), (10, 129))
    for width in (1, 5, 9, 18, 33, 70)
    for classes in (2, 3, 10, 33)
]


@pytest.mark.parametrize(
    ("width", "classes", "hidden"),
    sweep_of_many([*MODELS[::3], *MODELS[1::3], *MODELS[2::3]], default=24),
    ids=str,
)
def test_no_shape_of_model_lets_a_row_depend_on_its_place(
    width: int, classes: int, hidden: tuple[int, ...]
) -> None:
    """U5 for widths around the sizes at which kernels change."""
    job = replace(
        WIDE, features=LOGISTIC.features[:1] * width, label=LabelSpec(kind="classes", classes=classes)
    )
    job = mlp(job, *hidden) if hidden else job
    for most_rows in (1, 8):
        several = replace(job, max_rows_per_unit=most_rows)
        plan = plan_of(several)
        frame = data.constant_frame(several, plan.block)
        network = network_of(several, data.encode_rows(several, frame), plan.block)
        assert not depends_on_place(network, data.group_units(frame.unit, most_rows), plan)


@pytest.mark.parametrize("job", [LOGISTIC, mlp(WIDE, 40, 40)], ids=["logistic", "mlp"])
def test_taking_a_unit_out_changes_the_sum_by_its_gradient_and_the_margin(job: Job) -> None:
    """Two float64 sums that differ in one unit differ by what it adds, up to far less than what is charged."""
    frame = random_frame(job, 40, rows_each=2, spread=3.0)
    weights = weights_of(job, scale=0.3)
    alone = listened(job, only_unit(job, frame, 11), weights=weights)[0].totals[0]
    whole = listened(job, frame, weights=weights)[0].totals[0]
    rest = listened(job, without_unit(job, frame, 11), weights=weights)[0].totals[0]
    assert alone.any()
    margin = plan_of(job).summation_margin * job.clip_norm
    assert np.linalg.norm(whole - rest - alone) <= margin / 1e4


def test_no_bounded_gradient_is_longer_than_the_clip_norm() -> None:
    """Clipping is over all parameters together, and no rounding lets a norm grow."""
    job = mlp(WIDE, 30, 10)
    units = bounded(job, random_frame(job, 60, spread=30.0), np.arange(60))
    norms = [float(np.linalg.norm(gradient)) for gradient in units.values()]
    assert max(norms) <= job.clip_norm
    assert max(norms) > job.clip_norm * 0.99
