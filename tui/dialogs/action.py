"""The dialog of a simple action, which states the consequence before it is carried out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from textual import work
from textual.widget import Widget
from textual.widgets import Input

from tui.dialogs.vault_call import VaultCallDialog
from tui.text.action import Action, Question
from tui.widgets.facts import Facts
from tui.widgets.plain import Plain
from tui.widgets.text_input import TextInput

S = TypeVar("S")


class ActionDialog(VaultCallDialog):
    """Carries out one simple action; dismissed with "done" afterwards, and `begins` is called right before."""

    def __init__(
        self,
        action: Action[S],
        subject: S,
        begins: Callable[[], None] = lambda: None,
        besides: str = "",
    ) -> None:
        super().__init__()
        assert action.question is not None  # an action without a question is a command alone
        self._action, self._subject, self._begins = action, subject, begins
        self._question: Question[Any] = action.question
        self._besides = besides

    def title_text(self) -> str:
        """The question."""
        return self._question.title(self._subject)

    def consequence(self) -> str:
        """What happens."""
        return f"{self._question.consequence(self._subject)} {self._besides}".rstrip()

    def details(self) -> Iterable[Widget]:
        """What it is about, where the question does not say it all."""
        if facts := self._question.facts(self._subject):
            yield Facts(facts, classes="value")
        if self._question.note:
            yield Plain(self._question.note)

    def before_buttons(self) -> Iterable[Widget]:
        """The texts that go with it."""
        for entry in self._action.entries:
            yield TextInput(placeholder=entry.placeholder, id=entry.name, most=entry.longest)
        yield from super().before_buttons()

    def safe_label(self) -> str:
        """The answer that changes nothing."""
        return self._question.safe

    def choices(self) -> Iterable[tuple[str, str]]:
        """The verb."""
        return [("act", self._question.verb)]

    def on_mount(self) -> None:
        """Begin in the field that has to be filled in, if there is one."""
        for entry in self._action.entries:
            if entry.is_required:
                self.query_one(f"#{entry.name}", Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in a field leads to the buttons; it decides nothing."""
        event.stop()
        self.query_one("#safe").focus()

    def chosen(self, name: str) -> None:
        """Do it, unless a text is missing."""
        said = {entry.name: self.query_one(f"#{entry.name}", Input).value for entry in self._action.entries}
        for entry in self._action.entries:
            if entry.is_required and not said[entry.name].strip():
                self.show_problem(f"Type {entry.placeholder}.")
                self.query_one(f"#{entry.name}", Input).focus()
                return
        self._decide(said)

    @work(exclusive=True, group="decide")
    async def _decide(self, said: dict[str, str]) -> None:
        """Do it, after a word where it is for good."""
        if not await self.is_typed(self._question.word, self.consequence()):
            return
        self._begins()
        target = self._question.target(self._subject)
        self.carry_out(
            lambda vault: self._action.call(vault, target, said),
            lambda result: self._question.done(self._subject, result),
            "done",
            title=self._question.done_title,
        )
