"""The starting weights: safetensors bytes, checked before use."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load

from learner.protocol import WEIGHTS_LIMIT, Job, ProtocolError, job_shapes, parameter_count, start_shapes


def read_start(data: bytes, job: Job) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The starting weights of what a job trains (d,), and those that it keeps; raises ProtocolError."""
    whole, trained = read_weights(data, start_shapes(job)), parameter_count(job_shapes(job))
    return whole[:trained], whole[trained:]


def read_weights(data: bytes, shapes: Mapping[str, tuple[int, ...]]) -> NDArray[np.float64]:
    """The weights as one flat vector (d,) in the order of ``shapes``.

    Raises ProtocolError unless they are exactly the named float32 tensors and finite.
    """
    if len(data) > WEIGHTS_LIMIT:
        raise ProtocolError("the weights are too long")
    try:
        tensors = load(data)
    except SafetensorError:
        raise ProtocolError("the weights are not safetensors") from None
    if {name: tensor.shape for name, tensor in tensors.items()} != dict(shapes):
        raise ProtocolError("the weights do not have the shapes of the model")
    if any(tensor.dtype != np.float32 for tensor in tensors.values()):
        raise ProtocolError("the weights are not float32")
    flat = np.concatenate([tensors[name].ravel() for name in shapes]).astype(np.float64)
    if not np.isfinite(flat).all():
        raise ProtocolError("the weights are not finite")
    return flat
