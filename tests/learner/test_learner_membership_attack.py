"""What an owner hears of a run afterwards: whether their units could be told, which changes nothing of what leaves."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from learner_setups import (
    LINEAR,
    LOGISTIC,
    Recorder,
    SeededWords,
    cnn,
    ignore,
    mlp,
    random_frame,
    text,
    transformer,
    weights_of,
)
from numpy.typing import NDArray

from learner import engine
from learner.data import encode_rows, group_units
from learner.dp.clipping import clipped_sum
from learner.dp.plan import plan_of
from learner.dp.units import Units
from learner.membership_attack import (
    FEWEST,
    MOST,
    MOST_STEPS,
    MembershipAttack,
    beside_made_up,
    members_of,
    steps_seen,
)
from learner.models.network import network_of
from learner.models.weights import read_start
from learner.protocol import Job
from tests.sweeps import sweep
from vault.views.attack import FEWEST_UNITS

ONE = replace(
    LOGISTIC, max_rows_per_unit=1, unit_reduction="mean", clip_norm=1.0, expected_batch=100.0, grid=18
)
DAYS = replace(ONE, max_rows_per_unit=4)
CLIPPED = replace(ONE, clip_norm=0.01, grid=24)
JOBS: dict[str, Job] = {
    "logistic": ONE,
    "mlp of days": mlp(replace(DAYS, grid=20), 40, 30),
    "three classes": replace(ONE, label=replace(ONE.label, classes=3)),
    "linear of days": replace(LINEAR, max_rows_per_unit=4, grid=18, unit_reduction="mean"),
    "cnn": cnn(ONE, (4, 4, 1), 3),
    "text": text(ONE, 12, 4, 5),
    "transformer": transformer(ONE, 12, 8, 6),
}


class Unseen:
    """Nobody looks at who could be told."""

    def __init__(self, *_: Any) -> None:
        pass

    def look(self, *_: Any) -> None:
        """See nothing."""

    def facts(self) -> dict[str, int]:
        """No guesses."""
        return {"made": 0, "right": 0, "seen": 0}


def ran(job: Job, units: int = 60, *, silent: bool = False) -> tuple[Recorder, bytes, dict[str, int]]:
    """A run on the same words each time: what was heard, what leaves, and what the owner hears of guesses."""
    taps, frame = Recorder(silent=silent), random_frame(job, units, rows_each=min(3, job.max_rows_per_unit))
    update, private = engine.run(
        job, weights_of(job, scale=0.1), frame, progress=ignore, words=SeededWords(5), taps=taps
    )
    return taps, update, json.loads(private)["guesses"]


def looked_at(job: Job, units: int = 60) -> MembershipAttack:
    """Somebody who looks at a run on so many units, before its first step."""
    frame = random_frame(job, units, rows_each=min(3, job.max_rows_per_unit))
    rows, grouped = encode_rows(job, frame), group_units(frame.unit, job.max_rows_per_unit)
    return MembershipAttack(job, plan_of(job), rows, grouped, read_start(weights_of(job), job)[1])


def noise_of(job: Job, seed: int = 3) -> NDArray[np.int64]:
    plan = plan_of(job)
    drawn = np.random.default_rng(seed).normal(scale=plan.noise_cells, size=plan.parameters)
    return np.rint(drawn).astype(np.int64)


@pytest.mark.parametrize("name", sweep(JOBS, default=2))
def test_a_run_is_the_same_whether_anybody_looks_or_not(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    job = replace(JOBS[name], steps=3, sampling_rate=0.5)
    taps, update, guesses = ran(job)
    monkeypatch.setattr(engine, "MembershipAttack", Unseen)
    others, same, _ = ran(job)
    assert update == same
    for one, other in (
        (taps.batches, others.batches),
        (taps.totals, others.totals),
        (taps.noises, others.noises),
    ):
        assert all(np.array_equal(mine, theirs) for mine, theirs in zip(one, other, strict=True))
    assert guesses["made"] == 2 * min(
        60, MOST if name in ("logistic", "three classes", "linear of days") else FEWEST
    )


@pytest.mark.parametrize("name", sweep(JOBS, default=2))
def test_evidence_is_how_far_a_sum_without_all_others_goes_along_a_units_gradient(name: str) -> None:
    """Held against the gradient of each unit alone, as it goes into a sum; of made-up ones as long as the own ones."""
    job = JOBS[name]
    plan, frame = plan_of(job), random_frame(job, 60, rows_each=min(3, job.max_rows_per_unit))
    rows, units = encode_rows(job, frame), group_units(frame.unit, job.max_rows_per_unit)
    theta, noise = read_start(weights_of(job, scale=0.1), job)[0], noise_of(job)
    membership = MembershipAttack(job, plan, rows, units, np.empty(0))
    members = members_of(job, units.count)
    is_in = np.arange(units.count) % 2 == 0
    membership.look(1, theta, is_in, noise)

    own, made_up = np.split(_gradients(job, *beside_made_up(rows, units, members), theta), 2)
    lengths, added = np.linalg.norm(own, axis=1), noise * plan.grid
    scaled = made_up / np.linalg.norm(made_up, axis=1)[:, None] * lengths[:, None]
    seen = np.stack(((own * (added + is_in[members, None] * own)).sum(axis=1), scaled @ added))
    std = plan.noise_cells * plan.grid
    assert membership.evidence == pytest.approx((seen - lengths**2 / 2) / std**2, rel=1e-4, abs=1e-5)


def _gradients(job: Job, rows: Any, units: Units, theta: NDArray[np.float64]) -> NDArray[np.float64]:
    plan = plan_of(job)
    network = network_of(job, rows, plan.block)
    return np.array(
        [
            clipped_sum(
                units,
                np.array([unit]),
                network.books_at(theta),
                network=network,
                plan=plan,
                reduction=job.unit_reduction,
            )
            for unit in range(units.count)
        ]
    )


def test_with_hardly_any_noise_every_guess_is_right() -> None:
    job = replace(CLIPPED, noise_multiplier=0.3, steps=40)
    assert ran(job, 100)[2] == {"made": 200, "right": 200, "seen": 40}


def test_units_that_were_in_no_sum_are_told_from_nobody_however_well_their_pattern_was_learned() -> None:
    """Half of the guesses are right: own units that are out are taken for out as often as made-up ones."""
    job = replace(ONE, noise_multiplier=1.0)
    membership, plan = looked_at(job, MOST), plan_of(job)
    pattern = np.zeros(plan.parameters)
    pattern[0], pattern[8] = -1.0, 1.0  # labels follow the first feature
    for step in range(4):
        membership.look(step + 1, pattern, np.zeros(MOST, np.bool_), noise_of(job, step))
    assert membership.facts()["right"] == pytest.approx(MOST, rel=0.15)


def test_a_unit_may_be_in_any_batch_by_its_coin() -> None:
    """The likelihood of a step is that of both sides of the coin: what is sure to be out can lose only so much."""
    job = replace(ONE, sampling_rate=0.25, noise_multiplier=0.3)
    membership = looked_at(job)
    far = -10 * np.sign(np.ones(plan_of(job).parameters))
    membership.look(
        1, np.zeros(18), np.zeros(60, np.bool_), (far * plan_of(job).noise_cells).astype(np.int64)
    )
    assert membership.evidence.min() >= np.log(0.75) - 1e-12
    assert np.isfinite(membership.evidence).all()


def test_of_a_long_run_forty_steps_are_looked_at_and_the_others_cost_and_add_nothing() -> None:
    job = replace(ONE, steps=400)
    membership = looked_at(job)
    assert sorted(steps_seen(400)) == list(range(10, 401, 10))
    for step in range(1, 10):
        membership.look(step, np.zeros(18), np.ones(60, np.bool_), noise_of(job))
    assert not membership.evidence.any()
    membership.look(10, np.zeros(18), np.ones(60, np.bool_), noise_of(job))
    assert membership.evidence.any()
    assert membership.facts()["seen"] == MOST_STEPS


def test_of_a_short_run_every_step_is_looked_at() -> None:
    assert [sorted(steps_seen(steps)) for steps in (1, 3)] == [[1], [1, 2, 3]]
    assert all(steps_seen(steps) == frozenset(range(1, steps + 1)) for steps in range(1, MOST_STEPS + 1))
    assert all(len(steps_seen(steps)) == MOST_STEPS for steps in range(MOST_STEPS, 500))


def test_a_made_up_unit_is_half_of_one_and_half_of_another_with_the_label_of_the_first() -> None:
    frame = random_frame(DAYS, 60, rows_each=3)
    rows, units = encode_rows(DAYS, frame), group_units(frame.unit, 4)
    both, of_both = beside_made_up(rows, units, np.array([0, 20, 40]))
    assert of_both.starts.tolist() == list(range(0, 19, 3))
    own = [0, 1, 2, 60, 61, 62, 120, 121, 122]
    assert np.array_equal(both.numbers[:9], rows.numbers[own])
    assert np.array_equal(both.numbers[9:, :4], rows.numbers[own, :4])
    assert np.array_equal(both.numbers[9:, 4:], rows.numbers[np.roll(own, 4), 4:])
    assert both.labels.tolist() == 2 * rows.labels[own].tolist()


@pytest.mark.parametrize(
    ("job", "units", "tried"),
    [
        (ONE, FEWEST - 1, 0),
        (ONE, FEWEST, FEWEST),
        (ONE, 10_000, MOST),
        (mlp(ONE, 4), 10_000, FEWEST),
        (mlp(replace(ONE, expected_batch=800.0), 4), 10_000, 100),
        (mlp(replace(ONE, expected_batch=FEWEST - 1.0), 4), 10_000, 0),
        (replace(ONE, kind="gradient_sum", expected_batch=1.0), 10_000, 0),
        (ONE, 0, 0),
    ],
)
def test_few_units_small_batches_of_networks_and_sums_give_no_guesses(
    job: Job, units: int, tried: int
) -> None:
    assert FEWEST == FEWEST_UNITS
    found = members_of(job, units)
    assert len(found) == len(set(found.tolist())) == tried


def test_a_run_without_units_says_so() -> None:
    assert ran(ONE, 0)[2]["made"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["logistic", "three classes", "linear of days", "mlp of days"])
def test_luck_moves_the_rate_no_more_than_so_many_tosses(name: str) -> None:
    """What is said to be told from luck rests on it, though all guesses of a run share its noise."""
    job, rates = replace(JOBS[name], noise_multiplier=1000.0, steps=10, lr=0.001, grid=12), []
    for _ in range(60):
        private = engine.train(job, weights_of(job), random_frame(job, 400), progress=ignore)[1]
        guesses = json.loads(private)["guesses"]
        rates.append(guesses["right"] / guesses["made"])
    assert np.mean(rates) == pytest.approx(0.5, abs=0.02)
    assert np.std(rates) < 1.2 * np.sqrt(0.25 / guesses["made"])


@pytest.mark.slow
def test_at_the_clip_norm_the_rate_is_what_the_noise_allows() -> None:
    """One noised sum at sigma 1 tells a unit as long as the clip norm with a rate of Phi(1/2), 69.1 in 100."""
    job, rates = replace(CLIPPED, noise_multiplier=1.0), []
    for _ in range(100):
        private = engine.train(job, weights_of(job), random_frame(job, 400), progress=ignore)[1]
        rates.append(json.loads(private)["guesses"]["right"] / 500)
    assert np.mean(rates) == pytest.approx(0.6915, abs=0.02)
