"""Collections that tell about the same people share one filter: what was spent of each counts for all of them.

The filter of a collection is its own number until it is joined; a joined filter has the least number of its members and
keeps it. Its cap is the least of its members' caps: each of them was promised to somebody.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from vault.store.tables import Collection

if TYPE_CHECKING:
    from vault.store.unit_of_work import UnitOfWork


def filter_of(row: Collection) -> int:
    """The number of the filter that a collection falls under."""
    return row.id if row.filter_id is None else row.filter_id


def members_of(uow: UnitOfWork, collection_id: int) -> list[Collection]:
    """The collections that share the filter of this one, itself included; none for one that is gone."""
    row = uow.get(Collection, collection_id)
    return [] if row is None else [one for one in uow.find(Collection) if filter_of(one) == filter_of(row)]


def filters(uow: UnitOfWork) -> list[list[Collection]]:
    """Every filter as its collections, each once, in the order of their names."""
    found: dict[int, list[Collection]] = {}
    for row in uow.find(Collection, order_by="name"):
        found.setdefault(filter_of(row), []).append(row)
    return list(found.values())


def join(uow: UnitOfWork, collection_ids: Iterable[int]) -> None:
    """Make one filter of the filters of these collections, for good."""
    members = {one.id: one for each in collection_ids for one in members_of(uow, each)}
    number = min((filter_of(one) for one in members.values()), default=0)
    for one in members.values():
        one.filter_id = number


def least_cap(members: Iterable[Collection], own: Decimal | str) -> Decimal:
    """The cap (ε) that holds for all of them, given that of one."""
    return min([Decimal(own), *(Decimal(one.lifetime_epsilon) for one in members)])
