"""Open a vault, and notice when it was rolled back."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from vault.audit.log import log_root
from vault.audit.transaction import system_clock
from vault.audit.vault_date import Clock
from vault.budget import ledger
from vault.errors.storage import Damaged
from vault.lifecycle.rollback import rollback_reason
from vault.sealing.header import (
    header_problems,
    read_header,
    write_header,
)
from vault.sealing.keytree import KeyTree, Purpose
from vault.store.engine import Store
from vault.store.high_water import read_mark
from vault.store.lock import writer_lock
from vault.store.tables import VaultFact

if TYPE_CHECKING:
    from vault.sealing.secret import Secret
    from vault.settings import Paths
from vault.lifecycle.folder import check_folder, database_file
from vault.lifecycle.opened import OpenVault, mark_mac, root_secret

MARK_MISSING = (
    "this computer has no reminder of this vault, so nothing here shows whether it is its newest copy; that is as it "
    "should be on a new computer, and not where you have used it before"
)


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
        keys = KeyTree(root_secret(header, secret, recovery=recovery))
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


def _opened(paths: Paths, store: Store, keys: KeyTree, clock: Clock) -> OpenVault:
    with store.read() as uow:
        origin = uow.get(VaultFact, "origin")
        if origin is None:
            raise Damaged(what="the database")
        ledger.check_fixed(uow)
    # The mark first and then the snapshot it is held against: a writer beside us raises both, the log before the mark.
    mark = read_mark(paths.state, origin.value, mark_mac(keys))
    with store.read() as uow:
        rollback = rollback_reason(uow, mark)
        is_new = log_root(uow)[0] <= 1
    return OpenVault(
        paths=paths,
        store=store,
        keys=keys,
        clock=clock,
        origin=origin.value,
        rollback=rollback,
        seen=mark is not None,
        mark_missing="" if mark or is_new else MARK_MISSING,
    )
