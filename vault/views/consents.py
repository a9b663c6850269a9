"""Consents, what would be given, what a verdict says, and what a withdrawal ends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NotRequired, TypedDict


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantView:
    """One consent; `state` is derived at the moment of looking, never stored.

    `uses_kept` are bound to requests that are approved and have not run.
    """

    id: str
    requester: str
    collection: str
    fields: tuple[str, ...]
    purpose: str
    purpose_words: str
    window_from: str | None
    window_to: str | None
    not_before: str
    not_after: str
    uses: int
    uses_spent: int
    uses_kept: int
    epsilon_cap: str | None
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldAskView:
    """A column a job asks for, how sensitive it is, and what the consents say about it now.

    `transform` says in plain words how the model reads it; it and `role` are empty where no job asks (`what_if`).
    """

    name: str
    sensitivity: str
    role: str
    necessity: str
    transform: str
    permitted: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionView:
    """The consents' verdict on a job, every reason, and the smallest change that would flip it.

    Where a job does not fit what is here, `cannot_run` says why, and no change of a consent is named.
    """

    permitted: bool
    grant: str | None
    fields: tuple[FieldAskView, ...]
    reasons: tuple[str, ...]
    change: tuple[str, ...]
    cannot_run: str = ""


class GrantTerms(TypedDict):
    """What a person puts into a consent by hand; `window` are the first moment of the records and the end of them."""

    requester: str
    collection: str
    fields: Iterable[str]
    purpose: str
    not_after: datetime
    not_before: NotRequired[datetime | None]
    window: NotRequired[tuple[datetime | None, datetime | None]]
    uses: NotRequired[int]
    epsilon_cap: NotRequired[Decimal | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnRead:
    """A column that jobs would read: ordinary, sensitive, special or identifying."""

    name: str
    sensitivity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantDraft:
    """A consent before it is given.

    `reads` are its fields, `beside` the unit and time that are read with them, `special` what of both belongs to a
    special category and needs a yes of its own. `notice` is kept in the record word for word, so it has to be shown.
    """

    requester: str
    collection: str
    fields: tuple[str, ...]
    reads: tuple[ColumnRead, ...]
    beside: tuple[ColumnRead, ...]
    special: tuple[str, ...]
    notice: str
    recipients: tuple[str, ...]
    retention: str
    withheld: tuple[str, ...]
    purpose: str
    purpose_words: str
    window_from: str | None
    window_to: str | None
    not_before: str
    not_after: str
    uses: int
    epsilon_cap: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """What withdrawing a consent did or would do, as ids of requests, and what cannot be called back.

    `stopped` were in training, `destroyed` were held, `returned` were approved, have not run and wait again. Where it
    was given for a `campaign`, that is left with it, and `rounds_ended` would have run and do not any more.
    """

    grant: str
    stopped: tuple[str, ...]
    destroyed: tuple[str, ...]
    already_left: tuple[str, ...]
    may_have_left: tuple[str, ...]
    returned: tuple[str, ...] = ()
    campaign: str = ""
    rounds_ended: tuple[str, ...] = ()
