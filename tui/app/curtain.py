"""The curtain: every value on the screen is hidden, and shown again with the focus where it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen
    from textual.widget import Widget


@dataclass(slots=True)
class Curtain:
    """What had the focus before it was drawn: a field that is hidden loses it."""

    _before: Widget | None = None

    def turn(self, app: App[Any]) -> bool:
        """Draw it or lift it; whether it is drawn now."""
        if app.has_class("-curtained"):
            app.remove_class("-curtained")
            app.call_after_refresh(self._focus_again, app.screen)
            return False
        self._before = app.screen.focused
        app.add_class("-curtained")
        return True

    def _focus_again(self, screen: Screen[Any]) -> None:
        """Give the focus back; on a screen that came meanwhile, to where it begins."""
        before, self._before = self._before, None
        if screen.focused is not None:
            return
        if before is not None and before.is_attached and before.screen is screen:
            before.focus()
        elif isinstance(screen.AUTO_FOCUS, str):
            for first in screen.query(screen.AUTO_FOCUS).results():
                first.focus()
                return
