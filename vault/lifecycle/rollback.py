"""Noticing that a vault, or a part of it, is older than what its trail and this computer remember."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from vault.audit.entries import EntryType, parse_entry
from vault.audit.log import log_root, read_entries
from vault.audit.merkle import CompactRange
from vault.budget.ledger import spent_vectors
from vault.errors.families import Broken, InternalError, LockboxError
from vault.errors.rollback import HeaderPutBack, MarkDamaged, MixedVault, OlderVault
from vault.store.row_seal import RowSeal
from vault.store.tables import ChargeRow, GrantRow, LogEntry, RowDigest
from vault.views.counting import counted

if TYPE_CHECKING:
    from vault.store.high_water import Mark
    from vault.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """Why a vault is read-only, in words, and what an act on it is refused with; no reason: it is not.

    `is_mixed` says that its parts are of different times, so that what they say together may make no sense.
    """

    reason: str = ""
    kind: type[OlderVault | MixedVault | MarkDamaged | HeaderPutBack] = OlderVault
    is_mixed: bool = False

    def __bool__(self) -> bool:
        return bool(self.reason)

    def error(self) -> LockboxError:
        """What an act is refused with."""
        return self.kind(reason=self.reason)


NONE: Final = Rollback()


def mixed(reason: str) -> Rollback:
    """A vault whose parts are not of one time."""
    return Rollback(reason=reason, kind=MixedVault, is_mixed=bool(reason))


def find_rollback(uow: UnitOfWork, seal: RowSeal, mark: Mark | None) -> Rollback:
    """Why this file, or a part of it, is not the newest that this computer has seen of it."""
    try:
        older, rows = _of_trail(uow, mark), _of_rows(uow, seal, mark)
    except (Broken, InternalError):
        # What SQLite makes of pages of different times may be anything, up to a table that is not there.
        return mixed("a part of it cannot be read, so it is damaged")
    # What is older as a whole is called so, whatever else is wrong with it.
    return replace(older, is_mixed=older.is_mixed or rows.is_mixed) if older else rows


def _of_trail(uow: UnitOfWork, mark: Mark | None) -> Rollback:
    """The trail against the mark first, since what is older as a whole is then not called a mixture."""
    seen, now, is_whole = CompactRange.empty(), CompactRange.empty(), True
    for index, (seq, leaf) in enumerate(uow.columns(LogEntry, "seq", "leaf")):
        is_whole &= seq == index
        now.append(leaf)
        if mark and now.size == mark.size:
            seen = CompactRange(now.size, list(now.peaks))
    if mark and now.size < mark.size:
        return Rollback(
            reason=f"it records {counted(now.size, 'event')}, and {mark.size:,} were seen before on this computer"
        )
    if mark and seen.root().hex() != mark.root:
        return Rollback(reason="its history is not the one seen before on this computer")
    if not is_whole or (now.size, now.root()) != log_root(uow):
        return mixed("its trail does not have the entries it says it has")
    return NONE


def _of_rows(uow: UnitOfWork, seal: RowSeal, mark: Mark | None) -> Rollback:
    """The rows against the digest that every act carries forward."""
    if (mark and mark.has_digest) or keeps_digest(uow):
        return mixed(seal.problem(uow, *log_root(uow)))
    return mixed(_older_than_trail(uow, read_entries(uow), mark.spent if mark else {}))


def keeps_digest(uow: UnitOfWork) -> bool:
    """Whether the vault keeps a digest of its rows; one that no program of revision 0003 wrote to keeps none yet."""
    return uow.count(RowDigest) > 0


def _older_than_trail(uow: UnitOfWork, entries: Sequence[LogEntry], spent: Mapping[str, list[int]]) -> str:
    """Why some rows are older than the trail, where no digest shows it: in a vault of an earlier revision."""
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
