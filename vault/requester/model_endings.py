"""What the ending of a file says of the model that is written to it."""

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
