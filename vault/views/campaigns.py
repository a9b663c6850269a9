"""Campaigns: what one asks, what all of its rounds cost together, and where each round stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from vault.views.consents import DecisionView, GrantDraft, Withdrawal


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignLine:
    """A campaign as one line; `state` is `over` once its last round is, unless it was left or refused before.

    `done` are the rounds this vault was charged for, `waiting` those that were handed over and wait for you or for
    their run, `to_come` those that can still come in. One that `is_mesh` has peers and no server.
    """

    id: str
    state: str
    requester: str
    requester_status: str
    collection: str
    purpose_words: str
    rounds: int
    done: int
    to_come: int
    received_at: str
    ends_at: str
    waiting: int = 0
    is_mesh: bool = False

    @property
    def waits(self) -> bool:
        """Whether its owner is asked now: none of a blocked requester can be joined."""
        return self.state == "waiting" and self.requester_status != "blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundView:
    """One round: `state` is that of its request, or `to come` or `missed` where none came in.

    `checked` says how it was held against what others are shown: `log`, `witness` for a log that the campaign's witness
    cosigned, `hand` where it was handed over and nobody checked, `mesh` where nobody else is shown it, since each peer
    starts from its own weights, `founder` for the first round of a mesh, before anything is mixed, and nothing where
    none came in.
    """

    number: int
    deadline: str
    state: str
    request: str | None
    checked: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerView:
    """One of the peers of a mesh, by name and by the fingerprint of the key that signs its releases."""

    name: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogView:
    """What was read of a campaign's log: its size, how many vaults it enrols, and when the last checkpoint came.

    `fork` is the proof that it was split, as others verify it, or None; `checkpoint` the one that is kept.
    """

    size: int
    enrolled: int
    seen_at: str
    checkpoint: str
    has_model: bool
    fork: dict[str, str | list[str]] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignPrice:
    """What the rounds that can count here cost together, composed as one mechanism; ε is never added up.

    `share_percent` is the part of the lifetime budget that they use up, `used_percent` what is used of it now.
    """

    unit: str
    unit_field: str | None
    lifetime_epsilon: str
    rounds: int
    epsilon: Decimal
    epsilon_of_round: Decimal
    delta: Decimal
    guess_rate: Decimal
    worst_case: Decimal
    numerical_assumption: bool
    share_percent: Decimal
    used_percent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class TierView:
    """A noise tier in which a campaign asks a vault, None being its own noise, and what all rounds cost in it."""

    tier: str | None
    price: CampaignPrice | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignView:
    """A campaign whole. `price` is None where no round of it can count here any more and none did.

    `decision` says which columns its rounds read and what the consents say of one; `obstacle` why none can run here as
    it is, whatever is allowed; `witness` is the name of who cosigns its log, or None; `log` is what was read of it, or
    None where none was handed over; `is_unattended` says that its rounds run without being started; `peers` are those
    of a mesh, each of whom gets what is released. `tiers` are the names of the campaign's noise tiers, and `tier` is
    the one in which this vault was asked, whose noise and price are shown; None is the campaign's own noise, which is
    `own_noise`. Where it was just taken in again in another tier, `moved_from` is the one before.
    """

    line: CampaignLine
    digest: str
    campaign_id: str
    fingerprint: str
    contact: str
    purpose: str
    purpose_text: str
    retention: str
    recipients: tuple[str, ...]
    returns: str
    protocol: str
    model: str
    parameters: int
    steps: int
    noise_multiplier: float
    clip_norm: float
    sampling_rate: float
    most_units: int
    slot_minutes: int
    window_from: str | None
    window_to: str | None
    rule: str
    witness: str | None
    consent: str | None
    reason: str | None
    rounds: tuple[RoundView, ...]
    price: CampaignPrice | None
    decision: DecisionView
    is_unattended: bool = False
    obstacle: str = ""
    misfits: tuple[str, ...] = ()
    log: LogView | None = None
    peers: tuple[PeerView, ...] = ()
    tier: str | None = None
    tiers: tuple[str, ...] = ()
    own_noise: float = 0.0
    moved_from: TierView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """A vault's public key for one requester, and its signature that this key enrols, both in hex."""

    key: str
    proof: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CourierAccess:
    """What a courier works with: the campaign by its id here, for whom it goes, and their token at this vault.

    Where `is_added` its requester was not known before; `theirs` is what they call themselves, `fingerprint` that of
    their key. `token` is empty where no access was given yet; `state` is where the campaign stands here, which may have
    come in before.
    """

    campaign: str
    requester: str
    theirs: str
    fingerprint: str
    is_added: bool
    token: str = field(repr=False)
    state: str = "waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignJoining:
    """What joining a campaign writes: the one consent for all of its rounds."""

    campaign: CampaignView
    draft: GrantDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignLeaving:
    """What leaving a campaign ends, and what it cannot call back; `withdrawal` is None where it was never joined.

    `rounds` are the numbers of the rounds by the id of their request.
    """

    campaign: CampaignLine
    withdrawal: Withdrawal | None
    rounds: dict[str, int]
