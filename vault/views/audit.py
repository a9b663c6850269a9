"""An entry of the audit trail, and what verifying the trail found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One entry of the trail as a sentence."""

    seq: int
    ts: str
    type: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditCheck:
    """What was verified: size, root and verifier key; `seen_before` says that it was held against an earlier state."""

    size: int
    root: str
    origin: str
    vkey: str
    seen_before: bool
