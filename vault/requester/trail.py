"""Verify an exported audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vault.audit.checkpoint import parse_vkey
from vault.audit.report import bundle_check
from vault.audit.verify import verify_bundle
from vault.errors.audit import LogBroken, VerifierKeyInvalid
from vault.errors.records import FileMissing
from vault.requests.bundle import (
    read_bounded,
)
from vault.requests.parse import MANIFEST_LIMIT
from vault.sealing.signing import is_signed_by
from vault.views.audit import AuditCheck


def verify_trail(folder: Path, vkey: str, *, kept: Sequence[Path] = ()) -> AuditCheck:
    """Verify an exported audit bundle from its files alone, under a key the auditor already trusts.

    ``kept`` are checkpoint files of earlier bundles: they alone show that the holder of the key rewrote nothing.
    Raises ``FileMissing`` where no bundle is, ``LogBroken`` with the first reason why one does not verify, and
    ``VerifierKeyInvalid``.
    """
    _check_key(vkey)
    if not folder.exists():
        raise FileMissing(path=folder)
    notes = [read_bounded(path, MANIFEST_LIMIT) for path in kept]
    found = verify_bundle(folder, vkey, verify=is_signed_by, kept=notes)
    return bundle_check(found, vkey, seen_before=bool(notes))


def _check_key(vkey: str) -> None:
    """A mistyped key says nothing about the bundle."""
    try:
        parse_vkey(vkey)
    except LogBroken as error:
        raise VerifierKeyInvalid(
            reason=str(error.facts["reason"]).removeprefix("the verifier key is ")
        ) from error
