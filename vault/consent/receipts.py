"""Consents as they are kept: given, withdrawn, expired, used, and handed out as receipts.

What is stored is the record of `vault.consent.record`; the columns beside it are there to be searched. Where
the two disagree nothing is permitted: a withdrawal in either counts, anything else is damage.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from vault.audit.canonical import encode
from vault.audit.entries import EntryType
from vault.audit.log import log_root
from vault.consent.grants import Grant
from vault.consent.record import (
    EXPIRED,
    RENEWED,
    SCHEMA,
    WITHDRAWN,
    FieldFacts,
    Notice,
    Party,
    Promise,
    Reading,
    Record,
    build_record,
    grant_from_record,
    has_expired,
    with_event,
)
from vault.consent.verdict import LedgerView
from vault.errors.consent import ConsentRefused, SpecialNotConfirmed, UnknownGrant
from vault.errors.families import InternalError, Invalid
from vault.errors.records import UnknownCollection, UnknownField
from vault.errors.storage import Damaged
from vault.sealing.digest import keyed_digest, sha256_hex
from vault.sealing.keytree import KeyTree, Purpose
from vault.store.tables import CampaignRow, Collection, Field, GrantRow, HeldRow, RequesterRow, RequestRow
from vault.store.times import stamp, whole_seconds

if TYPE_CHECKING:
    from vault.audit.entries import Json
    from vault.audit.transaction import AuditedTransaction
    from vault.store.unit_of_work import UnitOfWork

__all__ = [
    "expire_grants",
    "grant_from_record",
    "ledger_view",
    "load_grants",
    "reading_of",
    "receipt",
    "renew_grants",
    "save_grant",
    "spend_use",
    "withdraw_grant",
]

NOTHING_STATED: Final = Promise()
NOT_UNLEARNED: Final = (
    "What was released cannot be called back or unlearned; withdrawing ends everything else."
)


def save_grant(
    act: AuditedTransaction,
    grant: Grant,
    *,
    requester: RequesterRow,
    notice_text: str,
    method: str,
    special_confirmed: bool = False,
    promise: Promise = NOTHING_STATED,
    optional: frozenset[str] = frozenset(),
) -> None:
    """Store a checked grant as its record; `method` is how it was given: command, terminal or request.

    `notice_text` is exactly what the person was shown; `special_confirmed` says that they agreed a second time to
    what belongs to a special category. `optional` are the fields that a job can do without. Raises
    SpecialNotConfirmed, UnknownCollection and UnknownField.
    """
    if requester.id != grant.requester_id:
        raise InternalError(what="a consent was about to be stored under another requester")
    reading = reading_of(act.uow, grant, optional=optional)
    if reading.special and not special_confirmed:
        raise SpecialNotConfirmed(columns=", ".join(reading.special))
    record = build_record(
        grant,
        party=Party(id=requester.id, name=requester.name, key=requester.key.hex(), contact=requester.contact),
        reading=reading,
        notice=Notice(
            text=notice_text,
            method=method,
            principal=_principal(act.keys, requester.id),
            explicit_for=reading.special,
        ),
        promise=promise,
    )
    act.uow.add(
        GrantRow(
            id=grant.id,
            requester_id=grant.requester_id,
            collection_id=_collection(act.uow, grant.collection).id,
            record=_text(record),
            not_after=whole_seconds(grant.not_after),
            created_at=whole_seconds(grant.created_at),
        )
    )
    _record(act, EntryType.CONSENT_GRANT, record, method=method)


def reading_of(uow: UnitOfWork, grant: Grant, *, optional: frozenset[str] = frozenset()) -> Reading:
    """Everything that jobs under a grant may read, by name; raises UnknownCollection and UnknownField."""
    collection = _collection(uow, grant.collection)
    own = uow.find(Field, collection_id=collection.id, is_system=True, order_by="position")
    return Reading(
        fields=tuple(_field_facts(uow, collection, name, optional) for name in sorted(grant.fields)),
        beside=tuple(_facts(row, optional) for row in own),
    )


def load_grants(
    uow: UnitOfWork, *, collection: str | None = None, requester_id: str | None = None
) -> list[Grant]:
    """The stored grants, oldest first, withdrawn and expired ones included; raises Damaged.

    One whose collection is gone counts as withdrawn: other records may bear its name by now.
    """
    there = dict(uow.values(Collection, ("id", "name")))
    rows = uow.find(GrantRow, order_by="created_at")
    found = [_of_collection(_grant(row), there.get(row.collection_id)) for row in rows]
    return [
        grant
        for grant in found
        if collection in {None, grant.collection} and requester_id in {None, grant.requester_id}
    ]


def withdraw_grant(act: AuditedTransaction, grant_id: str) -> None:
    """Withdraw a consent for good; raises UnknownGrant, and Invalid when it was withdrawn already."""
    row = _row(act.uow, grant_id)
    if _grant(row).withdrawn_at is not None:
        raise Invalid(reason="this consent was withdrawn already")
    row.withdrawn_at = act.at
    record = with_event(_stored(row), WITHDRAWN, at=act.now, method="person")
    row.record = _text(record)
    _record(act, EntryType.CONSENT_WITHDRAW, record)


def expire_grants(act: AuditedTransaction) -> list[str]:
    """Note the end of every consent that ran out and is not noted yet, and return their ids."""
    ended = []
    for row in act.uow.find(GrantRow, withdrawn_at=None):
        record = _stored(row)
        if _grant(row).not_after <= act.now and not has_expired(record):
            record = with_event(record, EXPIRED, at=act.now, method="clock")
            row.record = _text(record)
            _record(act, EntryType.CONSENT_EXPIRE, record, method="clock")
            ended.append(row.id)
    return ended


def renew_grants(act: AuditedTransaction) -> int:
    """Note that consents which ran out by a date that was wrong hold again, and return how many they are."""
    renewed = 0
    for grant in load_grants(act.uow):
        row = _row(act.uow, grant.id)
        record = _stored(row)
        if grant.withdrawn_at is None and act.now < grant.not_after and has_expired(record):
            row.record = _text(with_event(record, RENEWED, at=act.now, method="date"))
            renewed += 1
    return renewed


def spend_use(act: AuditedTransaction, grant_id: str) -> None:
    """Count one job against a consent, in the act that charges it; raises ConsentRefused when it has no use left."""
    row = _row(act.uow, grant_id)
    if row.uses_spent >= _grant(row).uses:
        raise ConsentRefused(reason=f"consent {grant_id[:8]} has no uses left")
    row.uses_spent += 1


def ledger_view(uow: UnitOfWork) -> LedgerView:
    """How many jobs each consent has paid for."""
    return LedgerView(uses_spent={row.id: row.uses_spent for row in uow.find(GrantRow)})


def receipt(uow: UnitOfWork, grant_id: str) -> dict[str, Any]:
    """The receipt of a consent (ISO/IEC TS 27560): its record, what was released under it, the head of the trail."""
    row = _row(uow, grant_id)
    size, root = log_root(uow)
    digest = sha256_hex(row.record.encode())
    return {
        "receipt_id": digest[:32],
        "schema_version": SCHEMA,
        "record": _stored(row),
        "record_sha256": digest,
        **({"campaign": joined[0].id} if (joined := uow.find(CampaignRow, grant_id=grant_id)) else {}),
        "uses_spent": row.uses_spent,
        "released": _released(uow, grant_id),
        "released_means": NOT_UNLEARNED,
        "audit_head": {"size": size, "root": root.hex()},
    }


def _released(uow: UnitOfWork, grant_id: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for request in uow.find(RequestRow, order_by="received_at", grant_id=grant_id):
        for held in uow.find(HeldRow, request_id=request.id):
            left_at = held.sent_at or held.intent_at
            if left_at is not None:
                state = "sent" if held.sent_at else "may have left"
                found.append(
                    {
                        "request": request.id,
                        "manifest_sha256": held.manifest_digest,
                        "state": state,
                        "at": stamp(left_at),
                    }
                )
    return found


# the row and the record -----------------------------------------------------------------------------------


def _row(uow: UnitOfWork, grant_id: str) -> GrantRow:
    row = uow.get(GrantRow, grant_id)
    if row is None:
        raise UnknownGrant(grant=grant_id)
    return row


def _stored(row: GrantRow) -> Record:
    try:
        record = json.loads(row.record)
    except ValueError:
        raise Damaged(what="a consent record") from None
    grant_from_record(record)
    found: Record = record
    return found


def _grant(row: GrantRow) -> Grant:
    grant = grant_from_record(_stored(row))
    columns = (row.id, row.requester_id, row.not_after, row.created_at)
    moments = (whole_seconds(grant.not_after), whole_seconds(grant.created_at))
    if columns != (grant.id, grant.requester_id, *moments):
        raise Damaged(what="a consent record")
    if grant.withdrawn_at is None and row.withdrawn_at is not None:
        return replace(grant, withdrawn_at=row.withdrawn_at)
    return grant


def _of_collection(grant: Grant, name: str | None) -> Grant:
    """The grant as it stands on a collection that is called so now, or (None) is gone."""
    if grant.withdrawn_at is None and name != grant.collection:
        return replace(grant, withdrawn_at=grant.not_after)
    return grant


def _text(record: Record) -> str:
    return encode(record).decode()


def _collection(uow: UnitOfWork, name: str) -> Collection:
    for row in uow.find(Collection, name=name):
        return row
    raise UnknownCollection(name=name)


def _field_facts(uow: UnitOfWork, collection: Collection, name: str, optional: Iterable[str]) -> FieldFacts:
    for row in uow.find(Field, collection_id=collection.id, name=name):
        return _facts(row, optional)
    raise UnknownField(collection=collection.name, name=name)


def _facts(row: Field, optional: Iterable[str]) -> FieldFacts:
    return FieldFacts(
        name=row.name,
        type=row.type.value,
        sensitivity=row.sensitivity.value,
        is_required=row.name not in optional,
    )


def _principal(keys: KeyTree, requester_id: str) -> str:
    """A name for the person that differs towards each requester, so that two of them cannot match it."""
    key = keys.subkey(Purpose.AUDIT_SIGNING, b"the principal of consent records")
    return keyed_digest(key, requester_id.encode()).hex()[:32]


def _record(act: AuditedTransaction, kind: EntryType, record: Record, **clear: Json) -> None:
    grant, processing = grant_from_record(record), record["processing"]
    (controller,) = [each for each in record["parties"] if each["id"] == grant.requester_id]
    act.record(
        kind,
        clear={"consent": grant.id, "expires": stamp(grant.not_after), **clear},
        hidden={
            "controller": controller["name"],
            "purpose": grant.purpose,
            "collection": grant.collection,
            "fields": sorted(grant.fields),
            "notice_sha256": processing["privacy_notice"]["sha256"],
            "record_sha256": sha256_hex(_text(record).encode()),
        },
    )
