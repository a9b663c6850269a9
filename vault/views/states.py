"""Where a request stands, and how the owner stands to a requester. Plain words, loaded in a blink."""

from __future__ import annotations

from enum import StrEnum


class RequestState(StrEnum):
    """Where a request stands; which state follows which is said in `vault.requests.states`."""

    RECEIVED = "received"
    REFUSED_POLICY = "refused_policy"
    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED_PERSON = "refused_person"
    EXPIRED = "expired"
    READY = "ready"
    CHARGED = "charged"
    TRAINING = "training"
    HELD = "held"
    FAILED = "failed"
    SENDING = "sending"
    RELEASED = "released"
    WITHHELD = "withheld"
    DESTROYED = "destroyed"


class CampaignState(StrEnum):
    """Where a campaign stands with the owner; that its last round is over is told by the clock."""

    WAITING = "waiting"
    JOINED = "joined"
    LEFT = "left"
    REFUSED = "refused"


class RequesterStatus(StrEnum):
    """How the owner stands to a requester."""

    NEW = "new"
    TRUSTED = "trusted"
    BLOCKED = "blocked"
