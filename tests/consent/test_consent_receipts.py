"""Consents as they are kept: the record is what is decided on, and every change of it is on the record."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from consent_cases import END, NOW, START, make_grant, make_question
from hypothesis import given
from hypothesis import strategies as st

from vault.audit.entries import EntryType
from vault.audit.entry_types import DECISION_REASONS
from vault.consent import receipts
from vault.consent.decide import decide
from vault.consent.grants import Grant, Window
from vault.consent.receipts import (
    expire_grants,
    grant_from_record,
    ledger_view,
    load_grants,
    receipt,
    renew_grants,
    save_grant,
    spend_use,
    withdraw_grant,
)
from vault.consent.record import (
    CONSENT,
    EXPIRED,
    EXPLICIT,
    EXPLICITLY,
    EXPRESSLY,
    GIVEN,
    RENEWED,
    WITHDRAWN,
    FieldFacts,
    Notice,
    Party,
    Promise,
    Reading,
    build_record,
    with_event,
)
from vault.consent.verdict import ReasonCode
from vault.errors.consent import ConsentRefused, UnknownGrant
from vault.errors.families import InternalError, Invalid, LockboxError
from vault.errors.records import UnknownCollection, UnknownField
from vault.errors.storage import Damaged
from vault.store.tables import Collection, Field, GrantRow, HeldRow, RequesterRow, RequestRow
from vault.views.field_types import UnitKind
from vault.views.purposes import DPV, PURPOSES
from vault.views.states import RequestState

ONE, TWO = "1" * 32, "2" * 32
PARTY = Party(id="clinic", name="The clinic", key="ab", contact="by post")
NOTICE = Notice(text="May train.", method="command", principal="p" * 32)


def record_of(grant: Grant) -> dict[str, Any]:
    fields = tuple(
        FieldFacts(name=name, type="float", sensitivity="ordinary", is_required=True) for name in grant.fields
    )
    return build_record(
        grant,
        party=replace(PARTY, id=grant.requester_id),
        reading=Reading(fields=fields, beside=()),
        notice=NOTICE,
        promise=Promise(),
    )


def give(bench: Any, grant: Grant, **facts: Any) -> None:
    bench.now = max(bench.now, grant.created_at)
    with bench.act() as act:
        requester = act.uow.get(RequesterRow, grant.requester_id)
        save_grant(act, grant, requester=requester, notice_text="May train.", method="command", **facts)


def kept(bench: Any, **facts: Any) -> list[Grant]:
    with bench.store.read() as uow:
        return load_grants(uow, **facts)


# the record -----------------------------------------------------------------------------------------------

moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(
    st.builds(
        make_grant,
        fields=st.frozensets(st.text(st.characters(codec="utf-8"), min_size=1, max_size=9), min_size=1),
        collection=st.text(st.characters(codec="utf-8"), min_size=1, max_size=9),
        purpose=st.sampled_from(sorted(PURPOSES)),
        window=st.builds(Window, start=st.none() | moments, end=st.none() | moments),
        not_before=moments,
        not_after=moments,
        created_at=moments,
        uses=st.integers(1, 1000),
        epsilon_cap=st.none() | st.decimals("0.000001", 64, allow_nan=False, places=6),
        unit=st.sampled_from([None, "day", "column:who"]),
    )
)
def test_a_grant_comes_back_out_of_its_record_whole(grant: Grant) -> None:
    assert grant == grant_from_record(json.loads(json.dumps(record_of(grant))))


def test_a_withdrawal_in_the_record_withdraws_the_grant() -> None:
    record = with_event(record_of(make_grant()), WITHDRAWN, at=NOW, method="person")

    assert grant_from_record(record).withdrawn_at == NOW


def test_the_record_has_the_parts_of_the_standard() -> None:
    record = record_of(make_grant())
    processing = record["processing"]

    assert {"header", "processing", "parties", "events"} == record.keys()
    assert {"schema_version", "record_id", "principal_id"} == record["header"].keys()
    mandatory = {
        *("privacy_notice", "language", "purposes", "personal_data", "storage_locations", "retention"),
        *("jurisdiction", "recipients", "withdrawal_method", "lawful_basis", "rights"),
    }
    assert mandatory <= processing.keys()
    assert [party["role"] for party in record["parties"]] == [DPV + "DataSubject", DPV + "DataController"]
    assert [event["state"] for event in record["events"]] == [GIVEN]
    assert "valid" not in json.dumps(record)


def test_a_special_category_makes_the_consent_an_explicit_one(bench: Any) -> None:
    give(bench, make_grant(id=ONE))
    give(bench, make_grant(id=TWO, fields=frozenset({"hr", "illness"})), special_confirmed=True)
    with bench.store.read() as uow:
        plain, special = (receipt(uow, each)["record"] for each in (ONE, TWO))

    assert plain["processing"]["lawful_basis"] == CONSENT
    assert special["processing"]["lawful_basis"] == EXPLICIT
    assert [data["is_special_category"] for data in special["processing"]["personal_data"]] == [False, True]
    assert [(each["type"], each["explicit_for"]) for each in (*plain["events"], *special["events"])] == [
        (EXPRESSLY, []),
        (EXPLICITLY, ["illness"]),
    ]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda record: record.pop("events"),
        lambda record: record["header"].update(schema_version="lockbox 2"),
        lambda record: record["processing"].update(not_after="2026-06-01T00:00:00"),
        lambda record: record["processing"].update(not_after=None),
        lambda record: record["processing"].update(operation="anything"),
        lambda record: record["processing"].update(epsilon_cap="much"),
        lambda record: record["processing"]["purposes"].append({"dpv": "more"}),
        lambda record: record["parties"].clear(),
        lambda record: record["events"].clear(),
    ],
)
def test_a_record_that_lost_a_part_is_damaged_and_grants_nothing(spoil: Any) -> None:
    record = record_of(make_grant())
    spoil(record)

    with pytest.raises(Damaged, match="consent record"):
        grant_from_record(record)


# keeping --------------------------------------------------------------------------------------------------


def test_what_was_given_is_what_is_decided_on(bench: Any) -> None:
    grant = make_grant(id=ONE, window=Window(start=START - timedelta(days=1, microseconds=1)), unit="day")
    give(bench, grant)

    assert [grant] == kept(bench)
    with bench.store.read() as uow:
        decision = decide(
            load_grants(uow),
            make_question(window=Window(start=START - timedelta(days=1))),
            NOW,
            ledger_view(uow),
        )
    assert decision.grant_id == ONE


def test_grants_are_found_by_collection_and_requester(bench: Any) -> None:
    give(bench, make_grant(id=ONE))
    give(bench, make_grant(id=TWO, collection="bank", requester_id="club"))

    assert [grant.id for grant in kept(bench)] == [ONE, TWO]
    assert [grant.id for grant in kept(bench, collection="sleep")] == [ONE]
    assert [grant.id for grant in kept(bench, requester_id="club")] == [TWO]
    assert kept(bench, collection="sleep", requester_id="club") == []
    assert kept(bench, collection="nothing") == []


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        ({"collection": "phone"}, UnknownCollection),
        ({"fields": frozenset({"hr", "mood"})}, UnknownField),
    ],
)
def test_only_fields_that_exist_can_be_granted(
    bench: Any, facts: dict[str, Any], refusal: type[LockboxError]
) -> None:
    with pytest.raises(refusal):
        give(bench, make_grant(id=ONE, **facts))
    assert kept(bench) == []


def test_a_consent_is_never_stored_under_another_requester(bench: Any) -> None:
    with bench.act() as act:
        other = act.uow.get(RequesterRow, "club")
        with pytest.raises(InternalError, match="another requester"):
            save_grant(act, make_grant(id=ONE), requester=other, notice_text="", method="command")
        act.record(EntryType.ACCESS_VIEW)
    assert kept(bench) == []


def test_giving_is_on_the_record_without_naming_anything_in_clear(bench: Any) -> None:
    give(bench, make_grant(id=ONE))
    ((clear, hidden),) = bench.entries(EntryType.CONSENT_GRANT)

    assert clear == {"consent": ONE, "expires": "2026-06-01T00:00:00Z", "method": "command"}
    assert hidden["controller"] == "The clinic"
    assert hidden["purpose"] == DPV + "AcademicResearch"
    assert hidden["fields"] == ["hr", "steps"]
    assert {"collection", "notice_sha256", "record_sha256"} <= hidden.keys()


def test_two_requesters_see_two_pseudonyms_of_the_person(bench: Any) -> None:
    give(bench, make_grant(id=ONE))
    give(bench, make_grant(id=TWO, requester_id="club"))
    with bench.store.read() as uow:
        names = {receipt(uow, each)["record"]["header"]["principal_id"] for each in (ONE, TWO)}

    assert len(names) == 2


# withdrawing, expiring, using -----------------------------------------------------------------------------


def test_a_withdrawal_holds_at_once_and_for_good(bench: Any) -> None:
    give(bench, make_grant(id=ONE))
    bench.now = NOW
    with bench.act() as act:
        withdraw_grant(act, ONE)
    (grant,) = kept(bench)

    assert grant.withdrawn_at == NOW
    assert len(bench.entries(EntryType.CONSENT_WITHDRAW)) == 1
    with bench.act() as act:
        with pytest.raises(Invalid, match="already"):
            withdraw_grant(act, ONE)
        with pytest.raises(UnknownGrant):
            withdraw_grant(act, TWO)
        act.record(EntryType.ACCESS_VIEW)


@pytest.mark.parametrize("where", ["row", "record"])
def test_a_withdrawal_in_either_place_counts(bench: Any, where: str) -> None:
    give(bench, make_grant(id=ONE))
    with bench.act() as act:
        row = act.uow.get(GrantRow, ONE)
        if where == "row":
            row.withdrawn_at = NOW
        else:
            row.record = json.dumps(with_event(json.loads(row.record), WITHDRAWN, at=NOW, method="person"))
        act.record(EntryType.ACCESS_VIEW)

    assert [grant.withdrawn_at for grant in kept(bench)] == [NOW]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("not_after", datetime(2027, 1, 1, tzinfo=UTC)),
        ("requester_id", "club"),
        ("created_at", datetime(2025, 1, 1, tzinfo=UTC)),
        ("record", "{}"),
        ("record", "not JSON"),
    ],
)
def test_a_column_that_says_something_else_than_the_record_is_damage(
    bench: Any, column: str, value: object
) -> None:
    give(bench, make_grant(id=ONE))
    with bench.act() as act:
        setattr(act.uow.get(GrantRow, ONE), column, value)
        act.record(EntryType.ACCESS_VIEW)

    with pytest.raises(Damaged):
        kept(bench)


def test_the_end_of_a_consent_is_noted_once_and_not_for_withdrawn_ones(bench: Any) -> None:
    give(bench, make_grant(id=ONE))
    give(bench, make_grant(id=TWO))
    with bench.act() as act:
        withdraw_grant(act, TWO)
    for now, ended in ((END - timedelta(seconds=1), []), (END, [ONE]), (END + timedelta(days=1), [])):
        bench.now = now
        with bench.act() as act:
            assert ended == expire_grants(act)
            act.record(EntryType.ACCESS_VIEW)
    ((clear, _),) = bench.entries(EntryType.CONSENT_EXPIRE)

    assert clear == {"consent": ONE, "expires": "2026-06-01T00:00:00Z", "method": "clock"}
    with bench.store.read() as uow:
        assert [event["state"] for event in receipt(uow, ONE)["record"]["events"]] == [GIVEN, EXPIRED]


def test_a_consent_that_holds_again_by_the_owners_word_ends_once_more_with_its_entry(bench: Any) -> None:
    give(bench, make_grant(id=ONE))
    bench.now = END
    with bench.act() as act:
        assert expire_grants(act) == [ONE]
    for renewed in (1, 0):
        with bench.act() as act:
            act.date = replace(act.date, now=END - timedelta(days=9))
            assert renew_grants(act) == renewed
            act.record(EntryType.ACCESS_VIEW)
    with bench.act() as act:
        assert expire_grants(act) == [ONE]

    assert len(bench.entries(EntryType.CONSENT_EXPIRE)) == 2
    with bench.store.read() as uow:
        events = receipt(uow, ONE)["record"]["events"]
    assert [(event["state"], event["method"]) for event in events[1:]] == [
        (EXPIRED, "clock"),
        (RENEWED, "date"),
        (EXPIRED, "clock"),
    ]


def test_a_consent_of_a_collection_that_is_gone_counts_as_withdrawn_whatever_bears_its_name(
    bench: Any,
) -> None:
    give(bench, make_grant(id=ONE))
    with bench.act() as act:
        (gone,) = act.uow.find(Collection, name="sleep")
        act.uow.delete_all(Field, collection_id=gone.id)
        act.uow.delete(gone)
        act.uow.add(Collection(name="sleep", unit=UnitKind.DAY, lifetime_epsilon="8", created_at=NOW))
        act.record(EntryType.ACCESS_VIEW)
    with bench.store.read() as uow:
        decision = decide(load_grants(uow), make_question(), NOW, ledger_view(uow))

    assert [reason.code for reason in decision.reasons] == [ReasonCode.WITHDRAWN]


def test_each_job_spends_one_use_and_no_more_than_there_are(bench: Any) -> None:
    give(bench, make_grant(id=ONE, uses=2))
    for _ in range(2):
        with bench.act() as act:
            spend_use(act, ONE)
            act.record(EntryType.ACCESS_VIEW)
    with bench.act() as act:
        with pytest.raises(ConsentRefused, match="no uses left"):
            spend_use(act, ONE)
        act.record(EntryType.ACCESS_VIEW)

    with bench.store.read() as uow:
        assert ledger_view(uow).uses_spent == {ONE: 2}
        decision = decide(load_grants(uow), make_question(), NOW, ledger_view(uow))
    assert [reason.code for reason in decision.reasons] == [ReasonCode.USED_UP]


# receipts -------------------------------------------------------------------------------------------------


def test_a_receipt_carries_the_record_its_digest_and_the_head_of_the_trail(bench: Any) -> None:
    give(bench, make_grant(id=ONE), optional=frozenset({"steps"}))
    with bench.store.read() as uow:
        found = receipt(uow, ONE)
        size, root = receipts.log_root(uow)
        stored = uow.get(GrantRow, ONE).record

    assert make_grant(id=ONE) == grant_from_record(found["record"])
    assert receipts.sha256_hex(stored.encode()) == found["record_sha256"]
    assert {"size": size, "root": root.hex()} == found["audit_head"]
    assert "cannot be called back" in found["released_means"]
    assert [
        (data["field"], data["necessity"]) for data in found["record"]["processing"]["personal_data"]
    ] == [("hr", DPV + "Required"), ("steps", DPV + "Optional")]
    json.dumps(found)


def test_a_receipt_of_no_consent_is_refused(bench: Any) -> None:
    with bench.store.read() as uow, pytest.raises(UnknownGrant):
        receipt(uow, ONE)


def test_a_receipt_lists_what_was_released_and_what_may_have_left(bench: Any) -> None:
    give(bench, make_grant(id=ONE))
    first = datetime(2026, 2, 1, tzinfo=UTC)
    sent = {"intent_at": first, "sent_at": first + timedelta(seconds=1)}
    jobs = {"a" * 32: sent, "b" * 32: {"intent_at": first + timedelta(days=1)}, "c" * 32: {}}
    with bench.act() as act:
        for number, (job, times) in enumerate(jobs.items()):
            act.uow.add(stored_request(job, first + timedelta(hours=number)))
            act.uow.add(
                HeldRow(
                    id=job,
                    request_id=job,
                    manifest=b"",
                    manifest_digest=f"digest {number}",
                    held_at=first,
                    expires_at=first + timedelta(days=28),
                    **times,
                )
            )
        act.record(EntryType.ACCESS_VIEW)
    with bench.store.read() as uow:
        released = receipt(uow, ONE)["released"]

    assert [(each["manifest_sha256"], each["state"], each["at"]) for each in released] == [
        ("digest 0", "sent", "2026-02-01T00:00:01Z"),
        ("digest 1", "may have left", "2026-02-02T00:00:00Z"),
    ]


def stored_request(job: str, received: datetime) -> RequestRow:
    return RequestRow(
        id=job,
        job_id=job,
        requester_id="clinic",
        collection="sleep",
        state=RequestState.HELD,
        manifest=b"",
        signature=b"",
        weights=b"",
        manifest_digest="",
        received_at=received,
        expires_at=received,
        grant_id=ONE,
    )


def test_every_reason_may_stand_in_the_audit_trail() -> None:
    assert set(ReasonCode) <= DECISION_REASONS


def test_a_cap_of_a_grant_keeps_its_digits(bench: Any) -> None:
    give(bench, make_grant(id=ONE, epsilon_cap=Decimal("1.100000")))

    assert [str(grant.epsilon_cap) for grant in kept(bench)] == ["1.100000"]
