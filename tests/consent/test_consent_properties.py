"""Laws of `decide` that hold for any grants and any question, and agreement with Cedar on the verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import cedarpy
import pytest
from consent_cases import END, NOW, START, make_grant, make_question
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sweeps import sweep
from vault.consent.decide import decide
from vault.consent.grants import Grant, Window
from vault.consent.verdict import LedgerView, Question
from vault.views.purposes import DPV

NAMES = ("a", "b", "c")
DAYS = [None, *(START + timedelta(days=n) for n in (-60, -30, 0, 30))]
PURPOSES = (DPV + "AcademicResearch", DPV + "CommercialResearch")
TIMES = (START, NOW, END)
COSTS = (Decimal("0.5"), Decimal(1), Decimal("1.000001"), Decimal(2))

OF_GRANT: dict[str, st.SearchStrategy[Any]] = {
    "collection": st.just("bank"),
    "purpose": st.sampled_from(PURPOSES),
    "requester_id": st.just("club"),
    "window": st.builds(Window, start=st.sampled_from(DAYS), end=st.sampled_from(DAYS)),
    "not_before": st.sampled_from(TIMES),
    "not_after": st.sampled_from(TIMES),
    "uses": st.integers(0, 2),
    "epsilon_cap": st.sampled_from(COSTS),
    "unit": st.sampled_from(["day", "record"]),
    "withdrawn_at": st.sampled_from([START, END]),
}
OF_QUESTION: dict[str, st.SearchStrategy[Any]] = {
    "purpose": st.sampled_from(PURPOSES),
    "requester_status": st.sampled_from(["new", "trusted", "blocked"]),
    "window": OF_GRANT["window"].filter(lambda window: not window.is_empty()),
    "epsilon": st.sampled_from(COSTS),
}

subsets = st.frozensets(st.sampled_from(NAMES))
moments = st.sampled_from([NOW, NOW, NOW, START, START - timedelta(days=1), END - timedelta(seconds=1), END])


@st.composite
def some(draw: st.DrawFn, parts: dict[str, st.SearchStrategy[Any]]) -> dict[str, Any]:
    """At most two of the parts: worlds that fit but for a little are the ones that can go wrong."""
    return {name: draw(parts[name]) for name in draw(st.sets(st.sampled_from(sorted(parts)), max_size=2))}


grants = st.builds(
    lambda name, fields, facts: make_grant(**{"id": name, "fields": fields, "window": Window()} | facts),
    st.sampled_from(["g1", "g2", "g3", "g4"]),
    st.just(frozenset(NAMES)) | subsets,
    some(OF_GRANT),
)
grant_lists = st.lists(grants, max_size=4, unique_by=lambda grant: grant.id)
questions = st.builds(
    lambda required, optional, facts: make_question(**{"required": required, "optional": optional} | facts),
    subsets,
    subsets,
    some(OF_QUESTION),
)
counts = st.dictionaries(st.sampled_from(["g1", "g2"]), st.integers(0, 2))
ledgers = st.builds(LedgerView, uses_spent=counts, uses_kept=counts)


@given(grant_lists, questions, moments, ledgers)
def test_a_decision_is_whole(
    held: list[Grant], question: Question, now: datetime, ledger: LedgerView
) -> None:
    """Each field asked for has one verdict with reasons; a permit has one grant, a refusal changes."""
    decision = decide(held, question, now, ledger)

    assert question.required | question.optional == {verdict.field for verdict in decision.fields}
    assert all(verdict.reasons for verdict in decision.fields)
    assert decision.allowed == {verdict.field for verdict in decision.fields if verdict.permitted}
    assert decision.permitted == bool(decision.allowed) == (decision.grant_id is not None)
    assert decision.permitted == (not decision.change)
    if decision.permitted:
        (used,) = [grant for grant in held if grant.id == decision.grant_id]
        assert question.required <= decision.allowed <= used.fields


@given(grant_lists, questions, moments, ledgers, st.randoms())
def test_the_order_of_grants_does_not_matter(
    held: list[Grant], question: Question, now: datetime, ledger: LedgerView, chance: object
) -> None:
    decision = decide(held, question, now, ledger)
    shuffled = sorted(held, key=lambda _: chance.random())  # type: ignore[attr-defined]
    again = decide(shuffled, question, now, ledger)

    assert (decision.permitted, decision.grant_id, decision.changes) == (
        again.permitted,
        again.grant_id,
        again.changes,
    )


@given(grant_lists, questions, moments, ledgers)
def test_only_the_grant_it_rests_on_can_lose_a_permit(
    held: list[Grant], question: Question, now: datetime, ledger: LedgerView
) -> None:
    """Taking another grant away changes nothing, and no grant given on top ever takes a permit back."""
    decision = decide(held, question, now, ledger)
    for grant in held:
        rest = decide([other for other in held if other is not grant], question, now, ledger)
        if grant.id == decision.grant_id:
            assert rest.allowed <= question.required | question.optional
        else:
            assert (decision.permitted, decision.allowed) == (rest.permitted, rest.allowed)


@given(grant_lists, questions, moments, ledgers)
def test_withdrawing_everything_refuses(
    held: list[Grant], question: Question, now: datetime, ledger: LedgerView
) -> None:
    withdrawn = [replace(grant, withdrawn_at=END) for grant in held]

    assert not decide(withdrawn, question, now, ledger).permitted


@given(grant_lists, questions, moments, ledgers)
def test_asking_for_more_never_turns_a_refusal(
    held: list[Grant], question: Question, now: datetime, ledger: LedgerView
) -> None:
    """One more required field, a higher cost, an unbounded window or another use spent."""
    if not (question.required and not decide(held, question, now, ledger).permitted):
        return
    spent = {grant.id: ledger.uses_taken(grant.id) + 1 for grant in held}
    for more in (
        replace(question, required=question.required | {"b"}),
        replace(question, epsilon=question.epsilon + 1),
        replace(question, window=Window()),
    ):
        assert not decide(held, more, now, ledger).permitted
    assert not decide(held, question, now, LedgerView(uses_spent=spent)).permitted


# Cedar ----------------------------------------------------------------------------------------------------

BLOCKED = 'forbid(principal, action, resource) when { context.status == "blocked" };'


def policy(grant: Grant, spent: int) -> str:
    names = ", ".join(f'"{name}"' for name in sorted(grant.fields))
    conditions = [
        f'context.collection == "{grant.collection}"',
        f'context.requester == "{grant.requester_id}"',
        f'context.purpose == "{grant.purpose}"',
        f'(context.unit == "{grant.unit or "day"}")',
        f"[{names}].containsAll(context.required)",
        f"[{names}].containsAny(context.asked)",
        f"context.now >= {seconds(grant.not_before)} && context.now < {seconds(grant.not_after)}",
        f"context.first >= {seconds(grant.window.start, -(10**15))}",
        f"context.last <= {seconds(grant.window.end, 10**15)}",
        f"{spent} < {grant.uses}",
        "false" if grant.withdrawn_at else "true",
        f"context.cost <= {micro(grant.epsilon_cap or Decimal(10**6))}",
    ]
    return f"permit(principal, action, resource) when {{ {' && '.join(conditions)} }};"


def seconds(moment: datetime | None, unbounded: int = 0) -> int:
    return unbounded if moment is None else int(moment.timestamp())


def micro(cost: Decimal) -> int:
    return int(cost * 10**6)


def cedar_permits(held: list[Grant], question: Question, now: datetime, ledger: LedgerView) -> bool:
    policies = [policy(grant, ledger.uses_taken(grant.id)) for grant in held if grant.fields]
    request = {
        "principal": 'Requester::"r"',
        "action": 'Action::"train"',
        "resource": 'Collection::"c"',
        "context": {
            "collection": question.collection,
            "requester": question.requester_id,
            "status": question.requester_status,
            "purpose": question.purpose,
            "unit": question.unit,
            "required": sorted(question.required),
            "asked": sorted(question.required | question.optional),
            "now": seconds(now),
            "first": seconds(question.window.start, -(10**15)),
            "last": seconds(question.window.end, 10**15),
            "cost": micro(question.epsilon),
        },
    }
    answer = cedarpy.is_authorized(request, "\n".join([BLOCKED, *policies]), [])
    assert answer.diagnostics.errors == []
    return bool(answer.allowed)


@pytest.mark.parametrize("examples", sweep((150, 2_000)))
def test_cedar_gives_the_same_verdict(examples: int) -> None:
    """An engine that is not ours, on a translation of each grant into a policy."""

    @settings(max_examples=examples)
    @given(grant_lists, questions, moments, ledgers)
    def holds(held: list[Grant], question: Question, now: datetime, ledger: LedgerView) -> None:
        assert cedar_permits(held, question, now, ledger) == decide(held, question, now, ledger).permitted

    holds()


def test_cedar_permits_what_fits_and_refuses_what_does_not() -> None:
    """The translation itself tells permits from refusals, so that agreement with it means something."""
    nothing = LedgerView()

    assert cedar_permits([make_grant()], make_question(), NOW, nothing)
    assert not cedar_permits([make_grant(withdrawn_at=NOW)], make_question(), NOW, nothing)
    assert not cedar_permits([make_grant()], make_question(required=frozenset({"mood"})), NOW, nothing)
    assert not cedar_permits([make_grant()], make_question(requester_status="blocked"), NOW, nothing)
