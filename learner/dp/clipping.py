"""One unit moves the sum by at most C: units are bounded by the books of their rows, and added up by products.

A unit's gradient is a sum of outer products, one a row and layer. Its norm is found from the books as an upper
bound on that of the very numbers that are multiplied, so that what is added is no longer than C in exact
arithmetic; how far rounding may part two sums that differ in one unit is the plan's ``summation_margin``.
That the books and the factor of a unit have the same bits beside any other units is checked on each computer
before a run (``learner.dp.places``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from learner.dp.books import Books, BooksOf, Layer, LayerShape, Network, Numbers, roundoff, squares, summed
from learner.dp.plan import UNIT_ROUNDOFF, Plan
from learner.dp.totals import Total, flat
from learner.dp.units import Runs, UnitBlock, Units

Reduction: TypeAlias = Literal["sum", "mean"]

# what a factor is made smaller by: no rounding of it, or of what it multiplies, then lets a norm be above C
SHORTENED: Final = 1 - 2.0**-22
# below it a float32 holds fewer digits, also once it is divided by the 10,000 rows that a unit can have
LEAST_FACTOR: Final = 2.0**-112
# units of several rows have their gradients formed up to this many parameters, and their norms from products of
# rows beyond it
MOST_FORMED: Final = 1024
EVERY: Final = slice(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounded:
    """Some units with their factors: the outer products of ``layers`` are what is added.

    Of ``members[i]`` are the ``counts[i]`` next rows of each layer: all of its rows or, where its gradient was
    formed, a single one. What follows them is zero.
    """

    members: NDArray[np.int64]
    counts: NDArray[np.int64]
    layers: Books

    def each(self) -> Iterator[tuple[int, Books]]:
        """Every unit with its own rows of the layers."""
        ends = np.cumsum(self.counts)
        for unit, first, end in zip(self.members.tolist(), ends - self.counts, ends, strict=True):
            yield (
                unit,
                [
                    Layer(
                        inputs=layer.inputs[first:end],
                        gradients=layer.gradients[first:end],
                        times=layer.times,
                    )
                    for layer in self.layers
                ],
            )


def clipped_sum(
    units: Units,
    members: NDArray[np.int64],
    books: BooksOf,
    *,
    network: Network,
    plan: Plan,
    reduction: Reduction,
    turns: slice = EVERY,
) -> NDArray[np.float64]:
    """The sum (d,) of the bounded gradients of the members, who stand in this order; zeros when there are none.

    Of their blocks those of these ``turns`` are added up.
    """
    totals = [
        Total((shape.rows, shape.columns), network, plan.together, plan.slots) for shape in network.shapes
    ]
    blocks = bounded_units(
        units, members, books, network=network, plan=plan, reduction=reduction, turns=turns
    )
    for bounded in blocks:
        for total, layer in zip(totals, bounded.layers, strict=True):
            total.add(layer)
    return flat(totals, network.shapes)


def bounded_units(
    units: Units,
    members: NDArray[np.int64],
    books: BooksOf,
    *,
    network: Network,
    plan: Plan,
    reduction: Reduction,
    turns: slice = EVERY,
) -> Iterator[Bounded]:
    """Block after block of the members, bounded, those of these ``turns``; each is good until the next.

    Which way a unit goes follows from the job and from its own number of rows.
    """
    for block in islice(units.blocks(members, plan.block), turns.start, turns.stop, turns.step):
        counts = np.ones_like(block.counts)
        if len(block.rows) > plan.block:
            layers = _formed_alone(block, books, network, plan, reduction)
        elif plan.most_rows == 1:
            layers = _rows(books(block.rows), network, plan)
        elif plan.parameters <= MOST_FORMED:
            layers = _formed(books(block.rows), block, network, plan, reduction)
        else:
            layers = _by_pairs(books(block.rows), block, network, plan, reduction)
            counts = block.counts
        yield Bounded(members=block.members, counts=counts, layers=layers)


def _divisors(block: UnitBlock, reduction: Reduction) -> NDArray[np.float64]:
    """What the sum over each unit's rows is divided by: their number, where their mean is wanted."""
    return block.counts.astype(np.float64) if reduction == "mean" else np.ones(len(block.counts))


# the ways to a unit's norm ------------------------------------------------------------------------------


def _rows(layers: Books, network: Network, plan: Plan) -> Books:
    """Units of one row: |g|^2 |a|^2 summed over the layers, a block of rows at once."""
    squared = np.sum([_squares_of_rows(layer) for layer in layers], axis=0)
    network.shorten(layers, factors(squared, _width(layers), plan.clip_norm, _roundoff(layers)))
    return layers


def _squares_of_rows(layer: Layer) -> NDArray[np.float64]:
    """The squared norm of each row's gradient in one layer."""
    found: NDArray[np.float64] = layer.times * (squares(layer.gradients) * squares(layer.inputs))
    return found


def _by_pairs(layers: Books, block: UnitBlock, network: Network, plan: Plan, reduction: Reduction) -> Books:
    """Units of several rows: the squared norm is the sum of (a_s . a_t)(g_s . g_t) over their pairs of rows.

    Where rows cancel, that sum is off by ((w_a + w_g + 2) u + R^2 2^-53) A^2 at most, with A the sum of
    |a_t||g_t|, since the pairs are added up in float64: it is added. And since the rows, not their sum, are what
    the total rounds, a unit counts as A/rho long at least.
    """
    lengths = np.sum([_lengths(layer, block) ** 2 for layer in layers], axis=0)
    runs = block.runs()
    squared = np.sum([layer.times * pair_sums(layer, block, runs) for layer in layers], axis=0)
    pairs = block.counts.astype(np.float64) ** 2
    slack = (2 * _width_of_pairs(layers) + 8) * _roundoff(layers) + (pairs + 8) * UNIT_ROUNDOFF
    squared = np.maximum(squared, 0.0) + slack * lengths
    bound = np.maximum(squared, lengths / plan.cancellation**2)
    over = _divisors(block, reduction)
    found = factors(bound / over**2, _width(layers), plan.clip_norm, _roundoff(layers)) / over
    each = np.repeat(found, block.counts)
    padded = np.zeros(len(layers[0].inputs))
    padded[: len(each)] = each
    network.shorten(layers, padded)
    return layers


def pair_sums(layer: Layer, block: UnitBlock, runs: Runs) -> NDArray[np.float64]:
    """The sum of (a_s . a_t)(g_s . g_t) over the pairs of rows of each unit."""
    pairs = block.counts**2
    inputs, gradients = (_pairs(rows, int(pairs.sum()), runs) for rows in (layer.inputs, layer.gradients))
    found = np.multiply(inputs, gradients, dtype=np.float64)
    sums: NDArray[np.float64] = np.add.reduceat(found, np.cumsum(pairs) - pairs)
    return sums


def _pairs(rows: Numbers, pairs: int, runs: Runs) -> Numbers:
    """The products of each unit's rows with one another, unit after unit.

    Units of as many rows that stand side by side are gone through in one call, each by a product of its own; rows of
    more than a piece in float64.
    """
    kind = _kind_of_pairs(rows)
    products, place, start = np.empty(pairs, kind), 0, 0
    for count, units in runs:
        mine = rows[place : place + units * count].astype(kind, copy=False).reshape(units, count, -1)
        room = products[start : start + units * count * count].reshape(units, count, count)
        np.matmul(mine, mine.transpose(0, 2, 1), out=room)
        place, start = place + units * count, start + units * count * count
    return products


def _kind_of_pairs(rows: Numbers) -> np.dtype[np.floating[Any]]:
    """What products of rows are computed in: what the rows are in, or float64 where they are longer than a piece."""
    return rows.dtype if summed(rows) == rows.shape[1] else np.dtype(np.float64)


def _width_of_pairs(layers: Books) -> int:
    """The most roundings that a product of rows has; all that it has in float64 count as one in float32."""
    every = (rows for layer in layers for rows in (layer.inputs, layer.gradients))
    return max(rows.shape[1] if _kind_of_pairs(rows) == rows.dtype else 1 for rows in every)


def _lengths(layer: Layer, block: UnitBlock) -> NDArray[np.float64]:
    """A of each unit: the sum of |a_t||g_t| over its rows."""
    rows = np.sqrt(_squares_of_rows(layer))[: len(block.rows)]
    return np.add.reduceat(rows, block.starts)


def _formed(layers: Books, block: UnitBlock, network: Network, plan: Plan, reduction: Reduction) -> Books:
    """Units of several rows of a small model: their gradients are formed, and have a row of numbers each."""
    over = _divisors(block, reduction)[:, None]
    formed = [_outer_sums(layer, block) / over for layer in layers]
    return _of_units(formed, network.shapes, plan)


def _outer_sums(layer: Layer, block: UnitBlock) -> NDArray[np.float64]:
    """The gradient of each unit in one layer, (units, out * in)."""
    end, outputs = len(block.rows), layer.gradients.shape[1]
    sums = np.empty((len(block.members), outputs, layer.inputs.shape[1]))
    for output in range(outputs):
        rows = np.multiply(layer.inputs[:end], layer.gradients[:end, output, None], dtype=np.float64)
        np.add.reduceat(rows, block.starts, axis=0, out=sums[:, output])
    return sums.reshape(len(sums), -1)


def _formed_alone(
    block: UnitBlock, books: BooksOf, network: Network, plan: Plan, reduction: Reduction
) -> Books:
    """One unit of more rows than a block has: its gradient is formed, block after block."""
    formed = [np.zeros((shape.rows, shape.columns)) for shape in network.shapes]
    for first in range(0, len(block.rows), plan.block):
        layers = books(block.rows[first : first + plan.block])
        for so_far, layer in zip(formed, layers, strict=True):
            sums = so_far.reshape(layer.gradients.shape[1], -1)
            network.add_product(sums, layer.gradients, layer.inputs)
    over = _divisors(block, reduction)
    return _of_units([sums.reshape(1, -1) / over for sums in formed], network.shapes, plan)


def _of_units(formed: list[NDArray[np.float64]], shapes: Sequence[LayerShape], plan: Plan) -> Books:
    """Formed gradients (units, out * in) of the layers as books: of each unit one row, with its factor."""
    width = max(each.shape[1] for each in formed)
    times = [1 + shape.is_mirrored for shape in shapes]
    squared = np.sum([count * squares(each) for count, each in zip(times, formed, strict=True)], axis=0)
    found = factors(squared, width, plan.clip_norm)
    is_finite = (found > 0)[:, None]
    return [
        Layer(inputs=np.where(is_finite, each, 0.0), gradients=found[:, None], times=count)
        for count, each in zip(times, formed, strict=True)
    ]


# factors ------------------------------------------------------------------------------------------------


def factors(
    squared: NDArray[np.float64], width: int, clip_norm: float, unit: float = UNIT_ROUNDOFF
) -> NDArray[np.float64]:
    """min(1, C / norm) for each unit, a little shortened; 0 for one that has a number that is not finite, and for one
    that would be shortened more than a float32 can say.

    ``squared`` are norms squared, of sums over at most ``width`` numbers a layer: each such sum is off by at
    most width ``unit``s of itself, which the norm is made longer by. Abadi et al., "Deep Learning with Differential
    Privacy" (2016), Algorithm 1, per unit for per example. Zero is silent on purpose: a failure, or a NaN in
    the sum, would tell noiselessly that some record overflows.
    """
    norms = np.sqrt(squared) * (1 + (4 * width + 8) * unit)
    shorter = SHORTENED * (clip_norm / np.maximum(norms, clip_norm))
    return np.where(np.isfinite(squared) & (shorter >= LEAST_FACTOR), shorter, 0.0)


def _roundoff(layers: Books) -> float:
    """How far a number of the layers is off, at most, beside itself."""
    return max(roundoff(layer.inputs) for layer in layers)


def _width(layers: Books) -> int:
    """The most roundings that a norm of the layers has."""
    return max(summed(rows) for layer in layers for rows in (layer.inputs, layer.gradients))
