"""`decide` against a predicate written on its own, over every case of a small domain."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from consent_cases import END, NOW, START, World, apply_change, make_grant, make_question

from vault.consent.decide import decide
from vault.consent.grants import Grant, Window
from vault.consent.verdict import ChangeKind, LedgerView, Question
from vault.views.purposes import DPV

SUBSETS = [frozenset(names) for names in ((), ("a",), ("b",), ("a", "b"))]
JANUARY = Window(start=datetime(2025, 1, 1, tzinfo=UTC), end=datetime(2025, 2, 1, tzinfo=UTC))
QUARTER = Window(start=datetime(2025, 1, 1, tzinfo=UTC), end=datetime(2025, 4, 1, tzinfo=UTC))
FOREVER = Window()
WINDOWS = [(JANUARY, QUARTER), (QUARTER, QUARTER), (QUARTER, JANUARY), (FOREVER, QUARTER), (QUARTER, FOREVER)]
TIMES = [START - timedelta(seconds=1), START, NOW, END]


def covers(grant: Grant, question: Question, now: datetime, taken: int) -> bool:
    """The rules of consent as one reads them, sharing nothing with the product but its types."""
    asked = set(question.required) | set(question.optional)
    beginning, end = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    rules = [
        len(asked) > 0,
        question.requester_status != "blocked",
        len(asked & set(grant.fields)) > 0,
        all(name in grant.fields for name in question.required),
        (grant.collection, grant.requester_id) == (question.collection, question.requester_id),
        grant.purpose == question.purpose,
        grant.withdrawn_at is None,
        now >= grant.not_before and not now >= grant.not_after,
        grant.uses - taken >= 1,
        question.epsilon <= (question.epsilon if grant.epsilon_cap is None else grant.epsilon_cap),
        (grant.window.start or beginning) <= (question.window.start or beginning),
        (question.window.end or end) <= (grant.window.end or end),
    ]
    return False not in rules


SCOPES = list(product(SUBSETS, SUBSETS, SUBSETS))
FIRST = WINDOWS[0], NOW


def single_worlds(scopes: list[Any], occasions: list[Any]) -> Iterator[tuple[World, datetime, int]]:
    """Every combination of fields named, required and optional, of window and time, and of all the rest."""
    rest = list(
        product(
            ("AcademicResearch", "CommercialResearch"),
            ("clinic", "club"),
            ("new", "blocked"),
            (None, NOW),
            (None, Decimal(1), Decimal("0.9")),
            ((0, 0), (1, 0), (0, 1)),
        )
    )
    for (named, required, optional), ((asked_window, window), now) in product(scopes, occasions):
        for purpose, requester, status, withdrawn, cap, (spent, kept) in rest:
            grant = make_grant(
                fields=named,
                window=window,
                purpose=DPV + purpose,
                requester_id=requester,
                withdrawn_at=withdrawn,
                epsilon_cap=cap,
            )
            question = make_question(
                required=required, optional=optional, window=asked_window, requester_status=status
            )
            ledger = LedgerView(uses_spent={"g1": spent}, uses_kept={"g1": kept})
            yield ((grant,), question, ledger), now, spent + kept


def check_single_worlds(worlds: Iterator[tuple[World, datetime, int]]) -> tuple[int, int]:
    permits = cases = 0
    for (grants, question, ledger), now, taken in worlds:
        decision = decide(grants, question, now, ledger)
        assert covers(grants[0], question, now, taken) == decision.permitted
        asked = question.required | question.optional
        assert asked == {verdict.field for verdict in decision.fields}
        assert all(verdict.reasons for verdict in decision.fields)
        if decision.permitted:
            assert question.required <= decision.allowed == asked & grants[0].fields
            assert decision.withheld == asked - decision.allowed
        else:
            assert decision.allowed == frozenset()
            assert decision.reasons
            assert decision.changes
        permits, cases = permits + decision.permitted, cases + 1
    return permits, cases


def test_one_grant_agrees_with_the_predicate_for_every_scope() -> None:
    """Every permit satisfies every rule, every refusal has a reason for every field and a change."""
    permits, cases = check_single_worlds(single_worlds(SCOPES, [FIRST]))

    assert cases == 64 * 144
    assert permits == 27 * 2, "scopes that fit, caps that fit"


def test_one_grant_agrees_with_the_predicate_at_every_occasion() -> None:
    one, both = SUBSETS[1], SUBSETS[3]
    scopes = [(both, one, both), (one, one, both), (one, both, one), (one, SUBSETS[0], both)]
    permits, cases = check_single_worlds(single_worlds(scopes, list(product(WINDOWS, TIMES))))

    assert cases == 4 * 20 * 144
    assert permits == 3 * 3 * 2 * 2, "scopes, windows, times and caps that fit"


@pytest.mark.slow
def test_one_grant_agrees_with_the_predicate_in_every_case() -> None:
    permits, cases = check_single_worlds(single_worlds(SCOPES, list(product(WINDOWS, TIMES))))

    assert cases == 64 * 20 * 144
    assert permits == 27 * 3 * 2 * 2


def pair_worlds() -> Iterator[tuple[World, datetime]]:
    kinds: list[dict[str, Any]] = [
        {"fields": fields, **facts}
        for fields in SUBSETS
        for facts in (
            {},
            {"withdrawn_at": NOW},
            {"not_after": NOW},
            {"collection": "bank"},
            {"epsilon_cap": Decimal("0.5")},
        )
    ]
    for first, second, required, optional in product(kinds, kinds, SUBSETS, SUBSETS):
        for status, spent in product(("trusted", "blocked"), ({}, {"g1": 1})):
            question = make_question(required=required, optional=optional, requester_status=status)
            grants = (make_grant(**first), make_grant(id="g2", **second))
            yield (grants, question, LedgerView(uses_spent=spent)), NOW


def test_two_grants_permit_exactly_when_one_of_them_would_alone() -> None:
    for (grants, question, ledger), now in pair_worlds():
        decision = decide(grants, question, now, ledger)
        able = {g.id for g in grants if covers(g, question, now, ledger.uses_spent.get(g.id, 0))}
        assert bool(able) == decision.permitted
        assert decision.grant_id is None or decision.grant_id in able


def test_the_changes_turn_every_refusal_and_none_can_be_left_out() -> None:
    """Over one case in five of the domain of pairs, applied by meaning and decided again."""
    turned = 0
    for number, (world, now) in enumerate(pair_worlds()):
        grants, question, ledger = world
        if number % 5 or decide(grants, question, now, ledger).permitted:
            continue
        changes = decide(grants, question, now, ledger).changes
        for left_out in (None, *changes):
            changed = world
            for change in changes:
                if change is not left_out:
                    changed = apply_change(changed, change, now)
            assert (left_out is None) == decide(*changed[:2], now, changed[2]).permitted
        turned += 1
    assert turned > 3000


def test_no_other_consent_to_this_requester_needs_fewer_changes() -> None:
    for number, ((grants, question, ledger), now) in enumerate(pair_worlds()):
        decision = decide(grants, question, now, ledger)
        if number % 5 or decision.permitted or decision.changes[-1].kind is ChangeKind.GIVE_CONSENT:
            continue
        alone = [decide([grant], question, now, ledger).changes for grant in grants]
        fewest = min(len(changes) for changes in alone if changes[-1].kind is not ChangeKind.GIVE_CONSENT)
        assert fewest == len(decision.changes)
