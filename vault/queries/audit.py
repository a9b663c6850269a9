"""The owner's view of the audit trail: sentences, verification, the bundle for others and the verifier key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from vault.audit import log
from vault.audit.bundle import export_bundle, verify_bundle
from vault.audit.checkpoint import vkey
from vault.audit.entries import EntryType, parse_entry
from vault.audit.merkle import Tree
from vault.audit.timeline import timeline
from vault.errors.storage import Damaged
from vault.sealing.keytree import Purpose
from vault.sealing.signing import SigningKey, is_signed_by
from vault.views.audit import AuditCheck, AuditLine

if TYPE_CHECKING:
    from vault.lifecycle.opened import OpenVault
    from vault.store.unit_of_work import UnitOfWork


def verifier_key(vault: OpenVault) -> str:
    """The C2SP vkey an auditor gets from the owner rather than from a bundle."""
    return vkey(vault.origin, _signing_key(vault).public)


def _signing_key(vault: OpenVault) -> SigningKey:
    return SigningKey.from_seed(vault.keys.subkey(Purpose.AUDIT_SIGNING))


def lines(uow: UnitOfWork, *, newest: int | None = None) -> list[AuditLine]:
    """The trail, or its `newest` entries, as one sentence an entry, with what only the owner can open."""
    return [
        AuditLine(seq=line.entry.seq, ts=line.entry.ts, type=line.entry.kind.value, sentence=line.sentence)
        for line in timeline(uow, newest=newest)
    ]


def check(uow: UnitOfWork, vault: OpenVault, progress: Callable[[int, int], None]) -> AuditCheck:
    """Recompute every leaf, the root and the database's own page checks; raises `LogBroken` or `Damaged`."""
    entries = log.checked_entries(uow)
    for done, entry in enumerate(entries):
        progress(done, len(entries))
        log.opened(uow, entry.seq)
    for problem in vault.store.integrity_problems():
        raise Damaged(what=f"the database ({problem})")
    progress(len(entries), len(entries))
    return _checked(vault, len(entries), Tree(entry.leaf for entry in entries).root())


def export(uow: UnitOfWork, vault: OpenVault, folder: Path) -> AuditCheck:
    """Write the bundle and verify what was written, as an outsider would.

    An older copy signs nothing: its trail would lack what happened since. Raises `OlderVault`, `Invalid`, `LogBroken`.
    """
    if vault.rollback:
        raise vault.rollback.error()
    key = _signing_key(vault)
    prove = [seq for seq, entry in enumerate(log.read_entries(uow)) if _is_worth_proving(entry.body)]
    point = export_bundle(uow, folder, origin=vault.origin, public=key.public, sign=key.sign, prove=prove)
    verify_bundle(folder, verifier_key(vault), verify=is_signed_by)
    return _checked(vault, point.size, point.root)


def _is_worth_proving(body: bytes) -> bool:
    """Approvals and releases get a proof file of their own: the receipt one hands to a requester."""
    return parse_entry(body).kind in (EntryType.RELEASE_APPROVE, EntryType.RELEASE_SENT)


def _checked(vault: OpenVault, size: int, root: bytes) -> AuditCheck:
    return AuditCheck(
        size=size, root=root.hex(), origin=vault.origin, vkey=verifier_key(vault), seen_before=vault.seen
    )
