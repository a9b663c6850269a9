"""Saying no: to one request, or to a requester for good; and the other things an owner notes about who asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from textual.widget import Widget
from textual.widgets import Input

from tui.dialogs.vault_call import VaultCallDialog
from tui.text import wording

if TYPE_CHECKING:
    from vault.client.client import RemoteVault
    from vault.views import RequestView

LONGEST_REASON = 500


class RefuseDialog(VaultCallDialog):
    """No to one request; the reason is for the owner's own record."""

    def __init__(self, found: RequestView) -> None:
        super().__init__()
        self._found = found

    def title_text(self) -> str:
        """Whose request."""
        return f"Refuse the request of {wording.short(self._found.line.requester, 30)}?"

    def consequence(self) -> str:
        """What they learn, and what it costs."""
        return (
            "They learn nothing but “no”, and nothing is read or spent. It is final: to ask again they have to "
            "send another job. A reason stays in your vault; you need not give one."
        )

    def before_buttons(self) -> Iterable[Widget]:
        """The reason, if there is one to keep."""
        yield Input(
            placeholder="your reason, for you alone (optional)",
            id="reason",
            max_length=LONGEST_REASON,
            compact=True,
        )
        yield from super().before_buttons()

    def choices(self) -> Iterable[tuple[str, str]]:
        """The other answer."""
        return [("refuse", "Refuse")]

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the reason leads to the buttons; it decides nothing."""
        event.stop()
        self.query_one("#safe").focus()

    def chosen(self, name: str) -> None:
        """Refuse."""
        done = f"Refused. {self._found.line.requester} learns nothing but “no”."
        reason = self.query_one("#reason", Input).value
        self.carry_out(done, "refused", lambda vault: vault.refuse(self._found.line.id, reason=reason))


class AskerDialog(VaultCallDialog):
    """Something noted about a requester; `act` is what the vault does."""

    def __init__(
        self, *, act: Callable[[RemoteVault], object], title: str, words: str, verb: str, done: str
    ) -> None:
        super().__init__()
        self._act, self._title, self._words, self._verb, self._done = act, title, words, verb, done

    def title_text(self) -> str:
        """The question."""
        return self._title

    def consequence(self) -> str:
        """What happens."""
        return self._words

    def choices(self) -> Iterable[tuple[str, str]]:
        """The verb."""
        return [("act", self._verb)]

    def chosen(self, name: str) -> None:
        """Do it."""
        self.carry_out(self._done, "done", self._act)


def block_dialog(found: RequestView) -> AskerDialog:
    """Nothing more from this requester."""
    name = wording.short(found.line.requester, 30)
    return AskerDialog(
        act=lambda vault: vault.block_requester(found.line.requester),
        title=f"Block {name}?",
        words=(
            f"Nothing more is accepted from {name}, what runs for them is stopped (its price stays spent), and nothing "
            "is sent to them. What has left already stays with them. You can unblock them later."
        ),
        verb="Block",
        done=f"{found.line.requester} is blocked.",
    )


def unblock_dialog(found: RequestView) -> AskerDialog:
    """Let them ask again."""
    name = wording.short(found.line.requester, 30)
    return AskerDialog(
        act=lambda vault: vault.unblock_requester(found.line.requester),
        title=f"Let {name} ask again?",
        words=f"{name} can send requests again. Their key counts as NOT VERIFIED until you check it with them anew.",
        verb="Unblock",
        done=f"{found.line.requester} may ask again; their key is not verified.",
    )


def trust_dialog(found: RequestView) -> AskerDialog:
    """Note that the key was compared in person."""
    name = wording.short(found.line.requester, 30)
    return AskerDialog(
        act=lambda vault: vault.trust_requester(found.line.requester),
        title=f"Did you check the key of {name} with them in person?",
        words=(
            f"Their key is {found.fingerprint}. Say yes only if {name} read these letters to you, face to face or in a "
            "call in which you knew their voice. It allows them nothing; it says that a request is really theirs."
        ),
        verb="I checked it",
        done=f"The key of {found.line.requester} is noted as verified in person.",
    )
