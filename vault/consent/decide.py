"""Whether a consent covers a job: a pure function of the grants, the question, the time and the uses taken.

Default deny. One grant must cover every required field and every condition; grants never combine. Every field
gets every reason, and a refusal comes with the smallest change that would turn it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from vault.consent import reasons
from vault.consent.grants import Grant
from vault.consent.verdict import (
    Change,
    ChangeKind,
    Decision,
    FieldVerdict,
    LedgerView,
    Necessity,
    Question,
    Reason,
    ReasonCode,
)
from vault.views.states import RequesterStatus

__all__ = [
    "Change",
    "ChangeKind",
    "Decision",
    "FieldVerdict",
    "LedgerView",
    "Necessity",
    "Question",
    "Reason",
    "ReasonCode",
    "decide",
    "ended",
]


def decide(grants: Sequence[Grant], question: Question, now: datetime, ledger: LedgerView) -> Decision:
    """Whether one of `grants` covers `question` at `now`; total: it never raises.

    A refusal lists the reasons of every grant. Among several covering grants the one that allows the most
    optional fields is taken, then the one that ends first.
    """
    try:
        return _decide(grants, question, now, ledger)
    except Exception:  # total by contract: whatever goes wrong here is a refusal, never a crash or a permit
        return _internal(question)


def _decide(grants: Sequence[Grant], question: Question, now: datetime, ledger: LedgerView) -> Decision:
    _check_question(question)
    failed = {grant.id: _failed(grant, question, now, ledger) for grant in grants}
    if len(failed) != len(grants):
        raise ValueError("two grants carry the same id")
    general = _general(grants, question)
    covering = [grant for grant in grants if not failed[grant.id] and not _missing(grant, question)]
    if covering and not general:
        return _permit(min(covering, key=lambda grant: _preference(grant, question)), question)
    return _deny(grants, question, general, failed)


def _check_question(question: Question) -> None:
    if not question.epsilon.is_finite() or question.epsilon < 0:
        raise ValueError("a cost is a finite number of at least 0")
    if question.window.is_empty():
        raise ValueError("a window ends after it begins")


def _preference(grant: Grant, question: Question) -> tuple[int, datetime, str]:
    return -len(grant.fields & question.optional), grant.not_after, grant.id


def _general(grants: Sequence[Grant], question: Question) -> tuple[Reason, ...]:
    """What refuses the question whatever the single grants say."""
    found = []
    if not _asked(question):
        found.append(ReasonCode.EMPTY_SCOPE)
    if RequesterStatus(question.requester_status) is RequesterStatus.BLOCKED:
        found.append(ReasonCode.REQUESTER_BLOCKED)
    if not grants:
        found.append(ReasonCode.NO_GRANT)
    return tuple(reasons.general(code) for code in found)


def _failed(grant: Grant, question: Question, now: datetime, ledger: LedgerView) -> tuple[ReasonCode, ...]:
    """The conditions of `grant` that do not hold; its fields are a matter of `_missing`."""
    holds = {
        ReasonCode.COLLECTION: grant.collection == question.collection,
        ReasonCode.REQUESTER: grant.requester_id == question.requester_id,
        ReasonCode.PURPOSE: grant.purpose == question.purpose,
        ReasonCode.OPERATION: grant.operation == question.operation,
        ReasonCode.UNIT: grant.unit is None or grant.unit == question.unit,
        ReasonCode.CAMPAIGN: grant.campaign == question.campaign,
        ReasonCode.WINDOW: grant.window.contains(question.window),
        ReasonCode.WITHDRAWN: grant.withdrawn_at is None,
        ReasonCode.NOT_YET: grant.not_before <= now,
        ReasonCode.EXPIRED: now < grant.not_after,
        ReasonCode.USED_UP: ledger.uses_taken(grant.id) < grant.uses,
        ReasonCode.OVER_CAP: grant.epsilon_cap is None or question.epsilon <= grant.epsilon_cap,
    }
    return tuple(code for code, stands in holds.items() if not stands)


def ended(grant: Grant, now: datetime, ledger: LedgerView) -> str:
    """Why nothing can run under `grant` any more, as a clause, or empty: it is over, whatever is asked."""
    over = {
        ReasonCode.WITHDRAWN: grant.withdrawn_at is not None,
        ReasonCode.EXPIRED: now >= grant.not_after,
        ReasonCode.USED_UP: ledger.uses_spent.get(grant.id, 0) >= grant.uses,
    }
    return "; ".join(reasons.of_grant(code, grant).sentence for code, is_so in over.items() if is_so)


def _asked(question: Question) -> frozenset[str]:
    return question.required | question.optional


def _missing(grant: Grant, question: Question) -> list[str]:
    """The fields `grant` would have to name as well; a job of optional fields alone needs one of them."""
    if question.required or question.optional & grant.fields:
        return sorted(question.required - grant.fields)
    return sorted(question.optional)[:1]


# the three verdicts ---------------------------------------------------------------------------------------


def _permit(grant: Grant, question: Question) -> Decision:
    allowed = _asked(question) & grant.fields
    granted = reasons.of_grant(ReasonCode.GRANTED, grant)
    return Decision(
        permitted=True,
        grant_id=grant.id,
        allowed=allowed,
        withheld=_asked(question) - allowed,
        fields=tuple(
            _verdict(name, question, (granted,), permitted=True)
            if name in allowed
            else _verdict(name, question, (reasons.of_field(ReasonCode.FIELD, grant, name),))
            for name in sorted(_asked(question))
        ),
        reasons=(granted,),
    )


def _deny(
    grants: Sequence[Grant],
    question: Question,
    general: tuple[Reason, ...],
    failed: Mapping[str, tuple[ReasonCode, ...]],
) -> Decision:
    found = [*general]
    by_field = {name: [*general] for name in sorted(_asked(question))}
    for grant in grants:
        own = [reasons.of_grant(code, grant) for code in failed[grant.id]]
        missing = _missing(grant, question)
        found += own + [reasons.of_field(ReasonCode.FIELD, grant, name) for name in missing]
        for name, why in by_field.items():
            why.extend(own + _field_reasons(grant, name, missing))
    return Decision(
        permitted=False,
        grant_id=None,
        allowed=frozenset(),
        withheld=question.optional - question.required,
        fields=tuple(_verdict(name, question, tuple(why)) for name, why in by_field.items()),
        reasons=tuple(found),
        changes=_changes(grants, question, general, failed),
    )


def _field_reasons(grant: Grant, name: str, missing: Sequence[str]) -> list[Reason]:
    if name not in grant.fields:
        return [reasons.of_field(ReasonCode.FIELD, grant, name)]
    return [reasons.of_field(ReasonCode.OTHER_FIELD, grant, other) for other in missing]


def _internal(question: Question) -> Decision:
    reason = reasons.general(ReasonCode.INTERNAL)
    try:
        verdicts = tuple(_verdict(name, question, (reason,)) for name in sorted(_asked(question)))
    except Exception:  # the question itself cannot be read: it is refused without a list of its fields
        verdicts = ()
    return Decision(
        permitted=False,
        grant_id=None,
        allowed=frozenset(),
        withheld=frozenset(),
        fields=verdicts,
        reasons=(reason,),
    )


def _verdict(
    name: str, question: Question, why: tuple[Reason, ...], *, permitted: bool = False
) -> FieldVerdict:
    necessity = Necessity.REQUIRED if name in question.required else Necessity.OPTIONAL
    return FieldVerdict(field=name, necessity=necessity, permitted=permitted, reasons=why)


_APART = frozenset({ReasonCode.COLLECTION, ReasonCode.REQUESTER, ReasonCode.CAMPAIGN})
"""What nobody changes about a consent: it would be another one."""


# what would turn a refusal --------------------------------------------------------------------------------


def _changes(
    grants: Sequence[Grant],
    question: Question,
    general: tuple[Reason, ...],
    failed: Mapping[str, tuple[ReasonCode, ...]],
) -> tuple[Change, ...]:
    """The fewest changes to one grant to this requester on this collection, or else a new consent."""
    refused = {reason.code for reason in general}
    near = [
        (
            *reasons.changes_of_question(refused, grant),
            *(reasons.change_of_grant(code, grant, question) for code in failed[grant.id]),
            *(reasons.change_of_field(grant, name) for name in _missing(grant, question)),
        )
        for grant in sorted(grants, key=lambda grant: grant.id)
        if grant.fields and not _APART & set(failed[grant.id])
    ]
    if not near:
        return (*reasons.changes_of_question(refused), reasons.NEW_CONSENT)
    near.sort(key=len)
    return near[0]
