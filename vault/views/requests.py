"""A request, and what approving it would change."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from vault.views.consents import DecisionView, GrantDraft
from vault.views.price import PriceView


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundOf:
    """The campaign that a job is a round of, by its id here, which round, and until when (UTC) it takes answers.

    One that ``is_carried`` was brought by a courier, which takes its answer back. ``peers`` are the names of those who
    get what is released for it, where the campaign is a mesh, and ``tier`` is the noise tier of this vault in it.
    """

    campaign: str
    number: int
    ends_at: str
    is_carried: bool
    peers: tuple[str, ...] = ()
    tier: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLine:
    """A request as one line of the inbox; `round` where it is one of a campaign.

    Where it `ended_with` something else nobody refused it: with a "reopening" of the vault from an older copy, or the
    "erasure" of the records that it asks for.
    """

    id: str
    state: str
    requester: str
    requester_status: str
    collection: str
    purpose_words: str
    received_at: str
    expires_at: str
    round: RoundOf | None = None
    ended_with: str = ""

    @property
    def waits(self) -> bool:
        """Whether its owner is asked now: nothing of a blocked requester can be approved."""
        return self.state == "waiting" and self.requester_status != "blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetUse:
    """How much of the lifetime budget of these collections, which share it, was used: in percent, rounded up."""

    collections: tuple[str, ...]
    used_percent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsSoFar:
    """All jobs of one requester that ran here, looked at together: what they read and cost, and how many left.

    `columns` are pairs of a collection and a column; `used` is what the jobs used of each lifetime budget, composed
    as the budget counts and not added up.
    """

    jobs: int
    columns: tuple[tuple[str, str], ...]
    used: tuple[BudgetUse, ...]
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestView:
    """A request with its price and the verdict the consents give now.

    `reason` is why it is where it is: the owner's own, or why an approval does not hold any more. `obstacle` says why
    it cannot run here as it is, whatever is allowed; `no_until` is the end of the no that holds for questions of its
    kind. `misfits` say which columns it hardly can read. All of them may be empty. `so_far` are the others of theirs
    that ran.
    """

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
    obstacle: str = ""
    misfits: tuple[str, ...] = ()
    no_until: str = ""
    so_far: JobsSoFar | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that a job asks otherwise than an earlier one did, in plain words; an empty side did not exist."""

    what: str
    before: str
    now: str

    @property
    def words(self) -> str:
        """It in words, to stand in a sentence."""
        return changed(self.what, self.before, self.now)


def changed(what: str, before: str, now: str) -> str:
    """One thing that a job asks otherwise than the last one."""
    if not before:
        return f"{what}: new, {now}"
    return f"{what}: was {before}, is now {now}" if now else f"{what}: no longer asked for (was {before})"


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

    @property
    def consent(self) -> str | None:
        """The id of the consent that covers the job already, if one does and none is drafted."""
        return None if self.draft else self.request.decision.grant
