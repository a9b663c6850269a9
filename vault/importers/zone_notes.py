"""What the zone that was said of a file changes, and what it does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from vault.importers.wishes import known_zone
from vault.views.field_types import UnitKind

if TYPE_CHECKING:
    from vault.records.schema import ParsedTable
    from vault.views.field_types import UnitSpec


def zone_notes(said: str, parsed: ParsedTable, unit: UnitSpec) -> Iterator[str]:
    """That days of a collection begin in its own zone for good, or that no time of the file needs the zone."""
    if not said:
        return
    kept = unit.zone or "UTC"
    if unit.kind is UnitKind.DAY and known_zone(said) != (unit.zone or ""):
        yield (
            f"--zone {said} holds for the times of this file that name no zone; days go on beginning in {kept}, "
            "the zone of the collection, for good."
        )
    elif (
        unit.kind is not UnitKind.DAY and not parsed.has_local_times and said != "UTC"
    ):  # every saved plan says that
        yield f"--zone {said} changes nothing: no time of this file is without a zone, and days are not the unit."
