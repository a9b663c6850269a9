"""Why the lists of a column are no vectors: how many numbers most of them have, and the first that is another."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from vault.importers.vector_values import EXACT_IN_A_DOUBLE, are_numbers
from vault.views.field_types import LONGEST_VECTOR

BOUNDS = f"a vector has 2 to {LONGEST_VECTOR:,}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OddLists:
    """Lists of numbers, most of them ``usual`` long; at ``place`` stands ``what`` instead, if anything does."""

    usual: int
    helps: bool
    place: int
    what: str

    def words(self, name: str, lines: Sequence[int]) -> str:
        """What stands against the vectors, and the way out."""
        if not 1 < self.usual <= LONGEST_VECTOR:
            many = "1 number" if self.usual == 1 else f"{self.usual:,} numbers"
            return f"lists of {many}, and {BOUNDS}; leave the column out with --drop"
        which = "most" if self.helps else "others"
        odd = (
            f"line {lines[self.place]:,} holds {self.what}, where {which} are lists of {self.usual:,} numbers"
        )
        if not self.helps:
            return f"{odd}; leave the column out with --drop"
        given = shlex.quote(f"{name}=vector({self.usual})")
        return f"{odd}; with --type {given} only the rows without such a list are refused"


def odd_lists(raw: pa.ChunkedArray | list[object]) -> OddLists | None:
    """What stands against the vectors; None where most values are no lists of numbers."""
    sizes = _sizes_of_items(raw) if isinstance(raw, list) else _sizes_of_arrow(raw)
    found = Counter(size for size in sizes if size is not None and size >= 0)
    if not found:
        return None
    (usual, count), known = found.most_common(1)[0], sum(size is not None for size in sizes)
    if 2 * found.total() <= known:
        return None
    place = next((at for at, size in enumerate(sizes) if size not in (None, usual)), 0)
    what = _what(raw[place] if isinstance(raw, list) else raw[place].as_py())
    return OddLists(usual=usual, helps=2 * count > known, place=place, what=what)


def _sizes_of_items(values: list[object]) -> list[int | None]:
    """How many numbers each list has, -1 for what is no list of numbers, None for what is missing."""
    return [
        None if one is None else len(one) if isinstance(one, list) and are_numbers(one) else -1
        for one in values
    ]


def _sizes_of_arrow(raw: pa.ChunkedArray) -> list[int | None]:
    return [size for part in raw.chunks for size in _sizes_of_part(part)]


def _sizes_of_part(part: pa.Array) -> list[int | None]:
    sizes: list[int | None] = pc.list_value_length(part).to_pylist()
    is_bad = pc.invert(pc.fill_null(pc.is_finite(pc.list_flatten(part)), False))
    for place in pc.unique(pc.filter(pc.list_parent_indices(part), is_bad)).to_pylist():
        sizes[place] = -1
    return sizes


def _what(value: object) -> str:
    if not isinstance(value, list):
        return "no list"
    if are_numbers(value):
        return "a list of 1 number" if len(value) == 1 else f"a list of {len(value):,} numbers"
    if any(type(one) is int and abs(one) > EXACT_IN_A_DOUBLE for one in value):
        return "a whole number beyond 2^53, which a vector does not keep exactly"
    return "a list with what is no finite number"
