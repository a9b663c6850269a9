"""vCard of versions 2.1, 3.0 and 4.0, line by line: how many of what a card has, and nothing of what it says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from vault.importers.catalogue.identities import identity
from vault.importers.catalogue.people_schema import CARD_KINDS
from vault.importers.catalogue.reading import Reading
from vault.importers.catalogue.text_lines import lines

_PROPERTY = re.compile(r"(?:[A-Za-z0-9-]{1,60}\.)?([A-Za-z0-9-]{1,60})((?:;[^:]{0,2000})?):(.*)", re.DOTALL)
_QUOTED: Final = "QUOTED-PRINTABLE"
_DEEPEST: Final = 20
_COUNTED: Final = ("TEL", "EMAIL", "ADR", "URL")
_ASKED: Final = ("ORG", "BDAY", "PHOTO", "NOTE")
_KINDS: Final = ("KIND", "X-ADDRESSBOOKSERVER-KIND")
_KEPT: Final = frozenset(("BEGIN", "END", "UID", "X-ABSHOWAS", *_KINDS, *_COUNTED, *_ASKED))
_SHOWN: Final = 400
_LOOK: Final = 4096
_Found = tuple[Counter[str], dict[str, str]]


def read_vcard(reading: Reading) -> None:
    """Read every card; one within another belongs to it."""
    for line, (counts, said) in _cards(reading):
        reading.seen["contacts"] += 1
        facts = (
            _kind(said),
            *(counts[name] for name in _COUNTED),
            *("yes" if counts[name] else "no" for name in _ASKED),
        )
        reading.rows.add(line, (*facts, identity(said.get("UID"), facts)))


def _kind(said: dict[str, str]) -> str:
    if said.get("X-ABSHOWAS", "").upper().startswith("COMPANY"):
        return "org"
    kind = next((said[name].strip().lower() for name in _KINDS if name in said), "individual")
    return kind if kind in CARD_KINDS else "other"


def _cards(reading: Reading) -> Iterator[tuple[int, _Found]]:
    depth = began = 0
    counts: Counter[str] = Counter()
    said: dict[str, str] = {}
    for line, name, value in _properties(reading):
        if name == "BEGIN":
            depth += 1
            if depth > _DEEPEST:
                raise reading.file.unreadable(f"it is nested more than {_DEEPEST} deep")
            if depth == 1:
                counts, said, began = Counter(), {}, line
        elif name == "END":
            if depth == 1:
                yield began, (counts, said)
            depth = max(0, depth - 1)
        elif depth == 1 and value.strip(" ;\t"):
            counts[name] += 1
            said.setdefault(name, value)
    if depth:
        raise reading.file.unreadable("it ends in the middle")


def _properties(reading: Reading) -> Iterator[tuple[int, str, str]]:
    """Every line that begins a property: its number, name and the start of its value."""
    carries_on = False
    for number, line in lines(reading.file, reading.progress):
        is_inner = carries_on or line[:1] in (" ", "\t")
        found = None if is_inner else _PROPERTY.match(line[:_LOOK])
        is_quoted = carries_on if is_inner else found is not None and _QUOTED in found[2].upper()
        carries_on = is_quoted and line.endswith("=")
        if found is not None and (name := found[1].upper()) in _KEPT:
            yield number, name, found[3][:_SHOWN]
