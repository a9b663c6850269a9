"""What the consents say about a job, read for showing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vault.audit.transaction import trusted_now
from vault.budget import ledger
from vault.queries.status import shown_state
from vault.records.collections import facts_of, find_collection, find_row, known_or_gone
from vault.requests.evaluate import (
    PricedJob,
    StoredJob,
    decision_as_approved,
    decision_at,
    decision_if,
    misfit,
)
from vault.requests.fit import misfits
from vault.requests.manifest import Feature, Label
from vault.requests.states import wrong_state
from vault.requests.words import transform_words
from vault.views.consents import DecisionView, FieldAskView
from vault.views.states import RequestState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.consent.decide import Decision
    from vault.lifecycle.opened import OpenVault
    from vault.records.collections import CollectionFacts
    from vault.requests.evaluate import HypotheticalJob
    from vault.store.unit_of_work import UnitOfWork


def explain(uow: UnitOfWork, vault: OpenVault, asked: PricedJob) -> DecisionView:
    """What the consents say about a job now; of one that is approved, the consent that it was approved under."""
    now = trusted_now(uow, vault.clock)
    if isinstance(asked, StoredJob) and asked.row.state in _BOUND:
        decision = decision_as_approved(uow, asked, now)
    else:
        decision = decision_at(uow, asked, now)
    facts = _collection(uow, asked)
    shown = decision_view(facts, decision, {field.name: field for field in asked.manifest.fields})
    why = misfit(uow, asked) if _is_open(asked) else ""
    return replace(shown, change=(), cannot_run=why) if why else shown


def _is_open(asked: PricedJob) -> bool:
    """Whether a job can still run, as far as its request is known."""
    return not isinstance(asked, StoredJob) or asked.row.state in (RequestState.WAITING, *_BOUND)


def explain_request(uow: UnitOfWork, vault: OpenVault, asked: StoredJob) -> DecisionView:
    """What the consents say now about a request that can still run; raises `WrongState` for any other."""
    state = shown_state(asked.row, asked.row.expires_at, vault.now(uow))
    if state not in (RequestState.WAITING, *_BOUND):
        raise wrong_state(state)
    return explain(uow, vault, asked)


_BOUND = (RequestState.APPROVED, RequestState.READY)


def _collection(uow: UnitOfWork, asked: PricedJob, earlier: PricedJob | None = None) -> CollectionFacts:
    """The collection that jobs ask about, to show them by: it may have been erased since they came."""
    named = [field.name for one in (asked, earlier) if one is not None for field in one.manifest.fields]
    return known_or_gone(
        uow,
        asked.manifest.collection,
        unit=asked.manifest.unit,
        fields=list(dict.fromkeys(named)),
        lifetime=str(ledger.LIFETIME),
    )


def hardly_read(uow: UnitOfWork, asked: PricedJob) -> tuple[str, ...]:
    """Which columns a job hardly can read, in sentences; none of a collection that is not there."""
    row = find_row(uow, asked.manifest.collection)
    facts = None if row is None else facts_of(uow, row)
    return () if facts is None else misfits(asked.manifest, facts)


def what_if(uow: UnitOfWork, vault: OpenVault, supposed: HypotheticalJob) -> DecisionView:
    """What the consents would say about a job that nobody sent; raises as `decision_if`."""
    decision = decision_if(uow, supposed, trusted_now(uow, vault.clock))
    return decision_view(find_collection(uow, supposed.collection), decision, {})


def decision_view(
    facts: CollectionFacts, decision: Decision, asked: Mapping[str, Feature | Label]
) -> DecisionView:
    """A verdict as it is shown."""
    columns = {field.name: field for field in facts.fields}
    return DecisionView(
        permitted=decision.permitted,
        grant=decision.grant_id,
        fields=tuple(
            FieldAskView(
                name=verdict.field,
                sensitivity=columns[verdict.field].sensitivity.value,
                role=asked[verdict.field].role if asked else "",
                necessity=verdict.necessity.value,
                transform=transform_words(asked[verdict.field], columns[verdict.field].type) if asked else "",
                permitted=verdict.permitted,
                reasons=tuple(reason.sentence for reason in verdict.reasons),
            )
            for verdict in decision.fields
        ),
        reasons=tuple(reason.sentence for reason in decision.reasons),
        change=decision.change,
    )
