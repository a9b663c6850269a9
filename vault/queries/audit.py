"""The owner's view of the audit trail: sentences, verification, the bundle for others and the verifier key."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vault.audit import log
from vault.audit.bundle import export_bundle, verify_bundle
from vault.audit.checkpoint import vkey
from vault.audit.entries import EntryType, parse_entry
from vault.audit.merkle import Tree
from vault.audit.report import bundle_check
from vault.audit.timeline import timeline
from vault.errors.families import Invalid
from vault.errors.storage import Damaged
from vault.sealing.keytree import Purpose
from vault.sealing.signing import SigningKey, is_signed_by
from vault.store.tables import LogEntry
from vault.views.audit import AuditCheck, AuditLine, HiddenField, Opening, hidden_field

if TYPE_CHECKING:
    from vault.lifecycle.opened import OpenVault
    from vault.store.unit_of_work import UnitOfWork


Progress = Callable[[int, int], None]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleChoice:
    """What a bundle proves and opens beside what every bundle has."""

    since: Sequence[int]
    prove: Sequence[int]
    disclose: Sequence[Opening] = ()

    def names(self) -> dict[int, list[str]]:
        """The fields to open by the number of their entry, each once."""
        return {
            seq: sorted({each.name for each in self.disclose if each.seq == seq})
            for seq in sorted({each.seq for each in self.disclose})
        }


def check_choice(uow: UnitOfWork, choice: BundleChoice) -> None:
    """Raise `Invalid` where an entry, a size or a field that was chosen is not there to be proven or opened."""
    size = uow.count(LogEntry)
    if any(not 1 <= old <= size for old in choice.since):
        raise Invalid(reason=f"the audit trail has had the sizes 1 to {size}")
    if any(not 0 <= seq < size for seq in choice.prove):
        raise Invalid(reason=f"the audit trail has the entries 0 to {size - 1}")
    for seq, names in choice.names().items():
        there = {each.name for each in hidden_fields(uow, seq)}
        if missing := [name for name in names if name not in there]:
            raise Invalid(reason=f"entry {seq} hides no {missing[0]} that can be opened")


def hidden_fields(uow: UnitOfWork, seq: int) -> list[HiddenField]:
    """What an entry hides and the vault can still open; raises `Invalid` for one that is not there."""
    row = uow.get(LogEntry, seq)
    if row is None:
        raise Invalid(reason=f"the audit trail has the entries 0 to {uow.count(LogEntry) - 1}")
    kind = parse_entry(row.body, what=f"entry {seq}").kind
    return [hidden_field(seq, kind, each.name, each.value) for each in log.opened(uow, seq)]


def check(uow: UnitOfWork, vault: OpenVault, progress: Progress) -> AuditCheck:
    """Recompute every leaf, the root and the database's own page checks; raises `LogBroken` or `Damaged`."""
    entries = log.checked_entries(uow)
    for done, entry in enumerate(entries):
        progress(done, len(entries))
        log.opened(uow, entry.seq)
    for problem in vault.store.integrity_problems():
        raise Damaged(what=f"the database ({problem})")
    progress(len(entries), len(entries))
    return _checked(vault, len(entries), Tree(entry.leaf for entry in entries).root())


def export(
    uow: UnitOfWork, vault: OpenVault, folder: Path, choice: BundleChoice, progress: Progress
) -> AuditCheck:
    """Write the bundle and verify what was written, as an outsider would; what does not verify is not left behind.

    An older copy signs nothing: its trail would lack what happened since. Raises `OlderVault`, `Invalid`, `LogBroken`.
    """
    if vault.rollback:
        raise vault.rollback.error()
    key = _signing_key(vault)
    prove = {seq for seq, entry in enumerate(log.read_entries(uow)) if _is_worth_proving(entry.body)}
    export_bundle(
        uow,
        folder,
        origin=vault.origin,
        public=key.public,
        sign=key.sign,
        prove=prove | set(choice.prove),
        since=choice.since,
        disclose=choice.names(),
        progress=lambda done, of: progress(done, 2 * of),
    )
    try:
        found = verify_bundle(
            folder,
            verifier_key(vault),
            verify=is_signed_by,
            progress=lambda done, of: progress(of + done, 2 * of),
        )
    except BaseException:
        shutil.rmtree(folder)
        raise
    return bundle_check(found, verifier_key(vault), seen_before=vault.seen)


def _is_worth_proving(body: bytes) -> bool:
    """Approvals and releases get a proof file of their own: the receipt one hands to a requester."""
    return parse_entry(body).kind in (EntryType.RELEASE_APPROVE, EntryType.RELEASE_SENT)


def _checked(vault: OpenVault, size: int, root: bytes) -> AuditCheck:
    return AuditCheck(
        size=size, root=root.hex(), origin=vault.origin, vkey=verifier_key(vault), seen_before=vault.seen
    )
