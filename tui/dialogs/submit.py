"""The dialog that takes in what a requester handed over: a job, a campaign, or the key of somebody new."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from textual import work
from textual.widget import Widget
from textual.widgets import Input

from tui.app.threads import in_thread
from tui.dialogs.requester import AddRequesterDialog
from tui.dialogs.vault_call import VaultCallDialog
from tui.text import request_facts
from tui.text.parse import parse_path
from tui.text.screen_words import on_screen
from vault.errors.families import LockboxError


class SubmitDialog(VaultCallDialog):
    """The path of a signed job or campaign or key file; nothing is read of your data, and nothing charged by it."""

    AUTO_FOCUS = "#job"

    def title_text(self) -> str:
        """What is done."""
        return "Take in a job or a campaign, or the key of somebody new"

    def consequence(self) -> str:
        """What it changes."""
        return (
            "The folder of a job or a campaign: its signature, its limits and its price are checked; then it waits for "
            "your decision. A key file: you see its fingerprint, and say who it is. Nothing of your data is read, and "
            "nothing is spent."
        )

    def before_buttons(self) -> Iterable[Widget]:
        """Where it is."""
        yield Input(
            placeholder="path of a job or campaign folder, or of a key file (.pub)", id="job", compact=True
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
        if path.is_file():
            self._look_at_key(path)
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
