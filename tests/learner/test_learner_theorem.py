"""The float64 theorem of the clipped sum, condition by condition (docs/proof.md), in exact arithmetic.

What a unit adds is a sum of outer products of float64 numbers, which fractions hold exactly; so the tests
compare with no tolerance of their own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from learner_setups import (
    LINEAR,
    LOGISTIC,
    WIDTH,
    cnn,
    frame_of,
    listened,
    mlp,
    random_frame,
    text,
    transformer,
    weights_of,
)
from numpy.typing import NDArray
from privacy_checks import addends, copied

from learner.data import encode_rows, group_units
from learner.dp import clipping
from learner.dp import plan as plan_module
from learner.dp.books import Books, Layer
from learner.dp.plan import MAX_CANCELLATION, plan_of
from learner.dp.totals import Total
from learner.dp.units import UnitBlock
from learner.models.network import network_of
from learner.protocol import NETWORKS, Job

ADAPTED = mlp(LOGISTIC, 5, activation="relu")
JOBS = {
    "rows": replace(LOGISTIC, max_rows_per_unit=1),
    "formed": LOGISTIC,
    "rows of an mlp": mlp(replace(LOGISTIC, max_rows_per_unit=1), 5, 4, activation="relu"),
    "pairs": mlp(replace(LINEAR, grid=20), 40, 24),
    "long unit": replace(LOGISTIC, max_rows_per_unit=400),
    "rows of maps": cnn(replace(LOGISTIC, max_rows_per_unit=1), (2, 4, 1), 3, activation="relu"),
    "maps": cnn(LOGISTIC, (4, 4, 1), 5, 4),
    "rows of text": text(replace(LOGISTIC, max_rows_per_unit=1), 6, 1, 2, activation="relu"),
    "texts": text(LOGISTIC, 5, 4, 3),
    "normed maps": cnn(LOGISTIC, (2, 4, 1), 4, 2, pool=(1, 2), groups=2),
    "attention": transformer(LOGISTIC, 4, 2, 3, heads=1),
    "adapters": replace(ADAPTED, max_rows_per_unit=1, model=replace(ADAPTED.model, rank=2)),
}
ROWS = {
    "rows": 1,
    "rows of maps": 1,
    "maps": 5,
    "rows of text": 1,
    "texts": 3,
    "normed maps": 5,
    "attention": 3,
    "adapters": 1,
    "rows of an mlp": 1,
    "formed": 5,
    "pairs": 5,
    "long unit": 300,
}


def exact_gradient(layers: Books) -> list[NDArray[Any]]:
    """The sum of a unit's outer products as fractions, layer by layer."""
    fractions = np.vectorize(Fraction, otypes=[object])
    return [fractions(layer.gradients).T @ fractions(layer.inputs) for layer in layers]


def exact_square(layers: Books) -> Fraction:
    """The squared norm of that over all layers together."""
    return sum(
        (
            layer.times * number**2
            for layer, part in zip(layers, exact_gradient(layers), strict=True)
            for number in part.ravel()
        ),
        Fraction(0),
    )


@pytest.mark.parametrize("name", JOBS)
@pytest.mark.parametrize("spread", [0.1, 1.0, 30.0])
def test_what_a_unit_adds_is_never_longer_than_the_clip_norm(name: str, spread: float) -> None:
    """|v_i| <= C of the very numbers that are multiplied, in exact arithmetic; and it is used up."""
    job = replace(JOBS[name], clip_norm=0.5)
    frame = random_frame(job, 3, rows_each=ROWS[name], spread=spread)
    squares = [exact_square(layers) for layers in addends(job, frame, np.arange(3)).values()]
    assert max(squares) <= Fraction(job.clip_norm) ** 2
    if spread == 30.0:
        spare = 2e-4 if job.model.kind in NETWORKS else 1e-6  # a norm in float32 is a bound with fewer digits
        assert math.sqrt(max(squares)) > job.clip_norm * (1 - spare)


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=6),
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=6),
    st.floats(1e-3, 1e3),
)
def test_a_norm_is_an_upper_bound_in_exact_arithmetic(
    inputs: list[float], gradients: list[float], clip_norm: float
) -> None:
    """For any numbers of a row: the factor times them is within C, the rounding of the products included."""
    plan = replace(plan_of(JOBS["rows"]), clip_norm=clip_norm)
    for kind, dtype in (("rows", np.float64), ("rows of an mlp", np.float32)):
        network = network_of(JOBS[kind], encode_rows(JOBS[kind], random_frame(JOBS[kind], 1)), 8)
        layer = Layer(inputs=np.array([inputs], dtype), gradients=np.array([gradients], dtype))
        assert exact_square(copied(clipping._rows([layer], network, plan))) <= Fraction(clip_norm) ** 2


@pytest.fixture(params=[False, True], ids=["rounds", "flushes"])
def small_numbers(request: pytest.FixtureRequest) -> Iterator[None]:
    """What the processor does with numbers below the normal ones."""
    assert torch.set_flush_denormal(request.param)
    yield
    torch.set_flush_denormal(False)


@pytest.mark.usefixtures("small_numbers")
@pytest.mark.parametrize("rows", [1, 3])
def test_a_norm_is_an_upper_bound_at_the_ends_of_float32_however_the_processor_rounds_there(
    rows: int,
) -> None:
    """Also where a number is too small to have all its digits, beside one whose square is hardly finite."""
    plan = replace(plan_of(JOBS["rows of an mlp"]), clip_norm=1e-4, most_rows=rows)
    network = network_of(
        JOBS["rows of an mlp"], encode_rows(JOBS["rows of an mlp"], random_frame(JOBS["rows"], 1)), 8
    )
    block = UnitBlock(rows=np.arange(rows), members=np.zeros(1, np.int64), counts=np.array([rows]))
    draw, adds = np.random.default_rng(5), 0
    for one, other in [
        *((one, other) for one in range(-148, 64, 15) for other in range(-148, 64, 15)),
        *[(62, 62)] * 20,
    ]:
        inputs, gradients = (
            np.ldexp(draw.uniform(1, 2, (rows, width)), power).astype(np.float32)
            for width, power in ((4, one), (3, other))
        )
        layers: Books = [Layer(inputs=inputs, gradients=gradients)]
        layers = (
            clipping._rows(layers, network, plan)
            if rows == 1
            else clipping._by_pairs(layers, block, network, plan, "mean")
        )
        squared = exact_square(copied(layers))
        assert squared <= Fraction(plan.clip_norm) ** 2, (one, other)
        adds += squared > 0
    assert adds > 50


@pytest.fixture
def by_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a small model's norms come from products of rows too."""
    monkeypatch.setattr(clipping, "MOST_FORMED", 0)


def cancelling(off: float) -> tuple[Job, Books]:
    """A unit of eight rows whose gradients add up to almost nothing, and what it adds at weights of zero."""
    label = replace(LINEAR.label, center=0.0, scale=1.0)
    job = mlp(replace(LINEAR, label=label, clip_norm=1e-7, grid=40))
    inputs = np.tile(np.linspace(1, 40, WIDTH)[:, None], (1, 8))
    inputs[0, 0] += off
    frame = frame_of(job, [0] * 8, inputs, [5.0, -5.0] * 4)
    return job, addends(job, frame, np.array([0]), np.zeros(WIDTH + 1))[0]


@pytest.mark.usefixtures("by_pairs")
@pytest.mark.parametrize("off", [0.0, *(2.0**-power for power in range(8, 24))])
def test_a_norm_by_pairs_is_an_upper_bound_where_rows_cancel(
    off: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sum over pairs of rows loses all its digits there; what it may be off by is added, whatever rho is."""
    monkeypatch.setattr(plan_module, "MAX_CANCELLATION", 1e100)
    job, layers = cancelling(off)
    assert exact_square(layers) <= Fraction(job.clip_norm) ** 2


@pytest.mark.usefixtures("by_pairs")
def test_a_unit_whose_rows_cancel_is_clipped_by_their_lengths() -> None:
    """A <= rho C: what is rounded are the rows, so their lengths together are bounded, not only their sum's."""
    job, (layer,) = cancelling(0.0)
    lengths = np.linalg.norm(layer.gradients, axis=1) @ np.linalg.norm(layer.inputs, axis=1)
    assert 0.99 * MAX_CANCELLATION < lengths / job.clip_norm <= MAX_CANCELLATION


def test_a_unit_whose_rows_agree_is_clipped_by_its_norm_alone() -> None:
    """Where they do not cancel, rho is far away: the factor is that of the norm."""
    job = replace(JOBS["pairs"], clip_norm=0.1, grid=20)
    frame = frame_of(job, [0] * 8, np.ones((WIDTH, 8)), [9.0] * 8)
    (layers,) = addends(job, frame, np.array([0])).values()
    assert math.sqrt(exact_square(layers)) == pytest.approx(job.clip_norm, rel=1e-4)


@pytest.mark.parametrize("name", ["rows", "formed", "pairs", "maps", "rows of an mlp", "rows of maps"])
def test_the_sum_is_off_by_less_than_the_theorem_says(name: str) -> None:
    """|fl(sum) - sum| <= (K + 4) u n rho C, and gamma_k n C where products are rounded; against the exact sum."""
    job = replace(JOBS[name], clip_norm=0.5, grid=20)
    count = 30 if name in ("pairs", "maps") else 100 if name in ("rows of an mlp", "rows of maps") else 300
    frame = random_frame(job, count, rows_each=1 if ROWS[name] == 1 else 2, spread=3.0)
    weights = weights_of(job, scale=0.3)
    total = listened(job, frame, weights=weights)[0].totals[0]
    plan = plan_of(job)
    shapes = network_of(job, encode_rows(job, frame), plan.block).shapes
    gradients = [exact_gradient(layers) for layers in addends(job, frame, np.arange(count)).values()]
    exact = []
    for place, shape in enumerate(shapes):
        parts = [each[place].reshape(shape.rows, shape.columns) for each in gradients]
        layer = np.sum(parts, axis=0)
        if shape.is_mirrored:
            layer = np.concatenate((-layer, layer))
        exact += [*layer[: shape.outputs, : shape.inputs].ravel(), *layer[: shape.outputs, shape.inputs]]
    off = sum((Fraction(found) - true) ** 2 for found, true in zip(total.tolist(), exact, strict=True))
    of_products = plan.slots * 2.0**-24 / (1 - plan.slots * 2.0**-24)
    relative = 2.0**-53 * (plan.terms + 4) * plan.cancellation + of_products
    bound = Fraction(relative * count * job.clip_norm)
    assert off <= bound**2


def total_of(numbers: list[float]) -> float:
    """Each number added by itself."""
    total = Total((1, 1), network_of(LOGISTIC, encode_rows(LOGISTIC, random_frame(LOGISTIC, 1)), 8))
    for number in numbers:
        total.add(Layer(inputs=np.array([[number]]), gradients=np.ones((1, 1))))
    return float(total.value()[0, 0])


def test_totals_keep_what_one_float_would_lose() -> None:
    """Two ones beside 1e100 and its opposite."""
    assert total_of([1.0, 1e100, 1.0, -1e100]) == 2.0


@given(st.lists(st.floats(-1e12, 1e12), max_size=50))
def test_adding_up_blocks_is_off_by_two_roundings(numbers: list[float]) -> None:
    """2 u of the lengths together, however many blocks there are and in whatever order they come."""
    off = Fraction(total_of(numbers)) - sum(map(Fraction, numbers), Fraction(0))
    assert abs(off) <= Fraction(2.0**-52) * sum(map(abs, map(Fraction, numbers)), Fraction(0))


@pytest.mark.parametrize("together", [1, 2, 5])
def test_no_more_products_are_gathered_than_are_charged(
    together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten blocks, of which so many at a time are added to the sum that is kept in two parts."""
    job, gathered, right = JOBS["rows"], list[int](), Total._flush

    def noticed(total: Total) -> None:
        gathered.append(total._gathered)
        right(total)

    monkeypatch.setattr(Total, "_flush", noticed)
    plan, frame = replace(plan_of(job), block=32, together=together), random_frame(job, 310)
    network = network_of(job, encode_rows(job, frame), plan.block)
    clipping.clipped_sum(
        group_units(frame.unit, 1),
        np.arange(310),
        network.books_at(np.zeros(plan.parameters)),
        network=network,
        plan=plan,
        reduction="sum",
    )
    assert gathered == [together] * (10 // together) * len(network.shapes)


def test_which_way_a_unit_goes_is_its_own_affair() -> None:
    """A unit of one row among long ones is bounded as it is when it stands alone."""
    for job in (
        replace(LOGISTIC, max_rows_per_unit=400),
        mlp(replace(LOGISTIC, max_rows_per_unit=400), 40, 40),
    ):
        unit = np.repeat([0, 1, 2, 3, 4, 5], [1, 2, 300, 700, 5, 1])
        rng = np.random.default_rng(0)
        frame = frame_of(job, unit, rng.normal(size=(WIDTH, len(unit))), rng.integers(0, 2, len(unit)))
        together = addends(job, frame, np.arange(6))
        for place in range(6):
            alone = addends(job, frame, np.array([place]))[place]
            for one, other in zip(alone, together[place], strict=True):
                assert one.inputs.tobytes() == other.inputs.tobytes()
                assert one.gradients.tobytes() == other.gradients.tobytes()
