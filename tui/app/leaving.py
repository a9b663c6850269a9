"""What still goes on for a screen that has been left finds its widgets gone: that is no mistake, and ends nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from textual.css.query import NoMatches
from textual.screen import Screen
from textual.widget import MountError

if TYPE_CHECKING:
    from textual.message import Message
    from textual.worker import Worker, WorkType


@contextmanager
def while_here(screen: Screen[Any]) -> Iterator[None]:
    """Let what misses a widget end quietly once the screen has been left; as long as it is shown, that is an error."""
    try:
        yield
    except (NoMatches, MountError):
        # Safe: whoever went on to another screen, or ended the program, has taken the widgets of this one away.
        if is_here(screen):
            raise


def is_here(screen: Screen[Any]) -> bool:
    """Whether a screen is one of those a person can see or go back to."""
    return screen.app.is_running and screen in screen.app.screen_stack and screen.is_attached


class Leavable(Screen[Any]):
    """A screen whose workers and messages may outlive its widgets: Textual takes the widgets away before them."""

    def run_worker(self, work: WorkType[Any], *given: Any, **named: Any) -> Worker[Any]:
        """Run work in a worker, as Textual does."""
        return super().run_worker(partial(self._work, work), *given, **named)

    async def _work(self, work: WorkType[Any]) -> Any:
        with while_here(self):
            found = work() if callable(work) else work
            return await found if isawaitable(found) else found

    async def _dispatch_message(self, message: Message) -> None:
        with while_here(self):
            await super()._dispatch_message(message)
