"""The models page: those that the owner keeps, what each is, and what using one brought."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widgets import DataTable

from tui.app.key_names import key_of
from tui.app.page import Page
from tui.dialogs.model_files import AddModelDialog, ModelExportDialog
from tui.dialogs.model_use import FitDialog, ModelUseDialog, PredictDialog, ScoreDialog
from tui.text import model_facts, times, wording
from tui.widgets.facts import Facts
from tui.widgets.plain import Plain
from tui.widgets.table import Line, ListTable

if TYPE_CHECKING:
    from vault.owner.interface.session import OwnerSession
    from vault.views.collections import CollectionView
    from vault.views.models import ModelView

EMPTY: Final = (
    "You keep no model. To keep that of a release, yours or another vault's: press {key}.\n\n"
    "It can then be scored on your own rows, fitted to them and used, for you alone: none of it is charged, and none "
    "of it leaves."
)
WIDE, NORMAL = 120, 80
_NARROW: Final = {"model": 16, "predicts": 11, "privacy": 13, "added": 10}
_NORMAL: Final = {"model": 20, "kind": 9, "predicts": 10, "privacy": 13, "added": 16}
_WIDE: Final = {"model": 15, "kind": 9, "predicts": 9, "privacy": 13, "added": 16}
"""How many letters of each column are shown, by the width of the terminal; the whole of it stands in the details."""
_OF_A_MODEL: Final = frozenset(("score", "fit", "predict", "export"))
Dialogs = Callable[["ModelView", Sequence[str]], ModelUseDialog]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptModels:
    """Every model, and the collections it may be used on."""

    models: tuple[ModelView, ...]
    collections: tuple[CollectionView, ...]


class Models(Page[KeptModels]):
    """The models that the owner keeps for themselves."""

    NAME = "models"
    TITLE_TEXT = "Models"
    HELP: ClassVar[str] = """\
# Models
A model that was released is of use to you as well. What you do with one here is for you alone: it costs no budget,
needs no consent, is in no release, and nobody is told.

* **Score** it on your own rows, beside the best guess without a model.
* **Fit** a copy of it to your own rows. It has no noise and tells of single rows, so it must stay with you; it is
  deleted with the rows.
* **Predict** for your own rows, or for those of a file, into a new file.

Who asked for a model has it too, and whoever they gave it to. Deleting it here changes nothing there.
"""
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", show=False)]

    def __init__(self) -> None:
        super().__init__()
        self._facts = KeptModels(models=(), collections=())
        self._outcomes: dict[str, str] = {}
        self._drawn_widths: dict[str, int] = {}

    def body(self) -> ComposeResult:
        """The list, and beside or under it what there is to know of the one under the cursor."""
        yield Plain(
            EMPTY.format(key=key_of("models.add", self.program.own_keys)), classes="empty", id="models-empty"
        )
        with Container(id="models-body"):
            yield ListTable(id="models-list", classes="value")
            with VerticalScroll(id="models-details", can_focus=True):
                yield Plain(id="model-outcome", classes="value")
                yield Plain(id="model-name", classes="heading value")
                yield Facts((), id="model-facts", classes="value")
                yield Plain(model_facts.NOT_PRIVATE, id="model-private")

    def fetch(self, vault: OwnerSession) -> KeptModels:
        """The models and the names of columns; no value is read."""
        return KeptModels(models=tuple(vault.models()), collections=tuple(vault.collections()))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a model there is nothing to score, fit, use or write."""
        if action in _OF_A_MODEL and not self._facts.models:
            return False
        return super().check_action(action, parameters)

    async def draw(self, facts: KeptModels) -> None:
        """Fill the list; the details follow its cursor."""
        self._facts = facts
        self.refresh_bindings()
        self.query_one("#models-empty").display = not facts.models
        self.query_one("#models-body").display = bool(facts.models)
        self._fill()
        self._show_chosen()

    def _fill(self) -> None:
        """Fill the list with the columns that this width has room for."""
        table, width = self.query_one(ListTable), self.app.size.width
        widths = _WIDE if width >= WIDE else _NORMAL if width >= NORMAL else _NARROW
        if widths != self._drawn_widths:
            table.set_headings(*widths)
            self._drawn_widths = widths
        table.fill(_line(one, widths) for one in self._facts.models)

    def on_resize(self) -> None:
        """Draw the columns that the new width has room for."""
        if self._drawn_widths:
            self._fill()
            self._show_chosen()

    @property
    def chosen(self) -> ModelView | None:
        """The model under the cursor."""
        key = self.chosen_key()
        return next((one for one in self._facts.models if one.name == key), None)

    def _show_chosen(self) -> None:
        one = self.chosen
        if one is None:
            return
        self.query_one("#model-name", Plain).set_text(one.name)
        self.query_one("#model-facts", Facts).set_facts(model_facts.facts(one)[1:])
        self.query_one("#model-private").display = one.is_private
        outcome = self.query_one("#model-outcome", Plain)
        outcome.set_text(self._outcomes.get(one.name, ""))
        outcome.display = one.name in self._outcomes

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Show what the cursor is on."""
        event.stop()
        self._show_chosen()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter and a click open it."""
        event.stop()
        self.action_open()

    # actions

    async def subject(self) -> ModelView | None:
        """The model under the cursor."""
        return self.chosen

    def action_open(self) -> None:
        """Read the details, in place of the list where there is no room for both."""
        if self.chosen is not None:
            self.query_one("#models-body").add_class("-details")
            self.query_one("#models-details").focus()

    def action_close(self) -> None:
        """Go back to the list."""
        self.query_one("#models-body").remove_class("-details")
        self.focus_first()

    @work(exclusive=True, group="act")
    async def action_add(self) -> None:
        """Keep the model of a release."""
        kept = await self.app.push_screen_wait(AddModelDialog())
        if kept is not None:
            self.cursor_key = kept
            self.reload()

    def action_score(self) -> None:
        """See how it does on one's own rows."""
        self._use(ScoreDialog, self._fitting(needs_label=True))

    def action_fit(self) -> None:
        """Fit a copy to one's own rows."""
        one, fitting = self.chosen, self._fitting(needs_label=True)
        if one is not None and one.is_private:  # a copy fitted on others' rows would outlive those
            fitting = [name for name in fitting if name == one.fitted_on]
        self._use(FitDialog, fitting)

    def action_predict(self) -> None:
        """Predict with it; the rows of a file serve as well, so no collection need fit."""
        self._use(PredictDialog, self._fitting(needs_label=False), may_be_none=True)

    def action_export(self) -> None:
        """Write it to a file."""
        if self.chosen is not None:
            self.app.push_screen(ModelExportDialog(self.chosen))

    def _fitting(self, *, needs_label: bool) -> list[str]:
        """The collections that have every column that the model cannot do without."""
        one = self.chosen
        if one is None:
            return []
        needed = model_facts.needed(one, label=needs_label)
        return [
            each.name for each in self._facts.collections if needed <= {field.name for field in each.fields}
        ]

    @work(exclusive=True, group="act")
    async def _use(self, dialog: Dialogs, fitting: Sequence[str], *, may_be_none: bool = False) -> None:
        """Open a dialog, and show beside the model what came of it."""
        one = self.chosen
        if one is None:
            return
        if not fitting and not may_be_none:
            needed = ", ".join(sorted(model_facts.needed(one, label=True)))
            self.program.tell(f"No collection of yours has every column that it takes: {needed}.")
            return
        said = await self.app.push_screen_wait(dialog(one, fitting))
        if said is not None:
            self._outcomes[one.name] = said
            self._show_chosen()
            self.action_open()
            self.query_one("#models-details").scroll_home(animate=False)
            self.reload()


def _line(one: ModelView, widths: dict[str, int]) -> Line:
    facts = {
        "model": one.name,
        "kind": one.kind,
        "predicts": one.predicts,
        "privacy": "■ not private" if one.is_private else "noised",
        "added": times.short_time(one.added_at)[: widths["added"]],
    }
    return Line(key=one.name, cells=tuple(wording.short(facts[name], most) for name, most in widths.items()))
