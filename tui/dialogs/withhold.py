"""Keeping a held update private for good: a decision of its own, as final as sending."""

from __future__ import annotations

from collections.abc import Iterable

from textual import work
from textual.widget import Widget
from textual.widgets import Button

from tui.dialogs.dialog import Dialog
from tui.text.wording import requester_with_key
from tui.widgets.facts import Facts
from tui.widgets.plain import Plain
from vault.errors import LockboxError
from vault.views import ReleaseView


class WithholdDialog(Dialog[bool]):
    """Ends a held update; dismissed with True once its bytes are deleted."""

    def __init__(self, update: ReleaseView) -> None:
        super().__init__()
        self._held = update

    def title_text(self) -> str:
        """What is decided."""
        return "Keep this update private for good?"

    def consequence(self) -> str:
        """What happens, and what it does not bring back."""
        return (
            "Its bytes are deleted now and nothing leaves. This is final: the update cannot be sent later, and another "
            "run would be another job with another price. The budget it cost stays spent."
        )

    def details(self) -> Iterable[Widget]:
        """Which update this is."""
        one = self._held
        yield Facts(
            [
                ("for", requester_with_key(one.recipient, one.fingerprint, one.recipient_status)),
                ("learned from", f"{', '.join(one.fields_used)} of {one.collection}"),
                ("digest", one.digest),
            ],
            classes="value",
        )
        yield Plain("Who asked is told nothing of it: from outside it looks like every other end.")

    def safe_label(self) -> str:
        """The answer that changes nothing."""
        return "Decide later"

    def choices(self) -> Iterable[tuple[str, str]]:
        """The one other answer."""
        return [("withhold", "Keep private for good")]

    def chosen(self, name: str) -> None:
        """Delete the bytes."""
        self.query_one(f"#{name}", Button).disabled = True
        self._withhold()

    @work(exclusive=True, group="decide")
    async def _withhold(self) -> None:
        try:
            await self.program.ask(lambda vault: vault.withhold(self._held.id))
        except LockboxError as error:
            self.program.tell_error(error)
            self.query_one("#withhold", Button).disabled = False
            return
        self.dismiss(True)
