"""The minimum of a smooth function by L-BFGS (Liu, Nocedal 1989), with a line search that only goes down."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Vector: TypeAlias = NDArray[np.float64]
Objective: TypeAlias = Callable[[Vector], tuple[float, Vector]]
_Pairs: TypeAlias = deque[tuple[Vector, Vector]]

MOST_STEPS: Final = 60
_MEMORY: Final = 8
_HALVINGS: Final = 30
_SUFFICIENT: Final = 1e-4
_SMALL: Final = 1e-7


def minimum(objective: Objective, start: Vector) -> Vector:
    """Where ``objective`` is least, near ``start``; where nothing is lower, the start itself."""
    here, pairs = start.copy(), deque[tuple[Vector, Vector]](maxlen=_MEMORY)
    value, gradient = objective(here)
    for _ in range(MOST_STEPS):
        if not np.isfinite(gradient).all() or np.abs(gradient).max(initial=0.0) < _SMALL:
            break
        way = -_times_inverse(pairs, gradient)
        found = _down(objective, here, way, value, float(gradient @ way))
        if found is None:
            break
        there, value, after = found
        if (after - gradient) @ (there - here) > 0:
            pairs.append((there - here, after - gradient))
        here, gradient = there, after
    return here


def _down(
    objective: Objective, here: Vector, way: Vector, value: float, slope: float
) -> tuple[Vector, float, Vector] | None:
    """A point on the way that is lower by enough (Armijo 1966), or none."""
    length = 1.0
    for _ in range(_HALVINGS):
        there = here + length * way
        reached, gradient = objective(there)
        if reached <= value + _SUFFICIENT * length * slope and reached < value:
            return there, reached, gradient
        length /= 2
    return None


def _times_inverse(pairs: _Pairs, gradient: Vector) -> Vector:
    """The gradient times the inverse curvature that the last steps show: the recursion of two loops."""
    found, shares = gradient.copy(), list[float]()
    for step, bend in reversed(pairs):
        shares.append(float(step @ found) / float(step @ bend))
        found -= shares[-1] * bend
    if pairs:
        step, bend = pairs[-1]
        found *= float(step @ bend) / float(bend @ bend)
    for (step, bend), share in zip(pairs, reversed(shares), strict=True):
        found += (share - float(bend @ found) / float(step @ bend)) * step
    return found
