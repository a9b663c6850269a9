"""Open a vault, and notice when it or a part of it was rolled back."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from vault.audit.entries import EntryType
from vault.audit.log import log_root
from vault.audit.transaction import system_clock
from vault.audit.vault_date import Clock
from vault.budget import ledger
from vault.errors.families import LockboxError, Unavailable
from vault.errors.rollback import HeaderPutBack, MarkDamaged
from vault.errors.storage import Damaged, NewerVault
from vault.lifecycle.rollback import NONE, Rollback, find_rollback, keeps_digest
from vault.sealing.copies import FILE_NAMES
from vault.sealing.durable import clear_drafts
from vault.sealing.header import header_digest, header_problems, write_header
from vault.sealing.keytree import KeyTree, Purpose
from vault.store.engine import Store
from vault.store.high_water import Mark, heads_of, mark_file, read_mark
from vault.store.high_water import clear_drafts as clear_mark_drafts
from vault.store.lock import writer_lock
from vault.store.row_seal import RowSeal
from vault.store.tables import VaultFact

if TYPE_CHECKING:
    from vault.sealing.secret import Secret
    from vault.settings import Paths
from vault.lifecycle.folder import check_folder, database_file
from vault.lifecycle.opened import HEADER_FACT, OpenVault, mark_mac
from vault.lifecycle.unlocking import Begun, Unlocked, root_secret, unlock

MARK_MISSING = (
    "this computer has no reminder of this vault, so nothing here shows whether it is its newest copy; that is as it "
    "should be on a new computer, and not where you have used it before"
)


def open_vault(
    paths: Paths,
    secret: Secret,
    *,
    writable: bool,
    recovery: bool = False,
    wait: float = 0,
    clock: Clock = system_clock,
    begun: Begun | None = None,
) -> OpenVault:
    """Open a vault by its passphrase, or by its recovery key, after at most `wait` seconds of another's writing.

    `begun` is the unlocking, where it was begun already.

    Raises `NoVault`, `VaultIncomplete`, `UnsafePermissions`, `VaultBusy`, `WrongPassphrase`, `WrongRecoveryKey`,
    `TooManyTries`, `DamagedHeader`, `Damaged` or `BudgetFixedOtherwise`.
    """
    check_folder(paths.vault)
    with ExitStack() as stack:
        if writable:
            stack.enter_context(writer_lock(paths.vault, wait=wait))
        unlocked = begun.take() if begun else unlock(paths, secret, recovery=recovery, now=clock())
        stack.callback(unlocked.keys.wipe)
        key = unlocked.keys.subkey(Purpose.DATABASE).reveal()
        seal = RowSeal.of(unlocked.keys)
        store = Store.open(database_file(paths.vault), key, writable=writable, migrating=seal.kept_over)
        stack.callback(store.close)
        if writable:
            store.bring_home()
        opened = _opened(paths, store, _named_by_vault(store, unlocked, secret, recovery=recovery), clock)
        if writable and not opened.rollback:
            _put_right(opened)
            opened.record_wrong_tries()
        opened.closing.push(stack.pop_all())
        return opened


def _named_by_vault(store: Store, unlocked: Unlocked, secret: Secret, *, recovery: bool) -> Unlocked:
    """The header that the vault itself names, if one of the copies is; the passphrase has to open that one."""
    with store.read() as uow:
        named = uow.get(VaultFact, HEADER_FACT)
    for other in unlocked.others:
        if named and header_digest(other) == named.value:
            root_secret(other, secret, recovery=recovery).wipe()
            return Unlocked(header=other, keys=unlocked.keys, others=[unlocked.header])
    return unlocked


def _opened(paths: Paths, store: Store, unlocked: Unlocked, clock: Clock) -> OpenVault:
    with store.read() as uow:
        origin = uow.get(VaultFact, "origin")
        if origin is None:
            raise Damaged(what="the database")
        ledger.check_fixed(uow)
    # The mark first and then the snapshot it is held against: a writer beside us raises both, the log before the mark.
    mark, of_mark = _mark(paths, origin.value, unlocked.keys)
    with store.read() as uow:
        rollback = find_rollback(uow, RowSeal.of(unlocked.keys), mark)
    rollback = rollback or of_mark or _of_header(store, unlocked)
    is_missed = not (mark or rollback) and not _is_new(store)
    return OpenVault(
        paths=paths,
        store=store,
        keys=unlocked.keys,
        header=unlocked.header,
        clock=clock,
        origin=origin.value,
        rollback=rollback,
        seen=mark is not None,
        paid_before=frozenset((mark and mark.paid) or ()),
        marked=heads_of(mark),
        mark_missing=MARK_MISSING if is_missed else "",
        header_damage=_header_damage(paths),
    )


def _is_new(store: Store) -> bool:
    with store.read() as uow:
        return log_root(uow)[0] <= 1


def _mark(paths: Paths, origin: str, keys: KeyTree) -> tuple[Mark | None, Rollback]:
    try:
        return read_mark(paths.state, origin, mark_mac(keys)), NONE
    except LockboxError as error:
        reason = f"{mark_file(paths.state, origin)} cannot be read ({str(error).rstrip('.')})"
        if isinstance(error, Damaged | NewerVault):
            reason = f"{mark_file(paths.state, origin)} is damaged or was changed"
        return None, Rollback(reason=reason, kind=MarkDamaged)


def _of_header(store: Store, unlocked: Unlocked) -> Rollback:
    """A header that is not the one the vault was last given is an older one put back, or another vault's."""
    with store.read() as uow:
        named = uow.get(VaultFact, HEADER_FACT)
    if named is None or named.value == header_digest(unlocked.header):
        return NONE
    reason = "its key header is not the one it was last given, so an earlier passphrase may open it again"
    return Rollback(reason=reason, kind=HeaderPutBack)


def _header_damage(paths: Paths) -> str:
    """What is wrong with a copy of the header, for the person."""
    problems = header_problems(paths.vault)
    return f"the key header is bad in one copy ({'; '.join(problems)})" if problems else ""


def _put_right(opened: OpenVault) -> None:
    """Make good what an opening may: a draft that a kill left, rows without a digest, a bad copy of the header."""
    clear_mark_drafts(opened.paths.state, opened.origin)
    clear_drafts(opened.paths.vault, FILE_NAMES)
    with opened.read() as uow:
        is_kept = keeps_digest(uow)
    if not is_kept:
        opened.fix_rows()
    if opened.header_damage:
        _heal_header(opened)


def _heal_header(opened: OpenVault) -> None:
    try:
        write_header(opened.paths.vault, opened.header)
    except Unavailable as error:
        opened.header_damage += f", and it cannot be put right now: {str(error).rstrip('.')}"
    else:
        opened.header_damage += ", and was put right from the other one"
        opened.note(EntryType.SETTINGS_CHANGE, hidden={"what": "a bad copy of the key header, put right"})
