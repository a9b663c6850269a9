"""The update: what a person may release. Whole multiples of a public grid, of one size for one model."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from learner.protocol import UPDATE_GRID_EXPONENT

UPDATE_GRID = math.ldexp(1.0, -UPDATE_GRID_EXPONENT)
_LARGEST = 2.0**62


def round_update(change: NDArray[np.float64]) -> NDArray[np.int64]:
    """The change of the weights in int64 multiples of 2^-24; what does not fit is cut to ±2^62 multiples."""
    cells = np.nan_to_num(change / UPDATE_GRID, nan=0.0, posinf=_LARGEST, neginf=-_LARGEST)
    return np.rint(np.clip(cells, -_LARGEST, _LARGEST)).astype(np.int64)


def encode_update(update: NDArray[np.int64], shapes: Mapping[str, tuple[int, ...]]) -> bytes:
    """The flat update (d,) as int64 safetensors of the model's shapes; the size depends on these alone."""
    tensors, first = {}, 0
    for name, shape in shapes.items():
        tensors[name] = update[first : first + math.prod(shape)].reshape(shape)
        first += math.prod(shape)
    return save(tensors)
