"""What a campaign will be worth and what it asks of people, from public numbers alone, before anybody is asked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from learner.protocol import ENCODED_BYTES
from vault.budget.guess_target import strength_of_epsilon
from vault.budget.rounds import RoundsPrice
from vault.errors.campaigns import CampaignNotUseful
from vault.errors.families import Invalid
from vault.requester.campaigns import campaign_price, in_tier
from vault.requests.campaign import CampaignDocument
from vault.requests.shapes import dimension, shapes

USEFUL: Final = 6.0
"""The planning number below which what is learned is mostly noise."""
MEASURED: Final = (
    (USEFUL, "3.6 to 15"),
    (10.0, "1.7 to 3.6"),
    (15.0, "1.7"),
    (25.0, "1.1"),
    (50.0, "0.3 to 1.1"),
    (math.inf, "0.3"),
)
"""Up to which planning number how many points of 100 × AUC gradient sums of ten rounds lost against pooled records."""
MEASURED_PROTOCOL: Final = "gradient_sum"
LIFETIME: Final = Decimal(8)
"""ε of the lifetime budget that a share is told of: the preset of a new vault."""
ANSWERING: Final = 0.7
"""The part of the vaults that answers if three in ten stay away."""
MOST_VAULTS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """A planning number, and what was lost to noise at such a one, in points of 100 × AUC."""

    vaults: int
    planning_number: float
    points_lost: str

    @property
    def is_useful(self) -> bool:
        """Whether a model comes of it."""
        return self.planning_number >= USEFUL


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A campaign with so many vaults of so many units; bytes are those of one round and one vault.

    ``approvals`` of a person are the consent and one release a round; ``numbers`` are those that get noise.
    """

    protocol: str

    units_guess: int
    rounds: int
    numbers: int
    price: RoundsPrice
    expected: Outlook
    with_absent: Outlook
    bytes_up: int
    bytes_down: int
    approvals: int


def check_guesses(*, vaults: int, units_guess: int) -> None:
    """Refuse counts out of bounds, which takes no time; raises ``Invalid``."""
    for what, count in (("the vaults", vaults), ("the units of a vault", units_guess)):
        if not 1 <= count <= MOST_VAULTS:
            raise Invalid(reason=f"a guess of {what} is a whole number from 1 to {MOST_VAULTS:,}")


def plan(document: CampaignDocument, *, vaults: int, units_guess: int, delta: Decimal) -> Plan:
    """What to expect; raises ``Invalid`` for counts out of bounds, and what ``campaign_price`` does."""
    check_guesses(vaults=vaults, units_guess=units_guess)
    price = campaign_price(document, delta)
    numbers, answering = dimension(document.job), max(1, math.floor(ANSWERING * vaults))
    weights = sum(math.prod(shape) for shape in shapes(document.job).values())
    return Plan(
        protocol=document.protocol,
        units_guess=units_guess,
        rounds=document.rounds,
        numbers=numbers,
        price=price,
        expected=outlook(price, vaults=vaults, units=units_guess, numbers=numbers),
        with_absent=outlook(price, vaults=answering, units=units_guess, numbers=numbers),
        bytes_up=numbers * ENCODED_BYTES[document.job.output.encoding],
        bytes_down=4 * weights,
        approvals=1 + document.rounds,
    )


def tier_plans(
    document: CampaignDocument, *, vaults: int, units_guess: int, delta: Decimal
) -> dict[str, Plan]:
    """What to expect if all vaults were in one noise tier, by its name; raises what ``plan`` and ``in_tier`` do."""
    guesses: Any = {"vaults": vaults, "units_guess": units_guess, "delta": delta}
    names = [name for name in document.noises if name is not None]
    return {name: in_tier(name, lambda one: plan(document.at_tier(one), **guesses)) for name in names}


def outlook(price: RoundsPrice, *, vaults: int, units: int, numbers: int) -> Outlook:
    """What to expect of so many vaults: the units of all over the noise of all rounds."""
    strength = strength_of_epsilon(price.together.epsilon, price.together.delta)
    found = planning_number(
        units=units, vaults=vaults, strength=strength, rounds=price.rounds, numbers=numbers
    )
    return Outlook(vaults=vaults, planning_number=float(f"{found:.3g}"), points_lost=points_lost(found))


def planning_number(*, units: float, vaults: float, strength: float, rounds: int, numbers: int) -> float:
    """z = n √M / (σ₁(ε) √(T d)); σ₁, the noise multiplier of one release at ε, is one over µ, the ``strength``."""
    return units * math.sqrt(vaults) * strength / math.sqrt(rounds * numbers)


def points_lost(number: float) -> str:
    """What was lost at such a planning number, in points."""
    return next(lost for most, lost in MEASURED if number < most)


def check_useful(found: Plan) -> None:
    """Refuse what would ask people for nothing; raises ``CampaignNotUseful``."""
    if not found.expected.is_useful:
        raise CampaignNotUseful(number=f"{found.expected.planning_number:g}", lost=found.expected.points_lost)
