"""What the façade shows: frozen facts in plain Python values, ready for a table, a screen or JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NotRequired, TypedDict

from vault.consent import grants

PURPOSES = grants.PURPOSES


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldView:
    """One column of a collection."""

    name: str
    type: str
    sensitivity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionView:
    """One collection: its size, its privacy unit and its columns."""

    name: str
    rows: int
    unit: str
    unit_field: str | None
    time_field: str | None
    lifetime_epsilon: str
    created_at: str
    fields: tuple[FieldView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequesterView:
    """Somebody who may ask; `name` is the owner's own name for them, `only_collection` all they may ask about."""

    id: str
    name: str
    fingerprint: str
    contact: str
    status: str
    added_at: str
    only_collection: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantView:
    """One consent; `state` is derived at the moment of looking, never stored.

    `uses_kept` are bound to requests that are approved and have not run.
    """

    id: str
    requester: str
    collection: str
    fields: tuple[str, ...]
    purpose: str
    purpose_words: str
    window_from: str | None
    window_to: str | None
    not_before: str
    not_after: str
    uses: int
    uses_spent: int
    uses_kept: int
    epsilon_cap: str | None
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceView:
    """What a job costs: numbers for the sentence of the privacy unit, and the worst case.

    `paid` says that the job was charged: what is used now then has it in, and before and after are both that.
    """

    unit: str
    unit_field: str | None
    lifetime_epsilon: str
    epsilon: Decimal
    delta: Decimal
    guess_rate: Decimal
    worst_case: Decimal
    numerical_assumption: bool
    paid: bool
    job_percent: Decimal
    used_percent_before: Decimal
    used_percent_after: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldAskView:
    """A column a job asks for, how sensitive it is, and what the consents say about it now.

    `transform` says in plain words how the model reads it; it and `role` are empty where no job asks (`what_if`).
    """

    name: str
    sensitivity: str
    role: str
    necessity: str
    transform: str
    permitted: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionView:
    """The consents' verdict on a job, every reason, and the smallest change that would flip it."""

    permitted: bool
    grant: str | None
    fields: tuple[FieldAskView, ...]
    reasons: tuple[str, ...]
    change: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLine:
    """A request as one line of the inbox."""

    id: str
    state: str
    requester: str
    requester_status: str
    collection: str
    purpose_words: str
    received_at: str
    expires_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestView:
    """A request with its price and the verdict the consents give now."""

    line: RequestLine
    job_id: str
    fingerprint: str
    contact: str
    purpose: str
    purpose_text: str
    retention: str
    recipients: tuple[str, ...]
    slot_minutes: int
    window_from: str | None
    window_to: str | None
    model: str
    parameters: int
    steps: int
    noise_multiplier: float
    clip_norm: float
    sampling_rate: float
    manifest_digest: str
    price: PriceView
    decision: DecisionView
    reason: str | None


class GrantWish(TypedDict):
    """What a person puts into a consent by hand; `window` are the first moment of the records and the end of them."""

    requester: str
    collection: str
    fields: Iterable[str]
    purpose: str
    not_after: datetime
    not_before: NotRequired[datetime | None]
    window: NotRequired[tuple[datetime | None, datetime | None]]
    uses: NotRequired[int]
    epsilon_cap: NotRequired[Decimal | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnRead:
    """A column that jobs would read: ordinary, sensitive, special or identifying."""

    name: str
    sensitivity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantDraft:
    """A consent before it is given.

    `reads` are its fields, `beside` the unit and time that are read with them, `special` what of both belongs to a
    special category and needs a yes of its own. `notice` is kept in the record word for word, so it has to be shown.
    """

    requester: str
    collection: str
    fields: tuple[str, ...]
    reads: tuple[ColumnRead, ...]
    beside: tuple[ColumnRead, ...]
    special: tuple[str, ...]
    notice: str
    recipients: tuple[str, ...]
    retention: str
    withheld: tuple[str, ...]
    purpose: str
    purpose_words: str
    window_from: str | None
    window_to: str | None
    not_before: str
    not_after: str
    uses: int
    epsilon_cap: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that a job asks otherwise than an earlier one did, in plain words; an empty side did not exist."""

    what: str
    before: str
    now: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What approving a request changes: the request, its draft grant if one is needed, and the price.

    `compared_to` is the request that this requester last had approved on this collection, if there is one; `changes`
    are what this request asks otherwise.
    """

    request: RequestView
    draft: GrantDraft | None
    compared_to: str | None
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerResults:
    """Private to the owner: how the noised model did on their own rows, unlocked once the decision is final.

    `loss` and `metric` are of the model after each of `steps`; the final ones of the model the update makes. A score
    that does not exist (no rows, an overflow) is None.
    """

    rows: int
    steps: tuple[int, ...]
    loss: tuple[float, ...]
    metric_name: str
    metric: tuple[float, ...]
    final_loss: float | None
    final_metric: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseView:
    """A held update: what would leave, to whom, what it cost, and what became of it."""

    id: str
    state: str
    can_be_sent: bool
    may_have_left: bool
    recipient: str
    recipient_status: str
    fingerprint: str
    collection: str
    purpose_words: str
    fields_used: tuple[str, ...]
    fields_withheld: tuple[str, ...]
    size: int
    clip_norm: float
    noise_multiplier: float
    steps: int
    epsilon: str
    delta: str
    digest: str
    update_sha256: str
    held_at: str
    expires_at: str
    decided_at: str | None
    price: PriceView
    for_you: OwnerResults | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetLine:
    """How much of one cap is spent, in percent, rounded up."""

    collection: str
    requester: str | None
    lifetime_epsilon: str
    delta: str
    used_percent: Decimal
    jobs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One entry of the trail as a sentence."""

    seq: int
    ts: str
    type: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultStatus:
    """What the vault is, what waits for the owner, and whether anything ever left.

    `held` can still be decided, `expiring` are consents in force that end within a week, `running` trains right now.
    `read_only_because` and `mark_missing` are sentences, or empty. What left, and when last, is read from the trail.
    """

    path: str
    origin: str
    created_at: str
    read_only_because: str
    mark_missing: str
    collections: int
    rows: int
    grants_active: int
    expiring: int
    requests_waiting: int
    approved: int
    running: int
    held: int
    released: int
    may_have_left: int
    last_left_at: str | None
    audit_entries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """What withdrawing a consent did or would do, as ids of requests, and what cannot be called back.

    `stopped` were in training, `destroyed` were held.
    """

    grant: str
    stopped: tuple[str, ...]
    destroyed: tuple[str, ...]
    already_left: tuple[str, ...]
    may_have_left: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditCheck:
    """What was verified: size, root and verifier key; `seen_before` says that it was held against an earlier state."""

    size: int
    root: str
    origin: str
    vkey: str
    seen_before: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PassphraseCheck:
    """Whether a new passphrase is strong enough, and why or how strong in one sentence."""

    is_enough: bool
    words: str
