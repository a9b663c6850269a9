"""The week of a vault: what happened in it, and what waits."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from vault.views.campaigns import CampaignLine
from vault.views.requests import RequestLine


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekEvents:
    """How many entries of one type the trail has of a week."""

    type: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekSpent:
    """The jobs that were paid for in a week from one budget, and what is used of it now."""

    collection: str
    jobs: int
    used_percent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateLine:
    """An update in short: for whom, from which collection, and when it left or ends."""

    id: str
    recipient: str
    collection: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndingConsent:
    """A consent in force that ends within a week."""

    id: str
    requester: str
    collection: str
    purpose_words: str
    not_after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What happened from `since` to `until`, and what waits now.

    `read_at` is when such a digest was read last, or empty; `is_due` says that this is a week ago. What left is read
    from the trail, what was spent from the ledger; `model_changes` of the entries of the type `settings.change` are
    about models that are kept; `drills` are sentences about those that were decided, `unfinished` sendings that were
    begun and may have left. `may_lack_events` says that later copies may record more of the week: the vault is
    read-only, or was reopened in it.
    """

    since: str
    until: str
    read_at: str
    is_due: bool
    may_lack_events: bool
    events: tuple[WeekEvents, ...]
    model_changes: int
    asked: tuple[RequestLine, ...]
    drills: tuple[str, ...]
    spent: tuple[WeekSpent, ...]
    left: tuple[UpdateLine, ...]
    waiting: tuple[RequestLine, ...]
    campaigns: tuple[CampaignLine, ...]
    approved: tuple[RequestLine, ...]
    held: tuple[UpdateLine, ...]
    unfinished: tuple[UpdateLine, ...]
    ending: tuple[EndingConsent, ...]
