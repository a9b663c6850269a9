"""How the updates of many vaults become one: pure functions of their numbers and of their public noise variances.

Updates are rows, (vaults, numbers). The variance of an update is that of the noise on each of its numbers, computed by
whoever aggregates from the job and from the noise tier it assigned, never taken from what a vault states. Every rule
but multi-Krum works number by number, so that long updates can be aggregated in blocks once the filter has spoken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Chosen: TypeAlias = NDArray[np.bool_]
Rule: TypeAlias = Callable[[Floats, Floats], Floats]
"""From updates and weights that add up to one to the aggregate of each number."""

MOST_WEIGHT: Final = 2.0
"""How many times the median weight one vault has at most."""
MOST_SIZE: Final = 3.0
"""How many times the median size an update has at most, its noise taken off."""
TAIL: Final = 14.0
"""-ln of the chance, about 1e-6, that noise alone goes beyond its bound (Laurent and Massart 2000, lemma 1)."""
TRIMMED_SHARE: Final = 0.2
DEFAULT: Final = "trimmed_mean"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """One update out of many: its numbers, the noise variance of each, and whose updates are in it.

    The variance is that of the weighted mean of those that were accepted; a median or trimmed mean of noise alone
    varies by at most half as much again.
    """

    update: Floats
    variance: float
    accepted: Chosen


def aggregate(updates: Floats, variances: Floats, *, rule: str = DEFAULT, filtered: bool = True) -> Aggregate:
    """The aggregate of these updates; raises ``ValueError`` for what are no updates, or if none is accepted."""
    check_updates(updates, variances)
    accepted = size_filter(updates, variances) if filtered else finite_rows(updates)
    if not accepted.any():
        raise ValueError("no update is left to aggregate")
    kept, weights = updates[accepted], inverse_noise_weights(variances[accepted])
    variance = float(np.sum(weights**2 * variances[accepted]))
    return Aggregate(update=RULES[rule](kept, weights), variance=variance, accepted=accepted)


def check_updates(updates: Floats, variances: Floats) -> None:
    """Refuse what is no table of updates with a positive finite noise variance for each; raises ``ValueError``."""
    if updates.ndim != 2 or 0 in updates.shape or variances.shape != updates.shape[:1]:
        raise ValueError("updates are a table, one row a vault, with one variance for each row")
    if not (np.isfinite(variances).all() and (variances > 0).all()):
        raise ValueError("a noise variance is a finite number above zero")


def inverse_noise_weights(variances: Floats) -> Floats:
    """Weights by inverse public noise variance, adding up to one; none is over twice the median.

    Whoever claims hardly any noise would otherwise be all there is. Of an even count the lower middle one is the
    median: of two vaults neither can outweigh the other by more than twice.
    """
    inverse = variances.min() / variances
    capped = np.minimum(inverse, MOST_WEIGHT * np.sort(inverse)[(len(inverse) - 1) // 2])
    weights: Floats = capped / capped.sum()
    return weights


# the filter -----------------------------------------------------------------------------------------------


def size_filter(updates: Floats, variances: Floats) -> Chosen:
    """Which updates are no longer than three times the median size and their own noise could make them."""
    return sizes_accepted(squared_sizes(updates), variances, updates.shape[1])


def squared_sizes(updates: Floats) -> Floats:
    """The squared length of each update, infinite where a number of it is not finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        squares = np.einsum("ij,ij->i", updates, updates)
    found: Floats = np.where(np.isfinite(squares), squares, np.inf)
    return found


def sizes_accepted(squares: Floats, variances: Floats, numbers: int) -> Chosen:
    """The same from squared lengths alone, which can be added up block by block.

    With m the median over all vaults of the size √max(‖u‖² - vd, 0), an update of d numbers is accepted if
    ‖u‖² <= (3m)² + 6m√(28v) + v(d + 2√(14d) + 28): as long as 3m, and noise within its bounds on top.
    """
    sizes = np.sqrt(np.maximum(squares - variances * numbers, 0.0))
    most = MOST_SIZE * float(np.sort(sizes)[(len(sizes) - 1) // 2])
    bounds = most**2 + 2 * most * np.sqrt(2 * TAIL * variances) + variances * noise_bound(numbers)
    return (squares <= bounds) & np.isfinite(squares)


def noise_bound(numbers: int) -> float:
    """How long a vector of standard normal numbers is, squared, but for one in a million."""
    return numbers + 2 * math.sqrt(TAIL * numbers) + 2 * TAIL


def finite_rows(updates: Floats) -> Chosen:
    """Which updates are numbers throughout."""
    return np.isfinite(squared_sizes(updates))


# the rules ------------------------------------------------------------------------------------------------


def mean(updates: Floats, weights: Floats) -> Floats:
    """The weighted mean."""
    found: Floats = weights @ updates
    return found


def trimmed_mean(updates: Floats, weights: Floats) -> Floats:
    """For each number the weighted mean without the largest fifth of the vaults and the smallest, by their count.

    By count and not by weight: a vault in the tier of the least noise is trimmed like any other.
    """
    cut = int(TRIMMED_SHARE * len(updates))
    order = np.argsort(updates, axis=0, kind="stable")[cut : len(updates) - cut]
    kept = weights[order]
    found: Floats = np.sum(np.take_along_axis(updates, order, axis=0) * kept, axis=0) / kept.sum(axis=0)
    return found


def median(updates: Floats, _weights: Floats) -> Floats:
    """The median of each number; every vault counts alike."""
    found: Floats = np.median(updates, axis=0)
    return found


def multi_krum(updates: Floats, weights: Floats) -> Floats:
    """The weighted mean of those with the nearest neighbours (Blanchard et al. 2017, El Mhamdi et al. 2018).

    Sized for a fifth of attackers, f: the score of an update is the sum of its squared distances to the n - f - 2
    nearest others, and the n - f with the least are kept. Fewer than 2f + 3 vaults have no such rule.
    """
    count = len(updates)
    attackers = min(int(TRIMMED_SHARE * count), max((count - 3) // 2, 0))
    if count < 3:
        return mean(updates, weights)
    squares = np.einsum("ij,ij->i", updates, updates)
    apart = np.maximum(squares[:, None] + squares - 2 * updates @ updates.T, 0.0)
    np.fill_diagonal(apart, np.inf)
    scores = np.sort(apart, axis=1)[:, : count - attackers - 2].sum(axis=1)
    chosen = np.sort(np.argsort(scores, kind="stable")[: count - attackers])
    return mean(updates[chosen], weights[chosen] / weights[chosen].sum())


RULES: Final[Mapping[str, Any]] = {
    "mean": mean,
    "trimmed_mean": trimmed_mean,
    "median": median,
    "multi_krum": multi_krum,
}
