"""The screen of what runs: steps, price, locks; that stopping is asked; that an end is told on any screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from textual.widgets import ProgressBar

from tests.worlds.approving import approve
from tests.worlds.asking import asking, served_copy, the_request
from tests.worlds.screens import on_page, play, press, sees, served, type_word, until, words_of
from tests.worlds.vaults import new_world
from tests.worlds.world import World
from tui.app.app import LockboxApp
from tui.app.waiting import look_at
from tui.dialogs.action import ActionDialog
from tui.screens.training import LAYERS, NO_CURVE, Pace, RunBox, Training, confinement, rough_duration
from tui.text import wording
from vault.owner.interface.session import OwnerSession
from vault.views.runs import RunView

Shared = tuple[World, OwnerSession]
RUN = RunView(
    request="a" * 32,
    requester="Sleep lab",
    collection="nights",
    step=0,
    of=400,
    started_at="2026-11-21T12:00:30Z",
    epsilon=Decimal("0.999979"),
    confined=True,
    landlock_abi=4,
    seccomp=True,
    missing=(),
)
LONG = 10_000


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A job of many steps is approved."""
    world = asking(tmp_path_factory.mktemp("asking"), steps=LONG)
    with world.vault() as vault:
        approve(vault, the_request(vault).line.id, draft=True)
    return world


@pytest.fixture
def own(template: World, tmp_path: Path) -> Iterator[Shared]:
    with served_copy(template, tmp_path) as both:
        yield both


def test_the_time_left_is_told_from_the_steps_that_were_seen_and_not_before() -> None:
    pace = Pace()
    unknown = "time left: known after a few more steps"
    assert pace.left(RUN, 0.0) == "time left: known after a few steps"
    assert pace.left(replace(RUN, step=10), 20.0) == unknown
    assert pace.left(replace(RUN, step=10), 21.0) == unknown
    assert pace.left(replace(RUN, step=110), 30.0) == "about 29 seconds left"
    assert pace.left(replace(RUN, step=210), 40.0) == "about 19 seconds left"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 second"),
        (89, "89 seconds"),
        (100, "2 minutes"),
        (600, "10 minutes"),
        (4000, "1 hour and 7 minutes"),
    ],
)
def test_a_span_is_told_as_roughly_as_it_is_known(seconds: float, words: str) -> None:
    assert rough_duration(seconds) == words


def test_every_lock_that_is_missing_is_said_aloud() -> None:
    assert confinement(RUN)[-1] == ("missing here", "nothing")
    bare = replace(RUN, landlock_abi=0, seccomp=False, missing=tuple(LAYERS))
    told = dict(confinement(bare))
    assert all(words in told["MISSING here"] for words in LAYERS.values())
    assert "no Landlock" in told["files"]
    assert "no seccomp" in told["network"]


def test_without_a_run_the_screen_says_how_to_get_one(tmp_path: Path) -> None:
    world = new_world(tmp_path)
    with served(world) as vault:

        async def story() -> None:
            async with on_page(vault, world, "training", size=(60, 20)) as pilot:
                await sees(pilot, "Nothing is running. Open a request (4) and have it run")
                await press(pilot, "s", "enter")
                assert isinstance(pilot.app.screen, Training)

        play(story())


def test_a_page_that_is_still_being_made_is_told_no_pulse(tmp_path: Path) -> None:
    async def story(vault: OwnerSession, world: World) -> None:
        async with on_page(vault, world, "home") as pilot:
            app = pilot.app
            assert isinstance(app, LockboxApp)
            look = await app.ask(lambda vault: look_at(vault, app.paths, app.clock, is_background=True))
            made = app.push_screen(Training())  # it stands in the stack from now on, and has no widget yet
            await app._on_pulse(look)
            await made
            await sees(pilot, "Nothing is running.")

    world = new_world(tmp_path)
    with served(world) as vault:
        play(story(vault, world))


@pytest.mark.slow
def test_a_run_of_another_client_is_shown_with_its_steps_its_price_and_its_locks_and_can_be_stopped(
    own: Shared,
) -> None:
    world, vault = own
    request = the_request(vault)

    async def story() -> None:
        async with on_page(vault, world, "training", size=(140, 40)) as pilot:
            await sees(pilot, "approved, not run yet")
            vault.begin("train", request_id=request.line.id)
            await sees(pilot, f"of {LONG:,}")
            await sees(pilot, "paid, and spent whatever happens now")
            box = pilot.app.screen.query_one(RunBox)
            await until(pilot, lambda: 0 < (pilot.app.screen.query_one(ProgressBar).progress or 0) < LONG)
            words = words_of(pilot.app)
            assert f"Landlock ABI {box.run.landlock_abi}" in words
            assert "network none" in words
            assert wording.epsilon_up(request.price.epsilon) in words
            assert NO_CURVE in words
            for figure in ("loss", "accuracy"):
                assert figure not in words
            await sees(pilot, "left")
            await press(pilot, "s")
            await until(pilot, lambda: isinstance(pilot.app.screen, ActionDialog))
            await press(pilot, "enter")  # the safe answer
            await until(pilot, lambda: isinstance(pilot.app.screen, Training))
            assert [request.line.id] == [run.request for run in vault.runs()]
            await press(pilot, "s")
            await until(pilot, lambda: isinstance(pilot.app.screen, ActionDialog))
            await until(pilot, lambda: "stays spent" in words_of(pilot.app))
            pilot.app.screen.query_one("#act").focus()
            await press(pilot, "enter")
            await type_word(pilot, "STOP")
            await sees(pilot, "Nothing is running.")
            await sees(pilot, "Its budget is spent all the same")
            assert (the_request(vault).line.state, the_request(vault).price.paid) == ("failed", True)
            assert "A run ended" not in words_of(pilot.app)

    play(story())


@pytest.mark.slow
def test_at_sixty_by_twenty_the_steps_and_the_price_are_in_sight(own: Shared) -> None:
    world, vault = own

    async def story() -> None:
        vault.begin("train", request_id=the_request(vault).line.id)
        async with on_page(vault, world, "training", size=(60, 20)) as pilot:
            await sees(pilot, f"of {LONG:,}")
            await sees(pilot, "paid, and spent whatever happens now")
            words = words_of(pilot.app)
            for lock in ("files none of yours", "network none", "programs it can start none", "missing here"):
                assert lock in words
            assert "No curve" not in words  # nothing promised that is not there
            assert NO_CURVE.split(":")[0] in words

    play(story())


@pytest.mark.slow
def test_the_end_of_a_run_is_told_on_any_screen_and_its_line_leads_to_the_release(
    tmp_path: Path,
) -> None:
    world = asking(tmp_path)
    with served(world) as vault:
        request = the_request(vault).line.id
        approve(vault, request, draft=True)

        async def story() -> None:
            async with on_page(vault, world, "requests", size=(80, 24)) as pilot:
                await sees(pilot, "not run yet")
                pilot.app.run_watch.follow(request)  # type: ignore[attr-defined]
                vault.begin("train", request_id=request)
                await sees(pilot, "A result waits for you")
                await press(pilot, "5")
                await sees(pilot, request[:8])
                await press(pilot, "enter")
                await until(pilot, lambda: getattr(pilot.app.screen, "NAME", "") == "release")

        play(story())
