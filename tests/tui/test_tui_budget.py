"""The budget screen: what is used and left, when and for whom, what a price means, at any size."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot

from tests.worlds.lived import OTHER
from tests.worlds.screens import (
    SIZES,
    on_page,
    play,
    press,
    really,
    sees,
    served,
    text_of,
    until,
    words_in,
    words_of,
)
from tests.worlds.vaults import copy_of, new_world
from tests.worlds.world import NAME, World
from tui.dialogs.budget import BudgetHelpDialog, JobPriceDialog
from tui.screens.budget import Budget, Spending, bar_lines, series_of
from tui.text import times, wording
from tui.widgets.plain import Plain
from tui.widgets.plot import Series, numbers_text, steps, top_of
from vault.client.client import Client
from vault.owner.interface.session import OwnerSession
from vault.views.budget import BudgetLine
from vault.views.history import BudgetPoint

Looked = tuple[World, OwnerSession]
DAY = datetime(2026, 11, 1, tzinfo=UTC)
POINT = BudgetPoint(
    at="2026-11-01T12:00:00Z",
    collection="nights",
    requester=NAME,
    request="a" * 32,
    epsilon=Decimal(1),
    job_percent=Decimal("2.8"),
    used_percent=Decimal("2.8"),
    requester_percent=Decimal("2.8"),
)
LINE = BudgetLine(
    collection="nights",
    requester=None,
    lifetime_epsilon="8",
    delta="0.000001",
    used_percent=Decimal("2.8"),
    jobs=1,
)


async def told(pilot: Pilot[int], selector: str, words: str) -> None:
    """Wait until these words stand in the place of one widget."""
    await until(pilot, lambda: bool(pilot.app.screen.query(selector)))
    await until(pilot, lambda: words in words_in(pilot.app, selector))


@pytest.fixture(scope="module")
def looked(lived_template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looked]:
    """A vault with a past that these tests only look at."""
    world = copy_of(lived_template, tmp_path_factory.mktemp("looked") / "copy")
    with served(world) as vault:
        yield world, vault


# at rest ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
def test_every_budget_and_every_job_has_its_numbers_at_every_size(
    looked: Looked, size: tuple[int, int]
) -> None:
    world, vault = looked

    async def story() -> None:
        async with on_page(vault, world, "budget", size=size) as pilot:
            await told(pilot, "#budget-bars", f"{vault.budget()[-1].used_percent} % used, of 50 % at most")
            bars = words_in(pilot.app, "#budget-bars")
            for line in vault.budget():
                assert f"{line.used_percent} % used" in bars
                if line.requester is None:
                    left = Decimal(100) - line.used_percent
                    assert f"{left} % left, {wording.counted(line.jobs, 'job')}" in bars
            jobs = words_in(pilot.app, "#budget-jobs")
            for charge in vault.budget_history():
                when = times.short_time(charge.at)
                assert f"{when} {charge.job_percent} % {charge.used_percent} %" in jobs
            (asked,) = [one.id for one in vault.requests() if one.state == "waiting"]
            price = vault.request(asked).price
            assert f"? not run {price.job_percent} % {price.used_percent_after} %" in jobs
            assert not any(line.rstrip().endswith("▌") for line in text_of(pilot.app).split("\n"))

    play(story())


@pytest.mark.slow
def test_the_job_beside_the_list_is_told_as_a_guess_and_the_budget_never_is(looked: Looked) -> None:
    world, vault = looked

    async def story() -> None:
        async with on_page(vault, world, "budget", size=(140, 40)) as pilot:
            (asked,) = [one.id for one in vault.requests() if one.state == "waiting"]
            await told(pilot, "#budget-job", "A guess whether one given day is in it is right at most")
            price = vault.request(asked).price
            pane = words_in(pilot.app, "#budget-job")
            assert f"at most {wording.times_in_hundred(price.guess_rate)} times in 100" in pane
            assert f"{price.used_percent_before} % used before, {price.used_percent_after} % after" in pane
            assert f"ε {price.epsilon} at δ" not in pane
            await press(pilot, "e")
            await told(pilot, "#budget-job", f"ε {price.epsilon} at δ")
            made_before = pilot.app.screen.query_one("#budget-job PriceBox")
            pilot.app.screen.reload()  # type: ignore[attr-defined]
            await until(pilot, lambda: not made_before.is_attached)
            await told(pilot, "#budget-job", f"ε {price.epsilon} at δ")
            await press(pilot, "down", "down")
            await told(pilot, "#budget-job", f"of {OTHER}, on walks")
            await told(pilot, "#budget-job", "A guess whether one given record is in it")
            assert "guess" not in words_in(pilot.app, "#budget-bars")

    play(story())


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
def test_enter_opens_the_price_of_one_job_and_escape_leaves_it(looked: Looked, size: tuple[int, int]) -> None:
    world, vault = looked

    async def story() -> None:
        async with on_page(vault, world, "budget", size=size) as pilot:
            await sees(pilot, "? not run")
            await press(pilot, "down", "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, JobPriceDialog))
            newest = vault.budget_history()[-1]
            await told(pilot, "#dialog-title", f"Request {newest.request[:8]} of {NAME}, on nights")
            await told(pilot, ".cost", f"It cost {newest.job_percent} % of a lifetime cap of ε 8 per day")
            await told(pilot, ".numbers", f"ε {newest.epsilon} at δ")
            await press(pilot, "escape")
            await until(pilot, lambda: isinstance(pilot.app.screen, Budget))

    play(story())


@pytest.mark.parametrize("size", SIZES)
def test_h_explains_and_gives_the_worst_case_alone_for_the_cap(looked: Looked, size: tuple[int, int]) -> None:
    world, vault = looked

    async def story() -> None:
        async with on_page(vault, world, "budget", size=size) as pilot:
            await sees(pilot, "? not run")
            await press(pilot, "h")
            await until(pilot, lambda: isinstance(pilot.app.screen, BudgetHelpDialog))
            await told(pilot, "#consequence", "comes back; what does not fit any more cannot run.")
            seen = " ".join(
                str(one.render()) for one in pilot.app.screen.query("#details Plain").results(Plain)
            )
            assert "only the worst case of the cap is proven:" in seen
            assert "99.97 right guesses in 100 whether one given day is in it" in seen
            assert "99.97 right guesses in 100 whether one given record is in it" in seen
            assert "instead of 50" not in seen

    play(story())


# over time --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_p_turns_the_line_over_time_and_gives_the_list_back(looked: Looked) -> None:
    world, vault = looked

    async def story() -> None:
        async with on_page(vault, world, "budget", size=(60, 20)) as pilot:
            await sees(pilot, "? not run")
            for words in ("by collection", "by requester", "? not run"):
                await press(pilot, "p")
                await sees(pilot, words)
            assert "by requester" not in words_of(pilot.app)
        async with on_page(vault, world, "budget", size=(140, 40)) as pilot:
            await sees(pilot, "used, by collection")
            await press(pilot, "p")
            await sees(pilot, "used, by requester")
            await sees(pilot, f"{OTHER}, walks")
            assert "? not run" in words_of(pilot.app)

    play(story())


@pytest.mark.slow
def test_calm_mode_has_numbers_and_no_braille(looked: Looked) -> None:
    world, vault = looked
    lines = [
        f"{times.short_time(charge.at)} {charge.collection} {charge.used_percent} %"
        for charge in vault.budget_history()
    ]
    assert lines

    async def story() -> None:
        async with on_page(vault, world, "budget", size=(140, 40), calm=True) as pilot:
            await until(
                pilot,
                lambda: all(line in words_in(pilot.app, "#budget-plot") for line in lines),
            )
            assert not any("\u2800" <= sign <= "\u28ff" for sign in text_of(pilot.app))
            assert not pilot.app.screen.query(".plot-lines")

    play(story())


def test_the_line_of_a_requester_is_what_this_requester_used() -> None:
    later = replace(
        POINT,
        at="2026-11-02T12:00:00Z",
        requester=OTHER,
        used_percent=Decimal("5.5"),
        requester_percent=Decimal("2.8"),
    )
    (whole,) = series_of([POINT, later], by_requester=False)
    assert [Decimal("2.8"), Decimal("5.5")] == [value for _, value in whole.points]
    assert {one.name: len(one.points) for one in series_of([POINT, later], by_requester=True)} == {
        NAME: 1,
        OTHER: 1,
    }
    other = replace(later, collection="walks")
    assert [f"{NAME}, nights", f"{OTHER}, walks"] == [
        one.name for one in series_of([POINT, other], by_requester=True)
    ]


@given(st.lists(st.integers(1, 100), min_size=1, max_size=200))
def test_a_line_of_steps_only_rises_where_something_was_charged_and_ends_at_what_is_used(
    grown: list[int],
) -> None:
    values = sorted(grown)
    points = [(DAY + timedelta(days=place), Decimal(value)) for place, value in enumerate(values)]
    corners = list(steps(points, until=DAY + timedelta(days=300)))
    assert len(corners) <= 121
    assert (corners[0][1], corners[-1][1]) == (0.0, float(values[-1]))
    assert corners == sorted(corners)
    assert all(left[0] == right[0] or left[1] == right[1] for left, right in itertools.pairwise(corners))


def test_the_scale_is_round_and_has_room_for_every_line() -> None:
    def of(value: str) -> int:
        return top_of([Series(name="a", points=((DAY, Decimal(value)),))])

    assert [of(value) for value in ("0.1", "5", "12.5", "99.9", "100")] == [5, 10, 25, 100, 100]
    assert "Nothing was spent yet." in numbers_text("used", [], 40)


# numbers ----------------------------------------------------------------------------------------------------


@given(used=st.decimals(0, 100, places=1), width=st.integers(40, 160))
def test_what_is_left_is_never_more_than_there_is_and_no_bar_is_cut(used: Decimal, width: int) -> None:
    facts = Spending(lines=(replace(LINE, used_percent=used),), charges=(), asked=(), collections=())
    (line,) = bar_lines(facts, max(width, 58))
    assert f"{used} % used, {100 - used} % left, 1 job" in line
    assert len(line) <= max(width, 58)


def test_the_cap_is_told_by_its_worst_case_rounded_up() -> None:
    assert "99.97 right guesses in 100" in wording.cap_sentence("8", "0.000001", "day")
    assert "98.21 right guesses in 100" in wording.cap_sentence("4", "0.000001", "day")
    assert "73.11 right guesses in 100" in wording.cap_sentence("1", "0.000001", "day")
    assert " 100 right guesses in 100" in wording.cap_sentence("200", "0.000001", "day")


# other people's words, the curtain, nothing yet ------------------------------------------------------------------


def test_hostile_names_are_shown_as_they_are_and_the_curtain_hides_them(
    looked: Looked, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, vault = looked

    def hostile(self: OwnerSession) -> list[BudgetPoint]:
        return [replace(one, requester="[bold]x[/]\x1b[31m") for one in really(self, "budget_history")]

    monkeypatch.setattr(Client, "budget_history", hostile, raising=False)

    async def story() -> None:
        async with on_page(vault, world, "budget", size=(140, 40)) as pilot:
            await sees(pilot, "[bold]x[/]\\x1b[31m")
            await press(pilot, "ctrl+k")
            await until(pilot, lambda: "nights" not in words_of(pilot.app))
            assert NAME not in words_of(pilot.app)

    play(story())


def test_without_a_collection_it_says_where_a_budget_comes_from(tmp_path: Path) -> None:
    world = new_world(tmp_path)
    with served(world) as vault:

        async def story() -> None:
            async with on_page(vault, world, "budget", size=(60, 20)) as pilot:
                await sees(pilot, "No collection yet, so no budget.")
                await press(pilot, "enter", "p", "e", "slash", "escape")
                assert isinstance(pilot.app.screen, Budget)

        play(story())
