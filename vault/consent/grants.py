"""What a person has consented to: fields, one purpose, one requester, a time window and an end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from typing import Final

from vault.errors.families import Invalid
from vault.views.purposes import DPV, PURPOSES

LONGEST: Final = timedelta(days=366)
MOST_USES: Final = 1000


class Operation(StrEnum):
    """What may be done with the fields of a grant."""

    TRAIN = "train"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The records from `start` until, but not including, `end`; None is unbounded on that side."""

    start: datetime | None = None
    end: datetime | None = None

    def is_empty(self) -> bool:
        """Whether no moment at all lies inside."""
        return self.start is not None and self.end is not None and self.end <= self.start

    def contains(self, inner: Window) -> bool:
        """Whether every moment of `inner` lies inside this window."""
        starts_inside = self.start is None or (inner.start is not None and self.start <= inner.start)
        ends_inside = self.end is None or (inner.end is not None and inner.end <= self.end)
        return starts_inside and ends_inside


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One consent: valid from `not_before` until, but not including, `not_after`, and until withdrawn.

    `epsilon_cap` is the largest PLD ε, at the vault's δ, that one job under this grant may cost; `unit` the
    privacy unit that was shown with it. None leaves both to the collection's budget and unit. With `campaign`, the
    digest of one, it covers the rounds of that campaign and no other job; without, no round of any.
    """

    id: str
    collection: str
    fields: frozenset[str]
    purpose: str
    requester_id: str
    operation: Operation = Operation.TRAIN
    window: Window = field(default_factory=Window)
    not_before: datetime
    not_after: datetime
    uses: int = 1
    epsilon_cap: Decimal | None = None
    unit: str | None = None
    campaign: str | None = None
    withdrawn_at: datetime | None = None
    created_at: datetime


def purpose_iri(text: str) -> str:
    """The full DPV IRI of a purpose given as IRI, `dpv:Name` or `Name`; Invalid outside the closed list."""
    iri = text if text.startswith(DPV) else DPV + text.removeprefix("dpv:")
    if iri not in PURPOSES:
        names = [known.removeprefix(DPV) for known in PURPOSES]
        near = get_close_matches(iri.removeprefix(DPV), names, n=1)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise Invalid(reason=f"the purpose must be one of {', '.join(names)}{meant}")
    return iri


def check_grant(grant: Grant) -> None:
    """Raise Invalid, naming the first rule broken, unless this may become a new consent."""
    for fits, reason in _rules(grant):
        if not fits:
            raise Invalid(reason=f"a consent {reason}")


def _rules(grant: Grant) -> list[tuple[bool, str]]:
    moments = (grant.not_before, grant.not_after, grant.created_at, grant.window.start, grant.window.end)
    if not all(moment is None or moment.tzinfo is not None for moment in moments):
        return [(False, "must give its times with their time zone")]
    cap = grant.epsilon_cap
    return [
        (
            bool(grant.id and grant.collection and grant.requester_id),
            "must name a collection and a requester",
        ),
        (bool(grant.fields) and all(grant.fields), "must name at least one field"),
        (grant.purpose in PURPOSES, "must name a purpose of the closed list"),
        (grant.not_before < grant.not_after, "must end after it begins"),
        (grant.created_at < grant.not_after, "must end later than now"),
        (grant.not_after - grant.created_at <= LONGEST, "must end within a year"),
        (1 <= grant.uses <= MOST_USES, f"must allow between 1 and {MOST_USES} jobs"),
        (cap is None or (cap.is_finite() and cap > 0), "must have a positive ε cap"),
        (not grant.window.is_empty(), "must have a time window that ends after it begins"),
        (grant.withdrawn_at is None, "cannot begin withdrawn"),
    ]
