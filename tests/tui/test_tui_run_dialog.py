"""The first decision: what it says, what has to be done before it can be taken, and what it writes."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Button

from tests.sweeps import sweep
from tests.worlds.asking import (
    HOSTILE_JOB,
    LONG_SPECIAL,
    asking,
    asking_at_length,
    open_dialog,
    read_to_the_end,
    run_button,
    served_copy,
    the_request,
    toggle,
)
from tests.worlds.screens import (
    SIZES,
    on_page,
    play,
    press,
    sees,
    served,
    type_word,
    until,
    words_in,
    words_of,
)
from tests.worlds.vaults import copy_of
from tests.worlds.world import NAME, World
from tui.dialogs.approval import PreparedApproval, prepare_with_choice
from tui.dialogs.run import CHANGED, SCROLL, RunDialog
from tui.screens.requests import Requests
from tui.text import wording
from tui.widgets.price import cost, guess
from tui.widgets.toggle import Toggle
from vault.budget import ledger
from vault.errors.budget import BudgetExhausted
from vault.owner.interface.session import OwnerSession
from vault.records.collections import find_collection
from vault.requests.evaluate import load
from vault.vault import NOTICE, Vault
from vault.views.price import PriceView

Shared = tuple[World, OwnerSession]
READS = (
    "It reads {} columns here, without network and without your files. "
    "Nothing leaves by it: you are asked again."
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> World:
    return asking(tmp_path_factory.mktemp("asking"), job=HOSTILE_JOB)


@pytest.fixture(scope="module")
def shared(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """For stories in which nothing is decided."""
    with served_copy(template, tmp_path_factory.mktemp("shared")) as both:
        yield both


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    world = asking_at_length(tmp_path_factory.mktemp("long"))
    with served(world) as vault:
        yield world, vault


@pytest.fixture
def own(template: World, tmp_path: Path) -> Iterator[Shared]:
    """For a story that decides."""
    with served_copy(template, tmp_path) as both:
        yield both


def is_waiting(vault: OwnerSession) -> bool:
    return the_request(vault).line.state == "waiting"


# what stands there


@pytest.mark.parametrize("size", SIZES)
def test_price_and_consequence_stand_whole_in_sight_at_every_size(
    shared: Shared, size: tuple[int, int]
) -> None:
    world, vault = shared
    price = the_request(vault).price

    async def story() -> None:
        async with on_page(vault, world, "requests", size=size) as pilot:
            dialog = await open_dialog(pilot)
            words = words_in(dialog.app, ".price-words")
            for sentence in _sentences(price):
                assert sentence in words
            words = words_in(dialog.app, "#consequence")
            assert READS.format(2) in words
            dots = re.findall("[●○]", words_in(dialog.app, "#consequence-price"))
            assert (100, wording.times_in_hundred(price.guess_rate)) == (len(dots), dots.count("●"))
            assert getattr(pilot.app.focused, "id", "") == "safe"
            for name in ("#safe", "#refuse", "#run"):
                assert dialog.query_one(name).region.bottom <= size[1]
                assert dialog.query_one(name).region.right <= size[0]

    play(story())


def _sentences(price: PriceView) -> tuple[str, str]:
    return guess(price), cost(price)


@pytest.mark.slow
@pytest.mark.parametrize("size", sweep([(60, 20), (80, 24)]))
def test_with_the_longest_names_the_consequence_still_fits_and_the_details_have_them_whole(
    long: Shared, size: tuple[int, int]
) -> None:
    world, vault = long

    async def story() -> None:
        async with on_page(vault, world, "requests", size=size) as pilot:
            dialog = await open_dialog(pilot)
            words = words_of(dialog.app)
            for sentence in (*_sentences(the_request(vault).price), READS.format(7)):
                assert sentence in words
            assert "I consent explicitly" in words
            assert SCROLL in words
            assert dialog.query_one("#run").region.bottom <= size[1]
            assert dialog.query_one("#details").size.height >= 2
            everything = "".join(str(one.label) for one in dialog.query("#details Toggle").results(Toggle))
            assert all(name in everything for name in LONG_SPECIAL)

    play(story())


def test_the_details_say_what_the_record_will_say_and_show_their_words_as_they_are(shared: Shared) -> None:
    world, vault = shared

    async def story() -> None:
        async with on_page(vault, world, "requests", size=(80, 200)) as pilot:
            dialog = await open_dialog(pilot)
            words = words_in(dialog.app, "#details")
            assert NOTICE in words
            assert "[bold red]x[/] [link=http://e.example]y[/link] [@click=app.quit]z[/]" in words
            assert "“[reverse]never[/]”" in words
            assert "each row's unit and each row's time" in words
            assert "at most ε" in words
            assert "You have approved no job of theirs on these records before." in words
            assert "What stands in quotes is their word" in words
            assert SCROLL not in words_of(dialog.app)  # all of it is in sight
            assert not run_button(dialog).disabled

    play(story())


@pytest.mark.slow
def test_the_numbers_of_the_price_are_one_key_away(shared: Shared) -> None:
    world, vault = shared
    price = the_request(vault).price

    async def story() -> None:
        async with on_page(vault, world, "requests", size=(60, 20)) as pilot:
            await open_dialog(pilot)
            assert str(price.epsilon) not in words_of(pilot.app)
            await press(pilot, "e")
            sentence = wording.epsilon_sentence(price.epsilon, price.delta, "day", price.worst_case)
            await sees(pilot, sentence)
            await sees(pilot, "Run on this computer")

    play(story())


# what has to be done before


def test_nothing_is_approved_by_enter_by_enter_twice_by_escape_or_by_the_safe_button(shared: Shared) -> None:
    world, vault = shared

    async def story() -> None:
        async with on_page(vault, world, "requests", size=(80, 24)) as pilot:
            await open_dialog(pilot)
            before = vault.status().audit_entries
            await press(pilot, "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, Requests))
            await open_dialog(pilot)
            await press(pilot, "enter", "enter", "enter", "escape", "escape")
            await until(pilot, lambda: isinstance(pilot.app.screen, Requests))
            dialog = await open_dialog(pilot)
            await pilot.click(dialog.query_one("#run"))  # not read yet, so it is disabled
            await press(pilot, "escape")
            await until(pilot, lambda: isinstance(pilot.app.screen, Requests))
            dialog = await open_dialog(pilot)
            await pilot.click(dialog.query_one("#safe"))
            await until(pilot, lambda: isinstance(pilot.app.screen, Requests))
            assert is_waiting(vault)
            assert before == vault.status().audit_entries

    play(story())


def test_it_can_be_run_only_after_everything_was_in_sight(shared: Shared) -> None:
    world, vault = shared

    async def story() -> None:
        async with on_page(vault, world, "requests", size=(60, 20)) as pilot:
            dialog = await open_dialog(pilot)
            await until(pilot, lambda: SCROLL in words_of(dialog.app))
            assert run_button(dialog).disabled
            await read_to_the_end(pilot, dialog)
            await until(pilot, lambda: not run_button(dialog).disabled)
            assert SCROLL not in words_of(dialog.app)

    play(story())


def test_unticking_a_required_column_says_what_follows_at_once_and_an_optional_one_is_not_ticked(
    shared: Shared,
) -> None:
    world, vault = shared

    async def story() -> None:
        async with on_page(vault, world, "requests", size=(80, 24)) as pilot:
            dialog = await open_dialog(pilot)
            await read_to_the_end(pilot, dialog)
            assert tuple(toggle(dialog, one).is_on for one in ("coffee", "good", "steps")) == (
                False,
                True,
                True,
            )
            toggle(dialog, "steps").focus()
            await press(pilot, "enter")
            assert toggle(dialog, "steps").is_on  # enter ticks nothing
            await press(pilot, "space")
            await sees(pilot, "Without this column the request is refused: steps.")
            assert run_button(dialog).disabled
            await press(pilot, "space")
            await until(pilot, lambda: not run_button(dialog).disabled)

    play(story())


@pytest.mark.slow
def test_an_optional_column_is_added_by_a_key_and_the_vault_says_what_that_means(shared: Shared) -> None:
    world, vault = shared

    async def story() -> None:
        async with on_page(vault, world, "requests", size=(80, 24)) as pilot:
            dialog = await open_dialog(pilot)
            toggle(dialog, "coffee").focus()
            await press(pilot, "space")
            await sees(pilot, "It reads 3 columns here")
            await press(pilot, "space")
            await sees(pilot, "It reads 2 columns here")

    play(story())


@pytest.mark.slow
def test_a_column_that_is_added_while_the_trail_grows_is_the_persons_own_change(
    shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The question that the choice asks is replaced by the one that the pulse asks."""
    world, vault = shared
    may_answer, is_asked = threading.Event(), threading.Event()

    def slowly(*asked: Any) -> tuple[PreparedApproval, PreparedApproval]:
        is_asked.set()
        assert may_answer.wait(60)
        return prepare_with_choice(*asked)

    async def story() -> None:
        async with on_page(vault, world, "requests", size=(80, 24)) as pilot:
            dialog = await open_dialog(pilot)
            await read_to_the_end(pilot, dialog)
            monkeypatch.setattr("tui.dialogs.run.prepare_with_choice", slowly)
            toggle(dialog, "coffee").focus()
            await press(pilot, "space")
            await until(pilot, is_asked.is_set)
            dialog.on_pulse(replace(vault.pulse(), audit_entries=-1))
            may_answer.set()
            await sees(pilot, "It reads 3 columns here")
            assert CHANGED not in words_of(pilot.app)
            assert dialog.focused is toggle(dialog, "coffee")

    play(story())


def test_special_columns_take_a_yes_of_their_own(long: Shared) -> None:
    world, vault = long

    async def story() -> None:
        async with on_page(vault, world, "requests", size=(140, 40)) as pilot:
            dialog = await open_dialog(pilot)
            await read_to_the_end(pilot, dialog)
            await sees(pilot, "What is of a special category takes a yes of its own: tick it above.")
            assert run_button(dialog).disabled
            dialog.query_one("#special").focus()
            await press(pilot, "space")
            await until(pilot, lambda: not run_button(dialog).disabled)

    play(story())


# what happens meanwhile


@pytest.mark.slow
def test_a_request_that_was_refused_meanwhile_says_so_and_cannot_be_run(own: Shared) -> None:
    world, vault = own

    async def story() -> None:
        async with on_page(vault, world, "requests", size=(80, 24)) as pilot:
            dialog = await open_dialog(pilot)
            await read_to_the_end(pilot, dialog)
            await until(pilot, lambda: not run_button(dialog).disabled)
            vault.refuse(the_request(vault).line.id)
            await sees(pilot, "The request is refused by its owner; that cannot be done now.")
            assert run_button(dialog).disabled
            assert dialog.query_one("#refuse", Button).disabled

    play(story())


@pytest.mark.slow
def test_a_requester_that_was_blocked_meanwhile_cannot_run_anything(own: Shared) -> None:
    world, vault = own

    async def story() -> None:
        async with on_page(vault, world, "requests", size=(80, 24)) as pilot:
            dialog = await open_dialog(pilot)
            await read_to_the_end(pilot, dialog)
            vault.block_requester(NAME)
            await sees(pilot, "This requester is blocked: nothing of theirs runs.")
            assert run_button(dialog).disabled

    play(story())


@pytest.mark.slow
def test_an_error_at_the_last_moment_is_said_in_the_dialog_and_nothing_is_approved(own: Shared) -> None:
    """The trail has not been looked at again between the refusal elsewhere and the press."""
    world, vault = own

    async def story() -> None:
        async with on_page(vault, world, "requests", size=(80, 24)) as pilot:
            dialog = await open_dialog(pilot)
            await read_to_the_end(pilot, dialog)
            dialog.on_pulse = lambda pulse: None  # type: ignore[method-assign]
            vault.refuse(the_request(vault).line.id)
            run_button(dialog).focus()
            await press(pilot, "enter")
            await type_word(pilot, "RUN")
            await sees(pilot, "The request is refused by its owner; that cannot be done now.")
            assert isinstance(pilot.app.screen, RunDialog)
            assert the_request(vault).line.state == "refused_person"

    play(story())


@pytest.mark.slow
def test_a_budget_that_no_longer_pays_is_said_in_the_dialog(template: World, tmp_path: Path) -> None:
    world = copy_of(template, tmp_path / "copy")
    with world.vault() as own:
        spend_the_rest(own)
    with served(world) as vault:

        async def story() -> None:
            async with on_page(vault, world, "requests", size=(80, 24)) as pilot:
                dialog = await open_dialog(pilot)
                await sees(pilot, "The privacy budget does not allow this job")
                await read_to_the_end(pilot, dialog)
                assert run_button(dialog).disabled
                assert not dialog.query_one("#refuse", Button).disabled

        play(story())


def spend_the_rest(vault: Vault) -> None:
    """Charge the requester's share of the budget until the waiting job no longer fits, as runs would."""
    request = the_request(vault).line.id
    with vault._opened.act() as act, suppress(BudgetExhausted):
        asked = load(act.uow, request)
        facts = find_collection(act.uow, asked.manifest.collection)
        for index in range(100):
            ledger.charge_job(
                act,
                request_id=f"{index:032x}",
                collection_id=facts.id,
                requester_id=asked.requester.id,
                lifetime_epsilon=facts.lifetime_epsilon,
                price=asked.price,
                run_id=f"{index:032x}",
            )
