"""What a job asks otherwise than an earlier one of the same requester: from the two manifests and their prices alone.

Nothing here looks at a record. What every job has anew tells a person nothing and is left out: its id, when it ends,
and its start weights; and so are what moves no record and no price: optimizer, averaging, grid and expected batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.requests.words import ask_words, job_words, quoted, transform_words, unit_words, window_words
from vault.views.purposes import PURPOSES
from vault.views.requests import Change

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.requests.evaluate import PricedJob
    from vault.requests.manifest import Feature, Label, Manifest
    from vault.views.field_types import ColumnType


def changes(before: PricedJob, now: PricedJob, types: Mapping[str, ColumnType]) -> tuple[Change, ...]:
    """Every difference a person should know, columns first; empty for the same job. `types` are the columns' own."""
    whole = {what: (text, _facts(now)[what]) for what, text in _facts(before).items()}
    return (
        *_column_changes(before.manifest, now.manifest, types),
        *(Change(what=what, before=old, now=new) for what, (old, new) in whole.items() if old != new),
    )


def _column_changes(before: Manifest, now: Manifest, types: Mapping[str, ColumnType]) -> list[Change]:
    earlier, later = ({field.name: field for field in manifest.fields} for manifest in (before, now))
    found = []
    for name in (*later, *(name for name in earlier if name not in later)):
        found += _changes_of(name, earlier.get(name), later.get(name), types)
    return found


def _changes_of(
    name: str, before: Feature | Label | None, now: Feature | Label | None, types: Mapping[str, ColumnType]
) -> list[Change]:
    """What became of one column: it came, it went, it is another part of the job, or it is read otherwise."""
    asked = ["" if field is None else ask_words(field) for field in (before, now)]
    found = [Change(what=f"column {name}", before=asked[0], now=asked[1])] if asked[0] != asked[1] else []
    if before is None or now is None or before.transform == now.transform:
        return found
    read = [transform_words(field, types[name]) for field in (before, now)]
    return [*found, Change(what=f"how {name} is read", before=read[0], now=read[1])]


def _facts(ask: PricedJob) -> dict[str, str]:
    """Everything else about a job that a person should know, by what it is called."""
    manifest, dp = ask.manifest, ask.manifest.dp
    return {
        "purpose": PURPOSES[manifest.purpose.dpv],
        "purpose in their words": quoted(manifest.purpose.text),
        "price (ε)": str(ask.price.epsilon),
        "who gets it": ", ".join(map(quoted, manifest.recipients)) or "nobody else",
        "they keep it": quoted(manifest.retention),
        "their name for themselves": quoted(manifest.requester.name),
        "reached at": quoted(manifest.requester.contact),
        "records": window_words(manifest.where),
        "privacy unit": unit_words(manifest),
        "rows of one unit that count": f"at most {manifest.max_rows_per_unit:,}",
        "rows of one unit together": {"sum": "added up", "mean": "averaged"}[manifest.unit_reduction],
        "model": job_words(manifest),
        "steps": f"{dp.steps:,}",
        "chance of a unit to be in a step": f"{dp.sampling_rate:g}",
        "clip norm": f"{dp.clip:g}",
        "noise multiplier": f"{dp.noise_multiplier:g}",
        "minutes to decide": f"{manifest.slot_minutes:,}",
    }
