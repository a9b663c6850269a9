"""Check the bytes that a learner hands in."""

from __future__ import annotations

from vault.errors.training import LearnerFailed
from vault.requests.manifest import Manifest
from vault.requests.shapes import update_shapes
from vault.requests.weights import NotTheTensors, check_shapes, read_tensors, write_tensors


def check_update(update: bytes, manifest: Manifest) -> None:
    """Raise `LearnerFailed` unless these are exactly the int64 tensors of the model, canonically written.

    The learner read records, so its bytes are not trusted: what is not a number of the model has no place in them.
    """
    try:
        tensors = read_tensors(update, dtype="I64")
        check_shapes(tensors, update_shapes(manifest))
    except NotTheTensors as error:
        raise LearnerFailed(reason=str(error)) from None
    if write_tensors(tensors) != update:
        raise LearnerFailed(reason="its update is not written the one way it can be")
