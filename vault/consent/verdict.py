"""The question a job puts to the consents, and every form the answer can take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from vault.consent.grants import Operation, Window
from vault.views.states import RequesterStatus


class ReasonCode(StrEnum):
    """Every reason there is, for a permit or for a refusal."""

    GRANTED = "granted"
    EMPTY_SCOPE = "empty-scope"
    REQUESTER_BLOCKED = "requester-blocked"
    NO_GRANT = "no-grant"
    COLLECTION = "other-collection"
    REQUESTER = "other-requester"
    PURPOSE = "other-purpose"
    OPERATION = "other-operation"
    UNIT = "other-unit"
    CAMPAIGN = "other-campaign"
    WINDOW = "outside-window"
    WITHDRAWN = "withdrawn"
    NOT_YET = "not-yet-valid"
    EXPIRED = "expired"
    USED_UP = "used-up"
    OVER_CAP = "over-epsilon-cap"
    FIELD = "field-not-named"
    OTHER_FIELD = "other-field-missing"
    INTERNAL = "internal"


class Necessity(StrEnum):
    """Whether a job can do without a field."""

    REQUIRED = "required"
    OPTIONAL = "optional"


class ChangeKind(StrEnum):
    """What would have to be different: in the question, in who may ask, or in one consent."""

    ASK_FOR_FIELD = "ask-for-field"
    UNBLOCK = "unblock-requester"
    GIVE_CONSENT = "give-consent"
    PURPOSE = "name-purpose"
    OPERATION = "name-operation"
    UNIT = "name-unit"
    WINDOW = "widen-window"
    RENEW = "give-again"
    START = "start-earlier"
    EXTEND = "end-later"
    USES = "allow-another-use"
    CAP = "raise-epsilon-cap"
    FIELD = "name-field"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a job asks for, and what it would cost: PLD ε at the vault's δ per `unit`.

    `campaign` is the digest of the campaign whose round the job is; None is a job by itself.
    """

    collection: str
    required: frozenset[str]
    optional: frozenset[str]
    purpose: str
    requester_id: str
    requester_status: RequesterStatus
    operation: Operation = Operation.TRAIN
    window: Window
    unit: str
    epsilon: Decimal
    campaign: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerView:
    """How many jobs each grant has paid for already, and how many uses of it approved jobs that wait to run keep.

    A grant that is not named has paid for none and keeps none.
    """

    uses_spent: Mapping[str, int] = field(default_factory=dict)
    uses_kept: Mapping[str, int] = field(default_factory=dict)

    def uses_taken(self, grant_id: str) -> int:
        """The uses of a grant that no other job can have."""
        return self.uses_spent.get(grant_id, 0) + self.uses_kept.get(grant_id, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason, of one grant or (None) of the question as a whole; the sentence has no full stop."""

    code: ReasonCode
    grant_id: str | None
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One atomic change; those of a decision turn it together, and none of them can be left out.

    A change of a consent sets the part named by `kind` to what the question asks; ASK_FOR_FIELD changes the
    job, UNBLOCK the requester, and GIVE_CONSENT stands for a new consent to exactly this question.
    """

    kind: ChangeKind
    grant_id: str | None = None
    field: str | None = None
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldVerdict:
    """The verdict on one field with every reason for it."""

    field: str
    necessity: Necessity
    permitted: bool
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The verdict on a question: the job gets `allowed`; `withheld` are the optional fields it does not."""

    permitted: bool
    grant_id: str | None
    allowed: frozenset[str]
    withheld: frozenset[str]
    fields: tuple[FieldVerdict, ...]
    reasons: tuple[Reason, ...]
    changes: tuple[Change, ...] = ()

    @property
    def change(self) -> tuple[str, ...]:
        """The smallest change that would turn a refusal, as sentences; empty when permitted."""
        return tuple(change.sentence for change in self.changes)
