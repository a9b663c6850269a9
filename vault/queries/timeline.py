"""The audit trail request by request, read for showing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vault.audit import timeline as trail
from vault.requests.parse import parse_manifest
from vault.requests.states import in_words
from vault.store.tables import GrantRow, RequesterRow, RequestRow
from vault.views.audit import AuditLine
from vault.views.history import TimelineGroup
from vault.views.purposes import PURPOSES

if TYPE_CHECKING:
    from vault.audit.entries import Entry
    from vault.store.unit_of_work import UnitOfWork


# the trail --------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Group:
    request: str | None
    title: str
    lines: list[AuditLine] = field(default_factory=list)


def timeline(uow: UnitOfWork, *, before: int | None = None, limit: int | None = None) -> list[TimelineGroup]:
    """The trail with the whole life of a request together, the group in which something happened last first.

    What belongs to no request is grouped by the day (UTC). A consent drafted for a request belongs to its life.
    With ``limit`` only the newest so many entries before the entry of number ``before`` are there.
    """
    titles, drafts = _Titles(uow), _Drafts(uow)
    groups: dict[str, _Group] = {}
    for line in _lines_of(uow, drafts, before=before, limit=limit):
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


def _lines_of(uow: UnitOfWork, drafts: _Drafts, *, before: int | None, limit: int | None) -> Iterable[_Line]:
    """Every line with the request it belongs to."""
    for line in trail.timeline(uow, newest=limit, before=before):
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
        purpose = PURPOSES[parse_manifest(row.manifest).purpose.dpv]
        return f"{asker.name if asker else row.requester_id}, {purpose}: {in_words(row.state)}"
