"""One durable act of the owner: what it changes and its audit entry are one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from vault.audit import log
from vault.audit.vault_date import Clock, VaultDate, keep_moment, vault_date
from vault.errors.families import InternalError
from vault.file_names import all_spelled
from vault.store.row_seal import RowSeal
from vault.store.times import whole_seconds

if TYPE_CHECKING:
    from vault.audit.entries import EntryType, Json
    from vault.sealing.keytree import KeyTree
    from vault.store.engine import Store
    from vault.store.unit_of_work import UnitOfWork


def system_clock() -> datetime:
    """The computer's clock, in UTC."""
    return datetime.now(UTC)


def trusted_now(uow: UnitOfWork, clock: Clock) -> datetime:
    """What decides: never earlier than the last entry, and never far ahead of it before the owner said so."""
    return vault_date(uow, clock).now


@dataclass(slots=True, kw_only=True)
class AuditedTransaction:
    """An open write transaction that cannot commit without an audit entry; the digest of the rows goes with it.

    Where `fixes_rows` says so it is taken anew from the rows as they stand, instead of carried over what changed.
    """

    uow: UnitOfWork
    date: VaultDate
    keys: KeyTree
    recorded: list[int] = field(default_factory=list)
    fixes_rows: bool = False

    @property
    def now(self) -> datetime:
        """The time that decides in this act."""
        return self.date.now

    @property
    def at(self) -> datetime:
        """The time of this act in whole seconds, as it is stored."""
        return whole_seconds(self.now)

    def record(
        self,
        kind: EntryType,
        *,
        clear: Mapping[str, Json] | None = None,
        hidden: Mapping[str, Json] | None = None,
    ) -> int:
        """Append the audit entry of this act and return its number."""
        trail_time = self.now + self.date.ahead
        seq = log.append(
            self.uow, kind=kind, now=trail_time, clear=clear or {}, hidden=all_spelled(hidden or {})
        )
        self.recorded.append(seq)
        return seq

    def commit(self) -> None:
        """Make the act durable; an act without an audit entry is refused."""
        if not self.recorded:
            raise InternalError(what="an act was about to be stored without an audit entry")
        keep_moment(self.uow, self.recorded[-1], self.now)
        seal, (size, root) = RowSeal.of(self.keys), log.log_root(self.uow)
        if self.fixes_rows:
            seal.fix(self.uow, size, root)
        else:
            seal.carry(self.uow, before=self.recorded[0], size=size, root=root)
        self.uow.commit()


@contextmanager
def audited_if_needed(
    store: Store, keys: KeyTree, clock: Clock = system_clock
) -> Iterator[AuditedTransaction]:
    """An act that may find nothing to do: then nothing is recorded and nothing is written."""
    with store.write() as uow:
        opened = AuditedTransaction(uow=uow, date=vault_date(uow, clock), keys=keys)
        yield opened
        if opened.recorded:
            opened.commit()


@contextmanager
def audited(store: Store, keys: KeyTree, clock: Clock = system_clock) -> Iterator[AuditedTransaction]:
    """A new act: committed when the block ends, undone whole when it raises."""
    with store.write() as uow:
        opened = AuditedTransaction(uow=uow, date=vault_date(uow, clock), keys=keys)
        yield opened
        opened.commit()
