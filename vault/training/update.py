"""Check the bytes that a learner hands in."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from learner.protocol import MAX_UNITS, largest_number
from vault.errors.training import LearnerFailed
from vault.requests.encodings import TENSOR_TYPES, encoding_of, update_step
from vault.requests.manifest import Manifest
from vault.requests.optimizers import Adam, NoOptimizer
from vault.requests.shapes import update_shapes
from vault.requests.weights import NotTheTensors, check_shapes, read_tensors, write_tensors

# in standard deviations: the sampler draws nothing farther out
FARTHEST: Final = 19.0
# of the noise is what Adam divides by, at the least
LEAST_DIVISOR: Final = 0.1


def check_update(update: bytes, manifest: Manifest) -> None:
    """Raise `LearnerFailed` unless these are the tensors of the job in its encoding, possible and canonically written.

    The learner read records, so its bytes are not trusted: what is not a number of the job has no place in them.
    """
    try:
        tensors = read_tensors(update, dtype=TENSOR_TYPES[encoding_of(manifest)])
        check_shapes(tensors, update_shapes(manifest))
    except NotTheTensors as error:
        raise LearnerFailed(reason=str(error)) from None
    if write_tensors(tensors) != update:
        raise LearnerFailed(reason="its update is not written the one way it can be")
    most = min(int(largest(manifest) / update_step(manifest)) + 1, largest_number(encoding_of(manifest)))
    if any(np.any(tensor > most) or np.any(tensor < -most) for tensor in tensors.values()):
        raise LearnerFailed(reason="its update has a number that no run of this job can give")


def largest(manifest: Manifest) -> float:
    """How far a number of the update can be from zero, from public constants alone.

    The sum of a step is at most C from each of all units a collection may have, and the noise goes as far as it
    goes; the deviation of the noise is at most 4 % above its multiple of C, for what rounding costs.
    """
    dp, optimizer = manifest.dp, manifest.optimizer
    deviation = 1.04 * dp.noise_multiplier * dp.clip
    gradient = (MAX_UNITS * dp.clip + FARTHEST * deviation) / dp.expected_batch
    if isinstance(optimizer, NoOptimizer):
        return gradient
    if isinstance(optimizer, Adam):
        least = LEAST_DIVISOR * dp.noise_multiplier * dp.clip / dp.expected_batch
        return optimizer.lr * dp.steps * gradient / least
    steps = min(float(dp.steps), 1 / (1 - optimizer.momentum)) * dp.steps
    return optimizer.lr * gradient * math.ceil(steps)
