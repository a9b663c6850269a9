"""Create a vault: its key header, its database and the first entry of its trail."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from vault.audit.entries import EntryType
from vault.audit.log import log_root
from vault.audit.transaction import audited, system_clock
from vault.audit.vault_date import Clock
from vault.budget import ledger
from vault.sealing.durable import make_folders, sync
from vault.sealing.header import (
    header_digest,
    new_header,
    write_header,
)
from vault.sealing.keytree import KeyTree, Purpose
from vault.sealing.random import random_bytes, random_id, random_secret
from vault.sealing.slots import DEFAULT_COST, KdfCost
from vault.store.engine import Store
from vault.store.row_seal import RowSeal
from vault.store.tables import VaultFact
from vault.store.times import stamp

if TYPE_CHECKING:
    from vault.sealing.secret import Secret
    from vault.settings import Paths
from vault.lifecycle.folder import check_free, database_file
from vault.lifecycle.opened import HEADER_FACT
from vault.store.draft_folder import draft_folder

FORMAT = "1"
APP_VERSION = "0.1.0"


def create_vault(
    paths: Paths, passphrase: Secret, *, cost: KdfCost = DEFAULT_COST, clock: Clock = system_clock
) -> str:
    """Make a vault folder with a key header and an empty database, and return the printable recovery key.

    Raises `VaultExists` when the folder already holds something.
    """
    folder = paths.vault
    check_free(folder)
    make_folders(folder.parent)
    # Built beside its place and renamed: a crash leaves no half vault, and nothing existing is ever overwritten.
    with draft_folder(folder.parent, prefix=f".{folder.name}.lockbox-init-") as draft:
        recovery_key = _fill(draft, passphrase, cost, clock)
        _put_in_place(draft, folder)
    return recovery_key


def _put_in_place(draft: Path, folder: Path) -> None:
    draft.rename(folder)
    try:
        sync(folder.parent)
    except OSError:
        # Nobody was shown its recovery key.
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _fill(folder: Path, passphrase: Secret, cost: KdfCost, clock: Clock) -> str:
    root = random_secret()
    header, recovery_key = new_header(vault_id=random_bytes(16), root=root, passphrase=passphrase, cost=cost)
    keys = KeyTree(root)
    store = Store.create(database_file(folder), keys.subkey(Purpose.DATABASE).reveal())
    try:
        _write_genesis(store, keys, clock, header_digest(header))
    finally:
        store.close()
        keys.wipe()
    write_header(folder, header)
    return recovery_key


def _write_genesis(store: Store, keys: KeyTree, clock: Clock, header: str) -> None:
    with audited(store, keys, clock) as act:
        act.uow.add(VaultFact(key="format", value=FORMAT))
        act.uow.add(VaultFact(key="origin", value=f"vault.invalid/{random_id()}"))
        act.uow.add(VaultFact(key="created_at", value=stamp(act.now)))
        act.uow.add(VaultFact(key=HEADER_FACT, value=header))
        ledger.fix(act.uow)
        act.record(EntryType.LOG_GENESIS, clear={"app": f"lockbox {APP_VERSION}"})
    with store.write() as uow:
        RowSeal.of(keys).fix(uow, *log_root(uow))
        uow.commit()
