"""A held update, and how well the model did on the owner's rows."""

from __future__ import annotations

from dataclasses import dataclass

from vault.views.attack import AttackView
from vault.views.price import PriceView
from vault.views.requests import RoundOf


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerResults:
    """Private to the owner: how the noised model did on their rows, and what the run gave away; after the decision.

    `loss` and `metric` are of the model after each of `steps`; the final ones of the model the update makes. A score
    that does not exist (no rows, an overflow) is None. `base_metric` is the score of always guessing the commonest
    class or the mean; None too where an earlier version trained it. Where `is_sum` what leaves is no model, and the
    scores are of the weights that it starts from. `attack` is how often guesses about the owner's units and made-up
    ones were right in this very run; None of a sum, and where an earlier version trained it.
    """

    rows: int
    steps: tuple[int, ...]
    loss: tuple[float, ...]
    metric_name: str
    metric: tuple[float, ...]
    final_loss: float | None
    final_metric: float | None
    base_metric: float | None = None
    is_sum: bool = False
    attack: AttackView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseView:
    """A held update: what would leave, to whom, what it cost, and what became of it.

    `fetch_until` is set while its requester can fetch it from the vault, `round` where it answers one of a campaign.
    `has_token` is whether its requester has a token now, without which they cannot fetch it.
    """

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
    fetch_until: str | None = None
    round: RoundOf | None = None
    has_token: bool = True
