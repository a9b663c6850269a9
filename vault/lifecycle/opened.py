"""An open vault: its store, its keys, its clock, its acts and the mark they raise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock, RLock
from typing import TYPE_CHECKING, Final, Self

from vault.audit.entries import EntryType
from vault.audit.log import log_root
from vault.audit.paid_runs import PaidRuns
from vault.audit.sent_releases import SentReleases
from vault.audit.transaction import AuditedTransaction, audited, audited_if_needed, trusted_now
from vault.audit.vault_date import Clock, VaultDate, vault_date
from vault.budget.remembered import charges, shared_caps, shared_filters, spent_so_far
from vault.errors.families import Broken, InternalError, Invalid, LockboxError, Unavailable
from vault.errors.keys import WrongPassphrase, WrongRecoveryKey
from vault.errors.requests import WrongState
from vault.errors.rollback import MarkNotWritten, MarkUnwritable, OtherCopyUsed
from vault.errors.storage import Damaged, DiskFull, DiskReadOnly
from vault.lifecycle.rollback import NONE, Rollback, keeps_digest
from vault.lifecycle.tries import moment, wrong_tries
from vault.lifecycle.unlocking import root_secret
from vault.sealing.digest import keyed_digest
from vault.sealing.header import (
    change_passphrase,
    header_digest,
    propose_header,
    recover,
    write_header,
)
from vault.sealing.keytree import KeyTree, Purpose
from vault.sealing.slots import KdfCost
from vault.store.engine import Store
from vault.store.high_water import Mark, heads_of, mark_lock, read_mark, write_mark
from vault.store.row_seal import RowSeal
from vault.store.tables import VaultFact

if TYPE_CHECKING:
    from vault.audit.entries import Json
    from vault.lifecycle.runs import Run
    from vault.sealing.header import Header
    from vault.sealing.secret import Secret
    from vault.settings import Paths
    from vault.store.unit_of_work import UnitOfWork

HEADER_FACT: Final = "keys.header"
"""The fact that names the key header the vault was last given, by its digest."""


@dataclass(slots=True, kw_only=True)
class OpenVault:
    """An opened vault: its store, its keys, its clock, and why it is read-only if it is.

    `seen` says that this computer had a mark of it when it was opened, `mark_missing` what follows where it should have
    one and has none, `header_damage` what was wrong with a copy of the key header. `running` are the requests whose
    learner runs in this process; when it `is_ending`, no other begins. `sent_releases` follow the trail. `paid_before`
    names the charges that this computer remembered when it was opened, be they in this copy or not, `marked`
    are the heads of the trail of which the mark may be that was last read or written here.
    """

    paths: Paths
    store: Store
    keys: KeyTree
    header: Header
    clock: Clock
    origin: str
    rollback: Rollback = NONE
    seen: bool = True
    mark_missing: str = ""
    paid_before: frozenset[str] = frozenset()
    marked: frozenset[tuple[int, str]] = frozenset()
    header_damage: str = ""
    running: dict[str, Run] = field(default_factory=dict)
    sent_releases: SentReleases = field(default_factory=SentReleases)
    paid_runs: PaidRuns = field(default_factory=PaidRuns)
    is_ending: bool = False
    closing: ExitStack = field(default_factory=ExitStack)
    marking: Lock = field(default_factory=Lock)
    sending: Lock = field(default_factory=Lock)
    writing: RLock = field(default_factory=RLock)

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        """One consistent snapshot; raises `Damaged` where parts of different times contradict each other."""
        with self._contradictions(), self.store.read() as uow:
            yield uow

    @contextmanager
    def _contradictions(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            # What is not found in such rows may be missing in them, so that is no answer either.
            is_foreseen = isinstance(error, LockboxError) and not isinstance(error, InternalError | Invalid)
            if is_foreseen or not self.rollback.is_mixed:
                raise
            # Rows that are known to contradict each other break what is always true of a whole vault.
            raise Damaged(what="the database") from None

    def check_writable(self) -> None:
        """Raise what an act is refused with where the vault is read-only: its promises would be of an older copy."""
        if self.rollback:
            raise self.rollback.error()

    @contextmanager
    def act(self, *, is_marked: bool = True) -> Iterator[AuditedTransaction]:
        """One durable act; afterwards the high-water mark is raised, unless whoever acts does that later.

        Raises `OlderVault`, `MixedVault` or `MarkDamaged` where the vault is read-only, `MarkNotWritten` when only the
        act is stored.
        """
        self.check_writable()
        # Threads of this process wait for one another; another process is refused by the writer's lock.
        with self.writing, audited(self.store, self.keys, self.clock) as opened:
            yield opened
        if is_marked:
            self.raise_mark()

    @contextmanager
    def act_if_needed(self) -> Iterator[AuditedTransaction]:
        """The same of an act that may find nothing to do: then nothing is recorded and nothing is written."""
        self.check_writable()
        with self.writing, audited_if_needed(self.store, self.keys, self.clock) as opened:
            yield opened
        self.raise_mark()

    @contextmanager
    def act_anyway(self) -> Iterator[AuditedTransaction]:
        """One durable act on a vault that is read-only, which from then on is not: the owner goes on from it knowingly.

        The digest of the rows is taken anew and the key header that opened the vault is named in them.
        """
        with self.writing, self._contradictions(), audited(self.store, self.keys, self.clock) as opened:
            opened.fixes_rows = True
            _name_header(opened.uow, self.header)
            yield opened
        self.rollback = NONE
        self.raise_mark()

    def fix_rows(self) -> None:
        """Keep, from now on, a digest of the versioned rows as they stand, and name the key header in them."""
        with self.store.write() as uow:
            _name_header(uow, self.header)
            RowSeal.of(self.keys).fix(uow, *log_root(uow))
            uow.commit()

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
        """Record that the owner is about to copy out what is sealed or holds no record.

        It takes nothing back when it is missing, so it stops nobody where nothing can be recorded: an older copy, a
        vault opened to read, a full disk.
        """
        if not self.rollback:
            with suppress(DiskFull, DiskReadOnly, MarkNotWritten), self.act() as act:
                act.record(kind, clear=clear, hidden=hidden)

    def record_wrong_tries(self) -> None:
        """Record the wrong passphrases that were counted since the last time, where anything can be recorded."""
        if not self.rollback:
            with suppress(DiskFull, DiskReadOnly, MarkNotWritten, OSError), wrong_tries(self.paths) as tries:
                if tries.count:
                    first, last = moment(tries.first), moment(tries.last)
                    hidden: dict[str, Json] = {"tries": tries.count, "first": first, "last": last}
                    with self.act() as act:
                        act.record(EntryType.ACCESS_DENIED, hidden=hidden)

    def note_look(
        self, kind: EntryType, *, clear: Mapping[str, Json] | None = None, hidden: Mapping[str, Json]
    ) -> None:
        """Record that the owner is about to see records; raises `DiskFull` and the like, and then they are not seen.

        An older copy and a vault opened to read take no entries, whoever opens them: both need the passphrase, and with
        it and a copy of the vault everything can be read anyway.
        """
        if not self.rollback and self.store.is_writable:
            with suppress(MarkNotWritten), self.act() as act:  # then the entry itself is stored
                act.record(kind, clear=clear, hidden=hidden)

    def raise_mark(self) -> None:
        """Remember outside the vault how far the log and the spent budget have come."""
        # One at a time, or of two threads the one that read first could write last.
        with self.marking:
            with self.read() as uow:
                size, root = log_root(uow)
                mark = Mark(
                    origin=self.origin,
                    size=size,
                    root=root.hex(),
                    spent=spent_so_far(uow),
                    shared=shared_filters(uow),
                    caps=shared_caps(uow),
                    paid=sorted(self.paid_before.union(charges(uow, self.paid_runs))),
                    has_digest=keeps_digest(uow),
                )
            try:
                with mark_lock(self.paths.state):
                    self._check_nobody_else()
                    # A writing that fails can have replaced the mark all the same.
                    self.marked |= {mark.head}
                    write_mark(self.paths.state, mark, mark_mac(self.keys))
            except OtherCopyUsed:
                raise
            except (OSError, Unavailable) as error:
                raise MarkNotWritten(path=self.paths.state) from error
            self.marked = frozenset({mark.head})

    def goes_on_from(self, mark: Mark | None) -> None:
        """Take this mark for the one that was last seen here: what it remembers was made up for."""
        self.marked = heads_of(mark)
        self.paid_before |= frozenset((mark and mark.paid) or ())

    def _check_nobody_else(self) -> None:
        """Raise `OtherCopyUsed`, and be read only from then on, where the mark is not the one that was last seen here.

        Then another copy of this vault was used, of whose charges this one knows nothing. One that is gone or cannot be
        read any more shows nothing, and is written anew.
        """
        with suppress(Broken):
            found = read_mark(self.paths.state, self.origin, mark_mac(self.keys))
            if found is not None and found.head not in self.marked:
                self.rollback = Rollback(reason="another copy of it was used on this computer meanwhile")
                raise OtherCopyUsed()

    def require_mark(self) -> None:
        """Refuse, before budget is spent or anything leaves, when an older copy could undo it unnoticed.

        Raises `OlderVault` and its kin, and `MarkUnwritable`.
        """
        if self.rollback:
            raise self.rollback.error()
        try:
            self.raise_mark()
        except OtherCopyUsed:
            raise self.rollback.error() from None
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

    def date(self, uow: UnitOfWork) -> VaultDate:
        """The trusted time, and whether it is in question."""
        return vault_date(uow, self.clock)

    def now(self, uow: UnitOfWork) -> datetime:
        """The trusted time: never earlier than the last entry of the trail."""
        return trusted_now(uow, self.clock)

    def check_secret(self, secret: Secret, *, recovery: bool) -> None:
        """Raise `WrongPassphrase` or `WrongRecoveryKey` unless this opens this very vault.

        The header is the one that opened it or that it was given since, whatever lies in the folder by now.
        """
        found = KeyTree(root_secret(self.header, secret, recovery=recovery))
        try:
            is_same = found.subkey(Purpose.DATABASE).matches(self.keys.subkey(Purpose.DATABASE))
        finally:
            found.wipe()
        if not is_same:
            raise WrongRecoveryKey if recovery else WrongPassphrase

    def change_passphrase(self, current: Secret, new: Secret, *, recovery: bool, cost: KdfCost) -> None:
        """Rewrite the passphrase slot of the key header: it is changed as soon as the vault names the new one.

        Until then the first copy has the old slot and after it the second one has the new, so that a crash leaves the
        vault with the passphrase of its trail, whichever that is.
        """
        if recovery:
            changed = recover(self.header, recovery_key=current.reveal().decode(), new=new, cost=cost)
        else:
            changed = change_passphrase(self.header, current=current, new=new, cost=cost)
        propose_header(self.paths.vault, changed)
        try:
            with self.act() as act:
                _name_header(act.uow, changed)
                act.record(EntryType.SETTINGS_CHANGE, hidden={"what": "the passphrase"})
        except MarkNotWritten:
            self._use_header(changed)  # it is on record, so it is done
            raise
        except BaseException:
            write_header(self.paths.vault, self.header)
            raise
        self._use_header(changed)

    def _use_header(self, header: Header) -> None:
        self.header = header
        write_header(self.paths.vault, header)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database, wipe the keys and free the writer's lock."""
        self.closing.close()


def _name_header(uow: UnitOfWork, header: Header) -> None:
    fact = uow.get(VaultFact, HEADER_FACT)
    if fact is None:
        uow.add(VaultFact(key=HEADER_FACT, value=header_digest(header)))
    else:
        fact.value = header_digest(header)


def mark_mac(keys: KeyTree) -> Callable[[bytes], bytes]:
    """The keyed digest that authenticates the high-water mark."""
    key = keys.subkey(Purpose.STATE_MARK)
    return lambda data: keyed_digest(key, data)
