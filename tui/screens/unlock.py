"""The card that unlocks the vault, and the choice of the first screen."""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Final

from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Button, Input

from tui.screens.card import Card
from tui.screens.welcome import Welcome, open_sample
from tui.widgets.plain import Plain, content
from tui.widgets.secret_input import SecretInput
from vault.errors.daemon import TooManyTries
from vault.errors.families import Invalid, LockboxError
from vault.errors.keys import RecoveryKeyMistyped, WrongPassphrase, WrongRecoveryKey

if TYPE_CHECKING:
    from vault.owner.interface.session import OwnerSession
    from vault.settings import Paths

PAUSE_SECONDS: Final = 2.0
DID_NOT_OPEN: Final = "That did not open it."
ABOUT_THE_WORDS: Final = (
    "Nobody can reset the passphrase. The recovery key on your sheet opens the vault too."
)
ABOUT_THE_SHEET: Final = (
    "The recovery key is on the sheet that was shown when the vault was made; case, dashes and spaces "
    "do not matter."
)
SET_ANOTHER: Final = "Opened with the recovery key. To set a new passphrase: lockbox recover"


def first_screen(paths: Paths, sentence: str) -> Screen[None]:
    """Unlock where there is a vault, else the welcome; `sentence` says why it is shown again."""
    if paths.database.exists():
        return Unlock(sentence)
    return Welcome(sentence)


class Unlock(Card):
    """Open the vault by its passphrase, or by its recovery key."""

    AUTO_FOCUS = "SecretInput"
    HELP: ClassVar[str] = (
        "# Unlock\n"
        "Type the passphrase and press enter. A process of its own then holds the keys until you lock it with "
        "**ctrl+l**, or until it was not used for a while.\n\n"
        "If the passphrase is lost, the **recovery key** opens the vault. If both are lost, nobody can open it.\n"
    )

    def __init__(self, sentence: str = "") -> None:
        super().__init__()
        self._sentence = sentence
        self._by_recovery_key = False
        self._pause_until = 0.0

    def title_text(self) -> str:
        """Which vault."""
        return "Unlock your vault"

    def body(self) -> Iterable[Widget]:
        """Where it lies, and the field."""
        yield Plain(str(self.program.paths.vault), classes="muted")
        yield SecretInput(placeholder="passphrase", id="secret")
        yield Plain(ABOUT_THE_WORDS, id="about-secret", classes="muted")

    def choices(self) -> Iterable[tuple[str, str]]:
        """Open it, by another way, or look at the sample."""
        return (("unlock", "Unlock"), ("other-way", "Use the recovery key"), ("sample", "Sample data"))

    def keys(self) -> str:
        """Enter is enough."""
        return "enter unlocks · tab moves · ctrl+r shows it · ctrl+q quits"

    def on_mount(self) -> None:
        """Say why the vault is locked, if there is a reason."""
        self.show_message(self._sentence)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Try it."""
        event.stop()
        self._unlock()

    def chosen(self, name: str) -> None:
        """Do what the button says."""
        match name:
            case "unlock":
                self._unlock()
            case "other-way":
                self._toggle_recovery_key()
            case _:
                open_sample(self)

    def _toggle_recovery_key(self) -> None:
        self._by_recovery_key = not self._by_recovery_key
        field = self.query_one(SecretInput)
        field.take()
        field.placeholder = "recovery key" if self._by_recovery_key else "passphrase"
        about = ABOUT_THE_SHEET if self._by_recovery_key else ABOUT_THE_WORDS
        self.query_one("#about-secret", Plain).set_text(about)
        other = "Use the passphrase" if self._by_recovery_key else "Use the recovery key"
        self.query_one("#other-way", Button).label = content(other)
        self.show_message("")
        field.focus()

    def _unlock(self) -> None:
        if monotonic() < self._pause_until or not self.program.may_open_real_vault():
            return
        typed, recovery = self.query_one(SecretInput).take(), self._by_recovery_key
        from tui.app.open_vault import OPENING, open_vault

        paths = self.program.paths
        self.run_job(OPENING, lambda: open_vault(paths, typed, recovery=recovery), self._opened)

    def _opened(self, vault: OwnerSession) -> None:
        self.program.show_vault(vault)
        if self._by_recovery_key:
            self.program.tell(SET_ANOTHER)

    def failed(self, error: LockboxError) -> None:
        """Say why it did not open; after a wrong secret the field is locked for two seconds."""
        match error:
            case WrongPassphrase() | WrongRecoveryKey() | RecoveryKeyMistyped() | Invalid():
                why = f" {error}" if isinstance(error, RecoveryKeyMistyped) else ""
                self._pause(f"{DID_NOT_OPEN}{why}")
            case TooManyTries():
                self._pause(f"{DID_NOT_OPEN} {error}")
            case _:
                super().failed(error)
                self.query_one(SecretInput).focus()

    def _pause(self, sentence: str) -> None:
        self._pause_until = monotonic() + PAUSE_SECONDS
        self.show_message(f"{sentence} A pause of 2 seconds …", is_bad=True)
        self._lock_fields(True)
        self.set_timer(PAUSE_SECONDS, lambda: self._after_pause(sentence))

    def _after_pause(self, sentence: str) -> None:
        self._lock_fields(False)
        self.show_message(sentence, is_bad=True)
        self.query_one(SecretInput).focus()

    def go_back(self) -> None:
        """Empty the field."""
        self.query_one(SecretInput).take()
