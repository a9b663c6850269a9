"""What an import asks its owner: whose people these are, what counts as one, whether the last plan holds."""

from __future__ import annotations

from typing import Any

from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import RadioSet

from tui.text import import_facts, wording
from tui.text.layout import escaped
from tui.text.overlap_facts import overlap_sentence, toggle_words
from tui.widgets.choice import Choice
from tui.widgets.field import menu_field
from tui.widgets.plain import Plain
from tui.widgets.toggle import Toggle
from vault.views.records import ImportPlan, Overlap


class PeopleToggle(Toggle):
    """Whether the rows are of the people of one collection."""

    def __init__(self, one: Overlap) -> None:
        super().__init__(*toggle_words(one), is_on=one.joins)
        self.collection = one.collection


class PlanToggle(Toggle):
    """Whether the file is read as the last one into its collection."""

    def __init__(self, plan: ImportPlan) -> None:
        super().__init__(
            f"Read it as the last file into {wording.short(plan.collection, 30)}", "", is_on=True
        )


def unit_button(unit: str, preview: ImportPlan, recommended: str) -> Choice:
    """One thing that may count as one, with an example from the file."""
    is_chosen = unit == str(preview.unit)
    example = import_facts.unit_example(unit, preview)
    words = " ".join(
        filter(
            None, (example, import_facts.unit_words(unit, preview), "(recommended)" * (unit == recommended))
        )
    )
    return Choice(Content(escaped(words)), value=is_chosen, name=unit)


def people_line(one: Overlap) -> Widget:
    """A tick, or a sentence where there is no choice."""
    if one.reason == "columns-closed":
        return Plain(overlap_sentence(one), classes="value")
    return PeopleToggle(one)


def asked_of(plan: ImportPlan) -> object:
    """What the choice of the unit stands on: another one is asked about anew."""
    return [(one.name, one.type, one.sensitivity) for one in plan.columns], plan.time_field


async def draw_units(dialog: Screen[Any], plan: ImportPlan, recommended: str) -> None:
    """What may count as one, where that is asked."""
    for place in dialog.query("#units"):
        await place.remove_children()
        units = import_facts.units_of(plan, first=recommended)
        await place.mount(RadioSet(*(unit_button(unit, plan, recommended) for unit in units)))


def press_unit(dialog: Screen[Any], plan: ImportPlan) -> None:
    """What is chosen is what the plan has, also where it was chosen while the choice was being drawn."""
    for button in dialog.query("#units Choice").results(Choice):
        if button.name == str(plan.unit):
            button.value = True


async def draw_times(dialog: Screen[Any], plan: ImportPlan) -> None:
    """Which column says when a row happened, where there are several."""
    names = [one.name for one in plan.columns if one.type == "timestamp"]
    for place in dialog.query("#times"):
        await place.remove_children()
        if len(names) > 1:
            menu = menu_field(
                "Time of a row", "time", [(one, one) for one in names], plan.time_field or names[0]
            )
            await place.mount(menu)


async def draw_people(dialog: Screen[Any], plan: ImportPlan) -> None:
    """A tick for each collection with the same people in it; where there is no choice, its sentence."""
    place = dialog.query_one("#people")
    await place.remove_children()
    await place.mount(*(people_line(one) for one in plan.overlaps))
