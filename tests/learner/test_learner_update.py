"""What is released: whole multiples of 2^-24, of one size."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from learner_setups import LOGISTIC, SeededWords, listened, mlp, random_frame
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


@pytest.mark.parametrize(("encoding", "most"), [("int16", 32767), ("int8", 127)])
def test_what_does_not_fit_in_few_bytes_is_cut_and_never_wraps(encoding: str, most: int) -> None:
    """To the largest number on either side: a sum that were to wrap would have the other sign."""
    numbers = np.array([0.4, 1.6, -1.6, most + 0.4, most + 1, most * 2 + 2, 1e300, np.inf, np.nan])
    found = round_update(np.concatenate((numbers, -numbers)) * 0.25, 0.25, encoding)
    assert found.dtype == encoding
    expected = [0, 2, -2, most, most, most, most, most, 0]
    assert found.tolist() == expected + [-number for number in expected]


@pytest.mark.parametrize("encoding", ["int16", "int8"])
def test_few_bytes_hold_the_noised_sum_to_half_a_step(encoding: Any) -> None:
    """The same run under the same words: what is approved are the bytes of the encoding, of one size."""
    job = replace(LOGISTIC, kind="gradient_sum", expected_batch=1.0)
    coded = replace(job, encoding=encoding, output_step=0.25)
    frame = random_frame(job, 20)
    whole, short = (listened(each, frame, words=SeededWords(3))[1] for each in (job, coded))
    found, true = load(short), load(whole)
    assert {name: tensor.dtype for name, tensor in found.items()} == dict.fromkeys(found, np.dtype(encoding))
    for name, tensor in found.items():
        assert np.abs(tensor * 0.25 - true[name] * 2.0**-24).max() <= 0.125 + 2.0**-24
    assert len(short) <= update_limit(coded) < update_limit(job)
