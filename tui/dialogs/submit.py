"""The dialog that takes in what a requester handed over: a job, a campaign, an invitation, or somebody's key."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import work
from textual.widget import Widget
from textual.widgets import Input, RadioSet

from tui.app.threads import in_thread, to_its_end
from tui.couriers.by_hand import take_in_by_hand
from tui.couriers.joining import holds_invitations, is_invitation, look_at_invitation, read_invitation
from tui.dialogs.campaign import open_campaign
from tui.dialogs.invitation import InvitationDialog
from tui.dialogs.requester import AddRequesterDialog
from tui.dialogs.vault_call import VaultCallDialog
from tui.text import campaign_facts, request_facts
from tui.text.parse import parse_path
from tui.text.screen_words import on_screen
from tui.widgets.choice import Choice
from tui.widgets.text_input import TextInput
from vault.errors.families import Invalid, LockboxError
from vault.requester.file_kinds import check_kind

if TYPE_CHECKING:
    from tui.app.page import Page
    from tui.couriers.joining import Invited
    from vault.owner.interface.session import OwnerSession
    from vault.requester.campaign_tiers import CampaignTiers


class SubmitDialog(VaultCallDialog):
    """The path of a signed job, campaign, invitation or key file; nothing of your data is read or charged by it.

    Dismissed with "submitted", or with the key of a campaign's line that is to be opened.
    """

    AUTO_FOCUS = "#job"
    _tiers_of: Path | None = None
    """The campaign whose noise tiers are shown."""

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
        yield TextInput(placeholder="path of a folder, an invitation or a key file (.pub)", id="job")
        tiers = RadioSet(id="tier")
        tiers.display = False
        yield tiers
        yield from super().before_buttons()

    def choices(self) -> Iterable[tuple[str, str]]:
        """The verb."""
        return [("submit", "Take it in")]

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter does what the button does: it only puts the job among those that wait, or shows the key."""
        event.stop()
        self.chosen("submit")

    def _path(self) -> Path | None:
        """The path that is typed; None where there is none."""
        typed = self.query_one("#job", Input).value.strip()
        return parse_path(typed).absolute() if typed else None

    def chosen(self, name: str) -> None:
        """Take the job in, or look at the key."""
        if self._is_acting:
            return
        try:
            path = self._path()
            if path is None:
                self.show_problem(
                    "Type the path of the folder or of the key file that the requester gave you."
                )
                return
            check_kind(path, "job", "campaign", "invitation", "requester-public")
        except Invalid as error:
            self.show_problem(on_screen(error))
            return
        if path.is_file():
            self._look_at_file(path)
        elif holds_invitations(path):
            self.show_problem(
                "That folder holds invitations: type the path of the one file in it that is yours."
            )
        elif (path / "campaign.json").is_file():
            self._look_at_campaign(path)
        else:
            self.carry_out(
                lambda vault: vault.submit(path),
                lambda found: f"The request {request_facts.taken_in(found.line)}.",
                "submitted",
            )

    @work(exclusive=True, group="look")
    async def _look_at_campaign(self, path: Path) -> None:
        """Take a campaign in; where it has noise tiers the one that its owner was told is asked for before."""
        from vault.requester.campaign_tiers import tiers_in

        try:
            found = await in_thread(lambda: tiers_in(path))
        except LockboxError as error:
            self.show_problem(on_screen(error))
            return
        if not found.has_tiers:
            self._take_in(path, None)
        elif self._tiers_of != path:
            await to_its_end(self._ask_tier(path, found))
        elif (pressed := self.query_one("#tier", RadioSet).pressed_button) is None:
            self.show_problem(campaign_facts.TIER_ASKED)
        else:
            self._take_in(path, pressed.name or None)

    async def _ask_tier(self, path: Path, found: CampaignTiers) -> None:
        """Show the noise tiers of a campaign, none of them chosen."""
        tiers, own = self.query_one("#tier", RadioSet), found.noises[None]
        await tiers.remove_children()
        await tiers.mount(
            *(
                Choice(campaign_facts.tier_with_noise(tier, noise, own), name=tier or "")
                for tier, noise in found.noises.items()
            )
        )
        self._tiers_of, tiers.display = path, True
        self.show_problem(campaign_facts.TIER_ASKED)
        tiers.focus()

    def _take_in(self, path: Path, tier: str | None) -> None:
        home = self.program.paths.courier
        self.carry_out(
            lambda vault: take_in_by_hand(vault, home, path, tier),
            lambda found: f"The campaign waits for you. {campaign_facts.moved(found)}".rstrip(),
            "submitted",
        )

    def on_input_changed(self) -> None:
        """Another path may be another campaign, with other noise tiers."""
        super().on_input_changed()
        if self._tiers_of is not None and not self._is_still(self._tiers_of):
            self._tiers_of, self.query_one("#tier").display = None, False

    def _is_still(self, campaign: Path) -> bool:
        """Whether the field says this path."""
        try:
            return self._path() == campaign
        except Invalid:
            return False

    def on_radio_set_changed(self, event: RadioSet.Changed) -> None:
        """A noise tier was chosen, so that nothing is missing any more."""
        event.stop()
        self.show_problem("")

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
