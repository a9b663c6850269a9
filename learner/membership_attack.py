"""How well somebody who knew all else and saw steps of a run would tell the owner's units from made-up ones.

For the owner alone; nothing here flows into training. Of a unit that is in, a noised sum without all others shows its
gradient and the noise; of one that is not, the noise. Who sees such sums takes what is likelier (Neyman, Pearson,
1933), each unit being in a batch by a coin of its own. At most 40 steps are looked at, evenly spaced, so that a long
run costs no more for it than its learning curve does.

A made-up unit has half of the columns, and the label, of one row and the other half of another, both of the owner's:
the model finds the same patterns in it. What it shows is made as long as what the owner's unit shows, so that neither
a pattern nor the length of a gradient tells them apart, but only whose gradient is in the sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from learner.data import Rows
from learner.dp.books import Network
from learner.dp.clipping import Bounded, bounded_units, pair_sums
from learner.dp.plan import Plan
from learner.dp.totals import apart
from learner.dp.units import UnitBlock, Units
from learner.models.network import network_of
from learner.protocol import NETWORKS, SUMS, Job

FEWEST: Final = 50
"""Of fewer units there is no number: it would say more of luck than of the run."""
MOST: Final = 250
MOST_STEPS: Final = 40
_SHARE: Final = 8
"""Of models that take time to compute at most one unit is tried for so many of an expected batch."""

Vector: TypeAlias = NDArray[np.float64]


class MembershipAttack:
    """The evidence of a run for each of some units of the owner's, and for as many made-up ones."""

    def __init__(self, job: Job, plan: Plan, rows: Rows, units: Units, kept: Vector) -> None:
        self._plan, self._reduction, self._steps = plan, job.unit_reduction, steps_seen(job.steps)
        self._members = members_of(job, units.count)
        of_both, self._units = beside_made_up(rows, units, self._members)
        # a network of its own: the one that trains is left as it is
        self._network = network_of(job, of_both, plan.block, kept) if len(self._members) else None
        self.evidence = np.zeros((2, len(self._members)))

    @np.errstate(all="ignore")  # of a rate of one, what a unit would be that is left out has no likelihood
    def look(self, step: int, theta: Vector, batch: NDArray[np.bool_], noise: NDArray[np.int64]) -> None:
        """Take in a step, if it is seen: what it computed with, who was in the batch, and the noise in grid cells."""
        if self._network is None or step not in self._steps:
            return
        grid, rate = self._plan.grid, self._plan.sampling_rate
        along, squared = self._shown(self._network, theta, np.multiply(noise, grid, dtype=np.float64))
        lengths = np.sqrt(squared)
        scale = np.divide(lengths[0], lengths[1], out=np.zeros_like(lengths[0]), where=lengths[1] > 0)
        seen = np.stack((along[0] + batch[self._members] * squared[0], along[1] * scale))
        shifts = (seen - squared[0] / 2) / (self._plan.noise_cells * grid) ** 2
        self.evidence += np.logaddexp(np.log1p(-rate), np.log(rate) + shifts)

    def facts(self) -> dict[str, int]:
        """How many guesses there were and how many were right, and how many steps were seen: of few units none."""
        own, made_up = self.evidence
        right = int((own > 0).sum() + (made_up <= 0).sum())
        return {"made": self.evidence.size, "right": right, "seen": len(self._steps)}

    def _shown(self, network: Network, theta: Vector, noise: Vector) -> tuple[Vector, Vector]:
        """How far the noise goes along each unit's bounded gradient, and its squared length: (2, units) both."""
        parts, found = apart(noise, network.shapes), []
        for bounded in bounded_units(
            self._units,
            np.arange(self._units.count),
            network.books_at(theta),
            network=network,
            plan=self._plan,
            reduction=self._reduction,
        ):
            starts = np.cumsum(bounded.counts) - bounded.counts
            found.append(np.stack((np.add.reduceat(_along(bounded, parts), starts), _squared(bounded))))
        along, squared = np.concatenate(found, axis=1).reshape(2, 2, -1)
        return along, squared


def steps_seen(steps: int) -> frozenset[int]:
    """Of the steps from 1 on at most 40, evenly spaced, with the last one."""
    seen = min(steps, MOST_STEPS)
    return frozenset(-(-steps * place // seen) for place in range(1, seen + 1))


def members_of(job: Job, units: int) -> NDArray[np.int64]:
    """The units that are tried, evenly spaced; none of few ones, nor of a network that would take far longer by it.

    Nor of a sum: it is taken once, so that one draw of noise would answer for all of them.
    """
    most = MOST
    if job.model.kind in NETWORKS:
        is_dear = job.expected_batch < FEWEST
        most = 0 if is_dear else max(FEWEST, min(MOST, round(job.expected_batch / _SHARE)))
    tried = 0 if job.kind in SUMS else min(units, most)
    if tried < FEWEST:
        return np.empty(0, dtype=np.int64)
    return np.linspace(0, units - 1, tried).astype(np.int64)


def beside_made_up(rows: Rows, units: Units, members: NDArray[np.int64]) -> tuple[Rows, Units]:
    """The rows of the members, then as many made-up ones in as many units of the same sizes."""
    counts = units.starts[members + 1] - units.starts[members]
    own = np.concatenate(
        [units.rows[:0], *(units.rows[units.starts[one] : units.starts[one + 1]] for one in members)]
    )
    first, second = np.concatenate((own, own)), np.concatenate((own, np.roll(own, len(own) // 2)))
    both = replace(
        rows,
        numbers=_halves(rows.numbers, first, second),
        codes=_halves(rows.codes, first, second),
        labels=rows.labels[first],
        known=rows.known[first],
    )
    ends = np.cumsum(np.concatenate((counts, counts)))
    return both, Units(rows=np.arange(len(first)), starts=np.concatenate(([0], ends)))


def _halves(columns: NDArray[Any], first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[Any]:
    """Half of the columns of some rows beside the other half of others."""
    half = -(-columns.shape[1] // 2)
    return np.concatenate((columns[first, :half], columns[second, half:]), axis=1)


def _along(bounded: Bounded, parts: Sequence[Vector]) -> Vector:
    """How far each row of the layers goes along a vector, of which these are the parts."""
    end, found = int(bounded.counts.sum()), np.zeros(1)
    for layer, part in zip(bounded.layers, parts, strict=True):
        gradients, inputs = (each[:end].astype(np.float64) for each in (layer.gradients, layer.inputs))
        across = part.reshape(gradients.shape[1], inputs.shape[1])
        found = found + np.vecdot(inputs @ across.T, gradients)
    return found


def _squared(bounded: Bounded) -> Vector:
    """The squared length of each unit's bounded gradient, by all pairs of its rows."""
    places = np.arange(bounded.counts.sum())
    block = UnitBlock(members=bounded.members, rows=places, counts=bounded.counts)
    runs, found = block.runs(), np.zeros(1)
    for layer in bounded.layers:
        found = found + layer.times * pair_sums(layer, block, runs)
    return np.maximum(found, 0.0)
