"""The closing card of the demo of many vaults; every number comes from this run."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from tui.demo.card import bar, styled

if TYPE_CHECKING:
    from rich.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """What the demo did; areas under the ROC curve are on people who never entered a vault."""

    patients: int
    held_out: int
    files: int
    sent_bytes: int
    alone_private: float
    alone: float
    together: float
    moments: float
    poisoned: float
    pooled: float
    left_out: int
    rounds: int
    epsilon: Decimal
    planning_number: float
    planned_loss: str


def lines(found: Together) -> list[Text]:
    """The card's lines, none longer than 76 characters."""
    from rich.text import Text

    lost = 100 * (found.pooled - found.together)
    plain = [
        f"STAYED  {found.patients:,} patients' records, in five vaults that tell the truth",
        f"LEFT    {found.files} files, {found.sent_bytes:,} bytes, each approved by a person",
        "",
        f"who spends much on drugs? area under the curve on {found.held_out:,} other people",
        bar("alone", found.alone_private, f"one clinic, ε {found.epsilon}"),
        bar("at home", found.alone, "one clinic, no noise"),
        bar("together", found.together, f"{found.rounds} rounds, ε {found.epsilon}"),
        bar("in one go", found.moments, f"moments, ε {found.epsilon}"),
        bar("pooled", found.pooled, "one place, no noise"),
        bar("poisoned", found.poisoned, "the plain mean of all"),
        "",
        f"✗ a poisoned clinic  {found.left_out} of its {found.rounds} answers were left out: each is far longer",
        "                     than the median of all, its known noise taken off.",
        "✗ a silent clinic    never answered; each round closed without it.",
        "",
        f"planning number {found.planning_number:g}: it said about {found.planned_loss} points lost; {lost:.1f} were.",
        "“At home” and “pooled” are computed for this card, outside of any vault.",
    ]
    return [styled(Text(line)) for line in plain]
