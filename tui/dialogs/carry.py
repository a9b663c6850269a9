"""The dialog in which the courier of one campaign is let go once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from textual.message import Message
from textual.widget import Widget

from tui.couriers.carrying import Carried, carried_here, carry
from tui.dialogs.vault_call import VaultCallDialog
from tui.text import carrying_facts, mesh_standing
from tui.widgets.facts import Facts
from tui.widgets.plain import Plain

if TYPE_CHECKING:
    from tui.app.page import Page
    from vault.owner.interface.session import OwnerSession
    from vault.views.campaigns import CampaignView


class CarryDialog(VaultCallDialog):
    """Lets the courier go once, as a process of its own; dismissed with "carried"."""

    class Told(Message):
        """The courier did something."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    def __init__(self, one: Carried, *, lead: str = "") -> None:
        super().__init__()
        self._one, self._lead = one, lead
        self._told: list[Mapping[str, Any]] = []

    def title_text(self) -> str:
        """What is decided."""
        return "Let the courier go now?"

    def consequence(self) -> str:
        """What it does."""
        return f"{self._lead} {carrying_facts.GOING}".lstrip()

    def details(self) -> Iterable[Widget]:
        """How it stands."""
        yield Facts(carrying_facts.facts(self._one), classes="value")
        for sentence in carrying_facts.confinement(self._one):
            yield Plain(sentence, classes="own block")

    def choices(self) -> Iterable[tuple[str, str]]:
        """The verb."""
        return [("carry", "Carry it now" if self._one.to_carry else "Go now")]

    def chosen(self, name: str) -> None:
        """Let it go; what it does is said while it does it, and all of it in the end."""
        one, paths = self._one, self.program.paths
        self._told.clear()
        self.show_note(carrying_facts.GONE)
        self.carry_out(
            lambda vault: carry(vault, paths, one, self._tell),
            lambda _: carrying_facts.what_it_did(self._told),
            "carried",
            title="The courier is back",
        )

    def _tell(self, event: Mapping[str, Any]) -> None:
        """Called in the thread that listens to the courier."""
        self._told.append(event)
        self.post_message(self.Told(carrying_facts.event_words(event)))

    def on_carry_dialog_told(self, event: CarryDialog.Told) -> None:
        """Say it."""
        event.stop()
        self.show_note(event.words)

    def lock_buttons(self, is_locked: bool) -> None:
        """What was begun has ended with it."""
        super().lock_buttons(is_locked)
        if not is_locked:
            self.show_note("")


async def let_go(page: Page[Any], campaign_id: str, *, lead: str = "") -> None:
    """Open the dialog of the courier of a campaign, or say why there is none."""
    home = page.program.paths.courier

    def find(vault: OwnerSession) -> tuple[Carried | None, CampaignView]:
        return carried_here(home, vault).get(campaign_id), vault.campaign(campaign_id)

    answer = await page.ask(find)
    if answer is None:
        return
    found, campaign = answer
    state = campaign.line.state
    if found is None:
        page.program.tell(mesh_standing.NO_COURIER if campaign.peers else carrying_facts.NOT_CARRIED)
    elif not found.can_go or not (found.is_let_in or state == "joined"):
        page.program.tell(carrying_facts.standing(found))
    elif await page.app.push_screen_wait(CarryDialog(found, lead=lead)):
        page.reload()
