"""What an owner allows, and what the consents say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from vault.consent import receipts
from vault.owner.withdrawal import withdraw_consent
from vault.queries.consents import draft_view, grant_view, grant_views, planned_withdrawal
from vault.queries.decisions import explain, what_if
from vault.queries.ids import full_grant_id
from vault.requests import evaluate, inbox
from vault.requests.bundle import read_job
from vault.requests.grant import give_consent, grant_from_terms

if TYPE_CHECKING:
    from vault.lifecycle.opened import OpenVault
    from vault.views.consents import DecisionView, GrantDraft, GrantTerms, GrantView, Withdrawal


class ConsentActions:
    """Consents, and what they say about a job."""

    _opened: OpenVault

    def preview_grant(self, **terms: Unpack[GrantTerms]) -> GrantDraft:
        with self._opened.read() as uow:
            return draft_view(uow, grant_from_terms(uow, terms, self._opened.now(uow)))

    def grant(self, *, special_confirmed: bool = False, **terms: Unpack[GrantTerms]) -> GrantView:
        with self._opened.act() as act:
            grant = give_consent(act, terms, special_confirmed=special_confirmed)
            return grant_view(act.uow, grant, act.now)

    def grants(self) -> list[GrantView]:
        with self._opened.read() as uow:
            return grant_views(uow, self._opened)

    def consent(self, grant_id: str) -> GrantView:
        with self._opened.read() as uow:
            full = full_grant_id(uow, grant_id)
            return next(one for one in grant_views(uow, self._opened) if one.id == full)

    def receipt(self, grant_id: str) -> Mapping[str, object]:
        with self._opened.read() as uow:
            return receipts.receipt(uow, full_grant_id(uow, grant_id))

    def preview_withdraw(self, grant_id: str) -> Withdrawal:
        with self._opened.read() as uow:
            return planned_withdrawal(uow, self._opened, full_grant_id(uow, grant_id))

    def withdraw(self, grant_id: str) -> Withdrawal:
        with self._opened.read() as uow:
            full = full_grant_id(uow, grant_id)
        return withdraw_consent(self._opened, full)

    def explain(self, job: Path) -> DecisionView:
        with self._opened.read() as uow:
            examined = inbox.examine(uow, read_job(job))
            return explain(uow, self._opened, evaluate.priced(examined.manifest, examined.requester))

    def what_if(
        self, *, requester: str, collection: str, fields: Iterable[str], purpose: str,
        epsilon: Decimal | None = None, window: tuple[datetime | None, datetime | None] = (None, None),
    ) -> DecisionView:  # fmt: skip
        with self._opened.read() as uow:
            job = evaluate.HypotheticalJob(
                requester=requester, collection=collection, fields=frozenset(fields), purpose=purpose,
                epsilon=epsilon, window=window,
            )  # fmt: skip
            return what_if(uow, self._opened, job)
