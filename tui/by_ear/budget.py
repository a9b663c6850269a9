"""The budgets and the week, by ear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.text import digest_facts, times, wording
from tui.text.budget_facts import by_what

if TYPE_CHECKING:
    from tui.by_ear.talk import Talk
    from vault.owner.interface.session import OwnerSession
    from vault.views.history import BudgetPoint


def hear_budget(talk: Talk, vault: OwnerSession) -> None:
    """What is used of each lifetime budget."""
    lines = [one for one in vault.budget() if one.requester is None]
    for one in lines:
        members = f", one budget of {', '.join(one.members)}" if len(one.members) > 1 else ""
        talk.say(
            f"{one.collection}{members}: {wording.percent(one.used_percent)} used of ε {one.lifetime_epsilon}, by "
            f"{by_what(one)}; {wording.percent(wording.left_of(one.used_percent))} is left."
        )
    if not lines:
        talk.say("There is no budget before there is data.")
    elif talk.choose("More?", ("Hear every charge, the newest first.",)) is not None:
        _say_charges(talk, vault.budget_history())


def _say_charges(talk: Talk, charges: list[BudgetPoint]) -> None:
    """What was ever paid, and for whom."""
    for one in reversed(charges):
        whom = f"for {one.requester}, request {one.request[:8]}" if one.requester else "carried over"
        talk.say(
            f"{times.full_time(one.at)}, {one.collection}: {wording.epsilon_up(one.epsilon)} {whom}; "
            f"{wording.percent(one.used_percent)} used after it."
        )
    if not charges:
        talk.say("Nothing was ever charged.")


def hear_week(talk: Talk, vault: OwnerSession) -> None:
    """The digest of the week, which is noted on the trail unless it cannot be written."""
    found = vault.digest()
    talk.say(f"{digest_facts.title(found)}.", digest_facts.NOT_SENT)
    talk.say("What happened:", *digest_facts.happened(found))
    talk.say("What waits for you:", *digest_facts.waits(found))
    if not vault.status().read_only_because:
        vault.note_digest_read()
