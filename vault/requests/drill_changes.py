"""What a drill asks otherwise than the job it looks like: one thing, such as requesters do change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from vault.errors.requests import ManifestInvalid
from vault.requests.canonical import canonical
from vault.requests.manifest import SUMS, kind_of
from vault.requests.parse import parse_manifest
from vault.views.field_types import FieldType
from vault.views.purposes import DPV

if TYPE_CHECKING:
    from vault.records.collections import CollectionFacts
    from vault.requests.manifest import Manifest

Document = dict[str, Any]
Planting = Callable[["Manifest", "CollectionFacts"], Mapping[str, Any]]

PARTNER: Final = "Research partners"
KEPT: Final = "kept without an end"
PURPOSES: Final = (f"{DPV}CommercialResearch", f"{DPV}PersonalisedAdvertising")
_NUMBERS: Final = (FieldType.FLOAT, FieldType.INT, FieldType.BOOL)
_PLAIN: Final = {"kind": "standard", "center": 0, "scale": 1, "clip": 3, "fill": 0}


def changed_manifests(
    before: Manifest, facts: CollectionFacts, *, first: int, renewed: Mapping[str, str]
) -> Iterator[Manifest]:
    """The job with one thing otherwise each, beginning with the change of number `first`; `renewed` is anew anyway."""
    document: Document = before.model_dump(mode="json", by_alias=True)
    for number in range(len(PLANTED)):
        change = PLANTED[(first + number) % len(PLANTED)](before, facts)
        if not change:
            continue
        try:
            manifest = parse_manifest(canonical({**document, **change, **renewed}))
        except ManifestInvalid:  # a job of this kind has no room for such a change; the next one is tried
            continue
        yield manifest


def _dearer(before: Manifest, _facts: CollectionFacts) -> Mapping[str, Any]:
    if kind_of(before) in SUMS or before.dp.steps > 5_000:
        return {}
    return {"dp": before.dp.model_dump(mode="json") | {"steps": 2 * before.dp.steps}}


def _for_others_too(before: Manifest, _facts: CollectionFacts) -> Mapping[str, Any]:
    return {} if PARTNER in before.recipients else {"recipients": [*before.recipients, PARTNER]}


def _kept_longer(before: Manifest, _facts: CollectionFacts) -> Mapping[str, Any]:
    return {} if before.retention == KEPT else {"retention": KEPT}


def _another_purpose(before: Manifest, _facts: CollectionFacts) -> Mapping[str, Any]:
    purpose = next(one for one in PURPOSES if one != before.purpose.dpv)
    return {"purpose": {"dpv": purpose, "text": before.purpose.text}}


def _one_more_column(before: Manifest, facts: CollectionFacts) -> Mapping[str, Any]:
    asked = {field.name for field in before.fields}
    free = [one.name for one in facts.fields if one.name not in asked and one.type in _NUMBERS]
    if not free:
        return {}
    more = {"name": free[0], "role": "feature", "necessity": "required", "transform": _PLAIN}
    fields = before.model_dump(mode="json", by_alias=True)["fields"]
    return {"fields": [*fields, more]}


PLANTED: Final[tuple[Planting, ...]] = (
    _one_more_column,
    _dearer,
    _for_others_too,
    _another_purpose,
    _kept_longer,
)
