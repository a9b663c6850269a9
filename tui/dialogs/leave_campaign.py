"""The dialog in which a campaign is left for good, or refused where it was not joined."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from textual import work

from tui.dialogs.campaign_offer import Offer, leave, prepare
from tui.dialogs.vault_call import VaultCallDialog
from tui.text import campaign_facts, carrying_facts, mesh_standing, wording

if TYPE_CHECKING:
    from tui.app.page import Page


class LeaveDialog(VaultCallDialog):
    """Leaves a campaign, after a word where it was joined; dismissed with "left"."""

    def __init__(self, offer: Offer) -> None:
        super().__init__()
        assert offer.leaving is not None  # who opens it looked
        self._line, self._planned = offer.campaign.line, offer.leaving
        self._ends = [
            *[carrying_facts.ACCESS_ENDS] * (offer.courier is not None),
            *[mesh_standing.ACCESS_ENDS] * (offer.mesh is not None),
        ]

    def title_text(self) -> str:
        """The question."""
        who = wording.short(self._line.requester, 30)
        return f"Leave the campaign of {who}?" if self._is_joined else f"Say no to the campaign of {who}?"

    def consequence(self) -> str:
        """What ends, and what cannot be called back."""
        return " ".join([*campaign_facts.leaving(self._planned, is_done=False), *self._ends])

    def choices(self) -> Iterable[tuple[str, str]]:
        """The verb."""
        return [("leave", "Leave" if self._is_joined else "Refuse")]

    @property
    def _is_joined(self) -> bool:
        return self._line.state == "joined"

    def chosen(self, name: str) -> None:
        """Leave it."""
        self._leave()

    @work(exclusive=True, group="decide")
    async def _leave(self) -> None:
        """After a word once it is joined: nobody joins a campaign twice."""
        line, paths = self._line, self.program.paths
        if await self.is_typed(campaign_facts.word_to_leave(self._planned), self.consequence()):
            self.carry_out(
                lambda vault: leave(vault, paths, line),
                lambda done: " ".join(campaign_facts.leaving(done, is_done=True)),
                "left",
            )


async def leave_campaign(page: Page[Any], campaign_id: str) -> None:
    """Open the dialog in which a campaign is left, or say that there is nothing to leave."""
    paths = page.program.paths
    offer = await page.ask(lambda vault: prepare(vault, campaign_id, paths))
    if offer is None:
        return
    if offer.leaving is None:
        page.program.tell(
            f"There is nothing left to decide: {campaign_facts.ENDED[offer.campaign.line.state]}."
        )
    elif await page.app.push_screen_wait(LeaveDialog(offer)):
        page.reload()
