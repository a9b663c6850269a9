"""What is released: whole multiples of 2^-24, of one size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from learner_setups import LOGISTIC, mlp
from safetensors.numpy import load

from learner.protocol import job_shapes, update_limit
from learner.update import encode_update, round_update

SHAPES = job_shapes(mlp(LOGISTIC, 3))
COUNT = 35


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (0.0, 0),
        (1.0, 2**24),
        (-(2.0**-24), -1),
        (0.4 * 2.0**-24, 0),
        (0.6 * 2.0**-24, 1),
        (1e300, 2**62),
        (-np.inf, -(2**62)),
        (np.nan, 0),
    ],
)
def test_a_change_becomes_the_nearest_multiple(change: float, expected: int) -> None:
    """What does not fit is cut to ±2^62, and nothing fails."""
    assert round_update(np.array([change])).tolist() == [expected]


@given(arrays.arrays(np.int64, COUNT, elements=st.integers(-(2**62), 2**62)))
def test_an_update_reads_back_and_has_one_size(update: np.ndarray) -> None:
    """Tensors of the model's names and shapes, int64; the number of bytes is that of an update of zeros."""
    data = encode_update(update, SHAPES)
    tensors = load(data)
    assert {name: tensor.shape for name, tensor in tensors.items()} == SHAPES
    assert update.tolist() == np.concatenate([tensors[name].ravel() for name in SHAPES]).tolist()
    assert len(encode_update(np.zeros(COUNT, np.int64), SHAPES)) == len(data)


def test_the_largest_model_fits_the_envelope() -> None:
    """The head of safetensors stays within what the protocol leaves for it."""
    job = mlp(LOGISTIC, 256, 256, 256)
    shapes = job_shapes(job)
    count = sum(int(np.prod(shape)) for shape in shapes.values())
    assert len(encode_update(np.zeros(count, np.int64), shapes)) <= update_limit(job)
