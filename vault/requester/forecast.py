"""What a job will be worth, from public numbers alone: a planning number, not a promise."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from vault.budget.guess_target import strength_of_epsilon
from vault.requester.recipe import input_length, is_network, learning_rate, pace_of, steps, taught_as
from vault.requests.manifest import SUMS, Manifest, kind_of
from vault.requests.optimizers import DecayedSgd, Sgd
from vault.requests.shapes import dimension
from vault.views.counting import counted

MEASURED: Final = (
    (1.5, 25.0),
    (4.0, 15.0),
    (13.0, 6.0),
    (30.0, 2.5),
    (90.0, 1.2),
    (150.0, 0.6),
    (1000.0, 0.1),
)
"""Signal over noise, and the points lost: `benchmarks/utility.py` on ten tables, see docs/recipes.md."""
NETWORK_NEEDS: Final = 10.0
"""How many times the signal a network needs to lose as little as a linear model."""
TEXT_NEEDS: Final = 3.0
"""The same of a model of texts: of its table of bytes few rows occur, and the noise of the others moves no output."""
RUINED: Final = 10.0
"""Points; a model that loses more is hardly one."""
SHORTEST: Final = 20.0
"""How far an output can go at least in a whole run, in its own units."""
TOLERATED: Final = 10.0
OFF_BY: Final = (0.1, 1.0, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What is lost to the noise if there are so many units: points of 100 right classes, or of R² in 100."""

    units: int
    signal_to_noise: float
    points_lost: float

    @property
    def is_ruined(self) -> bool:
        """Whether hardly anything would be learned."""
        return self.points_lost >= RUINED


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The expectation for a tenth of the guess, for the guess and for ten times as many, and what speaks against it."""

    units_guess: int
    expected: tuple[Expected, ...]
    warnings: tuple[str, ...]


def forecast(manifest: Manifest, *, epsilon: Decimal, delta: Decimal, units_guess: int | None) -> Forecast:
    """What to expect of a job; without a guess, of as many units as its expected batch and its rate speak of.

    What comes of one sum depends on the sums beside it, so nothing is said of that.
    """
    implied = max(1, round(manifest.dp.expected_batch / manifest.dp.sampling_rate))
    guess = implied if units_guess is None else units_guess
    if kind_of(manifest) in SUMS:
        return Forecast(units_guess=guess, expected=(), warnings=())
    strength = strength_of_epsilon(epsilon, delta)
    counts = sorted({max(1, round(guess * factor)) for factor in OFF_BY})
    expected = tuple(_expected(units, strength, manifest) for units in counts)
    learned = [each.units for each in expected if not each.is_ruined]
    warnings = (*_of_the_guess(guess, implied), *_of_noise(expected), *_of_steps(manifest, learned))
    return Forecast(units_guess=guess, expected=expected, warnings=warnings)


def _expected(units: int, strength: float, manifest: Manifest) -> Expected:
    """The signal is as long as there are units, the noise of the whole run as √d/µ."""
    ratio = strength * units / math.sqrt(dimension(manifest))
    needed = _needs(taught_as(manifest.model))
    return Expected(
        units=units, signal_to_noise=float(f"{ratio:.3g}"), points_lost=points_lost(ratio / needed)
    )


def _needs(model_kind: str) -> float:
    if model_kind == "text":
        return TEXT_NEEDS
    return NETWORK_NEEDS if is_network(model_kind) else 1.0


def points_lost(ratio: float) -> float:
    """What tables lost at this ratio of signal to noise, between what was measured; at most 50."""
    ratios = [each for each, _ in MEASURED]
    place = min(max(bisect_left(ratios, ratio), 1), len(MEASURED) - 1)
    (low, lost), (high, less) = MEASURED[place - 1], MEASURED[place]
    slope = math.log(less / lost) / math.log(high / low)
    found = lost * (ratio / low) ** slope
    return min(50.0, float(f"{found:.1g}") if found < RUINED else float(round(found)))


def _of_the_guess(guess: int, implied: int) -> list[str]:
    times = guess / implied
    if 1 / 3 <= times <= 3:
        return []
    longer = f"{times:.3g} times as long" if times > 1 else f"{1 / times:.3g} times shorter"
    return [
        f"The expected batch and the sampling rate speak of {counted(implied, 'unit')}: with {guess:,} each step is "
        f"{longer}."
    ]


def _of_noise(expected: tuple[Expected, ...]) -> list[str]:
    ruined = [each.units for each in expected if each.is_ruined]
    if not ruined:
        return []
    most = f"{counted(max(ruined), 'unit')} or fewer"
    return [f"With {most} the model would be mostly noise. More units help, a larger ε, or fewer inputs."]


def _of_steps(manifest: Manifest, counts: list[int]) -> list[str]:
    """What the recipe would not have chosen: a learning rate that is too large or too small for some of the counts.

    A rate as large as the recipe's over as many steps is as large as the noise lets it be.
    """
    dp, pace, optimizer = manifest.dp, pace_of(manifest), manifest.optimizer
    if not isinstance(optimizer, Sgd | DecayedSgd):
        return []  # its steps are as long as its learning rate says, whatever the gradients are
    length = optimizer.lr / (1 - optimizer.momentum) * dp.clip * input_length(manifest)
    noise = length * dp.noise_multiplier * math.sqrt(dp.steps) / dp.expected_batch
    strides = {units: length * dp.sampling_rate * units / dp.expected_batch for units in counts}
    long = [units for units, stride in strides.items() if stride > 1.1 * TOLERATED * pace.stride]
    short = [units for units, stride in strides.items() if stride * dp.steps < SHORTEST]
    found = []
    if noise > TOLERATED * pace.walk:
        found.append(
            f"The noise alone moves an output by {noise:.2g}: the learning rate is too large for it."
        )
    if long:
        found.append(
            f"With {counted(min(long), 'unit')} or more the steps are too long: the learning rate is too large."
        )
    if short and not _is_as_far_as_noise_lets(manifest, optimizer):
        found.append(
            f"With {counted(max(short), 'unit')} or fewer the model hardly leaves its start: more steps, or longer "
            "ones."
        )
    return found


def _is_as_far_as_noise_lets(manifest: Manifest, optimizer: Sgd | DecayedSgd) -> bool:
    chosen = learning_rate(manifest, optimizer, manifest.dp.noise_multiplier)
    return optimizer.lr >= chosen and manifest.dp.steps >= steps(taught_as(manifest.model))
