"""The public constants of a job that decide its price, and their bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from vault.errors.families import Invalid

LEAST_RATE: Final = 1e-9
LEAST_NOISE: Final = 0.3
MOST_NOISE: Final = 1000.0
MOST_STEPS: Final = 10_000
MOST_PARAMETERS: Final = 1_000_000
MOST_CLIP_NORM: Final = 1e6
LEAST_GRID: Final = 32  # clip norm in grid steps per square root of the parameters: rounding stays below 3 %
MOST_GRID: Final = 2**24  # noise in grid steps: what the sampler is proven for


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanism:
    """The public constants of a job that decide its price.

    Noise of standard deviation noise_multiplier * clip_norm on the sum of `steps` Poisson samples at
    `sampling_rate`, drawn in `parameters` coordinates on a grid of 2^-grid_exponent.
    """

    sampling_rate: float
    noise_multiplier: float
    steps: int
    parameters: int
    grid_exponent: int
    clip_norm: float


def check_bounds(mechanism: Mechanism) -> None:
    """Raise Invalid, naming the first constant out of bounds, before anything is computed with them."""
    for fits, reason in _bounds(mechanism):
        if not fits:
            raise Invalid(reason=reason)
    steps_of_clip = math.ldexp(mechanism.clip_norm, mechanism.grid_exponent)
    if steps_of_clip < LEAST_GRID * math.sqrt(mechanism.parameters):
        raise Invalid(reason="the noise grid is too coarse for the clip norm")
    if mechanism.noise_multiplier * steps_of_clip > MOST_GRID:
        raise Invalid(reason="the noise grid is too fine for the noise")


def _bounds(mechanism: Mechanism) -> list[tuple[bool, str]]:
    reals = (mechanism.sampling_rate, mechanism.noise_multiplier, mechanism.clip_norm)
    wholes = (mechanism.steps, mechanism.parameters, mechanism.grid_exponent)
    if not (
        all(type(real) in {int, float} for real in reals) and all(type(whole) is int for whole in wholes)
    ):
        return [(False, "a privacy constant of the job is not a number of its kind")]
    return [
        (LEAST_RATE <= mechanism.sampling_rate <= 1, f"the sampling rate must be from {LEAST_RATE} to 1"),
        (
            LEAST_NOISE <= mechanism.noise_multiplier <= MOST_NOISE,
            f"the noise multiplier must be from {LEAST_NOISE} to {MOST_NOISE:.0f}",
        ),
        (1 <= mechanism.steps <= MOST_STEPS, f"the steps must be from 1 to {MOST_STEPS}"),
        (1 <= mechanism.parameters <= MOST_PARAMETERS, f"the parameters must be at most {MOST_PARAMETERS}"),
        (0 < mechanism.clip_norm <= MOST_CLIP_NORM, "the clip norm must be above 0 and at most a million"),
        (-64 <= mechanism.grid_exponent <= 64, "the grid exponent must be from -64 to 64"),
    ]
