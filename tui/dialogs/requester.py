"""The dialog that lets somebody ask: their key file, with its fingerprint on the screen, under a name of one's own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from textual.widget import Widget
from textual.widgets import Input

from tui.app.key_names import key_of
from tui.dialogs.vault_call import VaultCallDialog
from tui.text import wording
from tui.widgets.facts import Facts
from tui.widgets.plain import Plain
from tui.widgets.text_input import TextInput

if TYPE_CHECKING:
    from vault.views.requesters import RequesterView

FIELDS = (
    ("name", "your own name for them, such as Sleep lab", 80),
    ("contact", "how to reach them (optional)", 200),
    ("only", "the one collection they may ask about (optional)", 80),
)


class AddRequesterDialog(VaultCallDialog):
    """Adds exactly the key whose fingerprint is shown; dismissed with "added"."""

    AUTO_FOCUS = "#name"
    KEYS_OF = "requests"
    HELP = (
        "A key says that two messages come from the same program. It does not say whose that is: compare the "
        "fingerprint with the person, face to face or in a call in which you know the voice, and note it with **t**.\n"
    )

    def __init__(self, key_file: Path, fingerprint: str) -> None:
        super().__init__()
        self._key_file, self._fingerprint = key_file, fingerprint

    def title_text(self) -> str:
        """The question."""
        return "Let whoever has this key ask you?"

    def consequence(self) -> str:
        """The fingerprint, and what it allows."""
        return (
            f"Fingerprint of their key: {self._fingerprint}\n"
            "They may then send requests, which wait for you; nothing of your data is read or allowed by it. "
            "Block them at any time."
        )

    def details(self) -> Iterable[Widget]:
        """Which file, and how to be sure."""
        yield Facts([("key file", str(self._key_file))], classes="value")
        key = key_of("requests.do-trust", self.program.own_keys)
        yield Plain(
            "Their key counts as NOT VERIFIED until you have compared the fingerprint with them in person: then press "
            f"{key} on one of their requests.",
            classes="own",
        )

    def before_buttons(self) -> Iterable[Widget]:
        """A name of one's own, and what is optional."""
        for name, placeholder, longest in FIELDS:
            yield TextInput(placeholder=placeholder, id=name, most=longest)
        yield from super().before_buttons()

    def choices(self) -> Iterable[tuple[str, str]]:
        """The verb."""
        return [("add", "Let them ask")]

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in a field leads on; it adds nobody."""
        event.stop()
        self.focus_next()

    def chosen(self, name: str) -> None:
        """Add them, unless they have no name."""
        said, contact, only = (self.query_one(f"#{one}", Input).value.strip() for one, _, _ in FIELDS)
        if not said:
            self.show_problem("Type your own name for them.")
            self.query_one("#name").focus()
            return
        key_file, fingerprint = self._key_file, self._fingerprint
        self.carry_out(
            lambda vault: vault.add_requester(
                said, key_file, fingerprint=fingerprint, contact=contact, only_collection=only or None
            ),
            _added,
            "added",
            title="They may ask now",
        )


def _added(one: RequesterView) -> str:
    warnings = "".join(
        f" Note: {sentence}." for sentence in wording.name_warnings(one.name, one.resembles, one.alphabets)
    )
    return (
        f"{one.name} may send requests now. Their key is not verified: compare {one.fingerprint} with them in person."
        f"{warnings}"
    )
