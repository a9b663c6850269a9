"""The dialog that takes in what a requester handed over: a job, a campaign, an invitation, or somebody's key."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import work
from textual.widget import Widget
from textual.widgets import Input

from tui.app.threads import in_thread
from tui.couriers.joining import is_invitation, look_at_invitation, read_invitation
from tui.dialogs.campaign import open_campaign
from tui.dialogs.invitation import InvitationDialog
from tui.dialogs.requester import AddRequesterDialog
from tui.dialogs.vault_call import VaultCallDialog
from tui.text import campaign_facts, request_facts
from tui.text.parse import parse_path
from tui.text.screen_words import on_screen
from vault.errors.families import Invalid, LockboxError
from vault.requester.file_kinds import check_kind

if TYPE_CHECKING:
    from tui.app.page import Page
    from tui.couriers.joining import Invited
    from vault.owner.interface.session import OwnerSession


class SubmitDialog(VaultCallDialog):
    """The path of a signed job, campaign, invitation or key file; nothing of your data is read or charged by it.

    Dismissed with "submitted", or with the key of a campaign's line that is to be opened.
    """

    AUTO_FOCUS = "#job"

    def title_text(self) -> str:
        """What is done."""
        return "Take in a job, a campaign or an invitation, or somebody's key"

    def consequence(self) -> str:
        """What it changes."""
        return (
            "The folder of a job or a campaign: its signature, its limits and its price are checked; then it waits for "
            "your decision. An invitation: you see who asks. A key file: you see its fingerprint, and say who it is. "
            "Nothing of your data is read or spent."
        )

    def before_buttons(self) -> Iterable[Widget]:
        """Where it is."""
        yield Input(
            placeholder="path of a folder, an invitation or a key file (.pub)", id="job", compact=True
        )
        yield from super().before_buttons()

    def choices(self) -> Iterable[tuple[str, str]]:
        """The verb."""
        return [("submit", "Take it in")]

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter does what the button does: it only puts the job among those that wait, or shows the key."""
        event.stop()
        self.chosen("submit")

    def chosen(self, name: str) -> None:
        """Take the job in, or look at the key."""
        typed = self.query_one("#job", Input).value.strip()
        if not typed:
            self.show_problem("Type the path of the folder or of the key file that the requester gave you.")
            return
        path = parse_path(typed).absolute()
        try:
            check_kind(path, "job", "campaign", "invitation", "requester-public")
        except Invalid as error:
            self.show_problem(on_screen(error))
            return
        if path.is_file():
            self._look_at_file(path)
        elif (path / "campaign.json").is_file():
            self.carry_out(
                lambda vault: vault.submit_campaign(path),
                lambda _: "The campaign waits for you.",
                "submitted",
            )
        else:
            self.carry_out(
                lambda vault: vault.submit(path),
                lambda found: f"The request {request_facts.taken_in(found.line)}.",
                "submitted",
            )

    @work(exclusive=True, group="act")
    async def _look_at_file(self, path: Path) -> None:
        """Ask about an invitation, or show a key."""
        if await in_thread(lambda: is_invitation(path)):
            await self._look_at_invitation(path)
        else:
            await self._look_at_key(path)

    async def _look_at_invitation(self, path: Path) -> None:
        """Show who invites; what came of it is opened by whoever opened this dialog."""

        def read(vault: OwnerSession) -> tuple[bytes, Invited]:
            data = read_invitation(path)
            return data, look_at_invitation(vault, data)

        try:
            data, invited = await self.program.ask(read)
        except LockboxError as error:
            self.show_problem(on_screen(error))
            return
        found = await self.app.push_screen_wait(InvitationDialog(data, invited))
        if found:
            self.dismiss(found)

    async def _look_at_key(self, path: Path) -> None:
        """Show the fingerprint; the field is empty afterwards, for the folder that comes next."""
        from vault.requester.keys import fingerprint_of

        try:
            fingerprint = await in_thread(lambda: fingerprint_of(path))
        except LockboxError as error:
            self.show_problem(on_screen(error))
            return
        if await self.app.push_screen_wait(AddRequesterDialog(path, fingerprint)):
            self.query_one("#job", Input).value = ""


async def take_in(page: Page[Any]) -> None:
    """Ask what to take in; a campaign that came by an invitation is opened."""
    found = await page.app.push_screen_wait(SubmitDialog())
    if found and found.startswith(campaign_facts.KEY):
        await open_campaign(page, found.removeprefix(campaign_facts.KEY))
