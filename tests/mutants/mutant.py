"""A mutant: one small bug, planted in a copy of the sources, that one named test must catch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a bug endangers."""

    PRIVACY = "privacy"
    CONSENT = "consent"
    LEDGER = "ledger"
    AUDIT = "audit"
    EGRESS = "egress"
    CONFINEMENT = "confinement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One bug: within `function`, the snippet `old` becomes `new`, and the test `caught_by` then fails.

    The function is named as it is written, with its class or the function around it ("Store.create"), and the test by
    its own name, with the id of one of its cases in brackets where a single case catches it. Neither names a file, so
    that both can be moved. `within` narrows the search for the function to one package or module.
    """

    name: str
    kind: Kind
    function: str
    old: str
    new: str
    caught_by: str
    within: str = ""
