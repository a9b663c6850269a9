"""How the numbers of an update are written: in how many bytes, in steps of which size. All of it is public.

An update is rounded to its encoding once it has its noise, and what is approved and sent are these very bytes.
"""

from __future__ import annotations

import math
from typing import Final, Literal

from learner.protocol import UPDATE_GRID_EXPONENT, largest_number
from vault.requests.manifest import Encoding, Manifest, SecondManifest
from vault.requests.optimizers import Adam, NoOptimizer

UPDATE_STEP: Final = 2.0**-UPDATE_GRID_EXPONENT
"""What one whole number of an int64 update moves a weight by."""

NOISE_REACH: Final = 4.0
"""How many standard deviations of noise have room beside what the units of a step add up to."""
ADAM_REACH: Final = 10.0
"""A step of Adam is at most as many learning rates long where there is nothing but noise."""
TENSOR_TYPES: Final[dict[Encoding, Literal["I64", "I16", "I8"]]] = {
    "int64": "I64",
    "int16": "I16",
    "int8": "I8",
}
"""What safetensors calls them."""


def encoding_of(manifest: Manifest) -> Encoding:
    """How the numbers of the job's update are written; in the first version of the format it was always int64."""
    return manifest.output.encoding if isinstance(manifest, SecondManifest) else "int64"


def update_step(manifest: Manifest) -> float:
    """What one whole number of the update counts for.

    Where there are few bytes, the largest one stands for as far as ``most_units`` units and four standard deviations
    of noise in every step could move a number; what goes farther is cut to that.
    """
    if not isinstance(manifest, SecondManifest) or manifest.output.encoding == "int64":
        return UPDATE_STEP
    dp, output = manifest.dp, manifest.output
    units = dp.sampling_rate * output.most_units + NOISE_REACH * dp.noise_multiplier
    return _gain(manifest) * dp.steps * units / largest_number(output.encoding)


def encoding_faults(manifest: Manifest) -> tuple[str, ...]:
    """What is wrong with the encoding of the update, as clauses; empty when nothing is."""
    if not isinstance(manifest, SecondManifest) or manifest.output.encoding == "int64":
        return ()
    dp, step = manifest.dp, update_step(manifest)
    if step <= _gain(manifest) * math.sqrt(dp.steps) * dp.noise_multiplier:
        return ()
    wider = {"int8": "int16 or int64", "int16": "int64"}[manifest.output.encoding]
    return (
        f"its update in {manifest.output.encoding} would have coarser steps than its noise: write it in {wider}",
    )


def _gain(manifest: Manifest) -> float:
    """How far a gradient as long as the clip norm moves a number in one step."""
    dp, optimizer = manifest.dp, manifest.optimizer
    if isinstance(optimizer, NoOptimizer):
        return dp.clip / dp.expected_batch
    if isinstance(optimizer, Adam):
        return optimizer.lr * ADAM_REACH / dp.noise_multiplier
    return optimizer.lr / (1 - optimizer.momentum) * dp.clip / dp.expected_batch
