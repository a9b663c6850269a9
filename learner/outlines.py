"""Filters for outlines: a first layer of models of images that is fixed by the format, and never learned.

Each is the slope of a Gaussian bell in one direction, so that it answers where an image gets brighter that way. What
such filters make of an image says more about it than its pixels do, and costs no noise, as nothing in it is trained
(handcrafted features: Tramèr and Boneh, "Differentially Private Learning Needs Better Features", 2021, section 3).
"""

from __future__ import annotations

import math
from typing import Final

DIRECTIONS: Final = (4, 8, 16)
SIDE: Final = 5
FAINTEST_OUTLINE: Final = 0.3125
"""An answer is counted from here on, in scaled brightness: what is fainter is no outline."""
_STEP: Final = 2.0**-16


def outline_filters(directions: int, channels: int) -> list[list[float]]:
    """The filters (directions, patch), of a patch by rows, then columns, then channels, which count alike.

    A step of one from dark to bright is answered with a half at most. The numbers are whole ones of 2^-16, shared
    out to the channels, so that they are the same on every computer.
    """
    return [_filter(2 * math.pi * place / directions, channels) for place in range(directions)]


def _filter(angle: float, channels: int) -> list[float]:
    reach = range(-(SIDE // 2), SIDE // 2 + 1)
    slopes = [
        (column * math.cos(angle) + row * math.sin(angle)) * math.exp(-(row * row + column * column) / 2)
        for row in reach
        for column in reach
    ]
    length = sum(map(abs, slopes))
    return [round(slope / length / _STEP) * _STEP / channels for slope in slopes for _ in range(channels)]
