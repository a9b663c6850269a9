"""Every text on the screens, and the line under every cursor, can be read: at least 4.5 to 1 in each theme."""

from __future__ import annotations

import pytest
from rich.color import ColorType
from rich.segment import Segment
from textual.color import Color
from textual.pilot import Pilot

from tests.sweeps import sweep_of_many
from tests.worlds.screens import UnlockedApp, at_rest, play, press, sees, served, until
from tests.worlds.world import World
from tui.app.themes import BY_NAME, DARK, LIGHT, theme_of
from tui.dialogs.dialog import Dialog
from tui.widgets.table import ListTable
from vault.settings import THEMES

LEAST = 4.5
DRAWN = set("█░▒▁▂▃▄▅▆▇▏▎▍▌▋▊▉▐▔▕─│╭╮╰╯┃━┌┐└┘├┤┬┴┼╺╸▞▚▟▙▛▜▝▘▖▗●○■□◆▲▼▶▷◷⣿ ")
"""Bars, frames and dots; what they say stands beside them in words."""
PAGES = (
    "home",
    "data",
    "consents",
    "requests",
    "training",
    "release",
    "budget",
    "audit",
    "settings",
    "models",
)
DIALOGS = (
    ("requests", "o"),
    ("requests", "a"),
    ("release", "R"),
    ("data", "i"),
    ("data", "D"),
)


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


CASES = [("dark", PAGES[:1], DIALOGS[:1]), *((theme, PAGES, DIALOGS) for theme in BY_NAME)]


@pytest.mark.parametrize(("theme", "pages", "dialogs"), sweep_of_many(CASES))
def test_every_text_and_every_cursor_can_be_read(
    theme: str, pages: tuple[str, ...], dialogs: tuple[tuple[str, str], ...], today: World
) -> None:
    found: dict[str, list[str]] = {}

    async def story() -> None:
        with served(today) as vault:
            waiting = [one.id for one in vault.requests() if one.state == "waiting"]
            app = UnlockedApp(vault, today.paths, page="home")
            app.set_theme(theme)
            async with app.run_test(size=(100, 34), notifications=True) as pilot:
                await sees(pilot, "What waits for you")
                for number, page in enumerate(pages, start=1):
                    await press(pilot, str(number % 10))
                    await at_rest(pilot, page)
                    await pilot.pause()
                    found[page] = too_faint(pilot)
                for page, key in dialogs:
                    app.open_page(page)
                    await at_rest(pilot, page)
                    for table in app.screen.query(ListTable):
                        table.point_at(waiting[0])
                    await press(pilot, key)
                    await until(pilot, lambda: getattr(app.screen, "NAME", "") == "")
                    await pilot.pause()
                    found[f"{page} {key}"] = too_faint(pilot)
                    await press(pilot, "escape")
                    await until(pilot, lambda: not isinstance(app.screen, Dialog))

    play(story())
    assert {where: faint for where, faint in found.items() if faint} == {}


def test_the_systems_choice_is_what_the_terminal_says_of_its_background() -> None:
    assert theme_of("system", {"COLORFGBG": "0;15"}) is LIGHT
    assert theme_of("system", {"COLORFGBG": "15;default;0"}) is DARK
    assert theme_of("system", {}) is DARK
    assert theme_of("light", {"COLORFGBG": "15;0"}) is LIGHT
    assert set(THEMES) == {"system", *BY_NAME}
