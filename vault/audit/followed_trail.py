"""What is known of a trail by following it: each entry is read once, because a trail only grows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, ClassVar

from vault.store.tables import LogEntry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vault.store.unit_of_work import UnitOfWork


@dataclass(slots=True, kw_only=True)
class FollowedTrail(ABC):
    """`read` entries were followed so far; those that hold one of the marks are taken."""

    MARKS: ClassVar[tuple[bytes, ...]] = ()
    """Only such entries are parsed; the type stands in clear in the bytes of every entry."""
    read: int = 0
    guard: Lock = field(default_factory=Lock)

    def follow(self, uow: UnitOfWork) -> None:
        """Read the entries that came since; raises `LogBroken` when one cannot be read."""
        with self.guard:
            for row in self._new(uow):
                self.read = row.seq + 1
                if any(mark in row.body for mark in self.MARKS):
                    self.take(row)

    def _new(self, uow: UnitOfWork) -> Iterable[LogEntry]:
        if not self.read:
            return uow.find(LogEntry, order_by="seq")
        found = (uow.get(LogEntry, seq) for seq in range(self.read, uow.count(LogEntry)))
        return [row for row in found if row is not None]

    @abstractmethod
    def take(self, row: LogEntry) -> None:
        """Note what an entry says."""
