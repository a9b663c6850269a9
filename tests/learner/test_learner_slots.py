"""The float32 theorem of the clipped sum (docs/proof.md): units in random order, and products of so many of them."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from itertools import permutations
from math import sqrt

import numpy as np
import pytest
import scipy
import torch
from learner_setups import LOGISTIC, SeededWords, cnn, listened, mlp, random_frame, weights_of
from numpy.typing import NDArray

from learner import engine
from learner.data import encode_rows, group_units
from learner.dp import clipping
from learner.dp.books import Books, Layer
from learner.dp.plan import SLOTS, Plan, plan_of
from learner.dp.product_rounding import rounds_too_much
from learner.dp.sampling import sampled_order
from learner.dp.units import Units
from learner.models.network import network_of
from learner.models.weights import read_start
from learner.protocol import Job

ROWS = replace(LOGISTIC, max_rows_per_unit=1)
JOB = mlp(ROWS, 5)
PLAN = plan_of(JOB)
MANY = 3 * SLOTS + 7


def sum_of(members: NDArray[np.int64], adds: NDArray[np.float32], plan: Plan = PLAN) -> NDArray[np.float64]:
    """The sum over units that would add such a number to each weight and bias of the first layer."""
    network = network_of(JOB, encode_rows(JOB, random_frame(JOB, 1)), plan.block)
    first = network.shapes[0]

    def books(rows: NDArray[np.int64]) -> Books:
        found = [
            Layer(
                inputs=np.zeros((len(rows), shape.columns), np.float32),
                gradients=np.zeros((len(rows), shape.rows), np.float32),
            )
            for shape in network.shapes
        ]
        found[0].inputs[:, : first.inputs + 1] = adds[rows, None]
        found[0].gradients[:, : first.outputs] = 1.0
        return found

    units = Units(rows=np.arange(len(adds)), starts=np.arange(len(adds) + 1))
    total = clipping.clipped_sum(units, members, books, network=network, plan=plan, reduction="sum")
    return total[: first.outputs * (first.inputs + 1)]


def trained(members: NDArray[np.int64]) -> NDArray[np.float64]:
    """The sum over these of many random units, at random weights."""
    frame = random_frame(JOB, MANY, spread=3.0)
    network = network_of(JOB, encode_rows(JOB, frame), PLAN.block)
    return clipping.clipped_sum(
        group_units(frame.unit, 1),
        members,
        network.books_at(read_start(weights_of(JOB, scale=0.5), JOB)[0]),
        network=network,
        plan=PLAN,
        reduction="sum",
    )


def groups(members: NDArray[np.int64]) -> list[NDArray[np.float64]]:
    """The sum over the units of each product alone."""
    return [trained(members[first : first + SLOTS]) for first in range(0, len(members), SLOTS)]


def test_two_sums_are_further_apart_than_float64_has_it_and_less_far_than_is_charged() -> None:
    """The first of 32 long units lifts a sum over a power of two, above which each of 32 short ones rounds up.

    Without it, and with the last unit in its place, none of them does.
    """
    short = 0.51 * 2.0**-18  # beside 32 a float32 moves by 2^-18, below 32 by half of that
    adds = np.array([*[1e6] * 32, *[short] * 32, short], dtype=np.float32)
    whole, rest = np.arange(65), np.array([64, *range(1, 64)])
    apart = []
    for each in np.linspace(1.0001, 1.001, 8):
        plan = replace(PLAN, clip_norm=each * sqrt(5 * 9))
        distance = np.linalg.norm(sum_of(whole, adds, plan) - sum_of(rest, adds, plan))
        apart.append(float(distance) / plan.clip_norm - 1)
    assert PLAN.summation_margin - PLAN.product_margin < 1e-5
    assert 3e-5 < max(apart) < PLAN.summation_margin


def test_the_products_are_those_of_so_many_units_in_their_order() -> None:
    """A sum is that of its products, each of whole slots, to the last bit of float64."""
    members = np.random.default_rng(0).permutation(MANY)
    found = trained(members)
    assert np.allclose(found, np.sum(groups(members), axis=0), rtol=0, atol=1e-13)
    others = np.sum(groups(np.sort(members)), axis=0)
    assert not np.allclose(found, others, rtol=0, atol=1e-13)


@pytest.mark.parametrize("place", [0, SLOTS + 3, MANY - 1])
def test_taking_a_unit_out_changes_two_products(place: int) -> None:
    """Its own, where the last unit takes its place, and the last one: bit by bit all others are what they were."""
    whole = np.random.default_rng(1).permutation(MANY)
    rest = whole[:-1].copy()
    if place < len(rest):
        rest[place] = whole[-1]
    pairs = zip(groups(whole), groups(rest), strict=True)
    changed = [number for number, (one, other) in enumerate(pairs) if one.tobytes() != other.tobytes()]
    assert changed == sorted({place // SLOTS, MANY // SLOTS})


def test_a_random_order_is_that_of_words_alone() -> None:
    """Who stands where follows from the words and from how many there are, not from who they are."""
    few, others = np.arange(40) % 2 == 0, np.arange(40) >= 20
    one, other = (sampled_order(SeededWords(3), PLAN, batch) for batch in (few, others))
    assert sorted(one) == np.flatnonzero(few).tolist()
    assert np.array_equal(np.argsort(one), np.argsort(other))
    words = SeededWords(3).words(20)
    assert np.array_equal(one, np.flatnonzero(few)[np.argsort(words)])


def test_every_order_is_as_likely_as_another() -> None:
    """Of four units among ten, in 4,800 batches; frozen words."""
    words, batch = SeededWords(4), np.isin(np.arange(10), [1, 4, 5, 9])
    orders = {order: 0 for order in permutations([1, 4, 5, 9])}
    for _ in range(4800):
        orders[tuple(sampled_order(words, PLAN, batch).tolist())] += 1
    assert scipy.stats.chisquare(list(orders.values())).pvalue > 1e-3


def test_of_equal_words_all_are_drawn_again() -> None:
    """Else the unit with the smaller number would stand before the other more often than not."""
    drawn = [[7, 5, 5], [2, 2, 2], [3, 1, 2]]

    class Given:
        def words(self, count: int) -> NDArray[np.uint64]:
            assert count == 3
            return np.array(drawn.pop(0), dtype=np.uint64)

    assert sampled_order(Given(), PLAN, np.ones(3, np.bool_)).tolist() == [1, 2, 0]
    assert drawn == []


def test_a_run_adds_up_its_units_in_the_order_of_its_words() -> None:
    """Where all units are in, no word is drawn for who is, and the first ones are for who stands where."""
    frame = random_frame(JOB, MANY, spread=3.0)
    taps, _ = listened(JOB, frame, weights=weights_of(JOB, scale=0.5), words=SeededWords(5))
    order = np.argsort(SeededWords(5).words(MANY))
    assert taps.totals[0].tobytes() == trained(order).tobytes()


@pytest.mark.parametrize("job", [JOB, cnn(ROWS, (4, 4, 1), 3), mlp(LOGISTIC, 5), ROWS])
def test_a_computer_whose_products_are_coarser_than_what_is_charged_trains_no_network(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As those are that are computed from numbers of eight digits; what has no such products is trained there."""
    engine.rehearse(job, weights_of(job))
    right = torch.mm

    def coarse(left: torch.Tensor, other: torch.Tensor, *, out: torch.Tensor) -> torch.Tensor:
        found = right(left.bfloat16().float(), other.bfloat16().float())
        return out.copy_(found)

    monkeypatch.setattr(torch, "mm", coarse)
    with pytest.raises(RuntimeError, match="rounded too coarsely") if plan_of(job).slots else nullcontext():
        engine.rehearse(job, weights_of(job))


@pytest.mark.parametrize(("times", "is_too_much"), [(0.9, False), (1.1, True)])
@pytest.mark.parametrize("layer", [0, 1])
def test_products_of_every_layer_are_held_against_what_is_charged(
    layer: int, times: float, is_too_much: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever layer it is whose products are off by so many times as much."""
    network = network_of(JOB, encode_rows(JOB, random_frame(JOB, 1)), PLAN.block)
    meant, right = (network.shapes[layer].rows, network.shapes[layer].columns), torch.mm
    assert len({(each.rows, each.columns) for each in network.shapes}) == 2

    def off(left: torch.Tensor, other: torch.Tensor, *, out: torch.Tensor) -> torch.Tensor:
        right(left, other, out=out)
        if out.shape == meant:
            one, two = left.double(), other.double()
            out.copy_(one @ two + times * PLAN.product_roundoff * (one.abs() @ two.abs()))
        return out

    monkeypatch.setattr(torch, "mm", off)
    assert rounds_too_much(network, PLAN) is is_too_much


def test_units_of_several_rows_stand_by_their_number_and_are_added_up_in_float64() -> None:
    """As those of a model that computes in float64 do, whose plans have no slots either."""
    for job in (mlp(LOGISTIC, 5), ROWS):
        plan = plan_of(job)
        assert plan.slots == 0
        assert plan.product_margin == 0
        assert sampled_order(SeededWords(6), plan, np.ones(5, np.bool_)).tolist() == [0, 1, 2, 3, 4]
