"""An open vault: its store, its keys, its clock, its acts and the mark they raise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock, RLock
from typing import TYPE_CHECKING, Self

from vault.audit.entries import EntryType
from vault.audit.log import log_root
from vault.audit.sent_releases import SentReleases
from vault.audit.transaction import AuditedTransaction, audited, audited_if_needed, trusted_now
from vault.audit.vault_date import Clock
from vault.budget import ledger
from vault.errors.families import Unavailable
from vault.errors.keys import WrongPassphrase, WrongRecoveryKey
from vault.errors.requests import WrongState
from vault.errors.rollback import MarkNotWritten, MarkUnwritable, OlderVault
from vault.errors.storage import DiskFull, DiskReadOnly
from vault.sealing.digest import keyed_digest
from vault.sealing.header import (
    change_passphrase,
    read_header,
    recover,
    unlock,
    unlock_with_recovery_key,
    write_header,
)
from vault.sealing.keytree import KeyTree, Purpose
from vault.sealing.slots import KdfCost
from vault.store.engine import Store
from vault.store.high_water import Mark, write_mark

if TYPE_CHECKING:
    from vault.audit.entries import Json
    from vault.lifecycle.runs import Run
    from vault.sealing.header import Header
    from vault.sealing.secret import Secret
    from vault.settings import Paths
    from vault.store.unit_of_work import UnitOfWork


@dataclass(slots=True, kw_only=True)
class OpenVault:
    """An opened vault: its store, its keys, its clock, and why it is read-only if it is.

    `seen` says that this computer had a mark of it when it was opened, `mark_missing` what follows where it should have
    one and has none. `running` are the requests whose learner runs in this process; when it `is_ending`, no other
    begins. `sent_releases` follow the trail.
    """

    paths: Paths
    store: Store
    keys: KeyTree
    clock: Clock
    origin: str
    rollback: str = ""
    seen: bool = True
    mark_missing: str = ""
    running: dict[str, Run] = field(default_factory=dict)
    sent_releases: SentReleases = field(default_factory=SentReleases)
    is_ending: bool = False
    closing: ExitStack = field(default_factory=ExitStack)
    marking: Lock = field(default_factory=Lock)
    sending: Lock = field(default_factory=Lock)
    writing: RLock = field(default_factory=RLock)

    def read(self) -> AbstractContextManager[UnitOfWork]:
        """One consistent snapshot."""
        return self.store.read()

    @contextmanager
    def act(self) -> Iterator[AuditedTransaction]:
        """One durable act; afterwards the high-water mark is raised.

        Raises `OlderVault` when an older copy was put back, `MarkNotWritten` when only the act is stored.
        """
        if self.rollback:
            raise OlderVault(reason=self.rollback)
        # Threads of this process wait for one another; another process is refused by the writer's lock.
        with self.writing, audited(self.store, self.keys, self.clock) as opened:
            yield opened
        self.raise_mark()

    def settle(self, work: Callable[[AuditedTransaction], None]) -> None:
        """Do what is due, if anything is; nothing on an older copy."""
        if not self.rollback:
            with self.writing, audited_if_needed(self.store, self.keys, self.clock) as opened:
                work(opened)
            # Nobody did anything here, and who could not open could not withdraw: the next act says it.
            with suppress(MarkNotWritten):
                self.raise_mark()

    def note(
        self, kind: EntryType, *, clear: Mapping[str, Json] | None = None, hidden: Mapping[str, Json]
    ) -> None:
        """Record that the owner is about to look at records or copy them out.

        It takes nothing back when it is missing, so it stops nobody where nothing can be recorded: an older copy, a
        vault opened to read, a full disk.
        """
        if not self.rollback:
            with suppress(DiskFull, DiskReadOnly, MarkNotWritten), self.act() as act:
                act.record(kind, clear=clear, hidden=hidden)

    def raise_mark(self) -> None:
        """Remember outside the vault how far the log and the spent budget have come."""
        # One at a time, or of two threads the one that read first could write last.
        with self.marking:
            with self.read() as uow:
                size, root = log_root(uow)
                mark = Mark(origin=self.origin, size=size, root=root.hex(), spent=ledger.spent_vectors(uow))
            try:
                self.paths.state.mkdir(mode=0o700, parents=True, exist_ok=True)
                write_mark(self.paths.state, mark, mark_mac(self.keys))
            except (OSError, Unavailable) as error:
                raise MarkNotWritten(path=self.paths.state) from error

    def require_mark(self) -> None:
        """Refuse, before budget is spent or anything leaves, when an older copy could undo it unnoticed.

        Raises `OlderVault` and `MarkUnwritable`.
        """
        if self.rollback:
            raise OlderVault(reason=self.rollback)
        try:
            self.raise_mark()
        except MarkNotWritten:
            raise MarkUnwritable(path=self.paths.state) from None

    @contextmanager
    def run(self, request_id: str, run: Run) -> Iterator[None]:
        """Within this block the request runs here; raises `WrongState` when it runs already."""
        if self.running.setdefault(request_id, run) is not run:
            raise WrongState(state="running already")
        try:
            if self.is_ending:  # asked after it is listed, so that whoever ends the runs misses none
                raise WrongState(state="not begun: the vault is being locked")
            yield
        finally:
            del self.running[request_id]
            run.ended.set()

    def now(self, uow: UnitOfWork) -> datetime:
        """The trusted time: never earlier than the last entry of the trail."""
        return trusted_now(uow, self.clock)

    def check_secret(self, secret: Secret, *, recovery: bool) -> None:
        """Raise `WrongPassphrase` or `WrongRecoveryKey` unless this opens this very vault.

        What the header opens is held against the keys in use: somebody who puts another vault's header here gets no
        further with that vault's passphrase.
        """
        found = KeyTree(root_secret(read_header(self.paths.vault), secret, recovery=recovery))
        try:
            is_same = found.subkey(Purpose.DATABASE).matches(self.keys.subkey(Purpose.DATABASE))
        finally:
            found.wipe()
        if not is_same:
            raise WrongRecoveryKey if recovery else WrongPassphrase

    def change_passphrase(self, current: Secret, new: Secret, *, recovery: bool, cost: KdfCost) -> None:
        """Rewrite the passphrase slot of the key header; the change is recorded first."""
        header = read_header(self.paths.vault)
        if recovery:
            changed = recover(header, recovery_key=current.reveal().decode(), new=new, cost=cost)
        else:
            changed = change_passphrase(header, current=current, new=new, cost=cost)
        try:
            with self.act() as act:
                act.record(EntryType.SETTINGS_CHANGE, hidden={"what": "the passphrase"})
        except MarkNotWritten:
            write_header(self.paths.vault, changed)  # it is on record, so it is done
            raise
        write_header(self.paths.vault, changed)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database, wipe the keys and free the writer's lock."""
        self.closing.close()


def root_secret(header: Header, secret: Secret, *, recovery: bool) -> Secret:
    """The root key of a vault, opened by the passphrase or by the recovery key."""
    if recovery:
        return unlock_with_recovery_key(header, secret.reveal().decode())
    return unlock(header, secret)


def mark_mac(keys: KeyTree) -> Callable[[bytes], bytes]:
    """The keyed digest that authenticates the high-water mark."""
    key = keys.subkey(Purpose.STATE_MARK)
    return lambda data: keyed_digest(key, data)
