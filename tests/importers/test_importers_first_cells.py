"""The first cells of a column spare a look at all of them, and decide nothing else than all of them do."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.importers.test_importers_round_trip import LIKE_OTHERS
from vault.errors.families import Invalid
from vault.importers import cells, column_notes, column_reading, known_cells
from vault.importers.column_reading import read_column
from vault.importers.wishes import CellWishes
from vault.views.field_types import FieldType

KINDS = (
    st.integers(-3, 10**6).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=2).map(str),
    st.floats(allow_nan=False).map(str),
    st.sampled_from(["1,5", "1.234", "2.500,75", "€ 3,10", "1 234"]),
    st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
    st.dates().map(lambda day: day.strftime("%d.%m.%Y")),
    st.sampled_from(["2026-03-29T02:30:00", "2026-03-29", "0000-01-01", "2026-02-30"]),
    st.sampled_from(["yes", "no", "True", "0"]),
    st.sampled_from(["inf", "-Infinity", "nan", "1"]),
    st.text("ab \x00", max_size=3),
)
CELLS = st.sampled_from(KINDS).flatmap(
    lambda kind: st.lists(kind | kind | kind | st.none() | st.sampled_from(["", " ", "NA", "-"]), max_size=30)
)


def reading(values: list[str | None], first: int, given_as: FieldType | None, form: CellWishes) -> object:
    """A column as it is read when so many of its cells are looked at first."""
    raw = pa.chunked_array([values[:7], values[7:]], pa.string())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells, "FIRST", first)
        patch.setattr(known_cells, "_FIRST", first)
        patch.setattr(column_reading, "_FIRST_LABELS", first)
        patch.setattr(column_reading, "MOST_LABELS", 3)
        patch.setattr(column_notes, "_LOOKED_AT", 2 if first < len(values) else 10**9)
        try:
            found = read_column("time", raw, given_as, is_spelled=True, form=form)
        except Invalid as error:
            return str(error)
    told = (found.type, found.refused, found.notes, found.decimal, found.order, found.clock)
    return told, found.values.to_pylist()


@pytest.mark.parametrize("examples", [60, pytest.param(2_000, marks=pytest.mark.slow)])
def test_the_first_cells_decide_what_all_do(examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(
        values=CELLS,
        odd=st.none() | LIKE_OTHERS,
        first=st.integers(1, 4),
        given_as=st.none() | st.sampled_from([FieldType.INT, FieldType.FLOAT, FieldType.TIMESTAMP]),
        decimal=st.sampled_from(["", "", ",", "."]),
        zone=st.sampled_from(["", "Europe/Berlin"]),
        doubts=st.booleans(),
    )
    def decide_the_same(
        values: list[str | None],
        odd: str | None,
        first: int,
        given_as: FieldType | None,
        decimal: str,
        zone: str,
        doubts: bool,
    ) -> None:
        form = CellWishes(decimal=decimal, zone=zone, doubts_commas=doubts, doubts_points=not doubts)
        column = [*values, *([odd] if odd else [])]
        assert reading(column, first, given_as, form) == reading(column, 10**6, given_as, form)

    decide_the_same()
