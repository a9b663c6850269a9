"""The trail as the owner reads it: one line for each entry, with everything the vault can still open."""

from __future__ import annotations

from dataclasses import dataclass

from vault.audit.entries import Entry, Opened, parse_entry
from vault.audit.log import open_row
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

    With ``before`` those are the newest before the entry of that number. Raises LogBroken where one is missing
    or cannot be read.
    """
    size = uow.count(LogEntry)
    end = size if before is None else min(before, size)
    start = 0 if newest is None else max(0, end - newest)
    rows = uow.find_span(LogEntry, "seq", start, end)
    if missing := set(range(start, end)) - {row.seq for row in rows}:
        raise LogBroken(reason=f"entry {min(missing)} is missing")
    by_entry: dict[int, list[Opened]] = {}
    for one in uow.find_span(Disclosure, "seq", start, end):
        by_entry.setdefault(one.seq, []).append(open_row(one))
    return [_line(row, by_entry.get(row.seq, [])) for row in rows]


def _line(row: LogEntry, facts: list[Opened]) -> Line:
    entry = parse_entry(row.body, what=f"entry {row.seq}")
    return Line(entry=entry, opened=tuple(facts), sentence=sentence(entry, facts))
