"""The welcome card: three sentences, and the choice between the sample and a new vault."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui.screens.card import Card
from tui.widgets.plain import Plain

WHAT_THIS_IS = (
    "Your records stay on this computer, encrypted, and only you can open them.\n"
    "Others may ask to learn from them: you see which columns, what for and at what price, and say yes or no.\n"
    "Only a noised result leaves, and only after you have released it yourself."
)
CHOICE = (
    "The sample is made-up data with a practice request that waits for you: nothing of it is real, and it can be "
    "removed whole. Your own vault begins with a passphrase that nobody can reset."
)


BY_EAR = (
    "With a screen reader: press r, and all of it is said in lines; or begin with lockbox --screen-reader."
)


class Welcome(Card):
    """Try it with sample data, or create a vault."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "talk", "In lines, for a screen reader", show=False, id="welcome.talk")
    ]
    AUTO_FOCUS = "#sample"
    HELP: ClassVar[str] = (
        "# Welcome\n"
        "**Try it with sample data** makes a vault of made-up data with its own budget and a practice request. "
        "Your own vault is not touched. `lockbox demo --remove` takes it away.\n\n"
        "**Create my vault** asks for a passphrase, shows a recovery sheet once, and imports your first file if "
        "you like.\n\n"
        "**r** ends the screens and goes on in whole lines with numbered choices, for a screen reader.\n"
    )

    def __init__(self, sentence: str = "") -> None:
        super().__init__()
        self._sentence = sentence

    def title_text(self) -> str:
        """The name of the program."""
        return "Lockbox"

    def body(self) -> Iterable[Widget]:
        """Three sentences, and what the two choices mean."""
        yield Plain(WHAT_THIS_IS, id="what-this-is")
        yield Plain(CHOICE, classes="muted")
        yield Plain(BY_EAR, classes="muted")

    def choices(self) -> Iterable[tuple[str, str]]:
        """The sample, or a vault of one's own."""
        return (("sample", "Try it with sample data"), ("create", "Create my vault"))

    def keys(self) -> str:
        """The keys; escape leads nowhere from here."""
        return "tab moves · enter chooses · ? explains · q quits"

    def action_talk(self) -> None:
        """Go on as a conversation in lines."""
        self.program.talk_instead()

    def on_mount(self) -> None:
        """Say why this card is shown, if there is a reason."""
        self.show_message(self._sentence)

    def chosen(self, name: str) -> None:
        """Open the sample, or begin with the passphrase."""
        if name == "create":
            from tui.screens.new_passphrase import NewPassphrase

            if self.program.may_open_real_vault():
                self.app.switch_screen(NewPassphrase())
            return
        open_sample(self)


def open_sample(card: Card) -> None:
    """Make the sample if there is none, start its own process, and show its requests."""
    from tui.app.open_vault import CREATING_SAMPLE, OPENING, open_or_create_sample, sample_exists

    card.run_job(
        OPENING if sample_exists() else CREATING_SAMPLE,
        open_or_create_sample,
        lambda sample: card.program.show_vault(
            sample.vault, paths=sample.paths, is_sample=True, page="requests"
        ),
    )
