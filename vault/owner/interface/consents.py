"""What an owner allows, and what the consents say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Protocol, Unpack

from vault.owner.interface.kinds import proven
from vault.views.consents import DecisionView, GrantDraft, GrantTerms, GrantView, Withdrawal


class Consents(Protocol):
    """What an owner allows, and what the consents say."""

    def preview_grant(self, **terms: Unpack[GrantTerms]) -> GrantDraft:
        """What `grant` would give, with the notice and how sensitive each column is, without giving it."""

    @proven
    def grant(self, *, special_confirmed: bool = False, **terms: Unpack[GrantTerms]) -> GrantView:
        """Allow jobs of a requester to read the named fields of a collection for one purpose, until a date.

        The person must have been shown `NOTICE`; `special_confirmed` says that they agreed a second time to columns
        of a special category, without which such a consent is refused with `SpecialNotConfirmed`.
        """

    def grants(self) -> list[GrantView]:
        """Every consent ever given, with its state now."""

    def consent(self, grant_id: str) -> GrantView:
        """One consent, with its state now."""

    def receipt(self, grant_id: str) -> Mapping[str, object]:
        """The consent as an ISO/IEC TS 27560 receipt in DPV terms."""

    def preview_withdraw(self, grant_id: str) -> Withdrawal:
        """What `withdraw` would stop and destroy now, and what it could not reach; nothing is changed."""

    def withdraw(self, grant_id: str) -> Withdrawal:
        """Withdraw a consent: what runs under it is stopped, and what is held under it is destroyed."""

    def explain(self, job: Path) -> DecisionView:
        """What the consents say about a job folder now, without storing anything."""

    def what_if(
        self, *, requester: str, collection: str, fields: Iterable[str], purpose: str,
        epsilon: Decimal | None = None, window: tuple[datetime | None, datetime | None] = (None, None),
    ) -> DecisionView:  # fmt: skip
        """What the consents would say if this requester asked for these columns now, all of them required.

        The same decision as for a job; without `epsilon` no cap on a job's price stands in its way. Nothing is
        stored. Raises `UnknownRequester`, `UnknownCollection`, `UnknownField` and `Invalid`.
        """
