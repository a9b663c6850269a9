"""One-permutation MinHash: of a set of 64-bit features 128 buckets of 4 bits, from which two sets can be compared.

The least feature of each bucket is kept as one of 15 marks, 0 is an empty bucket. Two sets of which a share J is common
agree in about J of their buckets, and by chance in one of 15 more.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np

from vault.records.normalised import Keys

BUCKETS: Final = 128
MARKS: Final = 15
PACKED: Final = BUCKETS // 2
ENOUGH: Final = 4096  # features that are looked at of a large set: those with the least ranks
MOST_TIMES: Final = 8  # a set this many times smaller than the other is not seen in it
_FEW: Final = 1024
_IN_CACHE: Final = 2**14
_STEPS: Final = (
    (np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)),
    (np.uint64(27), np.uint64(0x94D049BB133111EB)),
)
_LAST_SHIFT: Final = np.uint64(31)
_BUCKET_BITS: Final = np.uint64(7)
_RANK_BITS: Final = np.uint64(57)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """The marks of a set, and about how many features it has."""

    marks: bytes
    size: int


NOTHING: Final = Sketch(marks=bytes(PACKED), size=0)


def mixed(values: Keys, seed: int) -> Keys:
    """A permutation of 64-bit numbers for each seed (the finaliser of SplitMix64).

    It spreads and hides nothing: who could read a sketch has the key of the seed as well.
    """
    out: Keys = values + np.uint64(seed)
    for start in range(0, len(out), _IN_CACHE):
        _mix(out[start : start + _IN_CACHE])
    return out


def _mix(out: Keys) -> None:
    for shift, factor in _STEPS:
        out ^= out >> shift
        out *= factor
    out ^= out >> _LAST_SHIFT


def sketch_of(features: Keys) -> Sketch:
    """The sketch of all the features, however often each occurs."""
    share = min(1.0, ENOUGH / max(1, len(features)))
    least = np.unique(features[is_low(features, share)])
    while share < 1 and len(least) < _FEW:  # many repeat: more of them are looked at
        share = min(1.0, share * 8)
        least = np.unique(features[is_low(features, share)])
    return sketch_of_least(least, share)


def is_low(features: Keys, share: float) -> Keys:
    """Which features are among this share of all possible ones: in each bucket those of the lowest rank."""
    if share >= 1:
        return np.ones(len(features), dtype=bool)
    low: Keys = features << _BUCKET_BITS < np.uint64(int(share * 2.0**64))
    return low


def sketch_of_least(least: Keys, share: float) -> Sketch:
    """The sketch of a set from its features that are low, sorted and without repetition."""
    buckets, first = np.unique(least >> _RANK_BITS, return_index=True)
    marks = np.zeros(BUCKETS, dtype=np.uint8)
    marks[buckets.astype(np.intp)] = 1 + mixed(least[first], 1) % np.uint64(MARKS)
    packed = (marks[::2] << 4 | marks[1::2]).astype(np.uint8)
    return Sketch(marks=packed.tobytes(), size=round(len(least) / share))


def common(one: Sketch, other: Sketch) -> float:
    """About how many features two sets have in common."""
    left, right = _unpacked(one), _unpacked(other)
    both = np.count_nonzero((left > 0) & (right > 0))
    if not both:
        return 0.0
    either = np.count_nonzero((left > 0) | (right > 0))
    above = np.count_nonzero((left == right) & (left > 0)) - both / MARKS
    if above < max(2.0, 3 * sqrt(both / MARKS)):
        return 0.0  # so much agrees by chance
    alike = above / (1 - 1 / MARKS) / either
    return alike / (1 + alike) * (one.size + other.size)


def containment(one: Sketch, other: Sketch) -> float:
    """About which share of the smaller set lies in the other; 0 where it is too small to tell."""
    smaller, larger = sorted((one.size, other.size))
    if not smaller or larger > MOST_TIMES * smaller:
        return 0.0
    return min(1.0, common(one, other) / smaller)


def _unpacked(sketch: Sketch) -> Keys:
    packed = np.frombuffer(sketch.marks, dtype=np.uint8)
    return np.stack([packed >> 4, packed & 15], axis=1).reshape(-1)
