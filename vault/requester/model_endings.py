"""Models in files: the ending says what is in one, the weights or the whole model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vault.errors.families import Invalid

if TYPE_CHECKING:
    from pathlib import Path

WEIGHTS: Final = ".safetensors"
ENDINGS: Final = ((WEIGHTS, "its weights alone"), (".onnx", "the whole model, as other programs use it"))


def check_ending(file: Path) -> None:
    """Refuse a file whose ending does not say what is in it; raises `Invalid`."""
    if file.suffix.lower() not in dict(ENDINGS):
        known = " or ".join(f"{ending} ({what})" for ending, what in ENDINGS)
        raise Invalid(reason=f"{file.name} does not say what of the model is in it: name it {known}")


def model_in(target: Path, *, job: bytes, weights: bytes, name: str) -> bytes:
    """A model as the ending of this file says, by the job that says what its weights mean; raises `Invalid`."""
    check_ending(target)
    if target.suffix.lower() == WEIGHTS:
        return weights
    from vault.requester.onnx_model import onnx_bytes
    from vault.requester.trained import TrainedModel
    from vault.requests.parse import parse_manifest

    return onnx_bytes(TrainedModel.of(parse_manifest(job), weights, name))
