"""What the consents would say, by ear: to somebody who asked, or to a job that lies in a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.by_ear.grants import asked_scope
from tui.text import request_facts
from tui.text.parse import parse_epsilon

if TYPE_CHECKING:
    from tui.by_ear.talk import Talk
    from vault.owner.interface.session import OwnerSession
    from vault.views.consents import DecisionView

ONLY_CONSENTS: Final = (
    "Only what your consents say: the budget has a say in every job as well, and "
    "every run and every release asks you."
)


def ask_what_if(talk: Talk, vault: OwnerSession) -> None:
    """Ask who would ask for what, and say the verdict; nobody is asked and nothing is written."""
    scope = asked_scope(talk, vault)
    if scope is None:
        return
    price = talk.ask_for("The ε that it would cost, or nothing, and no cap is tried:", parse_epsilon)
    found = vault.what_if(
        requester=scope.who.name,
        collection=scope.collection.name,
        fields=scope.fields,
        purpose=scope.purpose,
        epsilon=price,
    )
    _say_verdict(talk, found)


def ask_of_job(talk: Talk, vault: OwnerSession) -> None:
    """Say the verdict on a job in a folder, without taking it in."""
    folder = talk.ask_path("Path of the folder of a job, or nothing to go back:")
    if folder is not None:
        _say_verdict(talk, vault.explain(folder))


def _say_verdict(talk: Talk, found: DecisionView) -> None:
    talk.say(f"Such a job would be {'allowed' if found.permitted else 'refused'}.")
    talk.facts(request_facts.columns_asked(found))
    talk.say(*request_facts.verdict(found), ONLY_CONSENTS)
