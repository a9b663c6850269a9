"""What a job costs, read for showing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.budget import ledger
from vault.queries.attack import attack_view
from vault.requests.attacked import kept_guesses
from vault.requests.evaluate import StoredJob
from vault.store.tables import ChargeRow
from vault.views.price import PriceView

if TYPE_CHECKING:
    from vault.store.unit_of_work import UnitOfWork
from vault.queries.decisions import _collection


def price_view(uow: UnitOfWork, asked: StoredJob) -> PriceView:
    """What a job costs and what it would leave of its collection's lifetime budget."""
    facts = _collection(uow, asked)
    standing = ledger.standing(
        uow, collection_id=facts.id, lifetime_epsilon=facts.lifetime_epsilon, price=asked.price
    )
    is_paid = uow.count(ChargeRow, request_id=asked.row.id) > 0
    after = standing.used_percent_before if is_paid else standing.used_percent_after
    guesses, bound = kept_guesses(uow, asked.row.manifest_digest), asked.price.guess_rate
    return PriceView(
        unit=facts.unit.kind.value,
        unit_field=facts.unit.of,
        lifetime_epsilon=facts.lifetime_epsilon,
        epsilon=asked.price.epsilon,
        delta=ledger.DELTA,
        guess_rate=bound,
        worst_case=asked.price.worst_case,
        numerical_assumption=asked.price.numerical_assumption,
        paid=is_paid,
        job_percent=standing.job_percent,
        used_percent_before=standing.used_percent_before,
        used_percent_after=after,
        attack=None if guesses is None else attack_view(guesses, bound),
    )
