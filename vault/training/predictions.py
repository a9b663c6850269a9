"""Predictions as a file for the owner: the rows, and what is predicted behind them."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vault.records.distribution import histogram
from vault.requests.parse import parse_manifest
from vault.store.new_file import new_file
from vault.training.own import numbers_of
from vault.views.models import Predictions

if TYPE_CHECKING:
    import numpy.typing as npt

    from learner.protocol import Answer
    from vault.store.tables import ModelRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What stands before each prediction; without ``rows`` the number of the row, from 1."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] | None
    absent: tuple[str, ...]


def written(answer: Answer, model: ModelRow, table: Table, target: Path) -> Predictions:
    """Write predictions to a new file, and say how they are spread; raises as `new_file`."""
    label = parse_manifest(model.job).label
    found = numbers_of(answer, parse_manifest(model.job))
    labels = label.transform.labels if label.transform.kind == "classes" else None
    added = _as_texts(found, labels)
    names = (f"predicted {label.name}", "chance")[: found.shape[1]]
    before = table.rows or [(str(number),) for number in range(1, len(found) + 1)]
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow((*table.header, *names))
    lines.writerows((*row, *more) for row, more in zip(before, added, strict=True))
    with new_file(target) as file:
        file.write(text.getvalue())
    values = found[:, 0] if labels is None and len(found) else None
    return Predictions(
        model=model.name,
        label=label.name,
        rows=len(found),
        counts=dict(Counter(row[0] for row in added)) if labels else {},
        least=None if values is None else float(values.min()),
        mean=None if values is None else float(values.mean()),
        most=None if values is None else float(values.max()),
        histogram=None if values is None else histogram(np.sort(values)),
        absent=table.absent,
    )


def _as_texts(found: npt.NDArray[Any], labels: tuple[str, ...] | None) -> list[tuple[str, ...]]:
    if labels is None:
        return [(f"{value:.6g}",) for value in found[:, 0].tolist()]
    return [(labels[int(place)], f"{chance:.4f}") for place, chance in found.tolist()]
