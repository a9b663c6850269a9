"""Which columns are left out, and which get another name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from vault.errors.families import Invalid
from vault.views.names import plain_name


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnWishes:
    """Columns by their names, or by their places: #3 is the third column."""

    drop: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict)

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


def _place_of(word: str, called: Sequence[str]) -> int:
    """Where the one column stands that a word is about, by its name or its number."""
    name = plain_name(word)
    places = [place for place, one in enumerate(called) if one == name or f"#{place + 1}" == name]
    if not places:
        raise Invalid(reason=f"the file has no column {word}")
    if len(places) > 1:
        numbers = " and ".join(f"#{place + 1}" for place in places)
        raise Invalid(reason=f"{word} fits more than one column: {numbers}")
    return places[0]
