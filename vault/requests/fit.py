"""Whether a job fits the collection it asks for: field types, the privacy unit, the time filter."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from vault.errors.requests import ManifestInvalid
from vault.records.collections import check_fields
from vault.views.field_types import ColumnType, FieldType, VectorType

if TYPE_CHECKING:
    from vault.records.collections import CollectionFacts
    from vault.requests.manifest import Feature, Label, Manifest

_NUMBERS: Final = frozenset({FieldType.FLOAT, FieldType.INT, FieldType.BOOL, FieldType.TIMESTAMP})
_LISTED: Final = frozenset({FieldType.CATEGORY, FieldType.TEXT, FieldType.BOOL, FieldType.INT})

TRANSFORM_TYPES: Final[Mapping[str, frozenset[FieldType]]] = {
    "standard": _NUMBERS,
    "onehot": _LISTED,
    "classes": _LISTED,
    "bytes": frozenset({FieldType.TEXT, FieldType.CATEGORY}),
}
"""The field types whose values a transform reads as they are; of any other those that read as such."""


def check_fit(manifest: Manifest, facts: CollectionFacts) -> None:
    """Refuse a job that this collection cannot serve at all.

    Raises ``UnknownField`` or ``ManifestInvalid``. Only the catalogue is looked at, never a record, and no type: one
    record can turn the type of a column.
    """
    check_fields(facts, frozenset(field.name for field in manifest.fields))
    if manifest.unit != str(facts.unit):
        raise ManifestInvalid(reason=f"its privacy unit is not that of the collection, {facts.unit}")
    has_window = manifest.where.start is not None or manifest.where.end is not None
    if has_window and facts.time_field is None:
        raise ManifestInvalid(reason="it asks for a time window of a collection without times")


def wanted(manifest: Manifest) -> str:
    """What a job needs of a collection that is not there, in sentences for the owner alone."""
    name, unit = shlex.quote(manifest.collection), shlex.quote(manifest.unit)
    needed = [field.name for field in manifest.fields if field.name not in manifest.optional]
    also = [field.name for field in manifest.fields if field.name in manifest.optional]
    columns = ", ".join(needed) + (f", and as you like {', '.join(also)}" if also else "")
    return (
        f"Nothing is imported under that name. It needs these columns: {columns}. "
        f"To bring records of yours in: lockbox import FILE --collection {name} --unit {unit}"
    )


def misfits(manifest: Manifest, facts: CollectionFacts) -> tuple[str, ...]:
    """What of a job its columns hardly have, in sentences for the owner alone: it can run, and learns little by it."""
    types = {field.name: field.type for field in facts.fields}
    return tuple(
        sentence
        for field in manifest.fields
        if field.name in types and (sentence := _misfit(field, types[field.name]))
    )


_OTHER: Final = (
    "{kind} does not fit {name}, which is of type {type}: "
    "a value that does not read as such counts as missing."
)


def _misfit(field: Feature | Label, type_: ColumnType) -> str:
    kind = field.transform.kind
    if field.transform.kind == "vector":
        wanted = VectorType(field.transform.size)
        return "" if type_ == wanted else _OTHER.format(kind=wanted, name=field.name, type=type_)
    if type_ not in TRANSFORM_TYPES[kind]:
        return _OTHER.format(kind=kind, name=field.name, type=type_)
    if field.transform.kind == "bytes":
        return ""
    if field.transform.kind == "standard" or type_ not in _WRITTEN:
        return ""
    pattern, words = _WRITTEN[type_]
    if any(pattern.fullmatch(label) for label in field.transform.labels):
        return ""
    return (
        f"{field.name} is of type {type_}, and no label of the job is {words}: every row counts as missing."
    )


_WRITTEN: Final = {
    FieldType.BOOL: (re.compile("true|false|yes|no|0|1", re.IGNORECASE), "true, false, yes or no"),
    FieldType.INT: (re.compile("0|-?[1-9][0-9]*"), "a whole number"),
}
"""How the values of a listed type are written; labels that are all written otherwise match no row at all."""
