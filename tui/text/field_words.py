"""What the vault says of a file in the words of a dialog: an option of the command is the field that stands for it."""

from __future__ import annotations

import re
from typing import Final

FIELDS: Final = {
    "as": "Read as",
    "collection": "Name of the new collection",
    "date-format": "Dates",
    "decimal": "Decimal sign",
    "drop": "Leave out",
    "encoding": "Encoding",
    "lifetime": "Lifetime privacy budget",
    "null": "Also missing",
    "part": "Part",
    "rename": "Name",
    "sensitivity": "Class",
    "separator": "Separator",
    "skip-lines": "Lines to skip",
    "time": "Time of a row",
    "type": "Kind",
    "unit": "What counts as one",
    "vector": "Vectors",
    "zone": "Zone",
}
TICKS: Final = {
    "allow-refused": "the tick above the buttons",
    "dry-run": "this preview",
    "flatten": "“Take apart what is nested”",
    "no-plan": "the tick above taken away",
    "other-people": "the tick above taken away",
    "same-people": "the tick above",
}
_NO_VALUES: Final = ("for", "or", "and", "to", "in", "with", "is", "if", "NAME", "COLUMN=TYPE")
_OPTION: Final = re.compile(r"--([a-z]+(?:-[a-z]+)*)(?: (?![-–])('[^']+'|[,.](?=\s|$)|[^\s;:,.()]+))?")


def in_fields(sentence: str) -> str:
    """The sentence with the names of fields where it names options; what has no field stays as it is."""
    return _OPTION.sub(_field, sentence)


def _field(found: re.Match[str]) -> str:
    option, said = found[1], found[2] or ""
    if option in TICKS:
        kept = said if said in _NO_VALUES or not option.endswith("-people") else ""
        return f"{TICKS[option]} {kept}".strip()
    if option not in FIELDS:
        return found[0]
    if not said or said in _NO_VALUES:
        follows = f" {said}" if said and not said.isupper() and "=" not in said else ""
        return f"“{FIELDS[option]}”{follows}"
    plain = said.strip("'")
    if option == "vector":
        return f"“{FIELDS[option]}”: {plain}"
    column, sign, word = plain.rpartition("=")
    where = f" of {column}" if sign else ""
    return f"“{FIELDS[option]}”{where}: {'' if word in ('NAME', 'TYPE') else word}".removesuffix(": ")
