"""A dialog whose answer is a call to the vault is never left unable to act, whatever comes in between."""

from __future__ import annotations

from threading import Event

from textual import work
from textual.pilot import Pilot
from textual.widgets import Button

from tests.worlds.screens import at_rest, on_page, play, press, sees, served, until
from tests.worlds.world import World
from tui.dialogs.help import HelpDialog
from tui.dialogs.vault_call import VaultCallDialog
from tui.screens.home import Home
from vault.errors.families import LockboxError, Locked
from vault.owner.interface.session import OwnerSession


class Asked(VaultCallDialog):
    """It asks a vault that takes its time, and at last answers or fails."""

    def __init__(self) -> None:
        super().__init__()
        self.may_go, self.is_asked, self.error = Event(), Event(), LockboxError()

    def title_text(self) -> str:
        """What is decided."""
        return "Shall it be done?"

    def consequence(self) -> str:
        """What happens."""
        return "It is done."

    def choices(self) -> list[tuple[str, str]]:
        """The verb."""
        return [("do", "Do it")]

    def chosen(self, name: str) -> None:
        """Ask the vault."""
        self.carry_out(self._call, lambda _done: "It is done now.", "done")

    def _call(self, _vault: OwnerSession) -> None:
        self.is_asked.set()
        assert self.may_go.wait(60)
        if type(self.error) is not LockboxError:
            raise self.error

    @work(exclusive=True, group="act")
    async def look(self) -> None:
        """Look at something else meanwhile."""


async def acting(pilot: Pilot[int]) -> tuple[Asked, list[str | None]]:
    """A dialog that waits for the vault, and what it was left with."""
    dialog, left = Asked(), list[str | None]()
    pilot.app.push_screen(dialog, left.append)
    await until(pilot, lambda: pilot.app.screen is dialog and bool(dialog.query("#do")))
    dialog.query_one("#do", Button).press()
    await until(pilot, dialog.is_asked.is_set)
    return dialog, left


async def under_help(pilot: Pilot[int]) -> None:
    """Its help is read as the vault answers; once that is left, so is the dialog."""
    dialog, left = await acting(pilot)
    await press(pilot, "f1")
    await until(pilot, lambda: isinstance(pilot.app.screen, HelpDialog))
    dialog.may_go.set()
    await until(pilot, lambda: dialog._result is not None or bool(left))
    assert (isinstance(pilot.app.screen, HelpDialog), left) == (True, [])
    await press(pilot, "escape")
    await until(pilot, lambda: isinstance(pilot.app.screen, Home))
    assert left == ["done"]


async def beside_a_look(pilot: Pilot[int]) -> None:
    """What is looked at meanwhile cancels no call, and what the vault refuses may be tried again."""
    dialog, left = await acting(pilot)
    dialog.look()
    dialog.error = Locked()
    dialog.may_go.set()
    await sees(pilot, "The vault is locked")
    dialog.error = LockboxError()
    await until(pilot, lambda: not dialog.query_one("#do", Button).disabled)
    dialog.query_one("#do", Button).press()
    await until(pilot, lambda: isinstance(pilot.app.screen, Home))
    assert left == ["done"]


async def after_it_was_left(pilot: Pilot[int]) -> None:
    """What comes of it then takes no page away."""
    dialog, left = await acting(pilot)
    await press(pilot, "escape")
    await until(pilot, lambda: isinstance(pilot.app.screen, Home))
    dialog.dismiss("done")
    dialog.may_go.set()
    await pilot.pause()
    assert (isinstance(pilot.app.screen, Home), left) == (True, [None])


def test_whatever_comes_between_a_dialog_and_the_vault_it_can_act_and_is_left_once(today: World) -> None:
    async def story() -> None:
        with served(today) as vault:
            async with on_page(vault, today, "home") as pilot:
                for tried in (under_help, beside_a_look, after_it_was_left):
                    await at_rest(pilot, "home")
                    await tried(pilot)

    play(story())
