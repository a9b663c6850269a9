"""The models that the owner keeps, by ear: keep one, score it, fit it, predict with it, write it out, delete it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from tui.by_ear.acting import attempt, carry_out, label, possible, watched
from tui.text import model_facts
from vault.requester.model_endings import ENDINGS

if TYPE_CHECKING:
    from tui.by_ear.talk import Talk
    from vault.owner.interface.session import OwnerSession
    from vault.views.models import ModelView

Use: TypeAlias = "Callable[[Talk, OwnerSession, ModelView], object]"

ADD: Final = "Keep the model of a release, yours or another vault's."
NOT_NOW: Final = "Not now"
READABLE: Final = "The predictions will be readable by anyone who gets that file: they follow from the rows."
NOISED: Final = (
    "What is in it has left in the release already: it is noised. The trail records that you looked at it."
)
PICTURE_WIDTH: Final = 72


def hear_models(talk: Talk, vault: OwnerSession) -> None:
    """Keep another one, or choose one of all that are kept, the newest first, again and again."""
    while True:
        found = vault.models()
        lines = [f"{one.name}: a {one.kind} that predicts {one.predicts}, {_noise(one)}." for one in found]
        if not found:
            talk.say("You keep no model.")
        chosen = talk.choose("Models, the newest first.", [ADD, *lines])
        if chosen is None:
            return
        if chosen == 0:
            attempt(talk, lambda: _add(talk, vault))
        else:
            _hear_model(talk, vault, found[chosen - 1].name)


def _noise(one: ModelView) -> str:
    return "not private" if one.is_private else "noised"


def _hear_model(talk: Talk, vault: OwnerSession, name: str) -> None:
    """All about one model, and what can be done with it, until it is deleted."""
    while (one := next((each for each in vault.models() if each.name == name), None)) is not None:
        talk.facts(model_facts.facts(one))
        if one.is_private:
            talk.say(model_facts.NOT_PRIVATE)
        actions = possible("models", one)
        chosen = talk.choose("What do you want to do?", [*USES, *map(label, actions)])
        if chosen is None:
            return
        if chosen < len(USES):
            _use(talk, vault, one, [*USES.values()][chosen])
        else:
            carry_out(talk, vault, actions[chosen - len(USES)], one)


def _use(talk: Talk, vault: OwnerSession, one: ModelView, use: Use) -> None:
    attempt(talk, lambda: use(talk, vault, one))


def _add(talk: Talk, vault: OwnerSession) -> None:
    """The folder of a release, and what one of another vault needs besides."""
    talk.say(
        "Its signature, its digests and the job that it answers are checked before it is kept. No record is read by "
        "it, nothing is spent, and nobody hears of it."
    )
    folder = talk.ask_path("Path of the folder of a release, or nothing to go back:")
    if folder is None:
        return
    name = talk.ask("Your name for the model, or nothing, and it is called after what it predicts:")
    job = talk.ask_path("Of another vault's release the path of the job folder that it answers, or nothing:")
    key = None if job is None else talk.ask_path("Path of the file with the key of that vault:")
    kept = vault.add_model(folder, name=name, job=job, vault_key=key)
    talk.say(f"The model {kept.name} is kept.")


# using one --------------------------------------------------------------------------------------------------


def _score(talk: Talk, vault: OwnerSession, one: ModelView) -> None:
    talk.say(
        "Every row is read by the locked-in process, and the trail records that you looked. It costs no budget and "
        "needs no consent: what comes out has no noise and is for you alone."
    )
    rows = _rows(talk, vault, one, label=True)
    if rows and (
        found := watched(talk, "Scoring", lambda tell: vault.score_model(one.name, rows, progress=tell))
    ):
        talk.say(*model_facts.score_sentences(found))


def _fit(talk: Talk, vault: OwnerSession, one: ModelView) -> None:
    talk.say(model_facts.NOT_PRIVATE, "It is deleted with the rows it was fitted on.")
    rows = _rows(talk, vault, one, label=True)
    if not rows:
        return
    name = talk.ask(f"What the copy is called, or nothing for {one.name}-at-home:")
    found = watched(
        talk, "Fitting", lambda tell: vault.fit_model(one.name, rows, new_name=name, progress=tell)
    )
    if found:
        talk.say(*model_facts.fit_sentences(found))


def _predict(talk: Talk, vault: OwnerSession, one: ModelView) -> None:
    talk.say(READABLE)
    rows = _rows(talk, vault, one, label=False)
    target = talk.ask_path("Path of a new CSV file for them, or nothing to go back:") if rows else None
    if target is None or not talk.agrees("Write them", NOT_NOW):
        return
    found = watched(
        talk, "Predicting", lambda tell: vault.predict_collection(one.name, rows, target, progress=tell)
    )
    if found:
        talk.say(*model_facts.prediction_sentences(found))
        talk.say(*model_facts.prediction_picture(found, PICTURE_WIDTH, calm=True))


def _predict_file(talk: Talk, vault: OwnerSession, one: ModelView) -> None:
    talk.say(READABLE)
    rows = talk.ask_path("Path of a CSV file with the columns of the model, or nothing to go back:")
    target = talk.ask_path("Path of a new CSV file for its rows with what is predicted:") if rows else None
    if rows is None or target is None or not talk.agrees("Write it", NOT_NOW):
        return
    found = watched(
        talk, "Predicting", lambda tell: vault.predict_file(one.name, rows, target, progress=tell)
    )
    if found:
        talk.say(*model_facts.prediction_sentences(found))
        talk.say(*model_facts.prediction_picture(found, PICTURE_WIDTH, calm=True))


def _export(talk: Talk, vault: OwnerSession, one: ModelView) -> None:
    talk.say(model_facts.NOT_PRIVATE if one.is_private else NOISED)
    talk.facts(ENDINGS)
    target = talk.ask_path("Path of a new file, or nothing to go back:")
    if target is not None and talk.agrees("Write it", NOT_NOW):
        vault.export_model(one.name, target)
        talk.say(f"{target} holds the model {one.name}.")


def _rows(talk: Talk, vault: OwnerSession, one: ModelView, *, label: bool) -> str:
    """Which collection, of those with every column that the model cannot do without; empty for none."""
    needed = model_facts.needed(one, label=label)
    fitting = [each.name for each in vault.collections() if needed <= {field.name for field in each.fields}]
    if not fitting:
        talk.say(
            f"No collection of yours has every column that it takes: {', '.join(sorted(needed)) or 'none'}."
        )
    chosen = talk.choose("Which of your rows?", fitting)
    return "" if chosen is None else fitting[chosen]


USES: Final[Mapping[str, Use]] = {
    "Score it on your own rows.": _score,
    "Fit a copy of it to your own rows.": _fit,
    "Predict for your own rows, into a file.": _predict,
    "Predict for the rows of a file, into another one.": _predict_file,
    "Write it to a file of yours.": _export,
}
"""What can be done with a model besides its simple actions."""
