"""A letter on every field, list and button of the screen below; the one that is pressed is gone to."""

from __future__ import annotations

import string
from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.geometry import Offset, Size
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Label

from tui.app.leaving import Leavable

LETTERS: Final = string.ascii_lowercase
JUMP_KEY: Final = Binding("ctrl+o", "app.jump", "Jump", show=False, id="everywhere.jump")
"""What opens it in a dialog, which hears no other key of the program; remapped with the one of the pages."""


class JumpLabels(Leavable, ModalScreen[Widget | None]):
    """Dismissed with the place that was chosen, or None; a letter presses nothing, it only moves the focus."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(letter, f"go({letter!r})", show=False) for letter in LETTERS),
        Binding("escape", "leave", show=False),
        JUMP_KEY,
    ]

    def __init__(self, targets: dict[str, Widget], places: dict[str, Offset]) -> None:
        super().__init__()
        self._targets, self._places = targets, places
        self._drawn_for: Size | None = None

    def compose(self) -> ComposeResult:
        """The letters, each on the first cells of its place."""
        for letter, place in self._places.items():
            label = Label(f" {letter} ", classes="jump-label")
            label.styles.offset = place
            yield label

    def on_mount(self) -> None:
        """The letters stand where the places lie now."""
        self._drawn_for = self.app.size

    def on_resize(self) -> None:
        """At another size the places lie elsewhere: go nowhere."""
        if self.app.size != self._drawn_for and self.is_current:
            self.dismiss(None)

    def on_click(self, event: Click) -> None:
        """A click chooses nothing."""
        event.stop()
        self.dismiss(None)

    def action_go(self, letter: str) -> None:
        """Go to the place of this letter, if there is one."""
        if letter in self._targets:
            self.dismiss(self._targets[letter])

    def action_leave(self) -> None:
        """Go nowhere."""
        self.dismiss(None)


def labels_on(screen: Screen[Any]) -> JumpLabels | None:
    """The letters for what can have the focus and is in sight; None where that is at most one place."""
    in_sight = [one for one in screen.focus_chain if _place(screen, one) is not None]
    targets = dict(zip(LETTERS, in_sight, strict=False))
    places = {letter: _place(screen, one) or Offset(0, 0) for letter, one in targets.items()}
    return JumpLabels(targets, places) if len(targets) > 1 else None


def _place(screen: Screen[Any], widget: Widget) -> Offset | None:
    """Where a place begins on the screen, or None where it is scrolled away."""
    seen = screen.find_widget(widget).visible_region
    return seen.offset if seen else None
