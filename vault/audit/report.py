"""What verifying a bundle found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vault.audit.checkpoint import Checkpoint
from vault.audit.entries import EntryType, Opened
from vault.views.audit import AuditCheck, hidden_field


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedField:
    """A hidden field that a bundle discloses, of which entry."""

    seq: int
    kind: EntryType
    field: Opened


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleReport:
    """What was found in a bundle that verifies.

    ``earlier`` are the sizes of earlier checkpoints in the bundle, ``kept`` those of the checkpoints the
    verifier brought; ``proven`` and ``consistent`` the indexes and sizes with a good proof file; ``opened`` the
    hidden fields that were disclosed; ``redacted`` the indexes withheld; ``witnesses`` who cosigned and when
    (seconds since 1970); ``unread`` the files that are no evidence.
    """

    checkpoint: Checkpoint
    first_time: str
    last_time: str
    kinds: Mapping[EntryType, int]
    redacted: tuple[int, ...]
    opened: tuple[OpenedField, ...]
    earlier: tuple[int, ...]
    kept: tuple[int, ...]
    proven: tuple[int, ...]
    consistent: tuple[int, ...]
    witnesses: Mapping[str, int]
    unread: tuple[str, ...]


def bundle_check(found: BundleReport, vkey: str, *, seen_before: bool) -> AuditCheck:
    """What verifying a bundle found, as it is shown."""
    return AuditCheck(
        size=found.checkpoint.size,
        root=found.checkpoint.root.hex(),
        origin=found.checkpoint.origin,
        vkey=vkey,
        seen_before=seen_before,
        proven=found.proven,
        goes_on_from=found.consistent,
        opened=tuple(
            hidden_field(each.seq, each.kind, each.field.name, each.field.value) for each in found.opened
        ),
    )
