"""Every text on the screens, and the line under every cursor, can be read: at least 4.5 to 1 in each theme."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import Any

import pytest
from rich.color import ColorType
from rich.segment import Segment
from textual.color import Color
from textual.pilot import Pilot
from textual.screen import Screen

import tui.screens
from tests.sweeps import sweep_of_many
from tests.worlds.screens import UnlockedApp, at_rest, play, sees, served, until
from tests.worlds.world import World
from tui.app.create_vault import Draft
from tui.app.page import Page
from tui.app.page_classes import SCREENS_BY_NAME, screen_class
from tui.app.themes import BY_NAME, DARK, LIGHT, theme_of
from tui.screens.browse import Browse
from tui.screens.card import Card
from tui.screens.columns import Columns
from tui.screens.found import Found
from tui.screens.new_passphrase import NewPassphrase
from tui.screens.recovery_sheet import RecoverySheet
from tui.screens.unlock import Unlock
from tui.screens.welcome import Welcome
from vault.settings import THEMES

LEAST = 4.5
DRAWN = set("█░▒▁▂▃▄▅▆▇▏▎▍▌▋▊▉▐▔▕─│╭╮╰╯┃━┌┐└┘├┤┬┴┼╺╸▞▚▟▙▛▜▝▘▖▗●○■□◆▲▼▶▷◷⣿ ")
"""Bars, frames and dots; what they say stands beside them in words."""
PAGES = tuple(sorted(SCREENS_BY_NAME))
OPENED = (Browse, Columns, Found)
"""Pages that have no key of their own; each is opened with the name of a collection or a text."""
CARDS = (Welcome, Unlock, NewPassphrase, RecoverySheet)


def made(card: type[Card], today: World) -> Card:
    """A card, with a sheet to be written down where it is about one."""
    if card is not RecoverySheet:
        return card()
    draft = Draft(
        paths=today.paths, folder=today.folder / "draft", recovery_key="10Q30-8GBW2-PD8YE-ZBBXZ-9YZE9-SE3J"
    )
    return RecoverySheet(draft, "")


def all_screens() -> set[type[Screen[Any]]]:
    """Every screen that is no dialog."""
    for found in pkgutil.iter_modules(tui.screens.__path__):
        import_module(f"tui.screens.{found.name}")
    found = {one for kind in (Page, Card) for one in kind.__subclasses__()}
    return {one for one in found if one.__module__.startswith(f"{tui.__name__}.")}  # none that a test made


def test_every_screen_is_looked_at_here() -> None:
    """A new one has to be added to the list."""
    of_pages = {screen_class(name) for name in PAGES}
    assert all_screens() == {*of_pages, *OPENED, *CARDS}


def is_words(segment: Segment) -> bool:
    return bool(set(segment.text) - DRAWN) and segment.style is not None and segment.style.bgcolor is not None


def ratio(segment: Segment) -> float:
    style = segment.style
    assert style is not None
    assert style.color is not None
    assert style.bgcolor is not None
    assert style.color.type is ColorType.TRUECOLOR, segment
    light = sorted(luminance(Color.from_rich_color(one)) for one in (style.color, style.bgcolor))
    return (light[1] + 0.05) / (light[0] + 0.05)


def luminance(color: Color) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in color.normalized]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def too_faint(pilot: Pilot[int]) -> list[str]:
    """Every text on the screen that is fainter, with its ratio."""
    screen = pilot.app.screen
    front = [one.region for one in screen.query("#dialog, #--container")] or [screen.region]
    strips = screen._compositor.render_strips()[front[0].y : front[0].bottom]
    inside = [strip.crop(front[0].x, front[0].right) for strip in strips]  # what is behind a dialog is dimmed
    words = [one for strip in inside for one in strip if is_words(one)]
    assert len(words) > 3
    return [f"{ratio(one):.1f} {one.text.strip()!r}" for one in words if ratio(one) < LEAST]


Opened = tuple[type[Page[Any]], ...]
CASES = [("dark", ("home",), (), ()), *((theme, PAGES, OPENED, CARDS) for theme in BY_NAME)]


@pytest.mark.parametrize(("theme", "pages", "opened", "cards"), sweep_of_many(CASES))
def test_every_text_and_every_cursor_can_be_read(
    theme: str, pages: tuple[str, ...], opened: Opened, cards: tuple[type[Card], ...], today: World
) -> None:
    found: dict[str, list[str]] = {}

    async def story() -> None:
        with served(today) as vault:
            app = UnlockedApp(vault, today.paths, page="home")
            app.set_theme(theme)
            async with app.run_test(size=(100, 34), notifications=True) as pilot:
                await sees(pilot, "What waits for you")
                for page in pages:
                    app.open_page(page)
                    await at_rest(pilot, page)
                    await pilot.pause()
                    found[page] = too_faint(pilot)
                for kind in opened:
                    app.switch_screen(kind("nights"))
                    await at_rest(pilot, kind.NAME)
                    await app.workers.wait_for_complete()
                    await pilot.pause()
                    found[kind.NAME] = too_faint(pilot)
                for card in cards:
                    app.push_screen(made(card, today))
                    await until(pilot, lambda card=card: isinstance(app.screen, card))
                    await pilot.pause()
                    found[card.__name__] = too_faint(pilot)

    play(story())
    assert {where: faint for where, faint in found.items() if faint} == {}


def test_the_systems_choice_is_what_the_terminal_says_of_its_background() -> None:
    assert theme_of("system", {"COLORFGBG": "0;15"}) is LIGHT
    assert theme_of("system", {"COLORFGBG": "15;default;0"}) is DARK
    assert theme_of("system", {}) is DARK
    assert theme_of("light", {"COLORFGBG": "15;0"}) is LIGHT
    assert set(THEMES) == {"system", *BY_NAME}
