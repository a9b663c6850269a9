"""What the owner should know about the names in a file before they are kept: those that can be mistaken for others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from vault.views.names import alphabets, lookalikes, spelled


def name_notes(collection: str, columns: Sequence[str], known: Iterable[str]) -> Iterator[str]:
    """A sentence for each name that mixes alphabets or looks like another column or, if new, another collection."""
    for name in (collection, *columns):
        mixed = alphabets(name)
        if mixed:
            yield f"The name {name} mixes letters of {' and '.join(mixed)}: it is spelled {spelled(name)}."
    for other in lookalikes(collection, known):
        yield f"The name {collection} can be mistaken for the collection {other}: {_told_apart(collection, other)}."
    for place, name in enumerate(columns):
        for other in lookalikes(name, columns[:place]):
            yield f"The column {name} can be mistaken for the column {other}: {_told_apart(name, other)}."


def _told_apart(name: str, other: str) -> str:
    return f"they are spelled {spelled(name)} and {spelled(other)}"
