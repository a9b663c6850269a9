"""Making a vault, opening it, and noticing that it is older than it should be.

What lies in a vault folder (mode 0700): the key header in two copies, one SQLCipher database with its write-ahead
log, and the writer's lock. Outside it, in the state folder, lies the high-water mark.
"""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Lock, RLock
from typing import TYPE_CHECKING, Self

from vault import acts
from vault.acts import Act, Clock, system_clock, trusted_now
from vault.audit.departures import Departures
from vault.audit.entries import EntryType
from vault.audit.log import log_root
from vault.budget import ledger
from vault.errors import (
    Damaged,
    DiskFull,
    DiskReadOnly,
    MarkNotWritten,
    MarkUnwritable,
    NoVault,
    OlderVault,
    Unavailable,
    UnsafePermissions,
    VaultExists,
    WrongPassphrase,
    WrongRecoveryKey,
    WrongState,
)
from vault.older import older_because
from vault.sealing.digest import keyed_digest
from vault.sealing.header import (
    change_passphrase,
    header_problems,
    new_header,
    read_header,
    recover,
    unlock,
    unlock_with_recovery_key,
    write_header,
)
from vault.sealing.keytree import KeyTree, Purpose
from vault.sealing.random import random_bytes, random_id, random_secret
from vault.sealing.slots import DEFAULT_COST, KdfCost
from vault.store.engine import Store
from vault.store.high_water import Mark, read_mark, write_mark
from vault.store.lock import writer_lock
from vault.store.tables import VaultFact

if TYPE_CHECKING:
    from vault.audit.entries import Json
    from vault.running import Run
    from vault.sealing.header import Header
    from vault.sealing.secret import Secret
    from vault.settings import Paths
    from vault.store.unit_of_work import UnitOfWork

FORMAT = "1"
APP_VERSION = "0.1.0"
MARK_MISSING = (
    "this computer has no reminder of this vault, so nothing here shows whether it is its newest copy; that is as it "
    "should be on a new computer, and not where you have used it before"
)


@dataclass(slots=True, kw_only=True)
class OpenVault:
    """An opened vault: its store, its keys, its clock, and why it is read-only if it is.

    `seen` says that this computer had a mark of it when it was opened, `mark_missing` what follows where it should have
    one and has none. `running` are the requests whose learner runs in this process; when it `is_ending`, no other
    begins. `departures` follow the trail.
    """

    paths: Paths
    store: Store
    keys: KeyTree
    clock: Clock
    origin: str
    older: str = ""
    seen: bool = True
    mark_missing: str = ""
    running: dict[str, Run] = field(default_factory=dict)
    departures: Departures = field(default_factory=Departures)
    is_ending: bool = False
    closing: ExitStack = field(default_factory=ExitStack)
    marking: Lock = field(default_factory=Lock)
    sending: Lock = field(default_factory=Lock)
    writing: RLock = field(default_factory=RLock)

    def read(self) -> AbstractContextManager[UnitOfWork]:
        """One consistent snapshot."""
        return self.store.read()

    @contextmanager
    def act(self) -> Iterator[Act]:
        """One durable act; afterwards the high-water mark is raised.

        Raises `OlderVault` when an older copy was put back, `MarkNotWritten` when only the act is stored.
        """
        if self.older:
            raise OlderVault(reason=self.older)
        # Threads of this process wait for one another; another process is refused by the writer's lock.
        with self.writing, acts.act(self.store, self.keys, self.clock) as opened:
            yield opened
        self.raise_mark()

    def settle(self, work: Callable[[Act], None]) -> None:
        """Do what is due, if anything is; nothing on an older copy."""
        if not self.older:
            with self.writing, acts.act_if_needed(self.store, self.keys, self.clock) as opened:
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
        if not self.older:
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
                write_mark(self.paths.state, mark, _mark_mac(self.keys))
            except (OSError, Unavailable) as error:
                raise MarkNotWritten(path=self.paths.state) from error

    def require_mark(self) -> None:
        """Refuse, before budget is spent or anything leaves, when an older copy could undo it unnoticed.

        Raises `OlderVault` and `MarkUnwritable`.
        """
        if self.older:
            raise OlderVault(reason=self.older)
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
        found = KeyTree(_root(read_header(self.paths.vault), secret, recovery=recovery))
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


def create_vault(
    paths: Paths, passphrase: Secret, *, cost: KdfCost = DEFAULT_COST, clock: Clock = system_clock
) -> str:
    """Make a vault folder with a key header and an empty database, and return the printable recovery key.

    Raises `VaultExists` when the folder already holds something.
    """
    folder = paths.vault
    check_free(folder)
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Built beside its place and renamed: a crash leaves no half vault, and nothing existing is ever overwritten.
    draft = folder.with_name(f".{folder.name}.{random_id()[:8]}")
    draft.mkdir(mode=0o700)
    try:
        recovery_key = _fill(draft, passphrase, cost, clock)
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return recovery_key


def _fill(folder: Path, passphrase: Secret, cost: KdfCost, clock: Clock) -> str:
    root = random_secret()
    header, recovery_key = new_header(vault_id=random_bytes(16), root=root, passphrase=passphrase, cost=cost)
    keys = KeyTree(root)
    store = Store.create(database_file(folder), keys.subkey(Purpose.DATABASE).reveal())
    try:
        _write_genesis(store, keys, clock)
    finally:
        store.close()
        keys.wipe()
    write_header(folder, header)
    return recovery_key


def open_vault(
    paths: Paths, secret: Secret, *, writable: bool, recovery: bool = False, clock: Clock = system_clock
) -> OpenVault:
    """Open a vault by its passphrase, or by its recovery key.

    Raises `NoVault`, `UnsafePermissions`, `VaultBusy`, `WrongPassphrase`, `WrongRecoveryKey`, `DamagedHeader`,
    `Damaged` or `BudgetFixedOtherwise`.
    """
    check_folder(paths.vault)
    with ExitStack() as stack:
        if writable:
            stack.enter_context(writer_lock(paths.vault))
        header = read_header(paths.vault)
        keys = KeyTree(_root(header, secret, recovery=recovery))
        if writable and header_problems(paths.vault):
            write_header(paths.vault, header)  # one copy is bad or stale: the good one heals it
        stack.callback(keys.wipe)
        key = keys.subkey(Purpose.DATABASE).reveal()
        store = Store.open(database_file(paths.vault), key, writable=writable)
        stack.callback(store.close)
        if writable:
            store.bring_home()
        opened = _opened(paths, store, keys, clock)
        opened.closing.push(stack.pop_all())
        return opened


def _root(header: Header, secret: Secret, *, recovery: bool) -> Secret:
    if recovery:
        return unlock_with_recovery_key(header, secret.reveal().decode())
    return unlock(header, secret)


def check_free(folder: Path) -> None:
    """Refuse a place where something is already; raises `VaultExists`."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise VaultExists(path=folder)


def check_folder(folder: Path) -> None:
    """Refuse a folder that is no vault, or that other users can enter."""
    if not database_file(folder).exists():
        raise NoVault(path=folder)
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        raise UnsafePermissions(path=folder)


def database_file(folder: Path) -> Path:
    """Where the SQLCipher database of a vault lies."""
    return folder / "vault.db"


def _write_genesis(store: Store, keys: KeyTree, clock: Clock) -> None:
    with acts.act(store, keys, clock) as act:
        act.uow.add(VaultFact(key="format", value=FORMAT))
        act.uow.add(VaultFact(key="origin", value=f"vault.invalid/{random_id()}"))
        act.uow.add(VaultFact(key="created_at", value=acts.stamp(act.now)))
        ledger.fix(act.uow)
        act.record(EntryType.LOG_GENESIS, clear={"app": f"lockbox {APP_VERSION}"})


def _opened(paths: Paths, store: Store, keys: KeyTree, clock: Clock) -> OpenVault:
    with store.read() as uow:
        origin = uow.get(VaultFact, "origin")
        if origin is None:
            raise Damaged(what="the database")
        ledger.check_fixed(uow)
    # The mark first and then the snapshot it is held against: a writer beside us raises both, the log before the mark.
    mark = read_mark(paths.state, origin.value, _mark_mac(keys))
    with store.read() as uow:
        older = older_because(uow, mark)
        is_new = log_root(uow)[0] <= 1
    return OpenVault(
        paths=paths,
        store=store,
        keys=keys,
        clock=clock,
        origin=origin.value,
        older=older,
        seen=mark is not None,
        mark_missing="" if mark or is_new else MARK_MISSING,
    )


def _mark_mac(keys: KeyTree) -> Callable[[bytes], bytes]:
    key = keys.subkey(Purpose.STATE_MARK)
    return lambda data: keyed_digest(key, data)
