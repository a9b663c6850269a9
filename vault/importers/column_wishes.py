"""Which columns are left out, which get another name, and which become one of vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from vault.errors.families import Invalid
from vault.importers.numbered_columns import Joined, joined_of
from vault.views.field_types import LONGEST_VECTOR
from vault.views.names import plain_name


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnWishes:
    """Columns by their names, or by their places: #3 is the third column; `vectors` of numbered ones by their names."""

    drop: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict)
    vectors: Mapping[str, str] = field(default_factory=dict)

    @property
    def most_joined(self) -> int:
        """At most so many columns become others."""
        return len(self.vectors) * LONGEST_VECTOR

    def names_of(self, called: Sequence[str]) -> list[str | None]:
        """The name that each column is to have, None where it is left out.

        Raises Invalid for a wish that fits no column or more than one, and for two wishes about one.
        """
        wished: dict[int, str | None] = {}
        for word, new in (*((word, None) for word in dict.fromkeys(self.drop)), *self.rename.items()):
            place = _place_of(word, called)
            if place in wished:
                raise Invalid(reason=f"two wishes are about one column: {word} is column {place + 1}")
            wished[place] = None if new is None else plain_name(new)
        return [wished.get(place, name) for place, name in enumerate(called)]

    def joined_of(self, called: Sequence[str], *, has_order: bool) -> tuple[Joined, ...]:
        """The columns of vectors; raises Invalid where they are not there, or a wish is about a part of one."""
        vectors = {plain_name(name): plain_name(word) for name, word in self.vectors.items()}
        found = joined_of(vectors, called, has_order=has_order)
        names = self.names_of(called)
        kept = dict(zip(called, names, strict=True))
        for one in found:
            for column in (column for column in one.columns if kept[column] != column):
                how = "left out" if kept[column] is None else f"renamed to {kept[column]}"
                raise Invalid(reason=f"{column} is {how}, and a part of the vector {one.name}")
        every = {column for one in found for column in one.columns}
        for name in (one.name for one in found if one.name in {*names} - every):
            raise Invalid(reason=f"the file has a column {name} besides those that become the vector {name}")
        return found


def no_column(word: str, names: Sequence[str]) -> Invalid:
    """The error that says that a file has no such column, and which is the nearest it has."""
    near = get_close_matches(word, names, n=1)
    meant = f"; did you mean {near[0]}?" if near else ""
    return Invalid(reason=f"the file has no column {word}{meant}")


def _place_of(word: str, called: Sequence[str]) -> int:
    """Where the one column stands that a word is about, by its name or its number."""
    name = plain_name(word)
    places = [place for place, one in enumerate(called) if one == name or f"#{place + 1}" == name]
    if not places:
        raise no_column(word, called)
    if len(places) > 1:
        numbers = " and ".join(f"#{place + 1}" for place in places)
        raise Invalid(reason=f"{word} fits more than one column: {numbers}")
    return places[0]
