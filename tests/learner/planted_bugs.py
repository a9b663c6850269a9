"""Fourteen ways to get differential privacy wrong, each planted by replacing one step of the engine."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from learner_setups import SeededWords
from numpy.typing import NDArray

from learner import engine
from learner.dp import clipping, lanes
from learner.dp.books import Books, Layer, squares
from learner.dp.noise import rounded_gaussian

Patch = pytest.MonkeyPatch


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedBug:
    """A bug, how to plant it, which of the U checks must see it, and a word of what that must say."""

    name: str
    plant: Callable[[Patch], None]
    seen_by: str
    says: str


def _unclipped(squared: NDArray[np.float64], *_: Any) -> NDArray[np.float64]:
    return np.ones_like(squared)


def no_clipping(patch: Patch) -> None:
    patch.setattr(clipping, "factors", _unclipped)


def clip_after_averaging(patch: Patch) -> None:
    right = lanes.clipped_sum

    def wrong(units: Any, members: Any, books: Any, *, plan: Any, **rest: Any) -> NDArray[np.float64]:
        total = right(units, members, books, plan=plan, **rest)
        mean = total / max(len(members), 1)
        bounded = mean * plan.clip_norm / max(float(np.linalg.norm(mean)), plan.clip_norm)
        return bounded * plan.expected_batch

    patch.setattr(clipping, "factors", _unclipped)
    patch.setattr(lanes, "clipped_sum", wrong)


def _noise(patch: Patch, wrong: Callable[[Any, Any, Any], NDArray[np.int64]]) -> None:
    right = engine.draw_noise
    patch.setattr(engine, "draw_noise", lambda words, plan, _erfinv: wrong(right, words, plan))


def noise_divided_by_batch_twice(patch: Patch) -> None:
    _noise(
        patch,
        lambda right, words, plan: np.rint(right(words, plan) / plan.expected_batch).astype(np.int64),
    )


def square_root_of_sigma(patch: Patch) -> None:
    _noise(
        patch,
        lambda right, words, plan: right(
            words, replace(plan, noise_multiplier=math.sqrt(plan.noise_multiplier))
        ),
    )


def noise_not_scaled_by_clip_norm(patch: Patch) -> None:
    _noise(
        patch,
        lambda _, words, plan: rounded_gaussian(words, plan.parameters, plan.noise_multiplier / plan.grid),
    )


def same_noise_every_step(patch: Patch) -> None:
    drawn: list[NDArray[np.int64]] = []

    def wrong(right: Any, words: Any, plan: Any) -> NDArray[np.int64]:
        if not drawn:
            drawn.append(right(words, plan))
        return drawn[0]

    _noise(patch, wrong)


def fixed_seed(patch: Patch) -> None:
    class Seeded(SeededWords):
        def __init__(self) -> None:
            super().__init__(seed=0)

        def __enter__(self) -> Seeded:
            return self

        def __exit__(self, *_: object) -> None:
            pass

    patch.setattr(engine, "Keystream", Seeded)


def divide_by_actual_batch(patch: Patch) -> None:
    sample, mean = engine.sample_units, engine.noised_gradient
    sizes = [0]

    def heard(words: Any, plan: Any, count: int) -> NDArray[np.bool_]:
        batch = sample(words, plan, count)
        sizes[0] = int(batch.sum())
        return batch

    patch.setattr(engine, "sample_units", heard)
    patch.setattr(
        engine,
        "noised_gradient",
        lambda total, noise, plan: mean(total, noise, replace(plan, expected_batch=max(sizes[0], 1))),
    )


def no_sampling(patch: Patch) -> None:
    patch.setattr(engine, "sample_units", lambda words, plan, count: np.ones(count, dtype=np.bool_))


def shuffled_fixed_batches(patch: Patch) -> None:
    rng = np.random.default_rng(0)
    waiting: list[int] = []

    def wrong(words: Any, plan: Any, count: int) -> NDArray[np.bool_]:
        size = round(plan.sampling_rate * count)
        if len(waiting) < size:
            waiting[:] = rng.permutation(count).tolist()
        batch = np.zeros(count, dtype=np.bool_)
        batch[[waiting.pop() for _ in range(size)]] = True
        return batch

    patch.setattr(engine, "sample_units", wrong)


def twice_the_steps(patch: Patch) -> None:
    right = engine.plan_of
    patch.setattr(engine, "plan_of", lambda job: replace(right(job), steps=2 * job.steps))


def clip_each_layer(patch: Patch) -> None:
    def wrong(formed: list[NDArray[np.float64]], _shapes: Any, plan: Any) -> Books:
        (rows,) = formed
        for part in (rows[:, :-1], rows[:, -1:]):
            found = clipping.factors(2 * squares(part), rows.shape[1], plan.clip_norm)
            np.multiply(part, found[:, None], out=part)
        return [Layer(inputs=rows, gradients=np.ones((len(rows), 1)), times=2)]

    patch.setattr(clipping, "_of_units", wrong)


def clip_rows_claim_groups(patch: Patch) -> None:
    right_factors, right_sums, right_total = clipping.factors, clipping._outer_sums, lanes.clipped_sum
    norm = [0.0]

    def total(units: Any, members: Any, books: Any, *, plan: Any, **rest: Any) -> NDArray[np.float64]:
        norm[0] = plan.clip_norm
        return right_total(units, members, books, plan=plan, **rest)

    def wrong(layer: Layer, block: Any) -> NDArray[np.float64]:
        squared = layer.times * squares(layer.gradients) * squares(layer.inputs)
        shorter = layer.gradients * right_factors(squared, 20, norm[0])[:, None]
        return right_sums(Layer(inputs=layer.inputs, gradients=shorter), block)

    patch.setattr(lanes, "clipped_sum", total)
    patch.setattr(clipping, "_outer_sums", wrong)
    patch.setattr(clipping, "factors", _unclipped)


def noise_by_the_size_of_the_batch(patch: Patch) -> None:
    sample, sizes = engine.sample_units, [0.0]

    def heard(words: Any, plan: Any, count: int) -> NDArray[np.bool_]:
        batch = sample(words, plan, count)
        sizes[0] = max(int(batch.sum()), 1) / max(plan.sampling_rate * count, 1)
        return batch

    patch.setattr(engine, "sample_units", heard)
    _noise(
        patch,
        lambda right, words, plan: np.rint(right(words, plan) * math.sqrt(sizes[0])).astype(np.int64),
    )


BUGS = tuple(
    PlantedBug(name=plant.__name__.replace("_", " "), plant=plant, seen_by=seen_by, says=says)
    for plant, seen_by, says in (
        (no_clipping, "U1", "natural record"),
        (clip_after_averaging, "U1", "natural record"),
        (noise_divided_by_batch_twice, "U2", "std x0.06"),
        (square_root_of_sigma, "U2", "std x0.9"),
        (noise_not_scaled_by_clip_norm, "U2", "std x0.50"),
        (same_noise_every_step, "U2", "lag-1"),
        (fixed_seed, "U2", "two runs"),
        (divide_by_actual_batch, "U1", "aligned record: unit 0 moves the update by 2.00 C/b"),
        (no_sampling, "U3", "inclusion rate 1.000"),
        (shuffled_fixed_batches, "U3", "batch size variance x0.00"),
        (twice_the_steps, "U4", "14 noises for 7"),
        (clip_each_layer, "U1", "two-block record: unit 0 moves the update by 1.41 C/b"),
        (noise_by_the_size_of_the_batch, "U2", "in large batches"),
        (clip_rows_claim_groups, "U1", "group group: unit 0 moves the update by 5.00 C/b"),
    )
)
