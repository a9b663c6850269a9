"""The card for the passphrase of a new vault, with its strength and a strong one on offer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, Final

from textual import work
from textual.widget import Widget
from textual.widgets import Button, Input

from tui.app.threads import in_thread
from tui.screens.card import Card
from tui.widgets.plain import Plain
from tui.widgets.secret_input import SecretInput
from vault.errors.families import LockboxError

if TYPE_CHECKING:
    from tui.app.create_vault import Draft

NOBODY_RESETS: Final = (
    "The passphrase encrypts everything. Nobody can reset it: without it, and without the recovery sheet that comes "
    "next, what is in the vault is lost."
)
EMPTY: Final = "At least 12 characters; four or five words that have nothing in common are good."
DIFFERENT: Final = "The two are not the same; type the second one again."
OFFERED: Final = "Write this one down now, then type it into both fields:"


class NewPassphrase(Card):
    """Choose the passphrase; nothing is made before both fields say the same."""

    AUTO_FOCUS = "#first"
    HELP: ClassVar[str] = (
        "# The passphrase\n"
        "It is said how long guessing it would take for somebody who has a copy of the vault. **Offer a strong one** "
        "makes one of eight words, drawn by chance from a list of 7,776; write it down before you go on. **ctrl+r** "
        "shows what you type, and hides it again.\n\n"
        "The vault is made when you have gone on, and is in its place after the next card. Escape leaves nothing.\n"
    )

    def title_text(self) -> str:
        """The first of three cards."""
        return "Your own vault, 1 of 3: the passphrase"

    def body(self) -> Iterable[Widget]:
        """What it means, the two fields, and how strong it is."""
        yield Plain(NOBODY_RESETS)
        yield SecretInput(placeholder="new passphrase", id="first")
        yield Plain(EMPTY, id="strength", classes="muted")
        yield SecretInput(placeholder="the same again", id="second")
        yield Plain("", id="offered", classes="value")

    def choices(self) -> Iterable[tuple[str, str]]:
        """Go on, or get one made."""
        return (("go-on", "Make the vault"), ("offer", "Offer a strong one"), ("back", "Back"))

    def keys(self) -> str:
        """The keys that matter here."""
        return "tab moves · ctrl+r shows it · esc goes back · ctrl+q quits"

    def chosen(self, name: str) -> None:
        """Do what the button says."""
        match name:
            case "go-on":
                self._check()
            case "offer":
                self._offer_passphrase()
            case _:
                self.go_back()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say how strong it is, after every letter."""
        event.stop()
        if event.input.id == "first" and not self.is_busy:
            self._show_strength(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to the second field, or on."""
        event.stop()
        if event.input.id == "first":
            self.query_one("#second", SecretInput).focus()
        else:
            self._check()

    @work(exclusive=True, group="weigh")
    async def _show_strength(self, typed: str) -> None:
        words = await in_thread(lambda: strength_words(typed)) if typed else EMPTY
        self.query_one("#strength", Plain).set_text(words)

    def _offer_passphrase(self) -> None:
        from vault.client.attach import generate_passphrase

        self.query_one("#offered", Plain).set_text(f"{OFFERED}\n    {generate_passphrase()}")
        for field in self.query(SecretInput):
            field.take()
        self.query_one("#first", SecretInput).focus()

    def _check(self) -> None:
        if fault := next((field.fault() for field in self.query(SecretInput) if field.fault()), ""):
            self.show_message(fault, is_bad=True)
            return
        first, second = (field.value for field in self.query(SecretInput))
        if first != second:
            self.show_message(DIFFERENT, is_bad=True)
            again = self.query_one("#second", SecretInput)
            again.take()
            again.focus()
            return
        self._create(first)

    @work(exclusive=True, group="check")
    async def _create(self, typed: str) -> None:
        from tui.app.create_vault import CREATING, create_draft
        from vault.client.attach import check_new_passphrase, passphrase_secret

        found = await in_thread(lambda: check_new_passphrase(typed))
        if not found.is_enough:
            self.show_message(f"Too weak: {found.words}.", is_bad=True)
            self.query_one("#first", SecretInput).focus()
            return
        secret, paths = passphrase_secret(typed), self.program.paths
        self.query_one("#offered", Plain).set_text("")
        self.run_job(CREATING, lambda: create_draft(paths, secret), lambda draft: self._created(draft, typed))

    def _created(self, draft: Draft, typed: str) -> None:
        from tui.screens.recovery_sheet import RecoverySheet

        for field in self.query(SecretInput):
            field.take()
        self.app.switch_screen(RecoverySheet(draft, typed))

    def failed(self, error: LockboxError) -> None:
        """Nothing was made."""
        self.show_message(f"{error} No vault was made.", is_bad=True)
        self.query_one(Button).focus()

    def go_back(self) -> None:
        """Back to the choice; nothing was made."""
        self.program.show_first_screen()


def strength_words(typed: str) -> str:
    """How strong a new passphrase is, as a person reads it."""
    from vault.client.attach import check_new_passphrase

    found = check_new_passphrase(typed)
    return f"✓ strong enough: {found.words}." if found.is_enough else f"✗ not yet: {found.words}."
