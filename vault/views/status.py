"""The vault as a whole."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultStatus:
    """What the vault is, what waits for the owner, and whether anything ever left.

    `held` can still be decided, `expiring` are consents in force that end within a week, `running` trains right now.
    Consents of blocked requesters are not in force, and their requests and campaigns do not wait.
    `date` decides what has ended, `clock` is the computer's; `date_question` is a sentence where they differ.
    `read_only_because`, `mark_missing` and `header_damage` are sentences, or empty. What left, and when last, is read
    from the trail; `may_lack_events` says that later copies may record more, as the vault is read-only or was reopened
    once. `is_digest_due` says that a week has passed since the digest of one was read.
    """

    path: str
    origin: str
    created_at: str
    date: str
    clock: str
    date_question: str
    read_only_because: str
    mark_missing: str
    header_damage: str
    may_lack_events: bool
    collections: int
    rows: int
    grants_active: int
    expiring: int
    requests_waiting: int
    campaigns_waiting: int
    approved: int
    running: int
    held: int
    released: int
    may_have_left: int
    last_left_at: str | None
    audit_entries: int
    is_digest_due: bool
    are_drills_on: bool
