"""The card with the recovery sheet of a new vault, shown once, and two of its groups typed back."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from tui.app.key_names import key_of
from tui.screens.card import Card
from tui.widgets.plain import Plain
from tui.widgets.text_input import TextInput
from vault.errors.families import LockboxError

if TYPE_CHECKING:
    from tui.app.create_vault import Draft
    from vault.owner.interface.session import OwnerSession

SHOWN_ONCE: Final = (
    "Write this down on paper and keep it away from this computer. It is shown once. It opens the vault when the "
    "passphrase is forgotten; nobody can reset either of them."
)
NOT_THAT: Final = "That is not group {number}; look at your sheet again."
STAYS: Final = (
    "This sheet is shown once, so q does not quit here: esc makes no vault, ctrl+q quits without one."
)
NO_VAULT: Final = "No vault was made."
_LOOK_ALIKES: Final = str.maketrans("ILO", "110")


class RecoverySheet(Card):
    """The sheet; the vault is moved into its place when two groups were typed back."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "stay", show=False)]
    AUTO_FOCUS = "#asked-0"
    HELP: ClassVar[str] = (
        "# The recovery sheet\n"
        "Six groups that open the vault without the passphrase. Two of them are asked back, so that what stands "
        "on your paper is right. Until then the vault is a draft beside its place: escape removes it.\n"
    )

    def __init__(self, draft: Draft, typed: str) -> None:
        super().__init__()
        self._draft = draft
        self._typed = typed
        self._kept = False
        self._asked = sorted(secrets.SystemRandom().sample(range(len(draft.groups)), 2))

    def title_text(self) -> str:
        """The second of three cards."""
        return "Your own vault, 2 of 3: the recovery sheet"

    def body(self) -> Iterable[Widget]:
        """The groups with their numbers, and the two that are asked."""
        yield Plain(SHOWN_ONCE)
        yield Plain(self._sheet(), id="sheet", classes="value")
        for place, group in enumerate(self._asked):
            yield TextInput(placeholder=f"type group {group + 1}", id=f"asked-{place}", compact=False)

    def _sheet(self) -> str:
        groups = [f"{number}  {group:<7}" for number, group in enumerate(self._draft.groups, start=1)]
        return "\n".join("   ".join(groups[start : start + 3]) for start in range(0, len(groups), 3))

    def choices(self) -> Iterable[tuple[str, str]]:
        """Keep the vault, or none."""
        return (("keep", "Keep this vault"), ("discard", "No vault"))

    def keys(self) -> str:
        """Escape discards: nothing is in it yet."""
        hides = key_of("everywhere.curtain", self.program.own_keys)
        return f"enter goes on · {hides} hides the sheet · esc makes no vault · ctrl+q quits"

    def chosen(self, name: str) -> None:
        """Do what the button says."""
        if name == "keep":
            self._check()
        else:
            self.go_back()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to the second field, or on."""
        event.stop()
        if event.input.id == "asked-0":
            self.screen.set_focus(
                self.query_one("#asked-1", Input)
            )  # at once: the next key is of the next group
        else:
            self._check()

    def _check(self) -> None:
        for place, group in enumerate(self._asked):
            field = self.query_one(f"#asked-{place}", Input)
            if _plain_group(field.value) != self._draft.groups[group]:
                self.show_message(NOT_THAT.format(number=group + 1), is_bad=True)
                field.focus()
                return
        from tui.app.open_vault import OPENING

        self.run_job(OPENING, self._keep_and_open, self._opened)

    def _keep_and_open(self) -> OwnerSession:
        from tui.app.open_vault import open_vault

        if not self._kept:
            self._draft.move_into_place()
            self._kept = True
        return open_vault(self._draft.paths, self._typed)

    def _opened(self, vault: OwnerSession) -> None:
        from tui.dialogs.choose_file import ChooseFileDialog

        self._typed = ""
        self.program.show_vault(vault)
        self.app.push_screen(ChooseFileDialog(is_first=True))

    def failed(self, error: LockboxError) -> None:
        """Show the first screen where the vault is in its place already, else say that nothing was made."""
        if self._kept:
            self.program.show_first_screen(f"The vault is made, but it could not be opened: {error}")
        else:
            super().failed(error)

    def abandon(self) -> None:
        """Show the first screen, which says whether the vault is in its place."""
        super().abandon()
        self.program.show_first_screen()

    def action_stay(self) -> None:
        """Say how to leave: a key that is pressed by accident takes neither the sheet nor the vault away."""
        self.show_message(STAYS)

    def go_back(self) -> None:
        """Remove the draft, and with it the passphrase and the sheet."""
        self.program.show_first_screen(NO_VAULT)

    def on_unmount(self) -> None:
        """However this card ends, no draft stays."""
        super().on_unmount()
        self._typed = ""
        if not self._kept:
            self._draft.close()


def _plain_group(typed: str) -> str:
    signs = "".join(sign for sign in typed if sign.isalnum())
    return signs.upper().translate(_LOOK_ALIKES)
