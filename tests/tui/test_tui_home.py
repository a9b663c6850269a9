"""Home says what waits, and what has left as the trail says it: after one release never again that nothing has."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from test_tui_release import begin_to_send, only
from test_tui_release_dialog import decided
from textual.pilot import Pilot

from tests.worlds.screens import (
    SIZES,
    UnlockedApp,
    on_page,
    play,
    really,
    sees,
    served,
    until,
    words_in,
    words_of,
)
from tests.worlds.world import NAME, World
from tui.dialogs.release import Countdown, ReleaseDialog
from tui.screens.home import Home, Overview, after_sample, waiting
from tui.screens.release import Releases
from tui.text import times, wording
from tui.widgets.table import ListTable
from vault.client.client import Client
from vault.owner.interface.session import OwnerSession
from vault.views.campaigns import CampaignLine
from vault.views.consents import GrantView
from vault.views.requests import RequestLine
from vault.views.runs import RunView


async def loaded(pilot: Pilot[int]) -> None:
    await sees(pilot, "What waits for you")
    await sees(pilot, "What happened")


@pytest.mark.parametrize("size", SIZES)
def test_it_fits_and_its_numbers_are_those_of_the_commands(today: World, size: tuple[int, int]) -> None:
    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, today, "home", size=size) as pilot:
            await loaded(pilot)
            used = next(one.used_percent for one in vault.budget() if one.requester is None)
            last = vault.audit_lines()[-1]
            for words in (
                f"○ {wording.NOTHING_LEFT}",
                f"◆ update held {NAME}, nights",
                f"? asks to learn {NAME}, nights",
                f"{used} % used",
                f"#{last.seq} {times.short_time(last.ts)}",
                "q Quit",
            ):
                await sees(pilot, words)
            assert "guess" not in words_of(pilot.app)
            assert pilot.app.focused is pilot.app.screen.query_one("#home-list")

    with served(today) as vault:
        play(story(vault))


def test_an_empty_vault_says_what_to_do_next(world: World) -> None:
    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, world, "home", size=(60, 20)) as pilot:
            await sees(pilot, "Nothing waits for you.")
            for words in (wording.NOTHING_LEFT, "Next: import a CSV, JSON or Parquet file, under 2 Data."):
                await sees(pilot, words)

    with served(world) as vault:
        play(story(vault))


class Sampled(UnlockedApp):
    """The program with a vault that is the sample."""

    def show_first_screen(self, sentence: str = "") -> None:
        """Enter it, under a key for locking of one's own."""
        self.own_keys = {"everywhere.lock": "f9"}
        self.show_vault(self._given, paths=self.paths, is_sample=True)


def test_after_the_sample_a_vault_of_ones_own_comes_next(world: World) -> None:
    async def story(vault: OwnerSession) -> None:
        app = Sampled(vault, world.paths, page="home")
        async with app.run_test(size=(60, 20)) as pilot:
            for words in (
                "Next: f9 locks it, and then your own vault opens by its passphrase.",
                "demo --remove",
            ):
                await sees(pilot, words)
            assert "a vault of your own can be made" in after_sample("f9", has_own=False)

    with served(world) as vault:
        play(story(vault))


def test_enter_goes_to_the_row_and_decides_nothing(today: World) -> None:
    async def story(vault: OwnerSession) -> None:
        entries = vault.status().audit_entries
        async with on_page(vault, today, "home") as pilot:
            await loaded(pilot)
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, Releases))
            await sees(pilot, "held: it waits for your decision")
            assert only(vault).id == pilot.app.screen.query_one(ListTable).chosen
        assert entries == vault.status().audit_entries

    with served(today) as vault:
        play(story(vault))


@pytest.mark.slow
def test_after_a_release_it_never_again_says_that_nothing_left(
    today: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Countdown, "TICK", 0.02)

    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, today, "home", size=(140, 40)) as pilot:
            await loaded(pilot)
            await until(pilot, lambda: wording.NOTHING_LEFT in words_in(pilot.app, "#home-left"))
            await pilot.press("6")
            await sees(pilot, "held: it waits for your decision")
            await pilot.press("R")
            await until(pilot, lambda: isinstance(pilot.app.screen, ReleaseDialog))
            await decided(pilot)
            await sees(pilot, "→ left this computer")
            await pilot.press("1")
            await until(pilot, lambda: isinstance(pilot.app.screen, Home))
            when = times.short_time(only(vault).decided_at or "")
            await sees(pilot, f"→ 1 update left this computer, last on {when} UTC.")
            assert wording.NOTHING_LEFT not in words_in(pilot.app, "#home-left")

    with served(today) as vault:
        play(story(vault))
    assert left(today) == (1, 0)


def left(world: World) -> tuple[int, int]:
    with world.vault() as vault:
        status = vault.status()
        return status.released, status.may_have_left


def test_what_may_have_left_is_said_too(today: World) -> None:
    begin_to_send(today)

    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, today, "home", size=(140, 40)) as pilot:
            await sees(pilot, "→ 1 update may have left: a sending was begun and not finished.")
            assert wording.NOTHING_LEFT not in words_of(pilot.app)

    with served(today) as vault:
        play(story(vault))


def test_the_curtain_hides_who_asks(today: World) -> None:
    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, today, "home") as pilot:
            await loaded(pilot)
            await pilot.press("ctrl+k")
            await until(pilot, lambda: NAME not in words_of(pilot.app))

    with served(today) as vault:
        play(story(vault))


def test_foreign_names_are_shown_as_they_are(today: World, monkeypatch: pytest.MonkeyPatch) -> None:

    def hostile(self: OwnerSession) -> list[RequestLine]:
        return [replace(one, requester="[bold]x[/]\x1b[31m") for one in really(self, "requests")]

    monkeypatch.setattr(Client, "requests", hostile, raising=False)

    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, today, "home") as pilot:
            await sees(pilot, "? asks to learn [bold]x[/]\\x1b[31m, nights")

    with served(today) as vault:
        play(story(vault))


def test_what_runs_stands_first_and_a_campaign_and_consents_that_end_within_a_week_are_among_it(
    today: World,
) -> None:
    run = RunView(
        request="r1", requester=NAME, collection="nights", step=3, of=60, started_at="2026-11-21T12:00:00Z",
        epsilon=Decimal(1), confined=True, landlock_abi=5, seccomp=True, missing=(),
    )  # fmt: skip
    with today.vault() as vault:
        grant = next(one for one in vault.grants() if one.state != "expired")
        facts = overview(vault.status(), grant, today)
    now = today.clock.now
    found = waiting(facts, [run], now)
    assert [(one.page, one.key, one.until) for one in found] == [
        ("training", "r1", "step 3 of 60"),
        ("requests", "campaign:c1", "1 hour left"),
        ("consents", "soon", "6 days left"),
    ]


def overview(status: object, grant: GrantView, world: World) -> Overview:
    """Two consents in force: one ends in a week less an hour, one in eight days. Of three campaigns one waits."""
    soon, late = (
        replace(
            grant, id=name, state="active", not_after=(world.clock.now + timedelta(hours=hours)).isoformat()
        )
        for name, hours in (("soon", 7 * 24 - 1), ("late", 8 * 24))
    )
    asked = CampaignLine(
        id="c1", state="waiting", requester=NAME, requester_status="new", collection="nights", purpose_words="research",
        rounds=3, done=0, to_come=3, received_at="", ends_at=(world.clock.now + timedelta(hours=1)).isoformat(),
    )  # fmt: skip
    others = (replace(asked, id="c2", state="joined"), replace(asked, id="c3", requester_status="blocked"))
    return Overview(
        status=status, updates=(), requests=(), campaigns=(asked, *others),
        grants=(soon, late), runs=(), budget=(), charges=(), lines=(),
    )  # fmt: skip
