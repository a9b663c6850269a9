"""The noise tiers of a campaign on the requester's side: what is typed for one, and what each of them costs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from tui.text import wording
from tui.text.parse import parse_epsilon, parse_times_in_hundred
from vault.errors.families import Invalid

if TYPE_CHECKING:
    from vault.requester.aim import Aim
    from vault.requester.campaigns import CampaignFacts

OF_HUNDRED: Final = "/100"
"""Ends what is typed for a guess that is right in so many cases of 100."""

Tiers = Annotated[
    list[str] | None,
    typer.Option(
        "--tier",
        metavar="NAME=EPSILON",
        help="Another noise for some vaults, by a price of all rounds; NAME=TIMES/100 by guesses that are right.",
    ),
]
Tier = Annotated[
    str | None,
    typer.Option("--tier", metavar="NAME", help="A noise tier; without it the campaign's own noise."),
]


def aims(typed: Iterable[str]) -> dict[str, Aim]:
    """What each tier that was typed aims at, by its name; raises `Invalid`."""
    from vault.requester.forms import TIER_NAME

    found: dict[str, Aim] = {}
    for each in typed:
        name, equals, price = each.partition("=")
        if not equals:
            raise Invalid(reason=f"{each} is no noise tier like clinic=0.5 or clinic=55/100")
        if not TIER_NAME.fullmatch(name):
            raise Invalid(
                reason=f"--tier {each}: a name is 1 to 32 small letters, digits and hyphens, as in clinic=0.5"
            )
        if name in found:
            raise Invalid(reason=f"the noise tier {name} is given twice")
        found[name] = _aim(price)
    return found


def rows(facts: CampaignFacts, kind: str, unit: str | None) -> list[tuple[str, str]]:
    """What all rounds cost in each tier, and what that means."""
    noun = wording.unit_noun(kind, unit)
    return [(f"in tier {name}", _words(facts, name, noun)) for name in facts.tiers]


def as_json(facts: CampaignFacts) -> list[dict[str, Any]]:
    """The same for programs."""
    return [
        {
            "tier": name,
            "noise_multiplier": facts.document.noises[name],
            "epsilon": price.together.epsilon,
            "epsilon_of_round": price.of_round.epsilon,
            "guess_rate": price.together.guess_rate,
            "numerical_assumption": price.together.numerical_assumption,
        }
        for name, price in facts.tiers.items()
    ]


def _words(facts: CampaignFacts, name: str, noun: str) -> str:
    together = facts.tiers[name].together
    times = wording.times_in_hundred(together.guess_rate)
    said = (
        f"ε {together.epsilon} at δ {together.delta:f}, all rounds together: a guess whether one given {noun} is in it "
        f"is right at most {times} times in 100"
    )
    return f"{said}. {wording.NUMERICAL_ASSUMPTION}" if together.numerical_assumption else said


def _aim(price: str) -> Aim:
    from vault.requester.aim import Aim

    if price.endswith(OF_HUNDRED):
        return Aim(most=parse_times_in_hundred(price.removesuffix(OF_HUNDRED)), of="guess_rate")
    return Aim(most=parse_epsilon(price))
