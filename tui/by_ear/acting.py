"""The simple actions of an owner, each asked about and carried out in lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from tui.actions import questions
from tui.cli.interruption import answered, say_stopping
from tui.text.error_words import with_way_out
from tui.text.parse import parse_text
from vault.errors.families import LockboxError, Locked
from vault.errors.requests import WasDrill

if TYPE_CHECKING:
    from tui.by_ear.talk import Talk
    from tui.text.action import Action, Entry
    from vault.owner.interface.kinds import Progress
    from vault.owner.interface.session import OwnerSession

S = TypeVar("S")
T = TypeVar("T")


def possible(page: str, subject: Any) -> list[Action[Any]]:
    """The simple actions of a page that nothing stands in the way of."""
    return [action for action, question in questions(page) if not question.obstacle(subject)]


def label(action: Action[Any]) -> str:
    """What an action is called among choices."""
    assert action.question is not None  # `possible` gives no other
    return f"{action.question.label.rstrip('…')}: {action.question.sentence}"


def carry_out(talk: Talk, vault: OwnerSession, action: Action[S], subject: S) -> None:
    """Say what follows, ask, and do it; an error is said."""
    question = action.question
    assert question is not None  # an action without a question is a command alone
    talk.say(question.title(subject), question.consequence(subject))
    if question.besides is not None and (besides := question.besides(vault, subject)):
        talk.say(besides)
    talk.facts(question.facts(subject))
    if question.note:
        talk.say(question.note)
    said = {entry.name: _asked(talk, entry) for entry in action.entries}
    missing = [entry for entry in action.entries if entry.is_required and not said[entry.name]]
    if missing:
        talk.say(f"Nothing was typed, so nothing was changed: it needs {missing[0].placeholder}.")
        return
    if not (
        talk.types(question.word, question.safe)
        if question.word
        else talk.agrees(question.verb, question.safe)
    ):
        return
    attempt(
        talk, lambda: talk.say(question.done(subject, action.call(vault, question.target(subject), said)))
    )


def _asked(talk: Talk, entry: Entry) -> str:
    """What they type; what is too long is refused and asked for again, as nobody hears what would be cut off."""
    return talk.ask_for(f"Type {entry.placeholder}:", lambda typed: parse_text(typed, entry.longest)) or ""


def attempt(talk: Talk, do: Callable[[], object]) -> None:
    """Do it; what stands in its way is said, and the conversation goes on where it was."""
    try:
        do()
    except (Locked, WasDrill):
        raise  # what it was about is not there any more
    except LockboxError as error:
        talk.say(with_way_out(error))


def watched(talk: Talk, doing: str, call: Callable[[Progress], T]) -> T | None:
    """What came of an action that takes a while, said as it goes on; None where Ctrl-C stopped it."""
    talk.say(f"{doing}; this may take a while. Control and C stops it.")
    try:
        with answered(say_stopping):
            return call(talk.progress(doing))
    except KeyboardInterrupt:
        talk.say("Stopped.")
        return None


def carry_out_by_name(talk: Talk, vault: OwnerSession, action: Action[Any], target: str) -> None:
    """A simple action that has no dialog: say what its command says before, ask, do it, and say what it replies."""
    talk.say(action.help)
    if action.foretold is not None:
        talk.say(*action.foretold(vault, target))
    said = {entry.name: _asked(talk, entry) for entry in action.entries}
    if not talk.agrees("Do it", "Not now"):
        return
    done = action.call(vault, target, said)
    if action.data is not None:
        talk.say(action.data(done))
    talk.say(*action.reply(target, done))
