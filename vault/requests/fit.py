"""Whether a job fits the collection it asks for: field types, the privacy unit, the time filter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from vault.errors.records import UnknownField
from vault.errors.requests import ManifestInvalid
from vault.views.field_types import FieldType

if TYPE_CHECKING:
    from vault.records.collections import CollectionFacts
    from vault.requests.manifest import Feature, Label, Manifest

_NUMBERS: Final = frozenset({FieldType.FLOAT, FieldType.INT, FieldType.BOOL, FieldType.TIMESTAMP})
_LISTED: Final = frozenset({FieldType.CATEGORY, FieldType.TEXT, FieldType.BOOL, FieldType.INT})

TRANSFORM_TYPES: Final[Mapping[str, frozenset[FieldType]]] = {
    "standard": _NUMBERS,
    "onehot": _LISTED,
    "classes": _LISTED,
}
"""Which field types a transform takes; a listed bool reads true or false, a listed int its decimal digits."""


def check_fit(manifest: Manifest, facts: CollectionFacts) -> None:
    """Refuse a job that this collection cannot serve as asked.

    Raises ``UnknownField`` or ``ManifestInvalid``. Only the catalogue is looked at, never a record.
    """
    types = {field.name: field.type for field in facts.fields}
    for field in manifest.fields:
        if field.name not in types:
            raise UnknownField(collection=facts.name, name=field.name)
        if types[field.name] not in TRANSFORM_TYPES[field.transform.kind]:
            fault = f"{field.transform.kind} does not fit {field.name}, which is of type {types[field.name]}"
            raise ManifestInvalid(reason=fault)
        _check_labels(field, types[field.name])
    if manifest.unit != str(facts.unit):
        raise ManifestInvalid(reason=f"its privacy unit is not that of the collection, {facts.unit}")
    has_window = manifest.where.start is not None or manifest.where.end is not None
    if has_window and facts.time_field is None:
        raise ManifestInvalid(reason="it asks for a time window of a collection without times")


_WRITTEN: Final = {
    FieldType.BOOL: (re.compile("true|false"), "true or false"),
    FieldType.INT: (re.compile("0|-?[1-9][0-9]*"), "whole numbers"),
}
"""How the values of a listed type are written; a label written otherwise would match no row at all."""


def _check_labels(field: Feature | Label, type_: FieldType) -> None:
    if field.transform.kind == "standard" or type_ not in _WRITTEN:
        return
    pattern, words = _WRITTEN[type_]
    if not all(pattern.fullmatch(label) for label in field.transform.labels):
        raise ManifestInvalid(reason=f"{field.name} is of type {type_}, so its labels are written {words}")
