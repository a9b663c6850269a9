"""The trail as the owner reads it: one line for each entry, with everything the vault can still open."""

from __future__ import annotations

from dataclasses import dataclass

from vault.audit.entries import Entry, Opened, parse_entry
from vault.audit.log import open_row, opened
from vault.audit.sentences import sentence
from vault.errors.audit import LogBroken
from vault.store.tables import Disclosure, LogEntry
from vault.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One entry with its opened hidden fields and its sentence."""

    entry: Entry
    opened: tuple[Opened, ...]
    sentence: str


def timeline(uow: UnitOfWork, *, newest: int | None = None, before: int | None = None) -> list[Line]:
    """Return the lines of the trail, oldest first; of the ``newest`` so many entries when it is given.

    With ``before`` those are the newest before the entry of that number. Raises LogBroken when an entry cannot be read.
    """
    if newest is None:
        by_entry: dict[int, list[Opened]] = {}
        for row in uow.find(Disclosure, order_by="seq"):
            by_entry.setdefault(row.seq, []).append(open_row(row))
        return [_line(row, by_entry.get(row.seq, [])) for row in uow.find(LogEntry, order_by="seq")]
    end = uow.count(LogEntry) if before is None else min(before, uow.count(LogEntry))
    return [_line(_row(uow, seq), opened(uow, seq)) for seq in range(max(0, end - newest), end)]


def _row(uow: UnitOfWork, seq: int) -> LogEntry:
    row = uow.get(LogEntry, seq)
    if row is None:
        raise LogBroken(reason=f"entry {seq} is missing")
    return row


def _line(row: LogEntry, facts: list[Opened]) -> Line:
    entry = parse_entry(row.body, what=f"entry {row.seq}")
    return Line(entry=entry, opened=tuple(facts), sentence=sentence(entry, facts))
