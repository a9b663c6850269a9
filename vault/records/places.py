"""Where rows are: the columns that together name a place, and how many rows have which place, rounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from vault.records.sensitivity import name_words
from vault.views.field_types import FieldSpec
from vault.views.over_time import PlaceCell, Places

_LATITUDES: Final = frozenset(("latitude", "lat"))
_LONGITUDES: Final = frozenset(("longitude", "long", "lon", "lng"))
_MOST_CELLS: Final = 60
_MOST_SHOWN: Final = 12
_DECIMALS: Final = (2, 1, 0)


def place_columns(fields: Sequence[FieldSpec]) -> Mapping[str, tuple[str, str]]:
    """Of each column that names a place with another one, by their names: the latitude and the longitude."""
    latitudes, longitudes = _with_rest(fields, _LATITUDES), _with_rest(fields, _LONGITUDES)
    pairs = [
        (latitude, longitude)
        for latitude, rest in latitudes.items()
        for longitude, other in longitudes.items()
        if rest == other
    ]
    return {name: pair for pair in reversed(pairs) for name in pair}


def _with_rest(fields: Sequence[FieldSpec], words: frozenset[str]) -> dict[str, frozenset[str]]:
    """The columns with one of these words in their name, and its other words, of whatever type they are."""
    named = {field.name: name_words(field.name) for field in fields}
    return {name: found - words for name, found in named.items() if found & words}


def places(names: tuple[str, str], latitudes: pa.ChunkedArray, longitudes: pa.ChunkedArray) -> Places | None:
    """The places of two columns, as finely rounded as they can be told apart on a screen; None without any."""
    whole = pa.table({"latitude": latitudes, "longitude": longitudes}).drop_null()
    on_earth = pc.and_(_within(whole["latitude"], 90), _within(whole["longitude"], 180))
    whole = whole.filter(on_earth)
    if not whole.num_rows:
        return None
    for decimals in _DECIMALS:
        cells = _cells(whole, decimals)
        if len(cells) <= _MOST_CELLS:
            break
    return Places(
        latitude=names[0],
        longitude=names[1],
        decimals=decimals,
        cells=tuple(cells[:_MOST_SHOWN]),
        other_cells=len(cells[_MOST_SHOWN:]),
        other_rows=sum(cell.rows for cell in cells[_MOST_SHOWN:]),
    )


def _within(degrees: pa.ChunkedArray, most: int) -> pa.ChunkedArray:
    return pc.less_equal(pc.abs(degrees), most)


def _cells(whole: pa.Table, decimals: int) -> list[PlaceCell]:
    """The rounded places, those with the most rows first."""
    # Adding nothing makes zero of minus zero, which would be a cell of its own.
    rounded = [pc.add(pc.round(column.cast(pa.float64()), decimals), 0.0) for column in whole.columns]
    grouped = pa.table(rounded, names=["latitude", "longitude"]).group_by(["latitude", "longitude"])
    cells = [
        PlaceCell(latitude=row["latitude"], longitude=row["longitude"], rows=row["count_all"])
        for row in grouped.aggregate([([], "count_all")]).to_pylist()
    ]
    return sorted(cells, key=lambda cell: (-cell.rows, cell.latitude, cell.longitude))
