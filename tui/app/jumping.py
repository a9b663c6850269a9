"""The key that shows a letter on each field, list and button."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.app.locking import LockingApp
from tui.dialogs.jump import JumpLabels, labels_on

if TYPE_CHECKING:
    from textual.widget import Widget


class JumpingApp(LockingApp):
    """A program in which a place is gone to by a letter."""

    def action_jump(self) -> None:
        """Show the letters, or take them away again."""
        if isinstance(self.screen, JumpLabels):
            self.screen.dismiss(None)
            return
        labels = labels_on(self.screen)
        if labels is None:
            self.tell("There is only one place to go to here.")
        else:
            self.push_screen(labels, self._jumped)

    def _jumped(self, target: Widget | None) -> None:
        if target is not None and target.is_attached:
            target.focus()
