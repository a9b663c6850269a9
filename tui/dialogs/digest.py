"""The dialog with the digest of the week."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual.widget import Widget

from tui.dialogs.dialog import Dialog
from tui.text import digest_facts
from tui.widgets.plain import Plain

if TYPE_CHECKING:
    from vault.views.digest import Digest


class DigestDialog(Dialog[None]):
    """What happened in the last week, and what waits."""

    AUTO_FOCUS = "#details"

    def __init__(self, digest: Digest) -> None:
        super().__init__()
        self._digest = digest

    def title_text(self) -> str:
        """Which week."""
        return digest_facts.title(self._digest)

    def consequence(self) -> str:
        """Where it comes from, and that it goes nowhere."""
        return digest_facts.NOT_SENT

    def details(self) -> Iterable[Widget]:
        """Its sentences."""
        yield Plain("What happened", classes="heading")
        for sentence in digest_facts.happened(self._digest):
            yield Plain(sentence, classes="value")
        yield Plain("What waits for you", classes="heading")
        for sentence in digest_facts.waits(self._digest):
            yield Plain(sentence, classes="value")

    def safe_label(self) -> str:
        """Reading changes nothing."""
        return "Back"
