"""Locking the vault from the screens, also where its process does not answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from textual import work

from tui.app.hardening import HardenedApp
from tui.app.threads import in_thread
from tui.dialogs.lock import HungDialog, LockDialog
from tui.widgets.standing import Standing
from vault.errors.daemon import DaemonHung, TrainingRuns
from vault.errors.families import LockboxError

if TYPE_CHECKING:
    from vault.owner.interface.session import OwnerSession
    from vault.settings import Paths

T = TypeVar("T")


class LockingApp(HardenedApp):
    """A program that can lock its vault; `_hung_pid` is the process that does not answer, or 0."""

    paths: Paths
    vault: OwnerSession | None
    standing: Standing
    _hung_pid = 0
    _is_locking = False

    async def ask(self, question: Callable[[OwnerSession], T]) -> T:
        """Call the vault in a thread and return its answer."""
        raise NotImplementedError

    def tell_error(self, error: LockboxError) -> None:
        """Show an error as one sentence with its hint."""
        raise NotImplementedError

    def close_vault(self, sentence: str, *, is_over: bool = False) -> None:
        """Forget the session, and show the first screen with the reason."""
        raise NotImplementedError

    def show_standing(self) -> None:
        """Show the facts of the top line."""
        raise NotImplementedError

    async def action_lock(self) -> None:
        """Lock the vault: the process that has the keys ends."""
        if self.vault is None or isinstance(self.screen, LockDialog | HungDialog):
            return
        if self._hung_pid:
            self.push_screen(HungDialog(self._hung_pid))
        elif self.standing.running:
            self.push_screen(LockDialog())
        else:
            self.lock_now(stop_training=False)

    @work(exclusive=True, group="lock")
    async def lock_now(self, *, stop_training: bool) -> None:
        """End the process that has the keys."""
        self._is_locking = True
        try:
            await self.ask(lambda vault: vault.lock(stop_training=stop_training))
        except TrainingRuns:
            self.push_screen(LockDialog())
        except DaemonHung as error:
            self.on_hung(error)
            self.push_screen(HungDialog(self._hung_pid))
        except LockboxError as error:
            self.tell_error(error)
        else:
            self.close_vault("The vault is locked.", is_over=True)
        finally:
            self._is_locking = False

    @work(exclusive=True, group="lock")
    async def end_hung(self) -> None:
        """End the process that has the keys and does not answer."""
        from vault.client.ending import end_hung

        paths, self._is_locking = self.paths, True
        try:
            await in_thread(lambda: end_hung(paths, stop_training=True))
        except LockboxError as error:
            self.tell_error(error)
        else:
            self.close_vault("The vault is locked: its process did not answer and was ended.", is_over=True)
        finally:
            self._is_locking = False

    def on_hung(self, error: DaemonHung) -> None:
        """Say it once, and in the top line until the process answers or is ended."""
        if not self._hung_pid:
            self.tell_error(error)
        self._hung_pid = int(str(error.facts["pid"]))
        self.standing = replace(self.standing, is_silent=True)
        self.show_standing()

    def tell_answers_again(self) -> None:
        if self._hung_pid:
            self._hung_pid = 0
            self.tell("The vault's process answers again.")
