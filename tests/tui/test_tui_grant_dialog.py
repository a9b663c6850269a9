"""Giving a consent: nothing is ticked, the whole of it is seen, and what is given is what stood there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input, Select

from tests.sweeps import sweep
from tests.worlds.asking import LONG_COLLECTION, LONG_SPECIAL, LONG_WHO, asking_at_length, served_copy
from tests.worlds.importing import import_file
from tests.worlds.screens import SIZES, at_rest, on_page, play, press, served, text_of, until, words_in
from tests.worlds.vaults import new_world
from tests.worlds.world import NAME, World
from tui.dialogs.grant import GrantDialog, GrantForm
from tui.dialogs.read_to_end import SCROLL
from tui.dialogs.scope_form import ScopeForm
from tui.dialogs.withdraw import WithdrawDialog
from tui.screens.consents import Consents
from tui.text import consent_facts
from tui.widgets.table import ListTable
from tui.widgets.toggle import Toggle
from vault.owner.interface.session import OwnerSession
from vault.vault import NOTICE
from vault.views.purposes import PURPOSES
from vault.views.records import FileChoice

Shared = tuple[World, OwnerSession]
RESEARCH = next(iri for iri in PURPOSES if iri.endswith("AcademicResearch"))
UNTIL = (datetime.now(UTC) + timedelta(days=60)).date().isoformat()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """One collection, one column of which is of a special category, and one requester."""
    world = new_world(tmp_path_factory.mktemp("grant"), now=datetime.now(UTC))
    with world.vault() as vault:
        labels = {"good": "special", "coffee": "ordinary"}
        table = world.table()
        import_file(
            vault, FileChoice(path=table, name="nights", unit="day", time_field="day", sensitivities=labels)
        )
        world.introduced(vault)
    return world


@pytest.fixture(scope="module")
def shared(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """For stories that give nothing."""
    with served_copy(template, tmp_path_factory.mktemp("shared")) as both:
        yield both


@pytest.fixture
def own(template: World, tmp_path: Path) -> Iterator[Shared]:
    """For a story that gives something."""
    with served_copy(template, tmp_path) as both:
        yield both


async def open_form(pilot: Pilot[int]) -> GrantForm:
    await at_rest(pilot, "consents")
    await press(pilot, "n")
    await until(pilot, lambda: isinstance(pilot.app.screen, GrantForm))
    await pilot.pause()
    form = pilot.app.screen
    assert isinstance(form, GrantForm)
    return form


def fill(form: ScopeForm, *fields: str, **typed: str) -> None:
    form.query_one("#purpose", Select).value = RESEARCH
    for toggle in form.query("#columns Toggle").results(Toggle):
        toggle.set_on(toggle.label in fields)
    for name, text in {"until": UNTIL, **typed}.items():
        form.query_one(f"#{name.replace('_', '-')}", Input).value = text


async def see_it(pilot: Pilot[int], form: GrantForm) -> GrantDialog:
    form.chosen("look")
    await until(pilot, lambda: isinstance(pilot.app.screen, GrantDialog))
    await pilot.pause()
    await pilot.pause()
    dialog = pilot.app.screen
    assert isinstance(dialog, GrantDialog)
    return dialog


async def read_on(pilot: Pilot[int], dialog: GrantDialog) -> None:
    for _ in range(60):
        if dialog.query_one("#details").scroll_offset.y >= dialog.query_one("#details").max_scroll_y:
            break
        await press(pilot, "pagedown")
    await pilot.pause()


def unframed(pilot: Pilot[int]) -> str:
    return " ".join(text_of(pilot.app).replace("│", " ").split())


async def says(pilot: Pilot[int], words: str) -> None:
    await until(pilot, lambda: words in unframed(pilot))


def test_nothing_is_ticked_and_what_is_missing_is_said_one_after_the_other(shared: Shared) -> None:
    world, vault = shared

    async def story() -> None:
        async with on_page(vault, world, "consents", size=(60, 20)) as pilot:
            form = await open_form(pilot)
            toggles = list(form.query("#columns Toggle").results(Toggle))
            assert [one.label for one in toggles] == ["day", "steps", "coffee", "good"]
            assert not [one for one in toggles if one.is_on]
            form.chosen("look")
            await says(pilot, "tick at least one column")
            pilot.app.screen.set_focus(toggles[2])
            await press(pilot, "space")
            form.chosen("look")
            await says(pilot, "choose what it is for")
            form.query_one("#purpose", Select).value = RESEARCH
            form.chosen("look")
            await says(pilot, "say until when")
            for typed, said in (
                ("soon", "soon is not a date like 2026-12-31"),
                ("2020-01-01", "a consent must end after it begins"),
                ("2099-01-01", "must end within a year"),
            ):
                form.query_one("#until", Input).value = typed
                form.chosen("look")
                await says(pilot, said)
            fill(form, "coffee", uses="0")
            form.chosen("look")
            await says(pilot, "must allow between 1 and 1000 jobs")
            assert form.text("#uses") == "0"
            assert toggles[2].is_on
            await press(pilot, "escape")
            await until(pilot, lambda: isinstance(pilot.app.screen, Consents))

    play(story())
    assert vault.grants() == []


@pytest.mark.parametrize("size", SIZES)
def test_the_whole_consequence_is_in_sight_and_the_notice_has_to_be_read(
    shared: Shared, size: tuple[int, int]
) -> None:
    world, vault = shared

    async def story() -> None:
        async with on_page(vault, world, "consents", size=size) as pilot:
            form = await open_form(pilot)
            fill(form, "coffee", "steps")
            dialog = await see_it(pilot, form)
            said = " ".join(words_in(pilot.app, "#consequence").replace("│", " ").split())
            assert "May read: coffee, steps (2 of 4 columns, 100 rows of nights). Not: the other 2." in said
            assert f"For: academic research. Until {UNTIL}" in said
            assert said.endswith(f"{consent_facts.HAPPENS} {consent_facts.IF_WITHDRAWN}")
            assert pilot.app.focused is dialog.query_one("#safe")
            allow = dialog.query_one("#allow", Button)
            assert str(allow.label) == "Allow these 2 columns"
            await until(pilot, lambda: "Allow these 2 columns" in words_in(pilot.app, "#allow"))
            if dialog.query_one("#details").max_scroll_y:
                assert allow.disabled
                assert SCROLL in unframed(pilot)
            seen = unframed(pilot)
            for _ in range(20):
                await press(pilot, "down")
                seen += " " + words_in(pilot.app, "#details")
            await read_on(pilot, dialog)
            assert NOTICE[-60:] in unframed(pilot)
            assert not allow.disabled
            await press(pilot, "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, GrantForm))
            assert tuple(sorted(form.scope().fields)) == ("coffee", "steps")

    play(story())
    assert vault.grants() == []


@pytest.mark.slow
def test_what_is_given_is_what_stood_there(own: Shared) -> None:
    world, vault = own

    async def story() -> None:
        async with on_page(vault, world, "consents", size=(80, 24)) as pilot:
            form = await open_form(pilot)
            fill(form, "steps", uses="5", epsilon="0.8", records_from="2026-01-05", records_to="2026-02-01")
            dialog = await see_it(pilot, form)
            await read_on(pilot, dialog)
            await press(pilot, "right")
            assert pilot.app.focused is dialog.query_one("#allow")
            await press(pilot, "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, Consents))
            await until(pilot, lambda: pilot.app.screen.query_one(ListTable).row_count == 1)
            (note,) = [one.message for one in pilot.app._notifications if one.title == "Consent given"]
            assert f"{NAME} may learn from 1 column of nights until {UNTIL}." in note

    play(story())
    (one,) = vault.grants()
    assert (one.requester, one.collection, one.fields, one.purpose) == (NAME, "nights", ("steps",), RESEARCH)
    assert (one.uses, one.epsilon_cap, one.state) == (5, "0.8", "active")
    assert (one.window_from, one.window_to) == ("2026-01-05T00:00:00Z", "2026-02-01T00:00:00Z")
    record: Any = vault.receipt(one.id)["record"]
    assert record["processing"]["privacy_notice"]["text"] == NOTICE


@pytest.mark.parametrize("size", sweep([(60, 20), (140, 40)]))
def test_a_special_column_takes_a_yes_of_its_own(own: Shared, size: tuple[int, int]) -> None:
    world, vault = own

    async def story() -> None:
        async with on_page(vault, world, "consents", size=size) as pilot:
            form = await open_form(pilot)
            fill(form, "good")
            dialog = await see_it(pilot, form)
            await read_on(pilot, dialog)
            allow = dialog.query_one("#allow", Button)
            assert str(allow.label) == "Allow this column"
            assert allow.disabled
            await says(pilot, "takes a yes of its own: tick it above")
            dialog.chosen("allow")
            await pilot.pause(0.3)
            assert vault.grants() == []
            pilot.app.screen.set_focus(dialog.query_one("#special"))
            await press(pilot, "space")
            assert not allow.disabled
            await press(pilot, "space")
            assert allow.disabled
            await press(pilot, "space")
            pilot.app.screen.set_focus(allow)
            await press(pilot, "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, Consents))

    play(story())
    (one,) = vault.grants()
    record: Any = vault.receipt(one.id)["record"]
    assert record["events"][0]["explicit_for"] == ["good"]


@pytest.mark.slow
def test_what_a_wrong_answer_of_the_vault_says_stays_in_the_dialog(own: Shared) -> None:
    world, vault = own

    async def story() -> None:
        async with on_page(vault, world, "consents", size=(80, 24)) as pilot:
            form = await open_form(pilot)
            fill(form, "steps")
            dialog = await see_it(pilot, form)
            await read_on(pilot, dialog)
            vault.erase_collection("nights")
            pilot.app.screen.set_focus(dialog.query_one("#allow"))
            await press(pilot, "enter")
            await says(pilot, "There is no collection nights.")
            assert isinstance(pilot.app.screen, GrantDialog)
            assert not dialog.query_one("#safe", Button).disabled

    play(story())


@pytest.mark.slow
def test_withdrawing_takes_no_more_keys_than_giving(own: Shared) -> None:
    world, vault = own
    pressed: list[str] = []

    async def keys(pilot: Pilot[int], *typed: str) -> None:
        for one in typed:
            pressed.append(one)
            await pilot.press(one)
            await pilot.pause()

    async def story() -> None:
        async with on_page(vault, world, "consents", size=(140, 50)) as pilot:
            await at_rest(pilot, "consents")
            await keys(pilot, "n")
            await until(pilot, lambda: isinstance(pilot.app.screen, GrantForm))
            await pilot.pause()
            await keys(pilot, *["tab"] * 3, "space", *["tab"] * 3, "enter", "down", "enter", "tab", *UNTIL)
            form = pilot.app.screen
            assert isinstance(form, GrantForm)
            assert (form.scope().fields, form.text("#until")) == (("steps",), UNTIL)
            await keys(pilot, *["tab"] * 7, "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, GrantDialog))
            await pilot.pause()
            await keys(pilot, "right", "enter")
            await until(pilot, lambda: bool(vault.grants()))
            giving = len(pressed)
            pressed.clear()
            await until(
                pilot,
                lambda: (
                    isinstance(pilot.app.screen, Consents)
                    and pilot.app.screen.query_one(ListTable).row_count > 0
                ),
            )
            await pilot.pause()
            await keys(pilot, "w")
            await until(pilot, lambda: isinstance(pilot.app.screen, WithdrawDialog))
            await pilot.pause()
            await keys(pilot, "right", "enter")
            await until(pilot, lambda: vault.grants()[0].state == "withdrawn")
            assert (len(pressed), len(pressed) <= giving) == (3, True)

    play(story())


@pytest.mark.slow
@pytest.mark.parametrize("size", sweep([(60, 20), (140, 40)]))
def test_the_longest_and_most_hostile_names_hide_no_consequence(
    tmp_path_factory: pytest.TempPathFactory, size: tuple[int, int]
) -> None:
    world = asking_at_length(tmp_path_factory.mktemp("long"))
    ends = (world.clock.now + timedelta(days=20)).date().isoformat()
    with served(world) as vault:

        async def story() -> None:
            async with on_page(vault, world, "consents", size=size) as pilot:
                form = await open_form(pilot)
                fill(form, *LONG_SPECIAL, until=ends, epsilon="0.5")
                dialog = await see_it(pilot, form)
                said = " ".join(words_in(pilot.app, "#consequence").replace("│", " ").split())
                assert said.endswith(f"{consent_facts.HAPPENS} {consent_facts.IF_WITHDRAWN}")
                assert "Allow these 6 columns" in words_in(pilot.app, "#allow")
                assert dialog.query_one("#details").region.height >= 2
                assert dialog.query_one("#special").region.height >= 1
                await read_on(pilot, dialog)
                await says(pilot, "takes a yes of its own")
                assert LONG_WHO[:20] in form.query_one("#who", Select).value  # type: ignore[operator]
                assert form.query_one("#collection", Select).value == LONG_COLLECTION

        play(story())


@pytest.mark.slow
def test_the_cap_is_read_as_it_was_typed(shared: Shared) -> None:
    world, vault = shared

    async def story() -> None:
        async with on_page(vault, world, "consents", size=(80, 24)) as pilot:
            form = await open_form(pilot)
            fill(form, "steps", epsilon="0.80")
            assert Decimal("0.80") == form.terms().get("epsilon_cap")
            form.query_one("#epsilon", Input).focus()
            await press(pilot, "end", "x")
            await says(pilot, "Only a number goes into this field, such as 0.5.")
            assert form.text("#epsilon") == "0.80x"
            fill(form, "steps", epsilon="-1")
            form.chosen("look")
            await says(pilot, "-1 is not a number above 0")

    play(story())
