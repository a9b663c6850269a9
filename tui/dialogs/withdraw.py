"""The dialog that withdraws a consent, from any list that has it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from textual import work
from textual.widget import Widget

from tui.couriers.ending import end_access
from tui.dialogs.vault_call import VaultCallDialog
from tui.text import consent_facts, wording
from tui.widgets.facts import Facts

if TYPE_CHECKING:
    from tui.app.page import Page
    from vault.owner.interface.session import OwnerSession
    from vault.settings import Paths
    from vault.views.consents import GrantView, Withdrawal


WORD: Final = wording.WITHDRAW_WORD


class WithdrawDialog(VaultCallDialog):
    """What stops, what is destroyed, what cannot be called back; dismissed with "withdrawn" once it is done."""

    def __init__(self, one: GrantView, planned: Withdrawal) -> None:
        super().__init__()
        self._one, self._planned = one, planned

    def title_text(self) -> str:
        """Whose consent."""
        return f"Withdraw your consent to {wording.short(self._one.requester, 26)}?"

    def consequence(self) -> str:
        """Everything it does, and what it does not reach."""
        return " ".join(consent_facts.withdrawing(self._planned))

    def details(self) -> Iterable[Widget]:
        """Which consent it is."""
        yield Facts(consent_facts.facts(self._one, None, None)[:2], classes="value")
        yield Facts(consent_facts.ends(self._one), classes="value")

    def safe_label(self) -> str:
        """The answer that changes nothing."""
        return "Keep it"

    def choices(self) -> Iterable[tuple[str, str]]:
        """The one other answer."""
        return [("withdraw", "Withdraw")]

    def chosen(self, name: str) -> None:
        """Withdraw it, and say what that did."""
        self._withdraw()

    @work(exclusive=True, group="decide")
    async def _withdraw(self) -> None:
        """Withdraw it; where that ends for good what was paid for, or a campaign, after a word."""
        one, paths, word = (
            self._one.id,
            self.program.paths,
            WORD if consent_facts.is_for_good(self._planned) else "",
        )
        if await self.is_typed(word, self.consequence()):
            self.carry_out(lambda vault: withdraw(vault, paths, one), consent_facts.withdrawn, "withdrawn")


def withdraw(vault: OwnerSession, paths: Paths, grant_id: str) -> Withdrawal:
    """Withdraw a consent; where a campaign is left with it, its courier's or its mesh's access ends as well."""
    done = vault.withdraw(grant_id)
    if done.campaign:
        end_access(vault, paths, done.campaign)
    return done


async def open_withdraw(page: Page[Any], grant_id: str) -> None:
    """Ask what withdrawing this consent would do, and open the decision; one that is withdrawn is only told of."""
    found = await page.ask(lambda vault: (vault.consent(grant_id), vault.preview_withdraw(grant_id)))
    if found is None:
        return
    one, planned = found
    if one.state == "withdrawn":
        page.program.tell("This consent is withdrawn already; nothing runs under it.")
        return
    page.app.push_screen(WithdrawDialog(one, planned), lambda done: _reload(page, done))


def _reload(page: Page[Any], done: str | None) -> None:
    if done:
        page.reload()
