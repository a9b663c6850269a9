"""Give a consent by hand."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from vault.consent.grants import Grant, Window, check_grant, purpose_iri
from vault.consent.receipts import save_grant
from vault.records.collections import check_fields, find_collection
from vault.requests import requesters
from vault.sealing.random import random_id
from vault.store.tables import RequesterRow

if TYPE_CHECKING:
    from vault.audit.transaction import AuditedTransaction
    from vault.store.unit_of_work import UnitOfWork
    from vault.views.consents import GrantTerms

# Kept in each record with its digest, so it has to be shown word for word wherever a consent is given.
NOTICE = (
    "Jobs under this consent may read the named columns, and the row's unit and time, on this computer in a process "
    "without network and files. Nothing leaves by it: every result waits for a release decision of its own. What was "
    "released cannot be called back; withdrawing ends what has not left yet."
)


def grant_from_terms(uow: UnitOfWork, terms: GrantTerms, now: datetime) -> Grant:
    """The consent that somebody puts together by hand, checked; nothing is stored.

    Raises `UnknownRequester`, `UnknownCollection`, `UnknownField` and `Invalid`.
    """
    facts, fields = find_collection(uow, terms["collection"]), frozenset(terms["fields"])
    check_fields(facts, fields)
    start, end = terms.get("window", (None, None))
    grant = Grant(
        id=random_id(),
        collection=facts.name,
        fields=fields,
        purpose=purpose_iri(terms["purpose"]),
        requester_id=requesters.find(uow, terms["requester"]).id,
        window=Window(start=start, end=end),
        not_before=terms.get("not_before") or now,
        not_after=terms["not_after"],
        uses=terms.get("uses", 1),
        epsilon_cap=terms.get("epsilon_cap"),
        unit=str(facts.unit),
        created_at=now,
    )
    check_grant(grant)
    return grant


def give_consent(act: AuditedTransaction, terms: GrantTerms, *, special_confirmed: bool) -> Grant:
    """Store the consent that somebody put together by hand; raises as `grant_from_terms`, and `SpecialNotConfirmed`."""
    grant = grant_from_terms(act.uow, terms, act.now)
    asker = act.uow.get(RequesterRow, grant.requester_id)
    assert asker is not None  # `grant_from_terms` found it in this transaction
    save_grant(
        act,
        grant,
        requester=asker,
        notice_text=NOTICE,
        method="command",
        special_confirmed=special_confirmed,
    )
    return grant
