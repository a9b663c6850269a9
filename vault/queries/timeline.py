"""The audit trail request by request, read for showing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from vault.audit import timeline as trail
from vault.queries.trail_filter import Sieve
from vault.requests.parse import parse_stored
from vault.requests.states import in_words
from vault.store.tables import GrantRow, LogEntry, RequesterRow, RequestRow
from vault.views.audit import AuditLine
from vault.views.history import TimelineGroup
from vault.views.purposes import PURPOSES

if TYPE_CHECKING:
    from vault.audit.entries import Entry
    from vault.store.unit_of_work import UnitOfWork
    from vault.views.history import TrailFilter

AT_ONCE: Final = 200
"""Entries that are opened together while one of a filter is looked for."""

# the trail --------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Group:
    request: str | None
    title: str
    lines: list[AuditLine] = field(default_factory=list)


def timeline(
    uow: UnitOfWork, *, before: int | None = None, limit: int | None = None, about: TrailFilter | None = None
) -> list[TimelineGroup]:
    """The trail with the whole life of a request together, the group in which something happened last first.

    What belongs to no request is grouped by the day (UTC). A consent drafted for a request belongs to its life.
    With ``limit`` only the newest so many entries before the entry of number ``before`` are there, of those that
    ``about`` means.
    """
    titles, drafts = _Titles(uow), _Drafts(uow)
    groups: dict[str, _Group] = {}
    found = (
        trail.timeline(uow, newest=limit, before=before)
        if about is None or about.is_all
        else _filtered(uow, about, before=before, limit=limit)
    )
    for line in _lines_of(found, drafts):
        name = line.request or line.view.ts[:10]
        if name not in groups:
            title = titles.of(line.request) if line.request else f"On {name}, of no request"
            groups[name] = _Group(line.request, title)
        groups[name].lines.append(line.view)
    newest_first = sorted(groups.values(), key=lambda group: group.lines[-1].seq, reverse=True)
    return [
        TimelineGroup(request=one.request, title=one.title, lines=tuple(one.lines)) for one in newest_first
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    request: str | None
    view: AuditLine


def _filtered(
    uow: UnitOfWork, only: TrailFilter, *, before: int | None, limit: int | None
) -> list[trail.Line]:
    """The entries that a filter means, read from the newest back until there are as many as are wanted."""
    sieve, end = Sieve(uow, only), uow.count(LogEntry)
    last = end if before is None else before
    found: list[trail.Line] = []
    while end > 0 and (limit is None or len(found) < limit):
        part = trail.timeline(uow, newest=AT_ONCE, before=end)
        found += [line for line in reversed(part) if sieve.lets_through(line) and line.entry.seq < last]
        end -= AT_ONCE
    return found[:limit][::-1]


def _lines_of(found: Iterable[trail.Line], drafts: _Drafts) -> Iterable[_Line]:
    """Every line with the request it belongs to."""
    for line in found:
        entry = line.entry
        view = AuditLine(seq=entry.seq, ts=entry.ts, type=entry.kind.value, sentence=line.sentence)
        yield _Line(request=_request_of(entry, drafts), view=view)


def _request_of(entry: Entry, drafts: _Drafts) -> str | None:
    # A run and its release have the id of their request.
    found = entry.clear.get("request") or entry.clear.get("run")
    if found is None and "consent" in entry.clear:
        found = drafts.request_of(str(entry.clear["consent"]))
    return None if found is None else str(found)


@dataclass(slots=True)
class _Drafts:
    """Which consents were drafted for a request, each asked for once."""

    uow: UnitOfWork
    known: dict[str, str | None] = field(default_factory=dict)

    def request_of(self, consent: str) -> str | None:
        """The request that this consent was drafted for; None for one that was given by hand."""
        if consent not in self.known:
            row = self.uow.get(GrantRow, consent)
            is_drafted = row is not None and json.loads(row.record)["events"][0]["method"] == "request"
            bound = self.uow.find(RequestRow, grant_id=consent) if is_drafted else []
            self.known[consent] = bound[-1].id if bound else None
        return self.known[consent]


@dataclass(frozen=True, slots=True)
class _Titles:
    uow: UnitOfWork

    def of(self, request_id: str) -> str:
        """Who asked, what for, and where it stands."""
        row = self.uow.get(RequestRow, request_id)
        if row is None:
            return f"Request {request_id[:8]}"
        asker = self.uow.get(RequesterRow, row.requester_id)
        purpose = PURPOSES[parse_stored(row.manifest).purpose.dpv]
        return f"{asker.name if asker else row.requester_id}, {purpose}: {in_words(row.state)}"
