"""Write the audit trail to a folder that anybody can verify offline (docs/audit-format.md)."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from vault.audit import layout
from vault.audit.canonical import encode
from vault.audit.checkpoint import Checkpoint, Sign, sign_checkpoint, unverified_checkpoint, vkey
from vault.audit.log import checked_entries, open_row
from vault.audit.merkle import Tree
from vault.audit.proofs import consistency_file, inclusion_file
from vault.audit.report import BundleReport
from vault.audit.verify import verify_bundle
from vault.errors.audit import LogBroken
from vault.errors.families import Invalid
from vault.sealing.durable import sync, write_new
from vault.store.destination import in_the_way, writing_to
from vault.store.new_folder import new_folder
from vault.store.tables import Disclosure, LogEntry
from vault.store.unit_of_work import UnitOfWork

__all__ = ["BundleReport", "export_bundle", "verify_bundle"]

NOTHING: Final[Mapping[int, Collection[str]]] = MappingProxyType({})
FOR_ANYBODY: Final = 0o666
"""The mode, less the umask, of what is handed on."""


def export_bundle(
    uow: UnitOfWork,
    folder: Path,
    *,
    origin: str,
    public: bytes,
    sign: Sign,
    older_vkeys: Sequence[str] = (),
    prove: Collection[int] = (),
    since: Collection[int] = (),
    earlier: Iterable[bytes] = (),
    disclose: Mapping[int, Collection[str]] = NOTHING,
    redact: Collection[int] = (),
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Checkpoint:
    """Write the trail of one snapshot as a new bundle, and return the checkpoint signed for it.

    ``uow`` reads one snapshot. ``prove`` are indexes of entries to prove the inclusion of, ``earlier``
    checkpoint notes to prove the consistency with, ``since`` sizes whose checkpoint is signed once more for that,
    ``disclose`` the names of hidden fields to open by the index of their entry, ``redact`` indexes of entries of
    which only the leaf hash is given. The folder appears whole or not at all. Raises Invalid (an index or a field
    does not exist), LogBroken (the trail does not fit itself or an earlier checkpoint), DiskFull,
    DestinationUnusable, DestinationUnavailable.
    """
    stored = checked_entries(uow, progress)
    _check_choice(len(stored), since, prove, disclose, redact)
    tree = Tree(entry.leaf for entry in stored)
    note = sign_checkpoint(origin, len(tree), tree.root(), sign, public)
    keys = [vkey(origin, public), *older_vkeys]
    files = {
        layout.CHECKPOINT: note,
        layout.ENTRIES: b"".join(_line(entry, entry.seq in redact) for entry in stored),
        layout.LOG_KEYS: "".join(f"{key}\n" for key in keys).encode(),
        **{_inclusion_path(i): inclusion_file(i, tree.inclusion_proof(i), note) for i in sorted(set(prove))},
    }
    again = [sign_checkpoint(origin, size, tree.root(size), sign, public) for size in sorted(set(since))]
    for old_note in (*earlier, *again):
        files |= _consistency(tree, origin, old_note, note)
    if opened := b"".join(_disclosures(uow, seq, disclose[seq]) for seq in sorted(disclose)):
        files[layout.DISCLOSURES] = opened
    _write(folder, files)
    return unverified_checkpoint(note)


def _check_choice(
    size: int,
    since: Collection[int],
    prove: Collection[int],
    disclose: Collection[int],
    redact: Collection[int],
) -> None:
    if any(not 0 <= index < size for index in (*prove, *disclose, *redact)):
        raise Invalid(reason=f"the audit trail has the entries 0 to {size - 1}")
    if any(not 1 <= old <= size for old in since):
        raise Invalid(reason=f"the audit trail has had the sizes 1 to {size}")
    if set(disclose) & set(redact):
        raise Invalid(reason="an entry cannot be withheld and opened at once")


def _line(entry: LogEntry, is_redacted: bool) -> bytes:
    if is_redacted:
        return encode({"redacted": base64.b64encode(entry.leaf).decode()}) + b"\n"
    return entry.body + b"\n"


def _inclusion_path(index: int) -> str:
    return f"{layout.PROOFS}/{index}{layout.INCLUSION_SUFFIX}"


def _consistency(tree: Tree, origin: str, old_note: bytes, note: bytes) -> dict[str, bytes]:
    old = unverified_checkpoint(old_note)
    if old.origin != origin or not 0 < old.size <= len(tree) or tree.root(old.size) != old.root:
        raise LogBroken(reason="an earlier checkpoint is not of this trail")
    proof = consistency_file(old.size, tree.consistency_proof(old.size), note)
    return {
        f"{layout.EARLIER}/{old.size}": old_note,
        f"{layout.PROOFS}/{old.size}{layout.CONSISTENCY_SUFFIX}": proof,
    }


def _disclosures(uow: UnitOfWork, seq: int, names: Collection[str]) -> bytes:
    by_name = {open_row(row).name: row.d for row in uow.find(Disclosure, seq=seq)}
    if missing := set(names) - by_name.keys():
        raise Invalid(reason=f"entry {seq} hides no {min(missing)} that can be opened")
    return b"".join(encode({"d": by_name[name], "seq": seq}) + b"\n" for name in sorted(set(names)))


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make a folder with these files, or none: no half bundle can be taken for a whole one."""
    with writing_to(folder):
        if folder.exists():
            raise in_the_way(folder)
        folder.parent.stat()
    with new_folder(folder) as draft, writing_to(folder):
        for name, data in files.items():
            path = draft / name
            path.parent.mkdir(exist_ok=True)
            write_new(path, data, FOR_ANYBODY)
            sync(path.parent)
