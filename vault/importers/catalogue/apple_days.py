"""The measurements of an Apple Health export as one row a day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from math import isfinite
from typing import Final

from vault.importers.catalogue.apple_schema import DAY_COLUMNS, DayColumn, Fold
from vault.importers.catalogue.moments import DAY

_HOUR: Final = 3_600_000_000


class Days:
    """Folds measurements into days; it keeps a few numbers a day, however many there are."""

    def __init__(self) -> None:
        self._columns: dict[str, list[tuple[int, DayColumn]]] = defaultdict(list)
        for place, column in enumerate(DAY_COLUMNS):
            self._columns[column.identifier].append((place, column))
        self._totals: dict[tuple[int, int], dict[str, float]] = {}
        self._means: dict[tuple[int, int], list[float]] = {}

    def measures(self, identifier: str) -> bool:
        """Whether a column of the days comes from this type."""
        return identifier in self._columns

    def add(self, identifier: str, day: int, source: str, value: float) -> None:
        """A measurement on a local day."""
        for place, column in self._columns[identifier]:
            where = (day, place)
            if column.fold in (Fold.TOTAL, Fold.HOURS):
                by_source = self._totals.setdefault(where, {})
                by_source[source] = by_source.get(source, 0.0) + value
            else:
                self._mean(where, column.fold, value)

    def add_span(self, identifier: str, day: int, source: str, start: int, end: int) -> None:
        """Time between two moments in microseconds, told in hours."""
        self.add(identifier, day, source, max(0, end - start) / _HOUR)

    def _mean(self, where: tuple[int, int], fold: Fold, value: float) -> None:
        known = self._means.get(where)
        if known is None:
            self._means[where] = [value, 1.0]
        elif fold is Fold.MEAN:
            known[0] += value
            known[1] += 1
        else:
            known[0] = min(known[0], value) if fold is Fold.LEAST else max(known[0], value)

    def rows(self, before: int | None) -> Iterator[tuple[object, ...]]:
        """A row for every day with a measurement, but for the day of the export and later ones."""
        days = sorted({day for day, _ in (*self._totals, *self._means)})
        for day in days:
            if before is None or day < before:
                cells = (self._cell(day, place, column) for place, column in enumerate(DAY_COLUMNS))
                yield (day * DAY, *cells)

    def _cell(self, day: int, place: int, column: DayColumn) -> float | int | None:
        total, mean = self._totals.get((day, place)), self._means.get((day, place))
        if total is not None:
            value = max(total.values())
        elif mean is not None:
            value = mean[0] / mean[1]
        else:
            return None
        return round(value) if column.whole and isfinite(value) else value
