"""The release screen shows what waits and what became of the rest; its numbers are those of the command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from tests.sweeps import sweep_of_many
from tests.worlds.screens import (
    SIZES,
    on_page,
    play,
    press,
    really,
    sees,
    served,
    text_of,
    type_word,
    until,
    words_in,
    words_of,
)
from tests.worlds.vaults import copy_of
from tests.worlds.world import NAME, World
from tui.dialogs.action import ActionDialog
from tui.screens.release import Releases
from tui.text import wording
from tui.widgets.owner_results import NOT_YET, curve_table, thin_out
from vault import release as egress
from vault.client.client import Client
from vault.owner.interface.session import OwnerSession
from vault.vault import Vault
from vault.views.releases import OwnerResults, ReleaseView

GUESS = "A guess whether one given day is in it is right at most 55 times in 100, instead of 50."


def only(vault: Vault | OwnerSession) -> ReleaseView:
    (one,) = vault.releases()
    return one


# what became of it ----------------------------------------------------------------------------------------


def send(world: World) -> None:
    with world.vault() as vault:
        vault.send(only(vault).id, confirm_digest=only(vault).digest, to=world.folder / "out")


def withhold(world: World) -> None:
    with world.vault() as vault:
        vault.withhold(only(vault).id)


def withdraw(world: World) -> None:
    with world.vault() as vault:
        vault.withdraw(next(one.id for one in vault.grants() if one.state != "expired"))


def wait_too_long(world: World) -> None:
    world.clock.forward(hours=2)


def begin_to_send(world: World) -> None:
    """A sending that was begun, and ended by Ctrl-C after its intent was written down."""
    with world.vault() as vault, pytest.MonkeyPatch.context() as patch:

        def fail(*_given: object, **_named: object) -> None:
            raise KeyboardInterrupt

        patch.setattr(egress, "_write", fail)
        with pytest.raises(KeyboardInterrupt):
            vault.send(only(vault).id, confirm_digest=only(vault).digest, to=world.folder / "out")


ENDS = [
    (send, "→ left", "→ left this computer", "It has left and cannot be called back"),
    (withdraw, "× destroyed", "× destroyed, its consent was withdrawn", "Its bytes are deleted"),
    (withhold, "■ kept private", "■ kept private", "Its bytes are deleted and did not leave"),
    (wait_too_long, "○ expired", "○ expired", "Its bytes are deleted and did not leave"),
]


@pytest.mark.parametrize(("end", "mark", "state", "warning"), sweep_of_many(ENDS))
def test_every_end_has_a_word_and_a_mark_and_unlocks_what_is_for_the_owner(
    today: World, end: Callable[[World], None], mark: str, state: str, warning: str
) -> None:
    end(today)

    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, today, "release", size=(140, 60)) as pilot:
            await sees(pilot, warning)
            await sees(pilot, "mean loss on your rows, by step")
            said = words_of(pilot.app)
            results = only(vault).for_you
            assert results is not None
            assert results.final_metric is not None
            assert state in said
            assert f"{mark} {NAME}" in said
            assert f"accuracy of this model on your 100 rows: {100 * results.final_metric:.1f} %" in said
            assert "of your days and made-up ones" in said
            assert "would have told 53 in 100 right" in said
            assert "private to you; this never leaves" in said
            await pilot.press("R")
            assert isinstance(pilot.app.screen, Releases)

    with served(today) as vault:
        play(story(vault))


@pytest.mark.slow
def test_what_may_have_left_says_so_for_ever_and_shows_no_curve_while_it_can_be_sent(today: World) -> None:
    begin_to_send(today)

    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, today, "release", size=(140, 60)) as pilot:
            await sees(pilot, f"▲ may have left {NAME}")
            await sees(pilot, "Nothing is shown: this update may have left")
            assert wording.MAY_HAVE_LEFT in words_in(pilot.app, "#update-warning")
            said = words_of(pilot.app)
            assert "accuracy" not in said
            assert "We attacked" not in said
            await pilot.press("D")
            await until(pilot, lambda: isinstance(pilot.app.screen, ActionDialog))
            await sees(pilot, "What is still here of it is deleted now")
            await press(pilot, "right", "enter")
            await type_word(pilot, "KEEP")
            await sees(pilot, "▲ sending (may have left), ")
            await pilot.press("D")
            assert isinstance(pilot.app.screen, Releases)
        assert only(vault).may_have_left

    with served(today) as vault:
        play(story(vault))


# before the decision --------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_the_list_and_the_state_fit(today: World, size: tuple[int, int]) -> None:
    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, today, "release", size=size) as pilot:
            await sees(pilot, "◆ held: it waits for your decision; it ends by itself in")
            await sees(pilot, "R Release…")
            await sees(pilot, f"◆ held {NAME} nights")
            await sees(pilot, "q Quit")
            said = words_of(pilot.app)
            assert "minutes left" in said or "hour left" in said

    with served(today) as vault:
        play(story(vault))


@pytest.mark.slow
def test_its_numbers_are_those_of_the_command_and_nothing_is_shown_of_the_rows(today: World) -> None:
    async def story(vault: OwnerSession) -> None:
        one = only(vault)
        async with on_page(vault, today, "release", size=(140, 60)) as pilot:
            await sees(pilot, "Habits over many days are not hidden")
            said = pane_words(pilot, "#release-details")
            for words in (
                f"to {NAME} (key {one.fingerprint}, not verified)",
                f"one file of {one.size} bytes, its manifest and its signature",
                "learned from good, steps of nights",
                "withheld coffee",
                f"clipped to norm {one.clip_norm:g} in each of {one.steps} steps",
                f"noise {one.noise_multiplier:g} times as large",
                f"It cost {one.price.job_percent} % of a lifetime cap",
                wording.CANNOT_BE_CALLED_BACK,
            ):
                assert words in said
            assert one.digest in said.replace(" ", "")
            await until(pilot, lambda: GUESS in words_in(pilot.app, "#update-price .guess"))
            assert f"ε {one.price.epsilon}" not in said
            await pilot.press("e")
            await until(pilot, lambda: f"ε {one.price.epsilon}" in pane_words(pilot, "#release-details"))
            await sees(pilot, "Nothing is shown before your decision is final.")
            assert NOT_YET in pane_words(pilot, "#release-for-you")
            assert "accuracy" not in words_of(pilot.app)

    with served(today) as vault:
        play(story(vault))


def pane_words(pilot: Pilot[int], selector: str) -> str:
    """What stands in one pane alone, in one line."""
    region = pilot.app.screen.query_one(selector).content_region
    lines = text_of(pilot.app).split("\n")[region.y : region.bottom]
    return " ".join(" ".join(line[region.x : region.right] for line in lines).split())


def test_enter_opens_and_decides_nothing_and_escape_goes_back(today: World) -> None:
    async def story(vault: OwnerSession) -> None:
        entries = vault.status().audit_entries
        async with on_page(vault, today, "release", size=(60, 20)) as pilot:
            await sees(pilot, "held: it waits")
            await press(pilot, "enter", "enter")
            await sees(pilot, "digest")
            assert not pilot.app.screen.query_one("#release-list").display or (
                pilot.app.screen.query_one("#release-list").region.height == 0
            )
            await pilot.press("f")
            await sees(pilot, "Nothing is shown before your decision is final.")
            await pilot.press("escape")
            await until(pilot, lambda: pilot.app.focused is pilot.app.screen.query_one("#release-list"))
        assert entries == vault.status().audit_entries

    with served(today) as vault:
        play(story(vault))


def test_keeping_it_is_final_and_enter_alone_does_not(today: World) -> None:
    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, today, "release", size=(60, 20)) as pilot:
            await sees(pilot, "held: it waits")
            await pilot.press("D")
            await until(pilot, lambda: isinstance(pilot.app.screen, ActionDialog))
            await sees(pilot, "The budget it cost stays spent.")
            await sees(pilot, "Its bytes are deleted now and nothing leaves. This is final:")
            assert pilot.app.focused is pilot.app.screen.query_one("#safe")
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, Releases))
            assert only(vault).state == "held"
            await pilot.press("D")
            await until(pilot, lambda: isinstance(pilot.app.screen, ActionDialog))
            await pilot.press("right")
            assert pilot.app.focused is pilot.app.screen.query_one("#act")
            await pilot.press("enter")
            await type_word(pilot, "KEEP")
            await sees(pilot, "■ kept private")
        one = only(vault)
        assert one.state == "withheld"
        assert not one.can_be_sent

    with served(today) as vault:
        play(story(vault))


def test_the_curtain_hides_who_and_what(today: World) -> None:
    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, today, "release") as pilot:
            await sees(pilot, NAME)
            await pilot.press("ctrl+k")
            await until(pilot, lambda: NAME not in words_of(pilot.app))
            assert "nights" not in words_of(pilot.app)

    with served(today) as vault:
        play(story(vault))


def test_foreign_names_are_shown_as_they_are(today: World, monkeypatch: pytest.MonkeyPatch) -> None:

    def hostile(self: OwnerSession) -> list[ReleaseView]:
        return [
            replace(one, recipient="[bold]x[/]\x1b[31m", collection="[link=x]n[/]")
            for one in really(self, "releases")
        ]

    monkeypatch.setattr(Client, "releases", hostile, raising=False)

    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, today, "release", size=(140, 40)) as pilot:
            await sees(pilot, "[bold]x[/]\\x1b[31m (key")
            assert "[link=x]n[/]" in words_of(pilot.app)

    with served(today) as vault:
        play(story(vault))


def test_an_empty_list_says_what_to_do(
    held_template: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    world = copy_of(held_template, tmp_path_factory.mktemp("none") / "copy")

    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, world, "release", size=(60, 20)) as pilot:
            await sees(pilot, "Nothing is held. Held updates stay here until you decide.")
            assert "4 Requests" in words_of(pilot.app)
            await press(pilot, "enter", "R", "D", "e")
            assert isinstance(pilot.app.screen, Releases)

    with served(world) as vault, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "releases", lambda _vault: [], raising=False)
        play(story(vault))


# for you --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_calm_mode_has_numbers_instead_of_a_plot(today: World) -> None:
    withhold(today)

    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, today, "release", size=(140, 60), calm=True) as pilot:
            await sees(pilot, "mean loss on your rows, by step")
            results = only(vault).for_you
            assert results is not None
            await sees(pilot, f"{results.steps[-1]} {wording.number(results.loss[-1])}")
            assert not pilot.app.screen.query("#curve")
            assert not any("\u2800" <= sign <= "\u28ff" for sign in text_of(pilot.app))

    with served(today) as vault:
        play(story(vault))


def test_a_long_curve_is_spread_with_its_ends() -> None:
    assert list(range(10)) == thin_out(list(range(10)), 10)
    thin = thin_out(list(range(1000)), 10)
    assert (thin[0], thin[-1], len(thin)) == (0, 999, 10)


def test_the_table_of_a_curve_ends_with_the_last_step() -> None:
    results = OwnerResults(
        rows=5,
        steps=tuple(range(1, 51)),
        loss=tuple(1 / step for step in range(1, 51)),
        metric_name="accuracy",
        metric=(0.5,) * 50,
        final_loss=0.02,
        final_metric=0.5,
    )
    lines = curve_table(results).split("\n")
    assert lines[1].split() == ["step", "loss", "accuracy"]
    assert lines[-1].split() == ["50", "0.02", "0.5"]
    assert len(lines) == 12
