"""The clause in plain words for every reason and every change; none has a full stop, so that they join."""

from __future__ import annotations

from collections.abc import Set
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Final

from vault.consent.grants import Grant, Window
from vault.consent.verdict import Change, ChangeKind, Question, Reason, ReasonCode
from vault.views.purposes import PURPOSES

GENERAL: Final[dict[ReasonCode, str]] = {
    ReasonCode.EMPTY_SCOPE: "the job names no field",
    ReasonCode.REQUESTER_BLOCKED: "the requester is blocked",
    ReasonCode.NO_GRANT: "no consent was given",
    ReasonCode.INTERNAL: "this could not be decided, so it is refused",
}

_OF_GRANT: Final[dict[ReasonCode, str]] = {
    ReasonCode.GRANTED: "covers everything the job requires",
    ReasonCode.COLLECTION: "is for another collection, {grant.collection}",
    ReasonCode.REQUESTER: "was given to another requester",
    ReasonCode.PURPOSE: "is for another purpose, {purpose}",
    ReasonCode.OPERATION: "does not allow this operation",
    ReasonCode.UNIT: "was given for another privacy unit, {grant.unit}",
    ReasonCode.CAMPAIGN: "was given for {whose}",
    ReasonCode.WINDOW: "covers only records {window}",
    ReasonCode.WITHDRAWN: "was withdrawn",
    ReasonCode.NOT_YET: "begins only {begins}",
    ReasonCode.EXPIRED: "ended on {ends}",
    ReasonCode.USED_UP: "has no free use left of {grant.uses}",
    ReasonCode.OVER_CAP: "allows a job to cost at most ε {cap}",
}

_WISHES: Final[dict[ReasonCode, tuple[ChangeKind, str]]] = {
    ReasonCode.PURPOSE: (ChangeKind.PURPOSE, "is for {purpose}"),
    ReasonCode.OPERATION: (ChangeKind.OPERATION, "allows this operation"),
    ReasonCode.UNIT: (ChangeKind.UNIT, "is given for the privacy unit {unit}"),
    ReasonCode.WINDOW: (ChangeKind.WINDOW, "covers records {window}"),
    ReasonCode.WITHDRAWN: (ChangeKind.RENEW, "is given again"),
    ReasonCode.NOT_YET: (ChangeKind.START, "begins already now"),
    ReasonCode.EXPIRED: (ChangeKind.EXTEND, "ends later than now"),
    ReasonCode.USED_UP: (ChangeKind.USES, "allows one more job"),
    ReasonCode.OVER_CAP: (ChangeKind.CAP, "allows a job to cost ε {epsilon}"),
}

NEW_CONSENT: Final = Change(
    kind=ChangeKind.GIVE_CONSENT, sentence="you give this requester a consent for exactly what the job asks"
)


def general(code: ReasonCode) -> Reason:
    """A reason that lies in the question, or in there being no grant."""
    return Reason(code=code, grant_id=None, sentence=GENERAL[code])


def of_grant(code: ReasonCode, grant: Grant) -> Reason:
    """A reason that lies in a condition of `grant`."""
    clause = _OF_GRANT[code].format(
        grant=grant,
        purpose=_purpose(grant.purpose),
        window=_window(grant.window),
        begins=_moment(grant.not_before),
        ends=_moment(grant.not_after),
        cap=_plain(grant.epsilon_cap or Decimal(0)),
        whose=_whose(grant.campaign),
    )
    return Reason(code=code, grant_id=grant.id, sentence=f"{_name(grant)} {clause}")


def of_field(code: ReasonCode, grant: Grant, field: str) -> Reason:
    """A reason that lies in `grant` not naming `field`: the one judged, or another that the job requires."""
    clause = f"does not name {field}"
    if code is ReasonCode.OTHER_FIELD:
        clause += ", which the job requires as well, and consents never combine"
    return Reason(code=code, grant_id=grant.id, sentence=f"{_name(grant)} {clause}")


def changes_of_question(refused: Set[ReasonCode], grant: Grant | None = None) -> list[Change]:
    """The changes outside the consents; `grant` is the one that the job would then fall under."""
    changes = []
    if ReasonCode.EMPTY_SCOPE in refused:
        field = min(grant.fields) if grant else None
        sentence = f"the job asks for a field, such as {field}" if field else "the job asks for a field"
        changes.append(Change(kind=ChangeKind.ASK_FOR_FIELD, field=field, sentence=sentence))
    if ReasonCode.REQUESTER_BLOCKED in refused:
        changes.append(Change(kind=ChangeKind.UNBLOCK, sentence="you unblock the requester"))
    return changes


def change_of_field(grant: Grant, field: str) -> Change:
    """That `grant` names `field` as well."""
    return Change(
        kind=ChangeKind.FIELD, grant_id=grant.id, field=field, sentence=f"{_name(grant)} names {field} too"
    )


def change_of_grant(code: ReasonCode, grant: Grant, question: Question) -> Change:
    """That the condition of `grant` which failed with `code` fits the question."""
    kind, clause = _WISHES[code]
    clause = clause.format(
        purpose=_purpose(question.purpose),
        unit=question.unit,
        window=_window(question.window),
        epsilon=_plain(question.epsilon),
    )
    return Change(kind=kind, grant_id=grant.id, sentence=f"{_name(grant)} {clause}")


def _name(grant: Grant) -> str:
    return f"consent {grant.id[:8]}"


def _purpose(iri: str) -> str:
    return PURPOSES.get(iri, "an unknown purpose")


def _whose(campaign: str | None) -> str:
    return (
        "jobs by themselves, and for no campaign" if campaign is None else "the rounds of one campaign alone"
    )


def _moment(moment: datetime) -> str:
    in_utc = moment.astimezone(UTC)
    return f"{in_utc:%Y-%m-%d}" if in_utc.time() == time.min else f"{in_utc:%Y-%m-%d %H:%M:%S} UTC"


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _window(window: Window) -> str:
    if window.start is None and window.end is None:
        return "of any time"
    first = f"from {_moment(window.start)}" if window.start else ""
    last = f"before {_moment(window.end)}" if window.end else ""
    return " and ".join(part for part in (first, last) if part)
