"""The closing card of the demo of many vaults; every number comes from this run."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from tui.demo.card import styled

if TYPE_CHECKING:
    from rich.text import Text

    from tui.demo.together.topics import Topic

BAR: Final = 20
GUESSING, FULL = 0.5, 0.8
"""Where a bar begins and ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Areas under the ROC curve on people who never entered a vault, for one way of parting the others."""

    alone_private: float
    alone: float
    together: float
    moments: float
    pooled: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Poison:
    """What became of the answers of who poisons, and of honest ones."""

    answers: int
    left_out: int
    honest_left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mesh:
    """What came of the mesh: the worst honest peer's area, and how often the poisoned one's models were mixed."""

    rounds: int
    worst: float
    mixed: int
    offered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """What the demo did; ``poisoned`` is the area under the plain mean, ``cosigned`` are lines of logs."""

    topic: Topic
    people: int
    held_out: int
    approvals: int
    sent_bytes: int
    unlike: Scores
    alike: Scores
    mesh: Mesh | None
    poisoned: float
    poison: Poison
    rounds: int
    epsilon: Decimal
    cosigned: int
    planning_number: float
    planned_loss: str


def lines(found: Together) -> list[Text]:
    """The card's lines, none longer than 76 characters."""
    from rich.text import Text

    plain = [
        f"STAYED  {found.people:,} {found.topic.people}' records, in five vaults that tell the truth",
        f"LEFT    {found.approvals} files, {found.sent_bytes:,} bytes, each approved by a person",
        "",
        f"{found.topic.question} area under the curve × 100 on {found.held_out:,} others",
        f"{'':11}{'50 (guessing)':{BAR - 2}}80 unlike  alike",
        *_scores(found),
        "",
        *_about_poison(found),
        f"✗ a silent {found.topic.house:9} never answered; each round closed without it.",
        "",
        *_about_trust(found),
        f"Planning number {found.planning_number:g}: it said about {found.planned_loss} points lost;"
        f" {_lost(found.unlike)} and {_lost(found.alike)} were.",
        "“At home” and “pooled” are computed for this card, outside of any vault.",
    ]
    return [styled(Text(line)) for line in plain]


def _scores(found: Together) -> list[str]:
    house, unlike, alike, mesh = found.topic.house, found.unlike, found.alike, found.mesh
    epsilon = f"ε {found.epsilon}"
    rows = [
        ("alone", unlike.alone_private, alike.alone_private, f"one {house}, {epsilon}"),
        ("at home", unlike.alone, alike.alone, f"one {house}, no noise"),
        ("together", unlike.together, alike.together, f"{found.rounds} rounds, {epsilon}"),
        ("in one go", unlike.moments, alike.moments, f"moments, {epsilon}"),
        *([("the mesh", mesh.worst, None, f"{mesh.rounds} rounds, {epsilon}, worst peer")] if mesh else []),
        ("pooled", unlike.pooled, alike.pooled, "one place, no noise"),
        ("poisoned", found.poisoned, None, "the plain mean of all"),
    ]
    return [_row(*row) for row in rows]


def _row(name: str, unlike: float, alike: float | None, about: str) -> str:
    """A bar of the unlike with its name before, and both numbers and what they are behind."""
    filled = round(BAR * min(1.0, max(0.0, (unlike - GUESSING) / (FULL - GUESSING))))
    other = f"{100 * alike:6.1f}" if alike is not None else f"{'–':>6}"
    return f"{name:>10} {'█' * filled}{'░' * (BAR - filled)} {100 * unlike:6.1f} {other}  {about}"


def _about_poison(found: Together) -> list[str]:
    poison, mesh, after = found.poison, found.mesh, " " * 21
    honest = f"{poison.honest_left_out} of the honest" if poison.honest_left_out else "no honest one"
    said = [
        f"✗ a poisoned {found.topic.house:7} {poison.left_out} of its {poison.answers} answers were left out,"
        f" and {honest}:",
        f"{after}each far longer than the median, known noise taken off.",
    ]
    if mesh:
        said.append(f"{after}In the mesh honest peers mixed {mesh.mixed} of its {mesh.offered} models.")
    return said


def _about_trust(found: Together) -> list[str]:
    if not found.cosigned:
        return []
    return [f"A witness cosigned {found.cosigned} lines of what was shown to vaults, the same to all."]


def _lost(scores: Scores) -> str:
    return f"{100 * (scores.pooled - scores.together):.1f}"
