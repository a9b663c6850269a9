"""The dialog in which a stand-in of a job is attacked, on made-up data, before anything is decided about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from textual.widget import Widget

from tui.dialogs.vault_call import VaultCallDialog
from tui.text import attack_facts, wording
from tui.widgets.how_far import HowFar
from vault.errors.daemon import Stopped

if TYPE_CHECKING:
    from vault.owner.interface.session import OwnerSession
    from vault.views.attack import AttackView
    from vault.views.requests import RequestView

STARTS: Final = "A learner starts; then you see how far the attack is."


class AttackDialog(VaultCallDialog):
    """Attack it, or not; leaving while it goes on stops it. Dismissed with what came of it."""

    def __init__(self, found: RequestView) -> None:
        super().__init__()
        self._found = found

    def title_text(self) -> str:
        """The question."""
        return f"Attack a stand-in of the job of {wording.short(self._found.line.requester, 24)}?"

    def consequence(self) -> str:
        """What it does, and what it leaves alone."""
        return attack_facts.WHAT_IT_DOES

    def before_buttons(self) -> Iterable[Widget]:
        """How far it is, and what went wrong."""
        yield HowFar(id="how-far")
        yield from super().before_buttons()

    def choices(self) -> Iterable[tuple[str, str]]:
        """The verb."""
        return [("attack", "Attack it")]

    def chosen(self, name: str) -> None:
        """Attack it, and leave with what came of it."""
        tell = self.query_one(HowFar).begin("Attacking", at_once=STARTS)
        request_id = self._found.line.id

        def told(done: int, of: int) -> None:
            if not self.is_attached:
                raise Stopped
            tell(done, of)

        def call(vault: OwnerSession) -> AttackView:
            return vault.attack_stand_in(request_id, progress=told)

        self.carry_out(call, attack_facts.sentence, attack_facts.sentence, title="Attacked")

    def show_problem(self, sentence: str) -> None:
        """What went wrong goes no further."""
        super().show_problem(sentence)
        self.query_one(HowFar).end()
