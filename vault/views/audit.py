"""An entry of the audit trail, what it hides, and what verifying the trail found."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One entry of the trail as a sentence."""

    seq: int
    ts: str
    type: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A hidden field of an entry that is chosen to be opened to others."""

    seq: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenField:
    """What one hidden field of an entry says; a value that is no text is written as JSON."""

    seq: int
    type: str
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditCheck:
    """What was verified: size, root and verifier key; `seen_before` says that it was held against an earlier state.

    Of a bundle also the entries that it proves one by one, the sizes it goes on from, and what it opens.
    """

    size: int
    root: str
    origin: str
    vkey: str
    seen_before: bool
    proven: tuple[int, ...] = ()
    goes_on_from: tuple[int, ...] = ()
    opened: tuple[HiddenField, ...] = ()


def hidden_field(seq: int, kind: str, name: str, value: object) -> HiddenField:
    """A hidden field as it is shown."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return HiddenField(seq=seq, type=str(kind), name=name, value=text)
