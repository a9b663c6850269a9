"""The consent record of ISO/IEC TS 27560:2023 in DPV terms: the object that is stored, evaluated and handed out.

Four parts, as in W3C's guide "Implementing ISO/IEC TS 27560 with DPV": header, processing, parties, events.
A grant is read back out of it, so there is no second copy that could say something else. Whether it is valid
now is never written down: that is decided each time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from vault.consent.grants import Grant, Operation, Window
from vault.errors.storage import Damaged
from vault.views.purposes import DPV, PURPOSES

SCHEMA: Final = "ISO/IEC TS 27560:2023, DPV 2.3, lockbox 1"
EXPLICIT: Final = "https://w3id.org/dpv/legal/eu/gdpr#A9-2-a"
CONSENT: Final = "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a"
GIVEN: Final = DPV + "ConsentGiven"
EXPRESSLY: Final = DPV + "ExpressedConsent"
EXPLICITLY: Final = DPV + "ExplicitlyExpressedConsent"
RENEWED: Final = DPV + "RenewedConsentGiven"
WITHDRAWN: Final = DPV + "ConsentWithdrawn"
EXPIRED: Final = DPV + "ConsentExpired"
OPERATIONS: Final = {Operation.TRAIN: "https://w3id.org/dpv/ai#ModelTraining"}
LOGIC: Final = (
    "A model is trained on this device, in a process without network. Only an update with calibrated noise can "
    "leave it, after the person has approved its exact bytes. What was released cannot be unlearned."
)
SPECIAL: Final = "special"
NOT_STATED: Final = "not stated"
IN_WORDS: Final = {"_unit": "each row's unit", "_time": "each row's time"}

Record = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """The requester as the record names it; `key` is its public key in hex."""

    id: str
    name: str
    key: str
    contact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFacts:
    """How one field of a grant stands in the record."""

    name: str
    type: str
    sensitivity: str
    is_required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What jobs under a grant may read: the fields it names, and beside them the unit and time of each row."""

    fields: tuple[FieldFacts, ...]
    beside: tuple[FieldFacts, ...]

    @property
    def special(self) -> tuple[str, ...]:
        """What of it belongs to a special category of personal data, for people."""
        every = (*self.fields, *self.beside)
        return tuple(in_words(each.name) for each in every if each.sensitivity == SPECIAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What the person was shown, how they answered, and the pseudonym they have towards this requester.

    `explicit_for` is what of a special category they agreed to a second time, each by its name.
    """

    text: str
    method: str
    principal: str
    explicit_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What the requester says about the result: who gets it besides them, and how long it is kept."""

    recipients: tuple[str, ...] = (NOT_STATED,)
    retention: str = NOT_STATED


def in_words(name: str) -> str:
    """A field as a person knows it: the vault's own two have words instead of a name."""
    return IN_WORDS.get(name, name)


def build_record(grant: Grant, *, party: Party, reading: Reading, notice: Notice, promise: Promise) -> Record:
    """The record of a grant that is given now, with its first event."""
    given = event(GIVEN, at=grant.created_at, entity=notice.principal, method=notice.method)
    explicit = {
        "type": EXPLICITLY if notice.explicit_for else EXPRESSLY,
        "explicit_for": list(notice.explicit_for),
    }
    return {
        "header": {"schema_version": SCHEMA, "record_id": grant.id, "principal_id": notice.principal},
        "processing": _processing(grant, party, reading, notice, promise),
        "parties": [
            {"id": notice.principal, "role": DPV + "DataSubject", "type": DPV + "Individual"},
            {
                "id": party.id,
                "role": DPV + "DataController",
                "type": DPV + "Organisation",
                "name": party.name,
                "key": party.key,
                "contact": party.contact,
                "address": "not given",
            },
        ],
        "events": [given | explicit],
    }


def _processing(grant: Grant, party: Party, reading: Reading, notice: Notice, promise: Promise) -> Record:
    return {
        "privacy_notice": {"text": notice.text, "sha256": hashlib.sha256(notice.text.encode()).hexdigest()},
        "language": "en",
        "purposes": [{"dpv": grant.purpose, "text": PURPOSES[grant.purpose]}],
        "lawful_basis": EXPLICIT if notice.explicit_for else CONSENT,
        "collection": grant.collection,
        "personal_data": [_data(each) for each in reading.fields],
        "read_beside": [_data(each) for each in reading.beside],
        "records": {"from": _written(grant.window.start), "to": _written(grant.window.end)},
        "operation": OPERATIONS[grant.operation],
        "logic": LOGIC,
        "measures": [DPV + "DifferentialPrivacy", DPV + "FederatedLocations"],
        "privacy_unit": grant.unit,
        "epsilon_cap": None if grant.epsilon_cap is None else str(grant.epsilon_cap),
        "uses": grant.uses,
        **({} if grant.campaign is None else {"campaign": grant.campaign}),
        "not_before": _written(grant.not_before),
        "not_after": _written(grant.not_after),
        "recipients": [party.id, *promise.recipients],
        "storage_locations": ["this device"],
        "retention": {"fields": "they stay on this device", "update": promise.retention},
        "jurisdiction": "where the person lives",
        "withdrawal_method": f"lockbox consent withdraw {grant.id}",
        "rights": "access, portability, erasure, withdrawal at any time, complaint to a supervisory authority",
    }


def _data(facts: FieldFacts) -> Record:
    return {
        "field": facts.name,
        "type": facts.type,
        "necessity": DPV + ("Required" if facts.is_required else "Optional"),
        "sensitivity": facts.sensitivity,
        "is_special_category": facts.sensitivity == SPECIAL,
    }


def event(state: str, *, at: datetime, entity: str, method: str) -> Record:
    """One event in the life of a consent, of the person or (methods "clock" and "date") of time."""
    return {"time": _written(at), "state": state, "entity": entity, "method": method}


def with_event(record: Mapping[str, Any], state: str, *, at: datetime, method: str) -> Record:
    """The record with one event more."""
    entity = record["header"]["principal_id"]
    return {**record, "events": [*record["events"], event(state, at=at, entity=entity, method=method)]}


def has_expired(record: Mapping[str, Any]) -> bool:
    """Whether the last that is known of the consent is that it ran out."""
    return bool(record["events"][-1]["state"] == EXPIRED)


def grant_from_record(record: Mapping[str, Any]) -> Grant:
    """The grant that a record stands for; raises Damaged when it is not a record of this version."""
    try:
        return _grant(record)
    except (KeyError, TypeError, ValueError, InvalidOperation, StopIteration, AttributeError):
        raise Damaged(what="a consent record") from None


def _grant(record: Mapping[str, Any]) -> Grant:
    if record["header"]["schema_version"] != SCHEMA:
        raise ValueError("another version")
    processing, events = record["processing"], record["events"]
    cap = processing["epsilon_cap"]
    (purpose,) = processing["purposes"]
    (controller,) = [each for each in record["parties"] if each["role"] == DPV + "DataController"]
    given = next(each for each in events if each["state"] == GIVEN)
    withdrawn = next((each for each in events if each["state"] == WITHDRAWN), None)
    return Grant(
        id=record["header"]["record_id"],
        collection=processing["collection"],
        fields=frozenset(each["field"] for each in processing["personal_data"]),
        purpose=purpose["dpv"],
        requester_id=controller["id"],
        operation=next(known for known, iri in OPERATIONS.items() if iri == processing["operation"]),
        window=Window(start=_read(processing["records"]["from"]), end=_read(processing["records"]["to"])),
        not_before=_moment(processing["not_before"]),
        not_after=_moment(processing["not_after"]),
        uses=int(processing["uses"]),
        epsilon_cap=None if cap is None else Decimal(cap),
        unit=processing["privacy_unit"],
        campaign=_campaign(processing.get("campaign")),
        withdrawn_at=None if withdrawn is None else _moment(withdrawn["time"]),
        created_at=_moment(given["time"]),
    )


def _campaign(digest: object) -> str | None:
    if digest is not None and not (isinstance(digest, str) and digest):
        raise ValueError("no digest of a campaign")
    return digest


def _written(moment: datetime | None) -> str | None:
    # In full, since a window rounded to seconds would hold records that the person did not mean.
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _read(text: str | None) -> datetime | None:
    return None if text is None else _moment(text)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without zone")
    return moment
