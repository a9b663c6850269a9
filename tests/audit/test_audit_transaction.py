"""An act and its entry are stored together, and an act without an entry is not stored at all."""

from __future__ import annotations

import pytest
from audit_home import Trail
from audit_samples import START

from vault.audit.entries import EntryType
from vault.audit.log import checked_entries
from vault.audit.transaction import audited
from vault.errors.families import InternalError
from vault.sealing.keytree import KeyTree
from vault.sealing.secret import Secret
from vault.store.tables import VaultFact

KEYS = KeyTree(Secret(bytes(32)))


def an_act(trail: Trail, *, records: bool, fails: bool) -> None:
    """An act that writes a row, and perhaps its entry, and perhaps fails after that."""
    with audited(trail.store, KEYS, lambda: START) as one:
        one.uow.add(VaultFact(key="a fact", value="of an act"))
        if records:
            one.record(EntryType.ACCESS_VIEW)
        if fails:
            raise ZeroDivisionError


def stored(trail: Trail) -> tuple[int, int]:
    """How many rows and how many entries are there."""
    with trail.store.read() as uow:
        return uow.count(VaultFact, key="a fact"), len(checked_entries(uow))


def test_an_act_and_its_entry_are_stored_together(trail: Trail) -> None:
    trail.record(EntryType.LOG_GENESIS)
    an_act(trail, records=True, fails=False)
    assert stored(trail) == (1, 2)


def test_an_act_without_an_entry_is_not_stored(trail: Trail) -> None:
    trail.record(EntryType.LOG_GENESIS)
    with pytest.raises(InternalError, match="without an audit entry"):
        an_act(trail, records=False, fails=False)
    assert stored(trail) == (0, 1)


def test_an_act_that_fails_stores_neither_its_rows_nor_its_entry(trail: Trail) -> None:
    trail.record(EntryType.LOG_GENESIS)
    with pytest.raises(ZeroDivisionError):
        an_act(trail, records=True, fails=True)
    assert stored(trail) == (0, 1)
