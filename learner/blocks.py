"""The blocks of a transformer over the bytes of a text: their tensors, and how much room a text takes in them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

MOST_PAIRS: Final = 1 << 16
"""How many pairs of bytes the heads of a block may look at for a row: bounds memory and work."""
LEAST_VARIANCE: Final = 1e-5
"""What a norm adds to a variance, so that numbers that are all alike have a length to be divided by."""
UNSEEN: Final = 1e38
"""What is taken off the fit of a place with no byte: e to the power of what is left is zero, exactly."""
MOST_NUMBERS: Final = 64
"""How many numbers a byte may become."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextBlocks:
    """One block for each of the ``hidden`` widths: attention in ``heads``, then two affine layers, on each byte alone.

    Before each of both parts, and behind all blocks, the ``numbers`` of a byte are brought to one length.
    """

    length: int
    numbers: int
    heads: int
    hidden: tuple[int, ...]

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The tensors between the table and the last layer, in their order."""
        found: dict[str, tuple[int, ...]] = {}
        wide = self.numbers
        for place, hidden in enumerate(self.hidden):
            name = f"blocks.{place}."
            found |= _norm(f"{name}norm1", wide)
            found |= _affine(f"{name}attention", 3 * wide, wide) | _affine(f"{name}joined", wide, wide)
            found |= _norm(f"{name}norm2", wide)
            found |= _affine(f"{name}wider", hidden, wide) | _affine(f"{name}narrower", wide, hidden)
        return found | _norm("norm", wide)

    @property
    def pairs(self) -> int:
        """How many pairs of bytes the heads of a block look at."""
        return self.heads * self.length**2

    @property
    def room(self) -> int:
        """About how many numbers are held for a row while it is computed, but for what it adds."""
        each = (25 * self.numbers + 2 * hidden + 70 for hidden in self.hidden)
        return 2 * len(self.hidden) * self.pairs + self.length * sum(each)


def attention_fault(blocks: TextBlocks) -> str | None:
    """What is wrong with the sizes of the blocks, in one clause."""
    if blocks.numbers > MOST_NUMBERS or blocks.numbers % blocks.heads:
        return f"has no heads that share the numbers of a byte, at most {MOST_NUMBERS}, evenly"
    if blocks.pairs > MOST_PAIRS:
        return f"looks at more than {MOST_PAIRS:,} pairs of bytes (heads times length times length)"
    return None


def _norm(name: str, numbers: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (numbers,), f"{name}.bias": (numbers,)}


def _affine(name: str, outputs: int, inputs: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def waves(length: int, numbers: int) -> list[float]:
    """What is added to the numbers of a byte to tell its place, byte after byte: public, and learned from nothing.

    Sines and cosines of ever longer waves (Vaswani et al., "Attention Is All You Need", 2017, section 3.5), about as
    long as what a byte begins with.
    """
    found = []
    for place in range(length):
        for each in range(numbers):
            angle = place / 10_000.0 ** (each // 2 * 2 / numbers)
            found.append((math.cos if each % 2 else math.sin)(angle) / math.sqrt(numbers))
    return found
