"""The people of a file that are in other collections, as sentences: what was found, and what is made of it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

from tui.text import wording
from tui.text.layout import escaped

if TYPE_CHECKING:
    from vault.views.records import ImportPlan, Overlap, SharedBudget

FOUND: Final = {
    "same-people": "Whose rows these are and what they say is in {name} too.",
    "perhaps": "Some of their columns say the same about the same units as {name} does.",
    "said": "You say that these are the people of {name}.",
    "same-export": "{name} is another table of this kind of export.",
    "columns-closed": "They have columns of {name}, whose fingerprint was destroyed: nothing tells its people apart.",
}
JOINS: Final = (
    "Both have one lifetime budget from now on, for good: what was spent of it stays spent for these rows."
)
APART: Final = (
    "They get a budget of their own; if these are the same people, what is told about one of them adds up."
)

OTHER_UNIT: Final = (
    "Its budget counts by another unit, {unit}, so these rows are not imported as they are: choose that unit."
)


def overlap_sentence(one: Overlap) -> str:
    """What was found about one collection, and what importing makes of it."""
    return f"{_found(one)} {_made(one)}"


def _made(one: Overlap) -> str:
    if one.other_unit:
        return OTHER_UNIT.format(unit=escaped(one.other_unit))
    return JOINS if one.joins else APART


def option_hint(one: Overlap, plan: ImportPlan) -> str:
    """The option of the command that answers otherwise; empty where there is no other answer."""
    if one.other_unit:
        column = one.other_unit.removeprefix("column:")
        may_be = column == one.other_unit or column in {each.name for each in plan.columns}
        other = f"If these are other people: --other-people {shlex.quote(one.collection)}"
        return f" As its unit: {escaped(one.way_out)}. {other}" if may_be else f" {other}"
    if one.reason == "columns-closed":
        return ""
    if one.joins:
        return f" If these are other people: --other-people {shlex.quote(one.collection)}"
    return f" If these are the same people: --same-people {shlex.quote(one.collection)}"


def toggle_words(one: Overlap) -> tuple[str, str]:
    """The name of the tick that joins, and what there is to know about it."""
    return (
        f"One budget for good with {wording.short(one.collection, 30)}",
        f"{overlap_sentence(one) if one.other_unit else _found(one)} Unticked: these are other people.",
    )


def cap_sentence(plan: ImportPlan) -> str:
    """The budget that the rows fall under: their own, or the one they share."""
    if plan.shared is None:
        return ""
    members = ", ".join(escaped(name) for name in plan.shared.members)
    return (
        f"One lifetime budget with {members}, for good: ε {plan.shared.lifetime_epsilon} for all of them, "
        f"{wording.percent(plan.shared.used_percent)} of it is used.{_fallen(plan.shared)}"
    )


def _fallen(shared: SharedBudget) -> str:
    """Whose cap becomes smaller, and whether anything can still be learned then."""
    falls = "".join(
        f" {escaped(name)} falls from ε {was} to ε {shared.lifetime_epsilon}, for good."
        for name, was in shared.falls.items()
    )
    is_over = " Nothing can be learned from any of them any more." if shared.used_percent >= 100 else ""
    return f"{falls}{is_over}"


def _found(one: Overlap) -> str:
    erased = " (erased)" if one.is_erased else ""
    return FOUND[one.reason].format(name=escaped(one.collection) + erased)
