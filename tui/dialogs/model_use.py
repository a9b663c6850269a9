"""The dialogs in which an owner uses a model: score it, fit it at home, predict with it, all for themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, TypeVar

from textual.widget import Widget
from textual.widgets import Input, Select

from tui.dialogs.new_file import NewFileDialog
from tui.dialogs.vault_call import VaultCallDialog
from tui.text import model_facts, wording
from tui.text.parse import parse_path
from tui.widgets.field import menu_field, text_field
from tui.widgets.how_far import HowFar

if TYPE_CHECKING:
    from vault.owner.interface.session import OwnerSession
    from vault.views.models import ModelView, Predictions

T = TypeVar("T")
Tell = Callable[[int, int], None]

NAME_ROOM: Final = 40
LONGEST_NAME: Final = 80
PICTURE_WIDTH: Final = 52
"""A picture stands beside a list, and on the smallest screen."""
A_FILE: Final = ""
"""Chosen among the collections, it stands for the rows of a file."""


class ModelUseDialog(VaultCallDialog):
    """On which rows; dismissed with what is said of the outcome, which the curtain hides where it is shown."""

    DOING, DONE = "", ""

    def __init__(self, model: ModelView, collections: Sequence[str]) -> None:
        super().__init__()
        self._model, self._collections = model, collections

    @property
    def name_of_model(self) -> str:
        """Its name, as much of it as a title has room for."""
        return wording.short(self._model.name, NAME_ROOM)

    def details(self) -> Iterable[Widget]:
        """Which rows."""
        options = [(wording.short(name, NAME_ROOM), name) for name in self._collections]
        first = next(iter(self._collections), A_FILE)
        yield menu_field("Your rows", "collection", [*options, *self.more_rows()], first)

    def more_rows(self) -> Iterable[tuple[str, str]]:
        """What else the rows can be of."""
        return ()

    def before_buttons(self) -> Iterable[Widget]:
        """How far it is, and what went wrong."""
        yield HowFar(id="how-far")
        yield from super().before_buttons()

    @property
    def collection(self) -> str:
        """The collection that is chosen."""
        return str(self.query_one("#collection", Select).value)

    def use(self, call: Callable[[OwnerSession, Tell], T], said: Callable[[T], Sequence[str]]) -> None:
        """Do it, and leave with what is said of it."""
        tell = self.query_one(HowFar).begin(self.DOING)
        self.carry_out(
            lambda vault: call(vault, tell),
            lambda _: f"{self.DONE}. What came of it stands beside the model.",
            lambda answer: "\n".join(said(answer)),
        )

    def show_problem(self, sentence: str) -> None:
        """What went wrong goes no further."""
        super().show_problem(sentence)
        self.query_one(HowFar).end()


class ScoreDialog(ModelUseDialog):
    """How a model does on one's own rows."""

    DOING, DONE = "Scoring", "Scored"

    def title_text(self) -> str:
        """The question."""
        return f"See how {self.name_of_model} does on your own rows?"

    def consequence(self) -> str:
        """What it reads, and who hears of it."""
        return (
            "Every row is read by the locked-in process, and the trail records that you looked. It costs no budget and "
            "needs no consent: what comes out has no noise and is for you alone."
        )

    def choices(self) -> Iterable[tuple[str, str]]:
        """The verb."""
        return [("score", "Score it")]

    def chosen(self, name: str) -> None:
        """Score it."""
        model, collection = self._model.name, self.collection
        self.use(
            lambda vault, tell: vault.score_model(model, collection, progress=tell),
            model_facts.score_sentences,
        )


class FitDialog(ModelUseDialog):
    """A copy of a model, fitted to one's own rows at home."""

    DOING, DONE = "Fitting", "Fitted, and the copy is kept"
    FIELDS: ClassVar[Mapping[str, str]] = {"name": "Call it"}

    def title_text(self) -> str:
        """The question."""
        return f"Fit {self.name_of_model} to your own rows?"

    def consequence(self) -> str:
        """That the copy is not private and must stay."""
        return f"{model_facts.NOT_PRIVATE} It is deleted with the rows it was fitted on."

    def details(self) -> Iterable[Widget]:
        """Which rows, and what the copy is called."""
        yield from super().details()
        yield text_field("Call it", "new-name", f"empty: {self.name_of_model}-at-home", most=LONGEST_NAME)

    def choices(self) -> Iterable[tuple[str, str]]:
        """The verb."""
        return [("fit", "Fit a copy")]

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the field leads to the buttons; it decides nothing."""
        event.stop()
        self.query_one("#safe").focus()

    def chosen(self, name: str) -> None:
        """Fit it."""
        model, collection = self._model.name, self.collection
        new = self.query_one("#new-name", Input).value.strip()
        self.use(
            lambda vault, tell: vault.fit_model(model, collection, new_name=new, progress=tell),
            model_facts.fit_sentences,
        )


class PredictDialog(ModelUseDialog, NewFileDialog):
    """Predictions for one's own rows, or for those of a file, in a new file."""

    DOING, DONE = "Predicting", "The predictions are written"

    def title_text(self) -> str:
        """The question."""
        return f"Predict {wording.short(self._model.predicts, NAME_ROOM)} with {self.name_of_model}?"

    def consequence(self) -> str:
        """That nothing protects the file."""
        return (
            "The predictions will be readable by anyone who gets that file: they follow from the rows. They cost no "
            "budget, and the trail records it as what it is, a look at a file or an export of records."
        )

    def more_rows(self) -> Iterable[tuple[str, str]]:
        """Those of a file."""
        return [("the rows of a CSV file", A_FILE)]

    def details(self) -> Iterable[Widget]:
        """Which rows, and where to."""
        yield from super().details()
        yield text_field("That file", "file", f"a CSV file with {', '.join(self._model.features)}")
        yield from self.path_field(str(Path.home() / "predictions.csv"))

    def on_mount(self) -> None:
        """The file is asked for where it is chosen."""
        self._ask_for_file()

    def on_select_changed(self, event: Select.Changed) -> None:
        """The file is asked for where it is chosen."""
        event.stop()
        self._ask_for_file()

    def _ask_for_file(self) -> None:
        place = self.query_one("#file").parent
        assert isinstance(place, Widget)
        place.display = self.collection == A_FILE

    def choices(self) -> Iterable[tuple[str, str]]:
        """The verb."""
        return [("predict", "Write the file")]

    def chosen(self, name: str) -> None:
        """Predict, unless a name is missing."""
        model, collection, typed = (
            self._model.name,
            self.collection,
            self.query_one("#file", Input).value.strip(),
        )
        if collection == A_FILE and not typed:
            self.show_problem("Name the file whose rows are predicted for.")
            self.query_one("#file").focus()
            return
        target = self.typed_path()
        if target is None:
            return
        if collection == A_FILE:
            rows = parse_path(typed)
            self.use(lambda vault, tell: vault.predict_file(model, rows, target, progress=tell), self._said)
        else:
            self.use(
                lambda vault, tell: vault.predict_collection(model, collection, target, progress=tell),
                self._said,
            )

    def _said(self, found: Predictions) -> list[str]:
        picture = model_facts.prediction_picture(found, PICTURE_WIDTH, calm=self.program.is_calm)
        return [*model_facts.prediction_sentences(found), *picture]
