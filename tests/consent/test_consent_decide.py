"""Each rule of `decide` by itself: what it refuses, with which reason, and where its edge lies."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest
from consent_cases import END, NOW, START, WINDOW, make_grant, make_question

from vault.consent import reasons
from vault.consent.decide import decide
from vault.consent.grants import Operation, Window
from vault.consent.verdict import ChangeKind, Decision, LedgerView, Necessity, ReasonCode
from vault.views.purposes import DPV

INSTANT = timedelta(microseconds=1)
NOTHING_SPENT = LedgerView()


def decided(
    *, grant: dict[str, Any] | None = None, now: datetime = NOW, spent: int = 0, **question: Any
) -> Decision:
    return decide(
        [make_grant(**(grant or {}))], make_question(**question), now, LedgerView(uses_spent={"g1": spent})
    )


def codes(decision: Decision) -> set[ReasonCode]:
    return {reason.code for reason in decision.reasons}


def test_a_fitting_grant_permits_what_it_names() -> None:
    decision = decided()

    assert decision.permitted
    assert decision.grant_id == "g1"
    assert decision.allowed == {"hr", "steps"}
    assert decision.withheld == frozenset()
    assert decision.change == ()


def test_without_a_grant_everything_is_refused() -> None:
    decision = decide([], make_question(), NOW, NOTHING_SPENT)

    assert not decision.permitted
    assert codes(decision) == {ReasonCode.NO_GRANT}
    assert [change.kind for change in decision.changes] == [ChangeKind.GIVE_CONSENT]


def test_a_question_for_no_field_is_refused() -> None:
    decision = decided(required=frozenset(), optional=frozenset())

    assert not decision.permitted
    assert codes(decision) == {ReasonCode.EMPTY_SCOPE}


def test_an_optional_field_that_is_not_granted_is_withheld_with_its_reason() -> None:
    decision = decided(grant={"fields": frozenset({"hr"})})

    assert decision.permitted
    assert decision.allowed == {"hr"}
    assert decision.withheld == {"steps"}
    withheld = decision.fields[1]
    assert (withheld.field, withheld.necessity, withheld.permitted) == ("steps", Necessity.OPTIONAL, False)
    assert [reason.code for reason in withheld.reasons] == [ReasonCode.FIELD]


def test_a_required_field_that_is_not_granted_refuses_the_whole_job() -> None:
    decision = decided(required=frozenset({"hr", "mood"}))

    assert not decision.permitted
    assert decision.allowed == frozenset()
    assert codes(decision) == {ReasonCode.FIELD}
    other, missing = [ReasonCode.OTHER_FIELD], [ReasonCode.FIELD]
    of_fields = {verdict.field: [reason.code for reason in verdict.reasons] for verdict in decision.fields}
    assert of_fields == {"hr": other, "mood": missing, "steps": other}


def test_two_grants_never_combine() -> None:
    grants = [make_grant(fields=frozenset({"hr"})), make_grant(id="g2", fields=frozenset({"mood"}))]
    decision = decide(grants, make_question(required=frozenset({"hr", "mood"})), NOW, NOTHING_SPENT)

    assert not decision.permitted


def test_a_job_of_optional_fields_alone_needs_one_that_is_granted() -> None:
    assert not decided(required=frozenset(), optional=frozenset({"mood"})).permitted
    assert decided(required=frozenset(), optional=frozenset({"mood", "hr"})).allowed == {"hr"}


def test_a_field_both_required_and_optional_counts_as_required() -> None:
    decision = decided(required=frozenset({"mood"}), optional=frozenset({"mood", "hr"}))

    assert not decision.permitted


@pytest.mark.parametrize(
    ("code", "grant", "question"),
    [
        (ReasonCode.COLLECTION, {"collection": "bank"}, {}),
        (ReasonCode.REQUESTER, {"requester_id": "club"}, {}),
        (ReasonCode.PURPOSE, {"purpose": DPV + "ScientificResearch"}, {}),
        (ReasonCode.OPERATION, {}, {"operation": cast(Operation, "publish")}),
        (ReasonCode.UNIT, {"unit": "record"}, {}),
        (ReasonCode.CAMPAIGN, {"campaign": "a" * 64}, {}),
        (ReasonCode.CAMPAIGN, {}, {"campaign": "a" * 64}),
        (ReasonCode.CAMPAIGN, {"campaign": "a" * 64}, {"campaign": "b" * 64}),
        (ReasonCode.WITHDRAWN, {"withdrawn_at": NOW}, {}),
        (ReasonCode.WITHDRAWN, {"withdrawn_at": END}, {}),
        (ReasonCode.NOT_YET, {"not_before": NOW + INSTANT}, {}),
        (ReasonCode.EXPIRED, {"not_after": NOW}, {}),
        (ReasonCode.OVER_CAP, {}, {"epsilon": Decimal("2.000001")}),
        (ReasonCode.WINDOW, {}, {"window": Window()}),
    ],
)
def test_one_condition_that_fails_refuses_with_its_own_reason(
    code: ReasonCode, grant: dict[str, Any], question: dict[str, Any]
) -> None:
    decision = decided(grant=grant, **question)

    assert not decision.permitted
    assert codes(decision) == {code}
    assert [{code}, {code}] == [{reason.code for reason in verdict.reasons} for verdict in decision.fields]


@pytest.mark.parametrize(
    ("grant", "question"),
    [
        ({"unit": "day"}, {}),
        ({"not_before": NOW}, {}),
        ({"not_after": NOW + INSTANT}, {}),
        ({"epsilon_cap": None}, {"epsilon": Decimal(8)}),
        ({}, {"epsilon": Decimal(2)}),
        ({}, {"epsilon": Decimal(0)}),
        ({"window": Window()}, {}),
        ({"window": Window(start=WINDOW.start)}, {}),
        ({"window": Window(end=WINDOW.end)}, {}),
        ({}, {"requester_status": "trusted"}),
        ({"campaign": "a" * 64}, {"campaign": "a" * 64}),
    ],
)
def test_the_near_side_of_each_edge_is_permitted(grant: dict[str, Any], question: dict[str, Any]) -> None:
    assert decided(grant=grant, **question).permitted


@pytest.mark.parametrize(
    "window",
    [
        Window(start=START - timedelta(days=400), end=WINDOW.end),
        Window(start=WINDOW.start, end=START + INSTANT),
        Window(start=WINDOW.start),
        Window(end=WINDOW.end),
    ],
)
def test_a_window_that_sticks_out_on_either_side_is_refused(window: Window) -> None:
    assert codes(decided(window=window)) == {ReasonCode.WINDOW}


def test_a_consent_is_used_up_by_as_many_jobs_as_it_allows() -> None:
    assert decided(grant={"uses": 3}, spent=2).permitted
    assert codes(decided(grant={"uses": 3}, spent=3)) == {ReasonCode.USED_UP}
    assert codes(decided(grant={"uses": 3}, spent=4)) == {ReasonCode.USED_UP}


def test_a_blocked_requester_is_refused_whatever_the_grants_say() -> None:
    decision = decided(requester_status="blocked")

    assert not decision.permitted
    assert codes(decision) == {ReasonCode.REQUESTER_BLOCKED}
    assert [change.kind for change in decision.changes] == [ChangeKind.UNBLOCK]


def test_every_reason_of_every_grant_is_given() -> None:
    grants = [
        make_grant(withdrawn_at=NOW, not_after=NOW, epsilon_cap=Decimal("0.5"), fields=frozenset({"hr"})),
        make_grant(id="g2", requester_id="club"),
    ]
    decision = decide(grants, make_question(), NOW, LedgerView(uses_spent={"g1": 1}))
    of_first = {ReasonCode.WITHDRAWN, ReasonCode.EXPIRED, ReasonCode.USED_UP, ReasonCode.OVER_CAP}

    assert {("g1", code) for code in of_first} | {("g2", ReasonCode.REQUESTER)} == {
        (reason.grant_id, reason.code) for reason in decision.reasons
    }
    assert {
        "hr": of_first | {ReasonCode.REQUESTER},
        "steps": of_first | {ReasonCode.REQUESTER, ReasonCode.FIELD},
    } == {verdict.field: {reason.code for reason in verdict.reasons} for verdict in decision.fields}


def test_the_grant_that_allows_most_is_taken_then_the_one_that_ends_first() -> None:
    narrow = make_grant(id="a", fields=frozenset({"hr"}), not_after=NOW + INSTANT)
    late, soon = make_grant(id="b"), make_grant(id="c", not_after=END - timedelta(days=1))

    for grants in ([narrow, late, soon], [soon, late, narrow]):
        assert decide(grants, make_question(), NOW, NOTHING_SPENT).grant_id == "c"


@pytest.mark.parametrize(
    "question",
    [
        {"epsilon": Decimal("NaN")},
        {"epsilon": Decimal("Infinity")},
        {"epsilon": Decimal("-0.1")},
        {"epsilon": None},
        {"requester_status": "admin"},
        {"window": Window(start=WINDOW.end, end=WINDOW.start)},
        {"window": Window(start=WINDOW.start, end=WINDOW.start)},
        {"window": None},
        {"window": Window(start=datetime(2025, 1, 1), end=WINDOW.end)},  # noqa: DTZ001  the fault is meant
        {"required": None},
        {"required": frozenset({"hr", 7})},
    ],
)
def test_a_question_that_makes_no_sense_is_refused_and_never_raises(question: dict[str, Any]) -> None:
    decision = decided(**question)

    assert not decision.permitted
    assert decision.allowed == frozenset()
    assert codes(decision) == {ReasonCode.INTERNAL}


def test_even_a_question_of_the_wrong_kind_is_only_refused() -> None:
    decision = decide([make_grant()], cast(Any, None), NOW, NOTHING_SPENT)

    assert not decision.permitted
    assert codes(decision) == {ReasonCode.INTERNAL}


def test_a_ledger_that_fails_is_a_refusal() -> None:
    class Torn(dict[str, int]):
        def get(self, *_: object) -> int:
            raise OSError

    decision = decide([make_grant()], make_question(), NOW, LedgerView(uses_spent=cast(Any, Torn())))

    assert not decision.permitted
    assert codes(decision) == {ReasonCode.INTERNAL}


def test_two_grants_with_one_id_are_refused() -> None:
    """Uses are counted by id: a second grant with the same id would share them."""
    decision = decide([make_grant(), make_grant(uses=9)], make_question(), NOW, NOTHING_SPENT)

    assert codes(decision) == {ReasonCode.INTERNAL}


def test_a_time_without_zone_is_a_refusal() -> None:
    assert codes(decided(now=NOW.replace(tzinfo=None))) == {ReasonCode.INTERNAL}


def test_every_reason_and_every_change_has_its_words() -> None:
    fields = {ReasonCode.FIELD, ReasonCode.OTHER_FIELD}
    apart = {ReasonCode.GRANTED, ReasonCode.COLLECTION, ReasonCode.REQUESTER, ReasonCode.CAMPAIGN}
    outside = {ChangeKind.ASK_FOR_FIELD, ChangeKind.UNBLOCK, ChangeKind.GIVE_CONSENT, ChangeKind.FIELD}

    assert set(ReasonCode) == set(reasons.GENERAL) | set(reasons._OF_GRANT) | fields
    assert set(reasons._OF_GRANT) - apart == set(reasons._WISHES)
    assert set(ChangeKind) == {kind for kind, _ in reasons._WISHES.values()} | outside


def test_sentences_are_plain() -> None:
    grant = {
        "id": "0123456789abcdef",
        "purpose": DPV + "CommercialResearch",
        "epsilon_cap": Decimal("0.50"),
        "fields": frozenset({"steps"}),
        "not_after": NOW,
    }
    decision = decided(grant=grant)

    assert [reason.sentence for reason in decision.reasons] == [
        "consent 01234567 is for another purpose, commercial research",
        "consent 01234567 ended on 2026-03-01 12:00:00 UTC",
        "consent 01234567 allows a job to cost at most ε 0.5",
        "consent 01234567 does not name hr",
    ]
    assert decision.change == (
        "consent 01234567 is for academic research",
        "consent 01234567 ends later than now",
        "consent 01234567 allows a job to cost ε 1",
        "consent 01234567 names hr too",
    )


def test_a_window_is_told_by_its_days() -> None:
    decision = decided(window=Window(start=None, end=WINDOW.end))

    assert (
        decision.reasons[0].sentence == "consent g1 covers only records from 2025-01-01 and before 2026-01-01"
    )
    assert decision.change == ("consent g1 covers records before 2026-01-01",)


def test_nothing_given_in_is_changed() -> None:
    grant, spent = make_grant(), {"g1": 0}
    before = replace(grant)
    decide([grant], make_question(), NOW, LedgerView(uses_spent=spent))

    assert grant == before
    assert spent == {"g1": 0}
