"""How the screens are tested: an app of a given size over a vault, and what stands on it as text."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
from textual import events
from textual._compositor import Compositor
from textual._context import active_app
from textual.app import App
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.events import InputEvent
from textual.keys import _character_to_key
from textual.pilot import Pilot

from tests.sweeps import sweep
from tests.worlds.served import serving
from tests.worlds.world import PASSPHRASE, World
from tui.app.app import LockboxApp
from tui.app.page import Page
from tui.dialogs.word import WordDialog
from vault.client import attach
from vault.client.client import Client
from vault.owner.interface.session import OwnerSession
from vault.settings import Paths, Preferences

STEP = 0.03
TURNS = 100
SIZES = sweep([(60, 20), (80, 24), (140, 40)])


@pytest.fixture(scope="session", autouse=True)
def _kept_styles() -> Iterator[None]:
    """Parse the style sheets once for all programs of this process: they are the same in each."""
    original, kept = Stylesheet._parse_rules, {}

    def parse_rules(sheet: Stylesheet, *given: Any, **named: Any) -> list[RuleSet]:
        key = (given, tuple(named.items()), tuple(sheet._variables.items()))
        if key not in kept:
            kept[key] = original(sheet, *given, **named)
        return kept[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", parse_rules)
        patch.setattr(RuleSet, "__hash__", object.__hash__)  # by identity as before, without a call in Python
        yield


@pytest.fixture(autouse=True)
def _drawn_when_looked_at(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw what a test looks at alone, but in slow ones: what is drawn for no terminal goes nowhere."""
    original = Compositor.render_update

    def render_update(compositor: Compositor, full: bool = False, **named: Any) -> Any:
        if full or not active_app.get().is_headless:
            return original(compositor, full, **named)
        compositor._dirty_regions.clear()
        return None

    if request.node.get_closest_marker("slow") is None:
        monkeypatch.setattr(Compositor, "render_update", render_update)


@contextmanager
def served(world: World) -> Iterator[OwnerSession]:
    """The vault of this world behind a real process's socket, in a thread, with a session of its owner."""
    with serving(world):
        vault = attach.attach(world.paths, attach.passphrase_secret(PASSPHRASE), is_owner=True)
        try:
            yield vault
        finally:
            vault.close()


class AttentiveApp(LockboxApp):
    """The program in the hands of somebody who looks at each dialog before a key is pressed."""

    def time_of(self, event: InputEvent) -> float:
        """Late enough for every dialog."""
        return float("inf")


class UnlockedApp(AttentiveApp):
    """The program with a vault that is unlocked already, on one of its screens; `door` says why it was left."""

    def __init__(self, vault: OwnerSession, paths: Paths, *, page: str, calm: bool = False) -> None:
        super().__init__(paths, Preferences(calm=calm), environ={})
        self._given, self._page, self.door = vault, page, ""

    def show_first_screen(self, sentence: str = "") -> None:
        """Enter the vault instead of asking for its passphrase; the second time, stay outside."""
        if sentence or self.vault is not None:
            self.door = sentence
            return
        self.show_vault(self._given, page=self._page)


@asynccontextmanager
async def on_page(
    vault: OwnerSession, world: World, page: str, *, size: tuple[int, int] = (80, 24), calm: bool = False
) -> AsyncIterator[Pilot[int]]:
    """The program on one screen over this vault, loaded and at rest."""
    app = UnlockedApp(vault, world.paths, page=page, calm=calm)
    async with app.run_test(size=size, notifications=True) as pilot:
        yield pilot
        if app.is_running:
            assert text_of(app)


def play(story: Coroutine[Any, Any, None]) -> None:
    """Let a story happen to its end."""
    asyncio.run(story)


def text_of(app: App[Any]) -> str:
    """What stands on the screen, line by line, as a person reads it."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


def words_of(app: App[Any]) -> str:
    """The same in one line with single spaces, for sentences that were wrapped, in a toast as well."""
    return " ".join(text_of(app).replace("▌", " ").split())


def words_in(app: App[Any], selector: str) -> str:
    """What stands in the place of one widget, in one line with single spaces; what is out of sight is not in it."""
    place = app.screen.query_one(selector).region.intersection(app.screen.region)
    lines = text_of(app).split("\n")[place.y : place.bottom]
    return " ".join(" ".join(line[place.x : place.right] for line in lines).split())


async def until(pilot: Pilot[Any], holds: Callable[[], bool], *, seconds: float = 60.0) -> None:
    """Wait for something to be so on the screen; fails with what stands there when it does not happen."""
    for _ in range(int(seconds / STEP)):
        if holds():
            await _laid_out(pilot)
            return
        # A pause of the pilot but for the message that it sends to every widget.
        await asyncio.sleep(STEP)
        pilot.app.screen._on_timer_update()
    raise AssertionError(f"this did not happen; the screen says:\n{text_of(pilot.app)}")  # type: ignore[arg-type]


async def _laid_out(pilot: Pilot[Any]) -> None:
    """Let what was mounted find its place, which may take as many turns as widgets lie in each other."""
    for _ in range(TURNS):
        shown = pilot.app.screen_stack[-1:]  # none when the program has ended
        widgets = [one for screen in shown for one in (screen, *screen.walk_children())]
        if not any(one._layout_required or one.message_queue_size for one in widgets):
            break
        await asyncio.sleep(0)
        shown[0]._on_timer_update()


async def sees(pilot: Pilot[Any], words: str, *, seconds: float = 60.0) -> None:
    """Wait until these words stand on the screen."""
    app = pilot.app
    assert isinstance(app, LockboxApp)
    await until(pilot, lambda: words in words_of(app), seconds=seconds)


def program_in(pilot: Pilot[Any]) -> LockboxApp:
    """The program that is played."""
    assert isinstance(pilot.app, LockboxApp)
    return pilot.app


async def at_rest(pilot: Pilot[Any], page: str) -> None:
    """Wait until this page is the one in front, and all that it loads is drawn."""

    def holds() -> bool:
        screen = pilot.app.screen
        return isinstance(screen, Page) and page == screen.NAME and screen._is_made and not screen._is_loading

    await until(pilot, holds)


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys one after the other, as fast as a person would not."""
    for key in keys:
        await pilot.press(key)


async def type_word(pilot: Pilot[Any], word: str) -> None:
    """Answer the last question before what is for good."""
    await until(pilot, lambda: isinstance(pilot.app.screen, WordDialog) and bool(pilot.app.focused))
    await press(pilot, *word, "enter")
    await until(pilot, lambda: not isinstance(pilot.app.screen, WordDialog))


async def type_in(pilot: Pilot[Any], text: str) -> None:
    """Type a text key by key into the field that has the focus, without a look after each sign."""
    driver = pilot.app._driver
    assert driver is not None
    for sign in text:
        typed = events.Key(sign if sign.isalnum() else _character_to_key(sign), sign)
        typed.set_sender(pilot.app)
        driver.send_message(typed)
    await pilot.pause()


Story = Callable[[Pilot[Any]], Awaitable[None]]


def really(vault: object, action: str, *args: Any, **kwargs: Any) -> Any:
    """What the vault itself answers, where a test has put another answer into every client."""
    assert isinstance(vault, Client)
    return Client.__getattr__(vault, action)(*args, **kwargs)
