"""What an import says before it is carried out: whose cap falls, and which columns are hardly units."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from textual.app import App, ComposeResult
from textual.widgets import RadioSet

from tests.worlds.screens import play
from tui.text import import_facts
from tui.text.overlap_facts import cap_sentence
from tui.widgets.choice import Choice
from vault.views.field_types import Sensitivity, UnitKind, UnitSpec
from vault.views.records import ColumnPreview, ImportPlan, SharedBudget


def column(name: str, kind: str) -> ColumnPreview:
    return ColumnPreview(
        name=name, type=kind, sensitivity=Sensitivity.ORDINARY, samples=("x",), nulls=0, vector=""
    )


PLAN = ImportPlan(
    source="rows.csv",
    format="CSV",
    columns=(column("active", "category"), column("note", "text"), column("n", "int")),
    rows=9,
    refused_rows=0,
    first_refused=(),
    unit=UnitSpec(kind=UnitKind.RECORD),
    units=9,
    time_field=None,
    warnings=(),
    digest="",
)


@pytest.mark.parametrize(("used", "is_over"), [("99.9", False), ("100", True), ("135.2", True)])
def test_a_cap_that_falls_by_joining_is_said_with_what_it_ends(used: str, is_over: bool) -> None:
    shared = SharedBudget(
        members=("img", "two"), lifetime_epsilon="8", used_percent=Decimal(used), falls={"img": "40"}
    )
    said = cap_sentence(replace(PLAN, shared=shared))
    assert "img falls from ε 40 to ε 8, for good." in said
    assert ("Nothing can be learned from any of them any more." in said) == is_over
    assert "falls" not in cap_sentence(replace(PLAN, shared=replace(shared, falls={})))


def test_a_column_of_few_values_is_offered_last_as_a_unit_and_with_a_warning() -> None:
    units = import_facts.units_of(PLAN, first="record")
    assert units == ["record", "column:note", "column:active"]
    assert [import_facts.FEW_VALUES in import_facts.unit_words(one, PLAN) for one in units] == [0, 0, 1]


def test_a_choice_is_as_high_as_its_words() -> None:
    words = " ".join(["word"] * 30)

    class Narrow(App[None]):
        CSS = "RadioSet { width: 40; border: none; padding: 0; } Choice { width: 100%; height: auto; text-wrap: wrap; }"

        def compose(self) -> ComposeResult:
            yield RadioSet(Choice(words))

    async def story() -> None:
        async with Narrow().run_test(size=(60, 20)) as pilot:
            await pilot.pause()
            assert pilot.app.query_one(Choice).size.height >= len(words) // 40 + 1

    play(story())
