"""The closed list of entry types, and what an entry of each type may show in clear.

The rule is an allow-list of keys *and* of the shape of their values: nothing that names a field, a requester,
a collection, a file, a reason text or a value belongs in any of them. What is not listed here is hidden.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final


class EntryType(StrEnum):
    """What an entry records; the value is the ``type`` in the file."""

    LOG_GENESIS = "log.genesis"
    LOG_RECOVERED = "log.recovered"
    EXPORT = "export"
    RECORD_IMPORT = "record.import"
    RECORD_ERASE = "record.erase"
    CONSENT_GRANT = "consent.grant"
    CONSENT_WITHDRAW = "consent.withdraw"
    CONSENT_EXPIRE = "consent.expire"
    REQUEST_RECEIVED = "request.received"
    REQUEST_APPROVE = "request.approve"
    REQUEST_REFUSE = "request.refuse"
    REQUEST_EXPIRE = "request.expire"
    REQUEST_RETURN = "request.return"
    REQUESTER_ADD = "requester.add"
    REQUESTER_TRUST = "requester.trust"
    REQUESTER_BLOCK = "requester.block"
    REQUESTER_RENAME = "requester.rename"
    CAMPAIGN_RECEIVED = "campaign.received"
    CAMPAIGN_REFUSE = "campaign.refuse"
    CAMPAIGN_JOIN = "campaign.join"
    CAMPAIGN_LEAVE = "campaign.leave"
    CAMPAIGN_ROUND = "campaign.round"
    CAMPAIGN_MODEL = "campaign.model"
    CAMPAIGN_FORK = "campaign.fork"
    DECISION = "decision"
    TRAINING_RUN = "training.run"
    RUN_FAILED = "run.failed"
    BUDGET_SPEND = "budget.spend"
    RELEASE_INTENT = "release.intent"
    RELEASE_APPROVE = "release.approve"
    RELEASE_WITHHOLD = "release.withhold"
    RELEASE_EXPIRE = "release.expire"
    RELEASE_DESTROY = "release.destroy"
    RELEASE_SENT = "release.sent"
    ACCESS_VIEW = "access.view"
    SETTINGS_CHANGE = "settings.change"
    VAULT_UNLOCK = "vault.unlock"
    VAULT_LOCK = "vault.lock"
    ACCESS_DENIED = "access.denied"


# Every key is required, but those that end in a question mark.
_CLEAR: Final[Mapping[EntryType, str]] = {
    EntryType.LOG_GENESIS: "app checkpoint?",
    EntryType.LOG_RECOVERED: "app checkpoint?",
    EntryType.EXPORT: "profile",
    EntryType.RECORD_IMPORT: "count?",
    EntryType.RECORD_ERASE: "count?",
    EntryType.CONSENT_GRANT: "consent expires method",
    EntryType.CONSENT_WITHDRAW: "consent expires? method?",
    EntryType.CONSENT_EXPIRE: "consent expires? method?",
    EntryType.REQUEST_RECEIVED: "request",
    EntryType.REQUEST_APPROVE: "request",
    EntryType.REQUEST_REFUSE: "request",
    EntryType.REQUEST_EXPIRE: "request",
    EntryType.REQUEST_RETURN: "request",
    EntryType.REQUESTER_ADD: "",
    EntryType.REQUESTER_TRUST: "",
    EntryType.REQUESTER_BLOCK: "",
    EntryType.REQUESTER_RENAME: "",
    EntryType.CAMPAIGN_RECEIVED: "campaign",
    EntryType.CAMPAIGN_REFUSE: "campaign",
    EntryType.CAMPAIGN_JOIN: "campaign consent",
    EntryType.CAMPAIGN_LEAVE: "campaign",
    EntryType.CAMPAIGN_ROUND: "campaign request round",
    EntryType.CAMPAIGN_MODEL: "campaign",
    EntryType.CAMPAIGN_FORK: "campaign",
    EntryType.DECISION: "request outcome reason",
    EntryType.TRAINING_RUN: "run request status epsilon delta steps",
    EntryType.RUN_FAILED: "run reason charged",
    EntryType.BUDGET_SPEND: "run epsilon accountant",
    EntryType.RELEASE_INTENT: "run release?",
    EntryType.RELEASE_APPROVE: "run release?",
    EntryType.RELEASE_WITHHOLD: "run release?",
    EntryType.RELEASE_EXPIRE: "run release?",
    EntryType.RELEASE_DESTROY: "run release?",
    EntryType.RELEASE_SENT: "run release? manifest_sha256 update_sha256 size",
    EntryType.ACCESS_VIEW: "",
    EntryType.SETTINGS_CHANGE: "",
    EntryType.VAULT_UNLOCK: "",
    EntryType.VAULT_LOCK: "",
    EntryType.ACCESS_DENIED: "",
}

REQUIRED_KEYS: Final[Mapping[EntryType, frozenset[str]]] = {
    kind: frozenset(key for key in keys.split() if not key.endswith("?")) for kind, keys in _CLEAR.items()
}
CLEAR_KEYS: Final[Mapping[EntryType, frozenset[str]]] = {
    kind: frozenset(key.rstrip("?") for key in keys.split()) for kind, keys in _CLEAR.items()
}

# One record more or less can change a decade, so a count is hidden; it is read where an older version wrote it.
READ_ONLY_KEYS: Final = frozenset({"count"})

OUTCOMES: Final = frozenset({"permit", "deny"})
METHODS: Final = frozenset({"command", "terminal", "request", "clock"})
PROFILES: Final = frozenset({"audit", "audit-disclosed", "records", "receipt", "backup", "card"})
STATUSES: Final = frozenset({"ready", "approved", "training", "held"})
DECISION_REASONS: Final = frozenset(
    {
        *("granted", "empty-scope", "requester-blocked", "no-grant", "other-collection"),
        *("other-requester", "other-purpose", "other-operation", "other-unit", "other-campaign"),
        *("outside-window", "withdrawn"),
        *(
            "not-yet-valid",
            "expired",
            "used-up",
            "over-epsilon-cap",
            "field-not-named",
            "other-field-missing",
        ),
        "internal",
    }
)
FAILURE_REASONS: Final = frozenset(
    {
        "budget",
        "consent",
        "damaged",
        "interrupted",
        "learner",
        "sandbox",
        "no-records",
        "withdrawn",
        "internal",
    }
)
COUNT_BUCKETS: Final = ("0", *(f"{10**n}-{10 ** (n + 1) - 1}" for n in range(15)))


def is_instant(value: object) -> bool:
    """Tell whether a value is an RFC 3339 time in UTC with whole seconds, like ``2026-01-02T03:04:00Z``."""
    if not (isinstance(value, str) and _INSTANT.fullmatch(value)):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def misfits(kind: EntryType, clear: Mapping[str, object]) -> list[str]:
    """Return the clear keys, sorted, that this type may not have, lacks, or has in another shape."""
    return [
        key
        for key in sorted(REQUIRED_KEYS[kind] | clear.keys())
        if key not in CLEAR_KEYS[kind] or key not in clear or not _shape(kind, key)(clear[key])
    ]


def _shape(kind: EntryType, key: str) -> Callable[[object], bool]:
    if key == "reason":
        return _REASONS[kind]
    return _SHAPES[key]


def _text(pattern: str) -> Callable[[object], bool]:
    matches = re.compile(pattern, re.ASCII).fullmatch
    return lambda value: isinstance(value, str) and matches(value) is not None


def _one_of(codes: frozenset[str]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and value in codes


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**53


_INSTANT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_RANDOM_ID: Final = _text(r"[0-9a-f]{32}")
_DECIMAL: Final = _text(r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,12})?")
_SHA256: Final = _text(r"[0-9a-f]{64}")

_REASONS: Final[Mapping[EntryType, Callable[[object], bool]]] = {
    EntryType.DECISION: _one_of(DECISION_REASONS),
    EntryType.RUN_FAILED: _one_of(FAILURE_REASONS),
}
_SHAPES: Final[Mapping[str, Callable[[object], bool]]] = {
    "accountant": _text(r"[A-Za-z0-9][A-Za-z0-9 ._+-]{0,59}"),
    "app": _text(r"[A-Za-z0-9][A-Za-z0-9 .+-]{0,39}"),
    "campaign": _RANDOM_ID,
    "charged": lambda value: isinstance(value, bool),
    "checkpoint": _text(r"[!-*,-~]{1,80}\n[1-9][0-9]{0,15}\n[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=\n"),
    "consent": _RANDOM_ID,
    "count": _one_of(frozenset(COUNT_BUCKETS)),
    "delta": _DECIMAL,
    "epsilon": _DECIMAL,
    "expires": is_instant,
    "manifest_sha256": _SHA256,
    "method": _one_of(METHODS),
    "outcome": _one_of(OUTCOMES),
    "profile": _one_of(PROFILES),
    "release": _RANDOM_ID,
    "request": _RANDOM_ID,
    "round": lambda value: _is_count(value) and value != 0,
    "run": _RANDOM_ID,
    "size": _is_count,
    "status": _one_of(STATUSES),
    "steps": _is_count,
    "update_sha256": _SHA256,
}
