"""What verifying a bundle found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vault.audit.checkpoint import Checkpoint
from vault.audit.entries import EntryType


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleReport:
    """What was found in a bundle that verifies.

    ``earlier`` are the sizes of earlier checkpoints in the bundle, ``kept`` those of the checkpoints the
    verifier brought; ``proven`` and ``consistent`` the indexes and sizes with a good proof file; ``redacted``
    the indexes withheld; ``witnesses`` who cosigned and when (seconds since 1970); ``unread`` the files that
    are no evidence.
    """

    checkpoint: Checkpoint
    first_time: str
    last_time: str
    kinds: Mapping[EntryType, int]
    redacted: tuple[int, ...]
    disclosed: int
    earlier: tuple[int, ...]
    kept: tuple[int, ...]
    proven: tuple[int, ...]
    consistent: tuple[int, ...]
    witnesses: Mapping[str, int]
    unread: tuple[str, ...]
