"""A trained transformer outside of the vault: the scores of texts, by its tensors and the bytes of each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from learner.protocol import LEAST_VARIANCE, UNSEEN, TextBlocks, waves

if TYPE_CHECKING:
    from collections.abc import Callable

Floats: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Affine:
    """A weight (outputs, inputs) and a bias (outputs,); of a norm what each number is multiplied with, and moved by."""

    weight: Floats
    bias: Floats

    def applied(self, values: Floats) -> Floats:
        """What an affine layer makes of numbers (…, inputs)."""
        found: Floats = values @ self.weight.T + self.bias
        return found

    def normed(self, values: Floats) -> Floats:
        """What a norm makes of the numbers of each place."""
        centred = values - values.mean(axis=-1, keepdims=True)
        lengths = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + LEAST_VARIANCE)
        found: Floats = centred / lengths * self.weight + self.bias
        return found

    def part(self, rows: slice) -> Affine:
        """Some of the outputs of an affine layer."""
        return Affine(weight=self.weight[rows], bias=self.bias[rows])


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What one head asks, what it is found by, what it hands on (numbers of a head each), and how that is joined."""

    questions: Affine
    keys: Affine
    values: Affine
    joined: Floats

    @property
    def measure(self) -> float:
        """What the fit of a question and a key is multiplied with."""
        return 1 / math.sqrt(len(self.keys.bias))


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The parts of one block in their order; ``heads`` are those of its attention, joined with ``offset``."""

    norm: Affine
    heads: tuple[Head, ...]
    offset: Floats
    second_norm: Affine
    wider: Affine
    narrower: Affine

    @classmethod
    def of(cls, parts: Sequence[Affine], heads: int) -> Block:
        """The block of its six parts."""
        norm, asked, joined, second_norm, wider, narrower = parts
        wide = len(joined.bias)
        ends = [place * wide // heads for place in range(heads + 1)]

        def head(first: int, end: int) -> Head:
            each = [asked.part(slice(third * wide + first, third * wide + end)) for third in range(3)]
            questions, keys, values = each
            return Head(questions=questions, keys=keys, values=values, joined=joined.weight[:, first:end])

        return cls(
            norm=norm,
            heads=tuple(head(first, end) for first, end in pairwise(ends)),
            offset=joined.bias,
            second_norm=second_norm,
            wider=wider,
            narrower=narrower,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedTransformer:
    """The tensors of a transformer as they are used; ``places`` (length, numbers) tell a byte its place."""

    table: Floats
    places: Floats
    blocks: tuple[Block, ...]
    norm: Affine
    last: Affine

    @classmethod
    def of(cls, shape: TextBlocks, tensors: Sequence[Floats]) -> TrainedTransformer:
        """The model of its tensors in their order."""
        table, *rest = tensors
        pairs = zip(rest[::2], rest[1::2], strict=True)
        *inner, norm, last = [Affine(weight=weight, bias=bias) for weight, bias in pairs]
        known = table.copy()
        known[0] = 0.0
        return cls(
            table=known,
            places=np.array(waves(shape.length, shape.numbers)).reshape(shape.length, shape.numbers),
            blocks=tuple(
                Block.of(inner[first : first + 6], shape.heads) for first in range(0, len(inner), 6)
            ),
            norm=norm,
            last=last,
        )

    def scores(self, codes: Floats, activated: Callable[[Floats], Floats]) -> Floats:
        """What the model gives out for the bytes of texts (rows, length); nothing is where no byte is."""
        present = (codes > 0)[:, :, None].astype(np.float64)
        values = (self.table[codes.astype(np.int64)] + self.places) * present
        for block in self.blocks:
            values = (values + _attended(block, values, present)) * present
            wider = activated(block.wider.applied(block.second_norm.normed(values)))
            values = (values + block.narrower.applied(wider)) * present
        means = (self.norm.normed(values) * present).mean(axis=1)
        means /= np.maximum(present.mean(axis=1), 1 / codes.shape[1])
        return self.last.applied(means)


def _attended(block: Block, values: Floats, present: Floats) -> Floats:
    """What each byte takes in of the others, by all heads together."""
    given, found = block.norm.normed(values), np.zeros_like(values) + block.offset
    unseen = (present.transpose(0, 2, 1) - 1) * UNSEEN
    for head in block.heads:
        fits = head.questions.applied(given) @ head.keys.applied(given).transpose(0, 2, 1)
        fits = fits * head.measure + unseen
        shares = np.exp(fits - fits.max(axis=2, keepdims=True))
        shares /= shares.sum(axis=2, keepdims=True)
        found += shares @ head.values.applied(given) @ head.joined.T
    return found
