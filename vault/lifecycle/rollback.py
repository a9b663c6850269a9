"""Noticing that a vault, or a part of it, is older than what its trail and this computer remember."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from vault.audit.entries import EntryType, parse_entry
from vault.audit.log import read_entries
from vault.audit.merkle import Tree
from vault.budget.ledger import spent_vectors
from vault.store.tables import ChargeRow, GrantRow, LogEntry

if TYPE_CHECKING:
    from vault.store.high_water import Mark
    from vault.store.unit_of_work import UnitOfWork


def rollback_reason(uow: UnitOfWork, mark: Mark | None) -> str:
    """In words, why this file is older than what this computer has seen of it; empty when it is not."""
    entries = read_entries(uow)
    older = _older_than(mark, entries) if mark else ""
    return older or _older_in_part(uow, entries, mark.spent if mark else {})


def _older_than(mark: Mark, entries: Sequence[LogEntry]) -> str:
    tree = Tree(entry.leaf for entry in entries)
    if len(tree) < mark.size:
        return f"it records {len(tree)} events, and {mark.size} were seen before on this computer"
    if tree.root(mark.size).hex() != mark.root:
        return "its history is not the one seen before on this computer"
    return ""


def _older_in_part(uow: UnitOfWork, entries: Sequence[LogEntry], spent: Mapping[str, list[int]]) -> str:
    """Why some rows are older than the trail: single pages can be put back too, each with a valid MAC."""
    standing = {row.id for row in uow.find(GrantRow, withdrawn_at=None)}
    if standing & _named(entries, EntryType.CONSENT_WITHDRAW, "consent"):
        return "a consent stands in it that its trail says was withdrawn"
    paid, now = _paid(uow), spent_vectors(uow)
    less = any(
        cost < before
        for collection in spent
        for cost, before in zip_longest(now.get(collection, ()), spent[collection], fillvalue=0)
    )
    if less or not paid >= _named(entries, EntryType.BUDGET_SPEND, "run"):
        return "less of its privacy budget is spent than its trail or this computer remembers"
    return ""


def _paid(uow: UnitOfWork) -> set[object]:
    """The runs that the ledger finds charged, by the index it looks them up with: that is made of pages too."""
    collections = {row.collection_id for row in uow.find(ChargeRow)}
    return {row.request_id for each in collections for row in uow.find(ChargeRow, collection_id=each)}


def _named(entries: Sequence[LogEntry], kind: EntryType, key: str) -> set[object]:
    """What the entries of one type name under a clear key."""
    maybe = (parse_entry(entry.body) for entry in entries if kind.value.encode() in entry.body)
    return {entry.clear[key] for entry in maybe if entry.kind is kind}
