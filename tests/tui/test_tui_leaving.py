"""What still goes on for a screen that has been left ends nothing; on a screen that is shown a mistake is one."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
from functools import partial
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.css.query import NoMatches
from textual.events import Key
from textual.screen import ModalScreen, Screen
from textual.widgets import Label
from textual.worker import WorkerFailed

import tui
from tui.app.leaving import Leavable
from tui.app.threads import in_thread


class Left(Leavable):
    """A screen that looks for a label in a worker, and when a key arrives."""

    def compose(self) -> ComposeResult:
        """The label."""
        yield Label("here", id="label")

    async def look(self) -> str:
        """Find the label."""
        return str(self.query_one("#label", Label).content)

    def on_key(self, event: Key) -> None:
        """The same, when a key arrives."""
        self.query_one("#label")


async def _left(app: App[None]) -> Left:
    screen = Left()
    await app.push_screen(screen)
    assert await screen.run_worker(screen.look()).wait() == "here"
    await app.pop_screen()
    assert not screen.query("#label")
    return screen


def test_work_and_keys_of_a_screen_that_was_left_end_quietly() -> None:
    async def story() -> None:
        app: App[None] = App()
        async with app.run_test():
            screen = await _left(app)
            assert await screen.run_worker(screen.look).wait() is None
            await screen._dispatch_message(Key("a", "a"))

    asyncio.run(story())


def test_what_is_asked_in_a_thread_finds_the_program_also_once_its_screen_was_left() -> None:
    async def story() -> None:
        app: App[None] = App()
        async with app.run_test():
            screen = await _left(app)
            assert await screen.run_worker(partial(in_thread, lambda: screen.app)).wait() is app

    asyncio.run(story())


def test_on_a_screen_that_is_shown_a_widget_that_is_missing_ends_the_program() -> None:
    async def story() -> None:
        app: App[None] = App()
        async with app.run_test():
            screen = Left()
            await app.push_screen(screen)
            await screen.query_one("#label").remove()
            with pytest.raises(NoMatches):
                await screen._dispatch_message(Key("a", "a"))
            with pytest.raises(WorkerFailed):
                await screen.run_worker(screen.look).wait()

    with pytest.raises(WorkerFailed):
        asyncio.run(story())


def _screens(kind: type[Screen[Any]]) -> set[type[Screen[Any]]]:
    ours = {one for one in kind.__subclasses__() if one.__module__.startswith("tui.")}
    return ours.union(*(_screens(one) for one in kind.__subclasses__()))


def test_every_screen_and_dialog_may_be_left_at_any_time() -> None:
    for module in pkgutil.walk_packages(tui.__path__, "tui."):
        if module.name.startswith(("tui.screens.", "tui.dialogs.")):
            importlib.import_module(module.name)
    found = _screens(Screen) | _screens(ModalScreen)
    assert len(found) > 20
    assert [one for one in found if not issubclass(one, Leavable)] == []
