"""One reading of a known export: which part is wanted, its rows, and what else the file holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from vault.importers.catalogue.part_rows import PartRows
from vault.importers.catalogue.schema import Part
from vault.importers.source import File

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """``seen`` counts the rows of every part of the file, wanted or not; ``notes`` are sentences for the owner.

    ``summed`` names parts of sums, whose rows are counted only where they are wanted, that the file has something for.
    """

    file: File
    part: Part
    rows: PartRows
    progress: Progress
    seen: Counter[str] = field(default_factory=Counter)
    summed: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    def wants(self, name: str) -> bool:
        """Whether rows of this part are kept."""
        return self.part.name == name


Reader = Callable[[Reading], None]
