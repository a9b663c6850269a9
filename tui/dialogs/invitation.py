"""The dialog of an invitation: who asks, and what is told to whom before the campaign can be seen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual.widget import Widget
from textual.widgets import Input

from tui.couriers.joining import looked_at
from tui.dialogs.vault_call import VaultCallDialog
from tui.text import campaign_facts, carrying_facts
from tui.widgets.facts import Facts
from tui.widgets.plain import Plain
from tui.widgets.text_input import TextInput

if TYPE_CHECKING:
    from tui.couriers.joining import Invited


class InvitationDialog(VaultCallDialog):
    """Lets a courier fetch the campaign; dismissed with the key of its line once it waits in the inbox."""

    def __init__(self, data: bytes, invited: Invited) -> None:
        super().__init__()
        self._data, self._invited = data, invited

    def title_text(self) -> str:
        """What it is."""
        return "An invitation to a campaign"

    def consequence(self) -> str:
        """What is told to whom."""
        found = self._invited
        tier = [carrying_facts.in_tier(found.tier)] if found.tier is not None else []
        return " ".join([carrying_facts.LOOKING, *[carrying_facts.MAY_ASK] * (found.known is None), *tier])

    def details(self) -> Iterable[Widget]:
        """Who asks, by what the invitation says."""
        yield Facts(carrying_facts.invited(self._invited), classes="value")
        if self._invited.known is None:
            yield Plain(carrying_facts.FINGERPRINT, classes="own block")

    def before_buttons(self) -> Iterable[Widget]:
        """A name of one's own for who is not known yet."""
        if self._invited.known is None:
            yield TextInput(placeholder="your own name for them; empty: as they sign", id="name", most=80)
        yield from super().before_buttons()

    def choices(self) -> Iterable[tuple[str, str]]:
        """The verb."""
        return [("look", "Show the campaign")]

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the field leads to the buttons; it asks nobody."""
        event.stop()
        self.query_one("#safe").focus()

    def chosen(self, name: str) -> None:
        """Let a courier ask, and leave with what it brought."""
        named = "".join(one.value.strip() for one in self.query("#name").results(Input))
        home, data = self.program.paths.courier, self._data
        self.show_note(carrying_facts.ASKED)
        self.carry_out(
            lambda vault: looked_at(vault, home, data, named),
            lambda _: "Its campaign is here, and its signatures are right. Nothing of it is agreed to.",
            lambda found: f"{campaign_facts.KEY}{found}",
            title="Shown to you alone",
        )

    def lock_buttons(self, is_locked: bool) -> None:
        """What was begun has ended with it."""
        super().lock_buttons(is_locked)
        if not is_locked:
            self.show_note("")
