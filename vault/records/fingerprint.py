"""What is kept of an import to recognise the same people: a sketch of each column, and no value.

A column is sketched twice. `beside_unit` is the set of (whose, value): how often the same unit has the same value.
`beside_values` is the set of (value, value of another column) that stand there once: it needs no names of units, so it
outlives other ids. How much of each set two strangers would share by chance is measured with the rows at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vault.records.minhash import ENOUGH, NOTHING, Sketch, is_low, mixed, sketch_of, sketch_of_least
from vault.records.normalised import VERSION, Keys, keys_of, numbering
from vault.records.vectors import is_vector, matrix_of
from vault.sealing.digest import keyed_digest
from vault.sealing.secret import Secret
from vault.views.field_types import SYSTEM_FIELDS, UnitKind, UnitSpec

_ALL_PAIRS: Final = 12  # so many columns are paired each with each; of more, each with the next few
_NEXT: Final = 6
_FEWEST_UNITS: Final = 3
MOST_ONCE: Final = 0.8
LEFT_OUT: Final = 8
_MIDDLE: Final = (0.01, 0.99)
_MOST_SAMPLED: Final = 20_000
_NUMBERS_OF_A_VECTOR: Final = 8
_MOST_OF_THE_CALENDAR: Final = 60
_PARTS_OF_A_DAY: Final = (pc.day_of_week, pc.day, pc.month, pc.iso_week, pc.year)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """A sketch of pairs, and about which share of them would be found in the records of strangers."""

    sketch: Sketch
    chance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnPrint:
    """One column: a keyed digest of its name, and what stands beside its values."""

    name: bytes
    beside_unit: Pairs
    beside_values: Pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """The units of an import and its columns; `content` is a sum over the rows, the same in any order of them.

    Where it was destroyed there is no sketch and `content` is 0: then no more is known than which columns there were.
    Two of one `version` can be compared: it says how values are made into numbers. `export` names the kind of export
    that the rows come from, empty for any other file.
    """

    content: int
    units: Sketch
    columns: tuple[ColumnPrint, ...]
    version: int = VERSION
    export: str = ""

    @property
    def is_destroyed(self) -> bool:
        """Whether nothing but the columns is known."""
        return self.content == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    name: str
    keys: Keys
    known: Keys


@dataclass(frozen=True, slots=True, kw_only=True)
class _Anchor:
    """What says whose a row is: a number for each row, the rows that have one, and its day where it is a time."""

    column: str | None
    keys: Keys
    known: Keys
    places: Keys
    count: int
    days: pa.Array | None


NO_PAIRS: Final = Pairs(sketch=NOTHING, chance=1.0)


def fingerprint(
    key: Secret,
    table: pa.Table,
    unit: UnitSpec,
    time_field: str | None,
    version: int = VERSION,
    *,
    export: str = "",
) -> Fingerprint:
    """The fingerprint of rows as they are sealed, under a key of its own."""
    seeds = _seeds(key)
    table = _own_columns(table)
    anchor = _anchor(table, unit, time_field, seeds[0], version)
    every = [_column(table, name, seeds[1], version) for name in table.column_names]
    left_out = {unit.field, time_field if unit.kind is UnitKind.DAY else None, anchor and anchor.column}
    columns = [one for one in every if one.name not in left_out]
    untimed = [one for one in columns if not pa.types.is_timestamp(table[one.name].type)]
    beside = _beside_values(untimed, table.num_rows, seeds[2])
    return Fingerprint(
        content=_content(every, table.num_rows),
        units=sketch_of(anchor.keys[anchor.known]) if anchor else NOTHING,
        columns=tuple(
            ColumnPrint(
                name=name_digest(key, one.name),
                beside_unit=_beside_unit(anchor, one, seeds[3]) if anchor else NO_PAIRS,
                beside_values=beside.get(one.name, NO_PAIRS),
            )
            for one in columns
        ),
        version=version,
        export=export,
    )


def units_of(key: Secret, table: pa.Table, unit: UnitSpec, time_field: str | None) -> Keys | None:
    """A number for the unit of each row, the same in every file; None where nothing says whose a row is."""
    anchor = _anchor(_own_columns(table), unit, time_field, _seeds(key)[0], VERSION)
    return None if anchor is None else anchor.keys


def name_digest(key: Secret, name: str) -> bytes:
    """Eight bytes under the key that stand for the name of a column, in whatever case."""
    return keyed_digest(key, b"column", name.casefold().encode())[:8]


def without_sketches(one: Fingerprint) -> Fingerprint:
    """What is left when an owner has a fingerprint destroyed: which columns there were, of which kind of export."""
    bare = (ColumnPrint(name=each.name, beside_unit=NO_PAIRS, beside_values=NO_PAIRS) for each in one.columns)
    return replace(one, content=0, units=NOTHING, columns=tuple(bare))


def _seeds(key: Secret) -> list[int]:
    return [int(seed) for seed in np.frombuffer(keyed_digest(key, b"seeds"), dtype=np.uint64)]


def _own_columns(table: pa.Table) -> pa.Table:
    """The columns of the owner; of vectors some of their numbers, each as a column, which bears what a number bears."""
    own = table.select([name for name in table.column_names if name not in SYSTEM_FIELDS])
    for name in [name for name in own.column_names if is_vector(own[name].type)]:
        vectors = matrix_of(own[name])
        places = np.unique(np.linspace(0, vectors.shape[1] - 1, _NUMBERS_OF_A_VECTOR).astype(int))
        parts = [(f"{name}[{place}]", pa.array(vectors[:, place], from_pandas=True)) for place in places]
        own = own.drop_columns(name)
        for part, values in parts:
            own = own.append_column(part, pa.chunked_array([values]))
    return own


def _column(table: pa.Table, name: str, seed: int, version: int) -> _Column:
    keys, known = keys_of(table[name], version)
    return _Column(name=name, keys=mixed(keys, seed), known=known)


def _content(columns: Sequence[_Column], rows: int) -> int:
    """One number for all the values of all rows, whatever the order of rows and columns; never 0."""
    sums = np.zeros(rows, dtype=np.uint64)
    for one in columns:
        sums += np.where(one.known, one.keys, np.uint64(0))
    return max(1, int(mixed(sums, 1).sum(dtype=np.uint64)))


# whose a row is ---------------------------------------------------------------------------------------------


def _anchor(
    table: pa.Table, unit: UnitSpec, time_field: str | None, seed: int, version: int
) -> _Anchor | None:
    """The unit; where each row is one, its time, or a column that numbers the rows."""
    match unit.kind:
        case UnitKind.DAY:
            times = table[time_field]
            return _anchored(None, pc.floor_temporal(times, unit="day"), seed, version)
        case UnitKind.COLUMN:
            return _anchored(unit.field, table[unit.field], seed, version)
        case UnitKind.RECORD:
            name = time_field or next(
                (name for name in table.column_names if _numbers_rows(table[name])), None
            )
            return None if name is None else _anchored(name, table[name], seed, version)


def _anchored(name: str | None, column: pa.ChunkedArray, seed: int, version: int) -> _Anchor:
    is_time = pa.types.is_timestamp(column.type)
    keys, known = keys_of(numbering(column) if pa.types.is_string(column.type) else column, version)
    keys = mixed(keys, seed)
    distinct, places = np.unique(keys, return_inverse=True)
    return _Anchor(
        column=name,
        keys=keys,
        known=known,
        places=places,
        count=len(distinct),
        days=column.combine_chunks() if is_time else None,
    )


def _numbers_rows(column: pa.ChunkedArray) -> bool:
    """Whether a column counts the rows, such as 17 or P-0017: most numbers once, and not too many left out.

    Some odd names, and a hundredth of the numbers at each end, do not decide it.
    """
    numbers = _whole_numbers(column)
    if not len(numbers) or len(np.unique(numbers)) <= MOST_ONCE * len(column):
        return False
    low, high = np.quantile(numbers, _MIDDLE, method="nearest")
    return int(high) - int(low) < LEFT_OUT * len(numbers)


def _whole_numbers(column: pa.ChunkedArray) -> Keys:
    """The numbers in a column of numbers or names."""
    if pa.types.is_string(column.type):
        column = numbering(column)
        column = column.filter(pc.match_substring_regex(column, r"^[0-9]{1,9}$"))
    elif not pa.types.is_integer(column.type):
        return np.empty(0, dtype=np.int64)
    numbers: Keys = column.drop_null().cast(pa.int64()).to_numpy()
    return numbers


# a value beside its unit ------------------------------------------------------------------------------------


def _beside_unit(anchor: _Anchor, column: _Column, seed: int) -> Pairs:
    known = anchor.known & column.known
    if not known.any() or _is_of_the_calendar(anchor, column, known):
        return NO_PAIRS
    chance = _chance_beside_unit(anchor, column, known)
    pairs = mixed(anchor.keys[known] + column.keys[known], seed)
    return Pairs(sketch=sketch_of(pairs), chance=chance)


def _chance_beside_unit(anchor: _Anchor, column: _Column, known: Keys) -> float:
    """Which share of the pairs would be there if each unit had the values of another one."""
    if anchor.count < _FEWEST_UNITS:
        return 1.0
    sizes = np.cumsum(np.bincount(anchor.places, minlength=anchor.count))
    units = max(_FEWEST_UNITS, int(np.searchsorted(sizes, ENOUGH, side="right")))
    rows = np.flatnonzero(known & (anchor.places < units))
    rows = rows[:: max(1, len(rows) // _MOST_SAMPLED)]
    places, values = anchor.places[rows].astype(np.uint64), column.keys[rows]
    own = np.unique(mixed(places, 1) + values)
    others = np.unique(mixed((places + np.uint64(1)) % np.uint64(min(units, anchor.count)), 1) + values)
    return float(np.isin(others, own, assume_unique=True).mean()) if len(rows) else 1.0


def _is_of_the_calendar(anchor: _Anchor, column: _Column, known: Keys) -> bool:
    """Whether a value says nothing but which day it was, such as the day of the week: all people share it."""
    if anchor.days is None:
        return False
    values = column.keys[known]
    if len(np.unique(values[:ENOUGH])) > _MOST_OF_THE_CALENDAR:
        return False
    days = anchor.days if known.all() else anchor.days.filter(pa.array(known))
    for part in _PARTS_OF_A_DAY:
        kinds, pairs = _kinds_of(part, days.slice(0, ENOUGH), values[:ENOUGH])
        if kinds == pairs:
            kinds, pairs = _kinds_of(part, days, values)
        if kinds == pairs and 1 < kinds <= len(values) // 2:
            return True
    return False


def _kinds_of(part: Callable[[pa.Array], pa.Array], days: pa.Array, values: Keys) -> tuple[int, int]:
    """How many kinds a part of a day has, and how many there are of it together with its value."""
    parts = part(days).to_numpy(zero_copy_only=False).astype(np.uint64)
    return len(np.unique(parts)), len(np.unique(mixed(parts, 1) + values))


# a value beside other values --------------------------------------------------------------------------------


def _beside_values(columns: Sequence[_Column], rows: int, seed: int) -> dict[str, Pairs]:
    """For each column, its pairs with values of other columns that stand there once."""
    share = min(1.0, ENOUGH / max(1, rows))
    half = mixed(np.arange(rows, dtype=np.uint64), 1) & np.uint64(1)
    found: dict[str, list[tuple[Keys, Keys]]] = {one.name: [] for one in columns}
    for one, other in _partners(columns):
        pairs = mixed(one.keys + other.keys, seed)
        kept = np.flatnonzero(one.known & other.known & is_low(pairs, share))
        for name in (one.name, other.name):
            found[name].append((pairs[kept], half[kept]))
    return {name: _rare(parts, share) for name, parts in found.items() if parts}


def _rare(parts: Sequence[tuple[Keys, Keys]], share: float) -> Pairs:
    pairs, half = (np.concatenate(each) for each in zip(*parts, strict=True))
    once = _once(pairs)
    first, second = (_once(pairs[half == side]) for side in (0, 1))
    fewer = min(len(first), len(second))
    shared = len(np.intersect1d(first, second, assume_unique=True))
    # Strangers are as many as all of these, not as half of them.
    return Pairs(sketch=sketch_of_least(once, share), chance=min(1.0, 2 * shared / fewer) if fewer else 1.0)


def _once(pairs: Keys) -> Keys:
    distinct, counts = np.unique(pairs, return_counts=True)
    once: Keys = distinct[counts == 1]
    return once


def _partners(columns: Sequence[_Column]) -> Iterator[tuple[_Column, _Column]]:
    if len(columns) <= _ALL_PAIRS:
        yield from combinations(columns, 2)
        return
    ordered = sorted(columns, key=lambda one: one.name.casefold())
    for at, one in enumerate(ordered):
        for step in range(1, _NEXT + 1):
            yield one, ordered[(at + step) % len(ordered)]
