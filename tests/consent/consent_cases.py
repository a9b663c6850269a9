"""Plain grants and questions that fit each other; a test changes the one thing it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from vault.consent.grants import Grant, Window
from vault.consent.verdict import Change, ChangeKind, LedgerView, Question
from vault.views.purposes import DPV

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
WINDOW = Window(start=datetime(2025, 1, 1, tzinfo=UTC), end=datetime(2026, 1, 1, tzinfo=UTC))


def make_grant(**facts: Any) -> Grant:
    base: dict[str, Any] = {
        "id": "g1",
        "collection": "sleep",
        "fields": frozenset({"hr", "steps"}),
        "purpose": DPV + "AcademicResearch",
        "requester_id": "clinic",
        "window": WINDOW,
        "not_before": START,
        "not_after": END,
        "uses": 1,
        "epsilon_cap": Decimal(2),
        "created_at": START,
    }
    return Grant(**(base | facts))


def make_question(**facts: Any) -> Question:
    base: dict[str, Any] = {
        "collection": "sleep",
        "required": frozenset({"hr"}),
        "optional": frozenset({"steps"}),
        "purpose": DPV + "AcademicResearch",
        "requester_id": "clinic",
        "requester_status": "new",
        "window": WINDOW,
        "unit": "day",
        "epsilon": Decimal(1),
    }
    return Question(**(base | facts))


World = tuple[tuple[Grant, ...], Question, LedgerView]


def apply_change(world: World, change: Change, now: datetime) -> World:
    """The world in which `change` has come true, written from the meaning of each kind alone."""
    grants, question, ledger = world
    match change.kind:
        case ChangeKind.ASK_FOR_FIELD:
            return grants, replace(question, required=frozenset({change.field or "any"})), ledger
        case ChangeKind.UNBLOCK:
            return grants, replace(question, requester_status="trusted"), ledger
        case ChangeKind.GIVE_CONSENT:
            given = Grant(
                id="given",
                collection=question.collection,
                fields=question.required | question.optional,
                purpose=question.purpose,
                requester_id=question.requester_id,
                operation=question.operation,
                window=question.window,
                not_before=now,
                not_after=datetime.max.replace(tzinfo=UTC),
                epsilon_cap=question.epsilon or Decimal(1),
                created_at=now,
            )
            return (*grants, given), question, ledger
    old = next(grant for grant in grants if grant.id == change.grant_id)
    edits: dict[ChangeKind, dict[str, Any]] = {
        ChangeKind.PURPOSE: {"purpose": question.purpose},
        ChangeKind.OPERATION: {"operation": question.operation},
        ChangeKind.UNIT: {"unit": question.unit},
        ChangeKind.WINDOW: {"window": question.window},
        ChangeKind.RENEW: {"withdrawn_at": None},
        ChangeKind.START: {"not_before": now},
        ChangeKind.EXTEND: {"not_after": datetime.max.replace(tzinfo=UTC)},
        ChangeKind.USES: {"uses": ledger.uses_taken(old.id) + 1},
        ChangeKind.CAP: {"epsilon_cap": question.epsilon},
        ChangeKind.FIELD: {"fields": old.fields | {change.field}},
    }
    new = replace(old, **edits[change.kind])
    return tuple(new if grant.id == old.id else grant for grant in grants), question, ledger
