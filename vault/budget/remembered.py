"""What this computer remembers of a vault's budgets, held against what the copy at hand says.

What was spent of one budget stays spent for all that shared it, and what was one budget is one again, under the least
cap of all that shared it: a join is never undone. What was spent on a collection that the copy does not have is charged
to another one of its budget, or stays under its number, which is given to no other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from vault.audit.entries import EntryType
from vault.audit.paid_runs import PaidRuns
from vault.budget.filter import total
from vault.budget.joining import filter_of, join, members_of
from vault.budget.ledger import NOBODY, NOTHING, spent_vectors
from vault.budget.pricing import accountant_name
from vault.sealing.random import random_id
from vault.store.tables import ChargeRow, Collection
from vault.views.field_types import UnitKind

if TYPE_CHECKING:
    from vault.audit.transaction import AuditedTransaction
    from vault.budget.filter import Charge
    from vault.store.high_water import Mark
    from vault.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """A budget of which the copy knows less: its collections there, the numbers of those that are not, what is missing.

    `is_apart` says that the copy has several budgets of it; `cap` is the least (ε) that any of them had, where the copy
    has only higher ones.
    """

    here: tuple[Collection, ...]
    lost: tuple[int, ...]
    more: Charge
    is_apart: bool
    cap: str | None


def spent_so_far(uow: UnitOfWork) -> dict[str, list[int]]:
    """The sum of all charges of each collection, for the high-water mark, and none for the newest one.

    Its number is never given again, although it may be gone by now and was never learned from.
    """
    spent, newest = spent_vectors(uow), uow.highest_given(Collection)
    return spent | ({str(newest): spent.get(str(newest), list(NOTHING))} if newest else {})


def charges(uow: UnitOfWork, paid: PaidRuns) -> set[str]:
    """The names of all charges, for the high-water mark: which of those in a copy it knows of."""
    paid.follow(uow)
    return {_name(row, paid) for row in uow.find(ChargeRow)}


def _name(row: ChargeRow, paid: PaidRuns) -> str:
    """By its entry on the trail, so that two copies that each run one request name what they charge differently.

    What was carried over has a name of its own, whoever carries it over.
    """
    return row.request_id if row.requester_id == NOBODY else paid.leaves.get(row.request_id, row.request_id)


def shared_filters(uow: UnitOfWork) -> dict[str, int]:
    """Which collections share a budget, for the high-water mark: collection id → number of its filter."""
    return {str(row.id): row.filter_id for row in uow.find(Collection) if row.filter_id is not None}


def shared_caps(uow: UnitOfWork) -> dict[str, str]:
    """The caps of the collections that share a budget, for the high-water mark: collection id → its own cap (ε)."""
    return {str(row.id): row.lifetime_epsilon for row in uow.find(Collection) if row.filter_id is not None}


def missing(uow: UnitOfWork, mark: Mark) -> list[Remembered]:
    """Each budget of which more was spent, which more collections shared, or which was less, than the copy says.

    A charge in the copy that the mark does not name was made somewhere else, and counts beside what is remembered.
    """
    spent, shared, caps, now = mark.spent, mark.shared, mark.caps, _known(uow, mark)
    found = []
    for group in _budgets({*spent, *shared}, shared, uow):
        rows = {number: uow.get(Collection, number) for number in group}
        here = tuple(row for row in rows.values() if row is not None)
        one = Remembered(
            here=here,
            lost=tuple(number for number, row in rows.items() if row is None),
            more=_more(_sum(spent, group), _sum(now, group)),
            is_apart=len({filter_of(row) for row in here}) > 1,
            cap=_lower_cap(here, [caps[str(number)] for number in group if str(number) in caps]),
        )
        if any(one.more) or one.is_apart or one.cap is not None:
            found.append(one)
    return found


def _known(uow: UnitOfWork, mark: Mark) -> dict[str, list[int]]:
    """What was spent in the copy by charges that the mark knows of; all of it where it names none."""
    if mark.paid is None:
        return spent_vectors(uow)
    paid, newest = PaidRuns(), uow.highest_given(Collection)
    paid.follow(uow)
    known = {*mark.paid, *(_carried_id(mark, number) for number in range(newest + 1))}
    return spent_vectors(uow, counts=lambda row: _name(row, paid) in known)


def _carried_id(mark: Mark, collection: int) -> str:
    """What was carried over is charged by the same name whenever it is done over, and so only once."""
    return hashlib.sha256(f"carried over {mark.root} {collection}".encode()).hexdigest()[:32]


def make_up(act: AuditedTransaction, remembered: Sequence[Remembered], mark: Mark) -> None:
    """Charge what is missing to nobody and for no job, join what was joined, and let no number be given twice."""
    _pass_over(act, mark.highest_collection)
    for one in remembered:
        if one.is_apart:
            join(act.uow, [row.id for row in one.here])
        for row in one.here:
            row.lifetime_epsilon = one.cap or row.lifetime_epsilon
        if any(one.more):
            _charge(act, one, mark)


def _charge(act: AuditedTransaction, one: Remembered, mark: Mark) -> None:
    home = one.here[0] if one.here else None
    number = home.id if home else one.lost[0]
    run_id = _carried_id(mark, number)
    act.uow.add(
        ChargeRow(
            request_id=run_id,
            collection_id=number,
            requester_id=NOBODY,
            vector=json.dumps(one.more),
            epsilon="0",
            charged_at=act.at,
        )
    )
    act.record(
        EntryType.BUDGET_SPEND,
        clear={"run": run_id, "epsilon": "0", "accountant": accountant_name()},
        hidden={
            "collection": home.name if home else str(number),
            "vector": list(one.more),
            "carried": "What this computer remembers as spent is carried over to the privacy budget",
        },
    )


def _lower_cap(here: Sequence[Collection], remembered: Sequence[str]) -> str | None:
    least = min(remembered, key=Decimal, default=None)
    if least is None or not here or min(Decimal(row.lifetime_epsilon) for row in here) <= Decimal(least):
        return None
    return least


def _pass_over(act: AuditedTransaction, highest: int) -> None:
    """Have the next collection get a number above this one."""
    if highest and act.uow.get(Collection, highest) is None:
        row = Collection(
            id=highest,
            name=random_id(),
            unit=UnitKind.RECORD,
            lifetime_epsilon="0",
            created_at=act.at,
        )
        act.uow.add(row)
        act.uow.delete(row)


def _budgets(numbers: set[str], shared: Mapping[str, int], uow: UnitOfWork) -> Iterator[list[int]]:
    """The numbers of the collections that shared a budget, here or as it is remembered, in their order."""
    groups: list[set[int]] = []
    for number in sorted(numbers, key=int):
        mates = {int(each) for each, one in shared.items() if one == shared.get(number)}
        mates |= {int(number)} | {one.id for mate in {int(number), *mates} for one in members_of(uow, mate)}
        touched = [each for each in groups if each & mates]
        groups = [each for each in groups if not each & mates] + [mates.union(*touched)]
    yield from (sorted(each) for each in groups)


def _sum(spent: Mapping[str, Sequence[int]], group: Sequence[int]) -> Charge:
    return total([NOTHING, *(tuple(spent.get(str(number), NOTHING)) for number in group)])


def _more(before: Charge, now: Charge) -> Charge:
    return tuple(max(0, was - cost) for was, cost in zip(before, now, strict=True))
