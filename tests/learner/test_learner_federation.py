"""How updates of many vaults become one: against scipy and naive loops, and what no vault can do."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import scipy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from learner.federation import balance, server_rules
from learner.federation.aggregate import (
    RULES,
    aggregate,
    inverse_noise_weights,
    median,
    multi_krum,
    noise_bound,
    size_filter,
    sizes_accepted,
    squared_sizes,
    trimmed_mean,
)
from tests.worlds.benchmarks import benchmark_named

RANDOM = np.random.default_rng(1)

finite = st.floats(-1e6, 1e6)
tables = st.tuples(st.integers(1, 12), st.integers(1, 6)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=finite)
)


def even(count: int) -> Any:
    return np.full(count, 1 / count)


# weights --------------------------------------------------------------------------------------------------


def test_weights_are_by_inverse_noise_variance() -> None:
    assert inverse_noise_weights(np.array([4.0, 2.0, 4.0, 3.0])) == pytest.approx(
        np.array([3, 6, 3, 4]) / 16, rel=1e-12
    )


@given(arrays(np.float64, st.integers(1, 30), elements=st.floats(1e-9, 1e9)))
@settings(max_examples=50)
def test_no_vault_weighs_more_than_twice_the_median(variances: Any) -> None:
    weights = inverse_noise_weights(variances)

    assert weights.sum() == pytest.approx(1)
    assert (weights > 0).all()
    assert weights.max() <= 2 * np.median(weights) * (1 + 1e-9)


@pytest.mark.parametrize("variances", [[1.0, 0.0], [1.0, -1.0], [1.0, np.inf], [1.0, np.nan], [1.0]])
def test_a_variance_that_is_none_is_refused(variances: list[float]) -> None:
    with pytest.raises(ValueError, match="variance"):
        aggregate(np.ones((2, 3)), np.array(variances))


# the filter -----------------------------------------------------------------------------------------------


def naive_filter(updates: Any, variances: Any) -> list[bool]:
    """The formula of the filter, update by update."""
    d = updates.shape[1]
    sizes = [
        math.sqrt(max(sum(x * x for x in u) - v * d, 0)) for u, v in zip(updates, variances, strict=True)
    ]
    m = sorted(sizes)[(len(sizes) - 1) // 2]
    return [
        sum(x * x for x in u)
        <= (3 * m) ** 2 + 6 * m * math.sqrt(v) * math.sqrt(28) + v * (d + 2 * math.sqrt(14 * d) + 28)
        for u, v in zip(updates, variances, strict=True)
    ]


def test_the_filter_is_its_formula() -> None:
    updates = RANDOM.normal(size=(800, 7)) * np.exp(RANDOM.uniform(0, 3.5, size=(800, 1)))
    variances = RANDOM.uniform(1, 40, 800)

    found = size_filter(updates, variances)

    assert found.tolist() == naive_filter(updates, variances)
    assert {True, False} == set(found.tolist())


def test_the_bound_of_noise_is_passed_less_than_once_in_a_million() -> None:
    for numbers in (1, 7, 50, 1_000, 200_000):
        assert scipy.stats.chi2.sf(noise_bound(numbers), numbers) < 1e-6


def test_the_filter_can_be_asked_block_by_block() -> None:
    updates, variances = RANDOM.normal(size=(9, 10)), np.full(9, 0.5)
    updates[3] *= 40

    by_blocks = sum(squared_sizes(updates[:, first : first + 3]) for first in range(0, 10, 3))

    assert sizes_accepted(np.asarray(by_blocks), variances, 10).tolist() == [n != 3 for n in range(9)]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e200])
@pytest.mark.parametrize("filtered", [True, False])
def test_numbers_that_are_none_never_get_into_an_aggregate(value: float, filtered: bool) -> None:
    updates = np.ones((5, 4))
    updates[2, 1] = value

    found = aggregate(updates, np.full(5, 0.01), filtered=filtered)

    assert found.accepted.tolist() == [True, True, False, True, True]
    assert found.update == pytest.approx(np.ones(4))


def test_numbers_that_are_none_are_accepted_by_nothing_even_where_most_are() -> None:
    updates = np.ones((5, 4))
    updates[1:, 1] = [np.nan, np.inf, -np.inf, 1e200]

    assert size_filter(updates, np.full(5, 0.01)).tolist() == [True, False, False, False, False]


def test_where_nothing_is_left_it_is_said() -> None:
    with pytest.raises(ValueError, match="no update is left"):
        aggregate(np.full((3, 2), np.nan), np.ones(3))


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (3,), (2, 2, 2)])
def test_what_is_no_table_of_updates_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="table"):
        aggregate(np.zeros(shape), np.ones(shape[0]))


# the rules ------------------------------------------------------------------------------------------------


@given(tables)
@settings(max_examples=50)
def test_the_trimmed_mean_is_that_of_scipy_where_all_weigh_alike(updates: Any) -> None:
    found = trimmed_mean(updates, even(len(updates)))

    assert found == pytest.approx(scipy.stats.trim_mean(updates, 0.2, axis=0), rel=1e-9, abs=1e-6)


def test_the_trimmed_mean_leaves_out_by_count_and_weighs_what_is_left() -> None:
    updates = np.array([[9.0], [1.0], [2.0], [4.0], [-5.0]])
    weights = np.array([0.5, 0.1, 0.2, 0.1, 0.1])

    assert trimmed_mean(updates, weights) == pytest.approx((0.1 * 1 + 0.2 * 2 + 0.1 * 4) / 0.4)


@given(tables, st.randoms(use_true_random=False), st.sampled_from(sorted(RULES)))
@settings(max_examples=60)
def test_no_rule_asks_who_comes_first_or_leaves_what_the_vaults_sent(
    updates: Any, order: Any, rule: str
) -> None:
    places = list(range(len(updates)))
    order.shuffle(places)
    distinct = updates + 10.0 ** -np.arange(len(updates))[:, None]  # no ties between distances

    found = RULES[rule](distinct, even(len(updates)))

    assert RULES[rule](distinct[places], even(len(updates))) == pytest.approx(found, rel=1e-6, abs=1e-3)
    assert (found >= distinct.min(axis=0) - 1e-6).all()
    assert (found <= distinct.max(axis=0) + 1e-6).all()


def test_the_median_is_of_each_number() -> None:
    assert median(np.array([[1.0, 9], [2, 8], [90, 7]]), even(3)).tolist() == [2, 8]


def test_multi_krum_is_its_definition() -> None:
    updates = RANDOM.normal(size=(10, 3))
    updates[[1, 5]] += 30
    scores = [
        sum(sorted(float(np.sum((a - b) ** 2)) for j, b in enumerate(updates) if j != i)[: 10 - 2 - 2])
        for i, a in enumerate(updates)
    ]
    kept = sorted(range(10), key=scores.__getitem__)[:8]

    assert {1, 5}.isdisjoint(kept)
    assert multi_krum(updates, even(10)) == pytest.approx(updates[kept].mean(axis=0))


def test_the_variance_of_a_mean_is_that_of_its_noise() -> None:
    variances = np.array([1.0, 1.0, 2.0, 2.0, 0.5])
    noise = RANDOM.normal(size=(5, 40_000)) * np.sqrt(variances)[:, None]

    found = aggregate(noise, variances, rule="mean")

    assert found.variance == pytest.approx(found.update.var(), rel=0.05)


# what the server does -------------------------------------------------------------------------------------


def test_steps_with_momentum_are_heavy_ball() -> None:
    state, gradient = server_rules.start(np.zeros(2)), np.array([2.0, -4.0])
    for _ in range(3):
        state = server_rules.gradient_step(state, gradient, units=2, lr=0.1, momentum=0.5)

    assert state.weights == pytest.approx(-0.1 * (1 + 1.5 + 1.75) * gradient / 2)


def test_an_average_moves_the_weights_by_what_the_vaults_moved_them() -> None:
    state = server_rules.averaged(server_rules.start(np.ones(2)), np.array([0.5, -1.0]))

    assert state.weights.tolist() == [1.5, 0.0]


def test_moments_without_noise_are_least_squares() -> None:
    inputs = np.concatenate([RANDOM.normal(size=(300, 3)), np.ones((300, 1))], axis=1)
    label = inputs @ [1.0, -2.0, 0.5, 3.0] + RANDOM.normal(size=300)
    triangle = (inputs.T @ inputs)[np.triu_indices(4)]

    found = server_rules.solved_moments(triangle, inputs.T @ label, variance=1e-18)

    assert found == pytest.approx(np.linalg.lstsq(inputs, label, rcond=None)[0], rel=1e-6)


def test_products_that_noise_made_indefinite_are_repaired_and_solved() -> None:
    noisy = np.array([1.0, 3.0, 1.0])  # eigenvalues 4 and -2
    assert server_rules.repaired(server_rules.mirrored(noisy, 2), 0.0) == pytest.approx(np.full((2, 2), 2.0))

    found = server_rules.solved_moments(noisy, np.array([1.0, -1.0]), variance=0.5)

    assert found == pytest.approx(np.array([1.0, -1.0]) / 2)  # the ridge alone, 2√(0.5·2)


def test_the_ridge_is_as_large_as_noise_alone_can_be() -> None:
    width = 60
    triangle = RANDOM.normal(size=width * (width + 1) // 2)
    values = np.linalg.eigvalsh(server_rules.mirrored(triangle, width))

    assert values.max() == pytest.approx(server_rules.RIDGE * math.sqrt(width), rel=0.15)


def test_a_triangle_of_another_width_is_refused() -> None:
    with pytest.raises(ValueError, match="triangle"):
        server_rules.mirrored(np.zeros(5), 3)


# the mesh -------------------------------------------------------------------------------------------------


def test_the_noise_of_a_released_model_is_what_descent_makes_of_it() -> None:
    steps, momentum, lr, noise = 6, 0.5, 0.3, 2.0
    weights = velocity = np.zeros(100_000)
    for _ in range(steps):
        velocity = momentum * velocity + RANDOM.normal(size=100_000) * noise
        weights = weights - lr * velocity

    found = balance.variance_of_job(
        lr=lr, noise_multiplier=4.0, clip=3.0, batch=6.0, steps=balance.step_weights(steps, momentum)
    )

    assert found == pytest.approx(weights.var(), rel=0.02)


def test_without_momentum_every_step_counts_once() -> None:
    assert balance.step_weights(3, 0.0).tolist() == [1, 1, 1]
    assert balance.released_variances(3, of_job=2.0, own_share=0.5) == pytest.approx([2.0, 2.55, 2.70125])


def test_honest_models_are_accepted_and_what_lies_just_outside_is_not() -> None:
    own = np.full(7, 0.5)
    facts: dict[str, Any] = {"progress": 0.5, "own_variance": 0.2}
    far = balance.radius(own, progress=0.5, own_variance=0.2, other_variance=0.2)
    others = np.stack([own + np.eye(7)[n] * far * share for n, share in enumerate((0.999, 1.001, 0.5))])

    assert far == pytest.approx(
        0.3 * math.exp(-0.5) * np.linalg.norm(own) + math.sqrt(0.4 * (7 + 2 * math.sqrt(98) + 28))
    )
    assert balance.accepted_models(own, others, variances=np.full(3, 0.2), **facts).tolist() == [
        True,
        False,
        True,
    ]


def test_what_is_not_accepted_is_not_mixed_with() -> None:
    others = np.array([[1.2, 1.0], [1.0, 1.2], [-900.0, -900.0], [-900.0, -900.0], [-900.0, -900.0]])

    found = balance.mixed(np.ones(2), others, progress=0, own_variance=1e-6, variances=np.full(5, 1e-6))

    assert found.accepted.tolist() == [True, True, False, False, False]
    assert found.model == pytest.approx([1.05, 1.05])


def test_where_none_is_accepted_the_own_model_stays() -> None:
    others = np.array([[np.nan, 0.0], [1e200, 0.0], [900.0, 0.0]])

    found = balance.mixed(np.ones(2), others, progress=0, own_variance=1e-6, variances=np.full(3, 1e-6))

    assert found.model.tolist() == [1, 1]
    assert not found.accepted.any()


# the shape of the published tables ------------------------------------------------------------------------


@pytest.fixture(scope="session")
def benchmark() -> ModuleType:
    """The benchmark, whose vaults are simulated and whose rules are those that are shipped."""
    return benchmark_named("federation")


@pytest.fixture(scope="session")
def scores(benchmark: ModuleType) -> Callable[[str, str], Any]:
    """The outcome of a rule under an attack, by name: 20 vaults of 500 units, ε 1, ten rounds."""
    vaults = benchmark.shared_out(benchmark.made(13_000, 21), (500,) * 20, 21)
    return lambda choice, attack: benchmark.campaign(vaults, choice, attack, epsilon=1, seed=21)


DEFAULT_RULE = "filter, then trimmed mean"


@pytest.mark.slow
def test_the_default_rejects_no_honest_update_and_makes_loud_poison_harmless(
    scores: Callable[[str, str], Any], benchmark: ModuleType
) -> None:
    quiet = scores(DEFAULT_RULE, "none")

    for attack in benchmark.ATTACKS:
        assert scores(DEFAULT_RULE, attack).rejected == 0
    assert abs(scores("mean", "none").score - quiet.score) < 0.5
    assert scores("mean", "flip × 10").score < 60
    for attack in ("flip × 10", "flip × 3", "Gaussian"):
        assert scores(DEFAULT_RULE, attack).score > quiet.score - 1


@pytest.mark.slow
def test_what_no_distance_sees_costs_more_than_noise(scores: Callable[[str, str], Any]) -> None:
    """Upside-down labels and colluders within the noise pass the filter, and the lowest tier gives them weight."""
    quiet = scores(DEFAULT_RULE, "none").score
    losses = [
        quiet - scores(DEFAULT_RULE, attack).score for attack in ("label flip", "colluding", "lowest tier")
    ]

    assert all(0.3 < lost < 15 for lost in losses)
    assert all(less < more for less, more in pairwise(losses[1:]))


@pytest.mark.slow
def test_the_widened_rule_accepts_the_honest_ones_and_its_median_holds(benchmark: ModuleType) -> None:
    vaults = benchmark.shared_out(benchmark.made(13_000, 22), (500,) * 20, 22)

    def found(choice: str, attack: str) -> Any:
        return benchmark.mesh(vaults, choice, attack, epsilon=1, seed=22)

    assert found("BALANCE as published", "none").accepted < 0.05
    for attack in benchmark.MESH_ATTACKS:
        assert found("widened, median of accepted", attack).accepted == 1
    quiet = found("widened, median of accepted", "none")
    assert quiet.mean > found("BALANCE as published", "none").mean + 2
    assert found("widened, median of accepted", "flip × 10").mean > quiet.mean - 1
    assert (
        found("widened, median of accepted", "near").worst
        > found("widened, mean of accepted", "near").worst + 5
    )
