"""The base of dialogs whose answer waits until everything was scrolled into sight."""

from __future__ import annotations

from typing import ClassVar, Final

from textual.widgets import Button

from tui.dialogs.vault_call import VaultCallDialog

SCROLL: Final = "Scroll to the end first: not all of it is in sight."


class ReadToEndDialog(VaultCallDialog):
    """A dialog whose one other answer waits until its details were scrolled to their end, and for `missing`."""

    ANSWER: ClassVar[str] = "act"
    """The id of the button that waits."""

    def __init__(self) -> None:
        super().__init__()
        self._has_read = False
        self._is_busy = False

    def missing_input(self) -> str:
        """What is still missing besides reading, or nothing."""
        return ""

    def on_input_changed(self) -> None:
        """Say what is missing now."""
        self.update_answer()

    def on_mount(self) -> None:
        """Watch how far the details were read."""
        details = self.query_one("#details")
        self.watch(details, "scroll_y", self._note_position, init=False)
        self.watch(details, "virtual_size", self._note_position, init=False)
        self.update_answer()
        self.call_after_refresh(self._note_position)

    def on_resize(self) -> None:
        """Note what is in sight at the new size."""
        self.call_after_refresh(self._note_position)

    def _note_position(self) -> None:
        details = self.query_one("#details")
        if details.virtual_size.height and details.size.height:
            self._has_read = self._has_read or details.max_scroll_y - details.scroll_offset.y <= 0
            self.update_answer()

    def update_answer(self) -> None:
        """Say what is missing, and let it be done when nothing is."""
        if self._is_busy:
            return
        missing = self.what_is_missing()
        self.show_problem(missing)
        self.query_one(f"#{self.ANSWER}", Button).disabled = bool(missing)

    def what_is_missing(self) -> str:
        """Reading comes first, then what the dialog asks for."""
        return self.missing_input() if self._has_read else SCROLL

    def lock_buttons(self, is_locked: bool) -> None:
        """While the vault works on it nothing can be pressed twice."""
        self._is_busy = is_locked
        super().lock_buttons(is_locked)
