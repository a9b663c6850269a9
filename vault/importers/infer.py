"""Which type a column has, judged from a sample spread evenly over the whole file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from vault.importers.source import RawBatch, Source
from vault.importers.values import fits, has_no_zone, is_not_finite
from vault.views.field_types import FieldType

SAMPLE_VALUES = 2000
# With fewer fitting values the odd ones are no slips any more: the column is text.
LEAST_FITTING = 0.95
MOST_LABELS = 32
LEAST_ROWS_A_LABEL = 2

_NARROWEST_FIRST = (FieldType.INT, FieldType.FLOAT, FieldType.BOOL, FieldType.TIMESTAMP)
_SPELLED = frozenset((FieldType.INT, FieldType.FLOAT, FieldType.BOOL))
_DECIMAL_COMMA = re.compile(r"\s*[+-]?[0-9.]*[0-9],[0-9]+\s*")
_LOCAL_DATE = re.compile(r"\s*[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{2,4}([ T].*)?\s*")


def sample(batches: Iterable[RawBatch]) -> list[list[object]]:
    """Known values of every column, at most twice ``SAMPLE_VALUES``, evenly spread over the whole file.

    Every column is counted by itself: one that is seldom filled is judged by what it has.
    """
    spreads: list[_Spread] = []
    for batch in batches:
        spreads = spreads or [_Spread() for _ in batch.columns]
        for spread, values in zip(spreads, batch.columns, strict=True):
            spread.add([value for value in values if value is not None])
    return [[value for value in spread.kept if not _is_blank(value)] for spread in spreads]


@dataclass(slots=True)
class _Spread:
    """Every ``stride``-th of the values added so far; the stride doubles when there are too many."""

    kept: list[object] = field(default_factory=list)
    stride: int = 1
    seen: int = 0

    def add(self, values: Sequence[object]) -> None:
        self.kept.extend(values[-self.seen % self.stride :: self.stride])
        self.seen += len(values)
        while len(self.kept) > 2 * SAMPLE_VALUES:
            self.stride *= 2
            self.kept = self.kept[::2]


def choose_types(
    source: Source, samples: Sequence[Sequence[object]], given: Mapping[str, FieldType]
) -> dict[str, FieldType]:
    """The given type of every column, else the one its sample suggests; text may still become a category."""
    return {
        name: given.get(name) or _best_type(values, has_types=source.has_types)
        for name, values in zip(source.names, samples, strict=True)
    }


def _best_type(known: Sequence[object], *, has_types: bool) -> FieldType:
    """The narrowest of the types that fit most of the known values, if those are at least 95 % of them."""
    if not known:
        return FieldType.TEXT
    scores = {wanted: sum(_suits(value, wanted, has_types) for value in known) for wanted in _NARROWEST_FIRST}
    best = max(_NARROWEST_FIRST, key=scores.__getitem__)
    return best if scores[best] >= LEAST_FITTING * len(known) else FieldType.TEXT


def _suits(value: object, wanted: FieldType, has_types: bool) -> bool:
    """Whether a value speaks for a type; where a format has numbers of its own, a text is no number."""
    if has_types and isinstance(value, str) and wanted in _SPELLED:
        return False
    if wanted is FieldType.FLOAT and isinstance(value, int):
        return fits(value, FieldType.INT)  # or one number too long for a whole one would round all the others
    if wanted is FieldType.FLOAT and is_not_finite(value):
        return True
    return fits(value, wanted)


def _is_blank(value: object) -> bool:
    return isinstance(value, str) and not value.strip()


def is_category(column: pa.ChunkedArray) -> bool:
    """Whether a text column draws from at most 32 labels, each on two rows or more on average."""
    known = len(column) - column.null_count
    labels: int = pc.count_distinct(column, mode="only_valid").as_py()
    return 0 < labels <= MOST_LABELS and known >= LEAST_ROWS_A_LABEL * labels


def notes(
    names: Sequence[str], samples: Sequence[Sequence[object]], types: Mapping[str, FieldType]
) -> list[str]:
    """What the owner should know about how the cells were read."""
    told = []
    for name, known in zip(names, samples, strict=True):
        if not known:
            told.append(f"The column {name} is empty.")
        elif types[name] is FieldType.TIMESTAMP and any(has_no_zone(value) for value in known):
            told.append(f"The times in {name} carry no zone: they are taken as UTC.")
        elif types[name] is FieldType.TEXT:
            told.extend(_about_text(name, [value for value in known if isinstance(value, str)]))
    return told


def _about_text(name: str, texts: Sequence[str]) -> list[str]:
    if _mostly(texts, _DECIMAL_COMMA):
        return [f"The column {name} looks like numbers with a decimal comma: it is kept as text."]
    if _mostly(texts, _LOCAL_DATE):
        return [f"The column {name} looks like dates, but not of the form 2026-01-31: it is kept as text."]
    return []


def _mostly(texts: Sequence[str], pattern: re.Pattern[str]) -> bool:
    return bool(texts) and sum(pattern.fullmatch(text) is not None for text in texts) >= LEAST_FITTING * len(
        texts
    )
