"""One unit moves the sum by at most C: gradients are formed, bounded and added unit by unit.

A unit's bounded gradient does not depend on the other units of the batch, to the last bit. Its rows are
computed in physical batches of one fixed, padded shape on one thread, because matrix kernels may sum in
another order when the shape changes; then it is truncated to a grid so fine that the sum of all units is
exact in every order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learner.dp.plan import Plan
from learner.dp.units import Units

# float32 gradients (len(rows), d) of the rows asked for, at most physical_batch(d) of them at once
RowGradients: TypeAlias = Callable[[NDArray[np.int64]], Tensor]
Reduction: TypeAlias = Literal["sum", "mean"]

# 1024 fine cells in a grid cell: with at most 2^26 grid cells in C, float64 adds 2^17 units without rounding
_FINE_EXPONENT = 10


def physical_batch(parameters: int) -> int:
    """How many rows, and how many units, are worked on at once: public; few where gradients are large."""
    if parameters <= 1024:
        return 1024
    return 256 if parameters <= 16_384 else 64


def clipped_sum(
    units: Units,
    batch: NDArray[np.bool_],
    row_gradients: RowGradients,
    *,
    plan: Plan,
    reduction: Reduction,
) -> NDArray[np.float64]:
    """The sum (d,) of the bounded gradients of the units in ``batch``; zeros when it is empty."""
    total = torch.zeros(plan.parameters, dtype=torch.float64)
    for _, gradients in bounded_gradients(units, batch, row_gradients, plan=plan, reduction=reduction):
        total += gradients.sum(dim=0)
    return total.numpy()


def bounded_gradients(
    units: Units,
    batch: NDArray[np.bool_],
    row_gradients: RowGradients,
    *,
    plan: Plan,
    reduction: Reduction,
) -> Iterator[tuple[NDArray[np.int64], Tensor]]:
    """Blocks of units in ``batch``: their numbers, and float64 gradients (block, d) of norm at most C."""
    chosen = np.flatnonzero(batch)
    size = physical_batch(plan.parameters)
    for first in range(0, len(chosen), size):
        members = chosen[first : first + size]
        gradients = unit_gradients(units, members, row_gradients, plan=plan, reduction=reduction)
        yield members, truncate(clip(finite_or_zero(gradients), plan.clip_norm), plan)


def unit_gradients(
    units: Units,
    members: NDArray[np.int64],
    row_gradients: RowGradients,
    *,
    plan: Plan,
    reduction: Reduction,
) -> Tensor:
    """The sum or mean of each member's row gradients, float64 (block, d); zeros beyond the members."""
    size = physical_batch(plan.parameters)
    rows, slots = units.rows_of(members)
    totals = torch.zeros((size, plan.parameters), dtype=torch.float64)
    for first in range(0, len(rows), size):
        part = slice(first, first + size)
        totals.index_add_(0, torch.from_numpy(slots[part]), row_gradients(rows[part]).double())
    if reduction == "mean":
        totals[: len(members)] /= torch.from_numpy(np.bincount(slots))[:, None]
    return totals


def finite_or_zero(gradients: Tensor) -> Tensor:
    """The gradients (units, d), with the zero vector for every unit that has a number which is not finite.

    Silent on purpose: a failure, or a NaN in the sum, would tell noiselessly that some record overflows.
    """
    finite = gradients.sum(dim=1, keepdim=True).isfinite()  # a sum of float32 numbers overflows no float64
    return gradients.masked_fill_(~finite, 0.0)


def clip(gradients: Tensor, clip_norm: float) -> Tensor:
    """g min(1, C / ||g||) for each unit, the Euclidean norm in float64 over all parameters together.

    Abadi et al., "Deep Learning with Differential Privacy" (2016), Algorithm 1, per unit for per example.
    """
    norms: Tensor = torch.linalg.vector_norm(gradients, dim=1, keepdim=True)
    return gradients.mul_(clip_norm / norms.clamp(min=clip_norm))


def truncate(gradients: Tensor, plan: Plan) -> Tensor:
    """The gradients cut towards zero to a grid 1024 times finer than the noise; no norm grows."""
    fine = plan.grid * 2.0**-_FINE_EXPONENT
    return gradients.div_(fine).trunc_().mul_(fine)
