"""The mechanism of one job: every number its price depends on, and what follows from them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from learner.dp.units import granule_of, padded
from learner.protocol import (
    CONVOLVED,
    MAX_PARAMETERS,
    MAX_STEPS,
    MAX_UNITS,
    NETWORKS,
    Job,
    ProtocolError,
    blocks_of,
    convolutions_of,
    parameter_count,
    update_shapes,
)

MIN_NOISE, MAX_NOISE = 0.3, 1000.0
# at least 32 sqrt(d) grid cells in C: then rounding costs no more than 3 % of noise
MIN_CELLS_PER_CLIP = 32
# keeps the numerical margin of the sampler (its relative error grows with the standard deviation) small
MAX_NOISE_CELLS = 2**24
MOST_ROWS: Final = 512
# numbers at once: of moments and maps, and of attention, whose rows are longer
MOST_NUMBERS: Final = 2**22
MOST_ATTENDED: Final = 2**24
UNIT_ROUNDOFF: Final = 2.0**-53
# rho: a unit of several rows is clipped as if its rows' lengths added up to at most this many times its own
MAX_CANCELLATION: Final = 128.0
# k: the outer products of so many units at most are added up in float32, where a network has units of one row
SLOTS: Final = 64
FLOAT32_ROUNDOFF: Final = 2.0**-24
_LEAST_FLOAT32: Final = 2.0**-126  # below it numbers lose digits, or are zero, as the processor has it


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """DP-SGD with Poisson sampling and rounded Gaussian noise on the grid of multiples of 2^-grid_exponent.

    ``clip_norm`` C bounds a unit's gradient, ``noise_multiplier`` sigma is relative to ``sensitivity``,
    ``expected_batch`` b is public and divides every step, ``parameters`` is d. A unit has at most
    ``most_rows`` rows; at most ``block`` of them are computed at once, and the products of ``together`` blocks
    gathered. Where there are ``slots``, the units stand in random order, and a product of so many is of float32.
    """

    sampling_rate: float
    expected_batch: float
    clip_norm: float
    noise_multiplier: float
    steps: int
    grid_exponent: int
    parameters: int
    most_rows: int
    block: int
    together: int
    slots: int

    @property
    def grid(self) -> float:
        """The width g = 2^-k of a grid cell."""
        return math.ldexp(1.0, -self.grid_exponent)

    @property
    def cancellation(self) -> float:
        """rho: how long the rows of a unit may be together, beside what they sum up to."""
        return 1.0 if self.most_rows == 1 else MAX_CANCELLATION

    @property
    def terms(self) -> int:
        """K: how many numbers a coordinate adds up, in any order, before the sum is kept in two parts."""
        return self.together * (self.block + 1)

    @property
    def summation_margin(self) -> float:
        """2 (K + 4) u n_max rho: how far the rounding of two sums that differ in one unit parts them, over C.

        What a unit adds, v_i, is a sum of outer products of numbers with the same bits in both; |v_i| <= C, and
        the terms of v_i together are at most rho C long. In whatever order, a gathered product is off by at most
        gamma_K times its terms, and adding up the blocks in two parts by 2u of the sum and what is below (Ogita,
        Rump, Oishi, "Accurate Sum and Dot Product", 2005).
        """
        totals = 2 * (self.terms + 4) * UNIT_ROUNDOFF * MAX_UNITS * self.cancellation
        return totals + self.product_margin

    @property
    def product_roundoff(self) -> float:
        """gamma_k: how far a product of k slots in float32 is off, over what it adds up; 0 where all is float64."""
        off = self.slots * FLOAT32_ROUNDOFF
        return off / (1 - off)

    @property
    def product_margin(self) -> float:
        """4 gamma_k k: how far products rounded to float32 part them, over C; nothing where all is float64.

        The units of both sums stand in random order, so that taking one out and putting the last in its place
        leaves the order of the others random, and changes the products of two times k slots alone: each is off
        by gamma_k times the k C of its units, in either sum, and by what 2 k operations lose in each of d
        coordinates where numbers are too small.
        """
        lost = 2 * self.slots * _LEAST_FLOAT32 * math.sqrt(self.parameters) / self.clip_norm
        return 4 * (self.product_roundoff * self.slots + lost)

    @property
    def sensitivity(self) -> float:
        """C' = C (1 + margin) + g sqrt(d): how far one unit moves the sum after rounding to the grid."""
        return self.clip_norm * (1 + self.summation_margin) + self.grid * math.sqrt(self.parameters)

    @property
    def noise_cells(self) -> float:
        """The standard deviation of the noise in grid cells, sigma_g = sigma C' / g."""
        return self.noise_multiplier * self.sensitivity / self.grid


def plan_of(job: Job) -> Plan:
    """The plan a job asks for; raises ProtocolError when it is outside the bounds the proof needs."""
    block = _block(job)
    plan = Plan(
        sampling_rate=job.sampling_rate,
        expected_batch=job.expected_batch,
        clip_norm=job.clip_norm,
        noise_multiplier=job.noise_multiplier,
        steps=job.steps,
        grid_exponent=job.grid,
        parameters=parameter_count(update_shapes(job)),
        most_rows=job.max_rows_per_unit,
        block=block,
        together=together_of(job.max_rows_per_unit, block),
        slots=SLOTS if job.max_rows_per_unit == 1 and job.model.kind in NETWORKS else 0,
    )
    _check(plan)
    return plan


def together_of(most_rows: int, block: int) -> int:
    """Blocks of so many rows that make 2,048 together, or, where rows of a unit may cancel, half of that."""
    return (4 if most_rows == 1 else 2) * (MOST_ROWS + 1) // (block + 1)


def _block(job: Job) -> int:
    """Rows at once: 512, or so few that their moments, the patches of their maps or their attention take up to 64 MiB.

    Of long texts there may be fewer than 32, so many that it is their bytes that stand in line.
    """
    numbers, most, granule = 1, MOST_NUMBERS, padded(1)
    if job.kind == "moments":
        numbers = parameter_count(update_shapes(job))
    elif job.model.kind in CONVOLVED:
        numbers = sum(each.taken.places * (each.patch + 8) for each in convolutions_of(job.model))
        numbers += parameter_count(update_shapes(job))
    elif job.model.kind == "transformer":
        blocks = blocks_of(job.model)
        numbers, most = blocks.room + parameter_count(update_shapes(job)), MOST_ATTENDED
        granule = granule_of(blocks.length, most // numbers)
    return max(granule, min(MOST_ROWS, most // numbers // granule * granule))


def _check(plan: Plan) -> None:
    cells = plan.clip_norm / plan.grid
    bounds = {
        "the sampling rate": 0 < plan.sampling_rate <= 1,
        "the expected batch": 0 < plan.expected_batch < math.inf,
        "the noise multiplier": MIN_NOISE <= plan.noise_multiplier <= MAX_NOISE,
        "the number of steps": 1 <= plan.steps <= MAX_STEPS,
        "the number of parameters": 1 <= plan.parameters <= MAX_PARAMETERS,
        "the grid, for this clip norm": cells >= MIN_CELLS_PER_CLIP * math.sqrt(plan.parameters),
        "the grid, for this noise": plan.noise_multiplier * cells <= MAX_NOISE_CELLS,
    }
    for what, holds in bounds.items():
        if not holds:
            raise ProtocolError(f"{what} is outside its bounds")
