"""The date of a vault beside that of the computer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DateView:
    """What the vault takes the date for (`vault`), what the computer's clock says, and what confirming that changes.

    `question` is a sentence where the two differ, else empty. The numbers are what would end, and how many consents
    that ended by a wrong clock would hold again.
    """

    vault: str
    clock: str
    question: str
    consents_ending: int
    requests_ending: int
    updates_ending: int
    consents_returning: int
