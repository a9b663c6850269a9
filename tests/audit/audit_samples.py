"""One good clear part for each type of entry, and hidden parts to go with them."""

from __future__ import annotations

from datetime import UTC, datetime

from vault.audit.entries import EntryType

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ORIGIN = "vault.invalid/" + "5c" * 16
ID = "a1b2c3d4" * 4
OTHER_ID = "0f1e2d3c" * 4
SHA = "e3b0c442" * 8
OLD_CHECKPOINT = (
    "vault.invalid/00000000000000000000000000000001\n41\nElizqEocMYVl1hYM1o/9HFcw2xGrnNMPbOIRn9IZNak=\n"
)

# A trail of one entry of each type: where some of them stand in it.
KINDS = list(EntryType)
COUNT, LAST = len(KINDS), len(KINDS) - 1
EXPIRED, DECIDED = KINDS.index(EntryType.CONSENT_EXPIRE), KINDS.index(EntryType.DECISION)
RAN, SENT = KINDS.index(EntryType.TRAINING_RUN), KINDS.index(EntryType.RELEASE_SENT)

CLEAR: dict[EntryType, dict[str, object]] = {
    EntryType.LOG_GENESIS: {"app": "lockbox 0.1.0"},
    EntryType.LOG_RECOVERED: {"app": "lockbox 0.1.0"},
    EntryType.EXPORT: {"profile": "audit"},
    EntryType.RECORD_IMPORT: {},
    EntryType.RECORD_ERASE: {},
    EntryType.CONSENT_GRANT: {"consent": ID, "expires": "2026-05-01T00:00:00Z", "method": "command"},
    EntryType.CONSENT_WITHDRAW: {"consent": ID},
    EntryType.CONSENT_EXPIRE: {"consent": ID, "expires": "2026-05-01T00:00:00Z", "method": "clock"},
    EntryType.REQUEST_RECEIVED: {"request": ID},
    EntryType.REQUEST_APPROVE: {"request": ID},
    EntryType.REQUEST_REFUSE: {"request": ID},
    EntryType.REQUEST_EXPIRE: {"request": ID},
    EntryType.REQUEST_RETURN: {"request": ID},
    EntryType.REQUESTER_ADD: {},
    EntryType.REQUESTER_TRUST: {},
    EntryType.REQUESTER_BLOCK: {},
    EntryType.REQUESTER_RENAME: {},
    EntryType.CAMPAIGN_RECEIVED: {"campaign": ID},
    EntryType.CAMPAIGN_REFUSE: {"campaign": ID},
    EntryType.CAMPAIGN_JOIN: {"campaign": ID, "consent": OTHER_ID},
    EntryType.CAMPAIGN_LEAVE: {"campaign": ID},
    EntryType.CAMPAIGN_ROUND: {"campaign": ID, "request": OTHER_ID, "round": 3},
    EntryType.CAMPAIGN_MODEL: {"campaign": ID},
    EntryType.CAMPAIGN_FORK: {"campaign": ID},
    EntryType.DECISION: {"request": ID, "outcome": "deny", "reason": "no-grant"},
    EntryType.TRAINING_RUN: {
        "run": ID,
        "request": OTHER_ID,
        "status": "held",
        "epsilon": "0.500000",
        "delta": "0.000001",
        "steps": 1200,
    },
    EntryType.RUN_FAILED: {"run": ID, "reason": "learner", "charged": True},
    EntryType.BUDGET_SPEND: {"run": ID, "epsilon": "0.500000", "accountant": "dp-accounting 0.6.0 PLD"},
    EntryType.RELEASE_INTENT: {"run": ID},
    EntryType.RELEASE_APPROVE: {"run": ID, "release": OTHER_ID},
    EntryType.RELEASE_WITHHOLD: {"run": ID},
    EntryType.RELEASE_EXPIRE: {"run": ID},
    EntryType.RELEASE_DESTROY: {"run": ID},
    EntryType.RELEASE_SENT: {"run": ID, "manifest_sha256": SHA, "update_sha256": SHA, "size": 4096},
    EntryType.ACCESS_VIEW: {},
    EntryType.SETTINGS_CHANGE: {},
    EntryType.VAULT_UNLOCK: {},
    EntryType.VAULT_LOCK: {},
    EntryType.ACCESS_DENIED: {},
}

HIDDEN: dict[EntryType, dict[str, object]] = {
    EntryType.EXPORT: {"target": "the folder for Ada"},
    EntryType.RECORD_IMPORT: {
        "source": "watch.csv",
        "collection": "heart",
        "rows": 412,
        "schema": ["pulse", "day"],
        "joined": ["heart of last year"],
        "apart": [],
    },
    EntryType.RECORD_ERASE: {"collection": "heart", "rows": 3, "records": [4, 8, 15]},
    EntryType.CONSENT_GRANT: {
        "controller": "Acme clinic",
        "purpose": "academic research",
        "fields": ["pulse", "day"],
        "notice": SHA,
        "asked": "on the terminal",
    },
    EntryType.CONSENT_WITHDRAW: {"controller": "Acme clinic", "purpose": "academic research"},
    EntryType.CONSENT_EXPIRE: {"controller": "Acme clinic", "purpose": "academic research"},
    EntryType.REQUEST_RECEIVED: {
        "requester": "Acme clinic",
        "purpose": "academic research",
        "fields": ["pulse", "day", "weight"],
        "manifest": SHA,
    },
    EntryType.REQUEST_APPROVE: {"requester": "Acme clinic"},
    EntryType.REQUEST_REFUSE: {"requester": "Acme clinic", "reason": "too many fields"},
    EntryType.REQUEST_EXPIRE: {"requester": "Acme clinic"},
    EntryType.REQUEST_RETURN: {"requester": "Acme clinic", "reason": "the consent was withdrawn"},
    EntryType.REQUESTER_ADD: {"requester": "Acme clinic", "key": "0a1b 2c3d"},
    EntryType.REQUESTER_TRUST: {"requester": "Acme clinic"},
    EntryType.REQUESTER_BLOCK: {"requester": "Acme clinic"},
    EntryType.REQUESTER_RENAME: {"requester": "Acme clinic", "before": "Acme"},
    EntryType.CAMPAIGN_RECEIVED: {
        "requester": "Acme clinic",
        "purpose": "academic research",
        "fields": ["pulse", "day"],
        "rounds": 10,
        "digest": SHA,
    },
    EntryType.CAMPAIGN_REFUSE: {"requester": "Acme clinic", "reason": "too many rounds"},
    EntryType.CAMPAIGN_JOIN: {"requester": "Acme clinic", "digest": SHA},
    EntryType.CAMPAIGN_LEAVE: {"requester": "Acme clinic", "left": 2},
    EntryType.CAMPAIGN_ROUND: {"requester": "Acme clinic"},
    EntryType.CAMPAIGN_MODEL: {"requester": "Acme clinic", "digest": SHA},
    EntryType.CAMPAIGN_FORK: {"requester": "Acme clinic", "digest": SHA, "consistency": []},
    EntryType.DECISION: {"field": "weight", "consent_used": ID, "rule": "default deny"},
    EntryType.TRAINING_RUN: {"collection": "heart", "fields": ["pulse", "day"], "records": 400},
    EntryType.BUDGET_SPEND: {"collection": "heart", "percent": "12.5", "charge": [1, 2, 3]},
    EntryType.RELEASE_INTENT: {"recipient": "Acme clinic", "manifest": SHA},
    EntryType.RELEASE_APPROVE: {"recipient": "Acme clinic", "digest": SHA},
    EntryType.RELEASE_WITHHOLD: {"recipient": "Acme clinic"},
    EntryType.RELEASE_EXPIRE: {"recipient": "Acme clinic"},
    EntryType.RELEASE_DESTROY: {"recipient": "Acme clinic"},
    EntryType.RELEASE_SENT: {"recipient": "Acme clinic"},
    EntryType.ACCESS_VIEW: {"what": "the collection heart", "rows": "rows, 1 to 100"},
    EntryType.SETTINGS_CHANGE: {"what": "the time before locking"},
    EntryType.LOG_RECOVERED: {"reason": "it records 3 events, and 7 were seen before on this computer"},
    EntryType.VAULT_UNLOCK: {"way": "the passphrase"},
    EntryType.ACCESS_DENIED: {"tries": 3, "first": "2026-05-01 08:00 UTC", "last": "2026-05-01 08:02 UTC"},
}
