"""The dialogs by which a model comes from a release folder into the vault, and goes into a file of the owner's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual.widget import Widget
from textual.widgets import Input

from tui.dialogs.new_file import NewFileDialog
from tui.dialogs.vault_call import VaultCallDialog
from tui.text import wording
from tui.text.parse import parse_path
from tui.widgets.facts import Facts
from tui.widgets.field import text_field
from tui.widgets.plain import Plain
from vault.requester.model_endings import ENDINGS

if TYPE_CHECKING:
    from vault.views.models import ModelView

NAME_ROOM: Final = 40
LONGEST_NAME: Final = 80


class AddModelDialog(VaultCallDialog):
    """The release folder it comes from; dismissed with the name of the model."""

    AUTO_FOCUS = "#release"
    FIELDS: ClassVar[Mapping[str, str]] = {"name": "Call it", "job": "Job folder", "vault-key": "Vault's key"}

    def title_text(self) -> str:
        """What is done."""
        return "Keep the model of a release"

    def consequence(self) -> str:
        """What it changes."""
        return (
            "Its signature, its digests and the job that it answers are checked before it is kept. No record is read "
            "by it, nothing is spent, and nobody hears of it."
        )

    def details(self) -> Iterable[Widget]:
        """The folder, a name, and what one of another vault needs besides."""
        yield text_field("Release folder", "release", "where its three files are")
        yield text_field("Call it", "name", "empty: after what it predicts", most=LONGEST_NAME)
        yield Plain("Only of another vault's release", classes="heading")
        yield text_field("Job folder", "job", "the job that it answers")
        yield text_field("Vault's key", "vault-key", "the file with its public key")

    def choices(self) -> Iterable[tuple[str, str]]:
        """The verb."""
        return [("keep", "Keep it")]

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in a field leads to the next."""
        event.stop()
        self.focus_next()

    def chosen(self, name: str) -> None:
        """Keep it, unless no folder was named."""
        release = self._path("release")
        if release is None:
            self.show_problem("Type the path of the folder of a release.")
            self.query_one("#release").focus()
            return
        label, job, key = (
            self.query_one("#name", Input).value.strip(),
            self._path("job"),
            self._path("vault-key"),
        )
        self.carry_out(
            lambda vault: vault.add_model(release, name=label, job=job, vault_key=key),
            lambda kept: f"The model {kept.name} is kept.",
            lambda kept: kept.name,
        )

    def _path(self, field: str) -> Path | None:
        typed = self.query_one(f"#{field}", Input).value.strip()
        return parse_path(typed) if typed else None


class ModelExportDialog(NewFileDialog):
    """Where to; dismissed with "exported" once the file is written."""

    def __init__(self, model: ModelView) -> None:
        super().__init__()
        self._model = model

    def title_text(self) -> str:
        """Which model."""
        return f"Write {wording.short(self._model.name, NAME_ROOM)} to a file of yours?"

    def consequence(self) -> str:
        """What whoever gets the file has."""
        if self._model.is_private:
            return (
                "This copy is not private: whoever gets the file may learn about single rows of yours. It is meant to "
                "stay with you. The trail records it as an export of records."
            )
        return "What is in it has left in the release already: it is noised. The trail records that you looked at it."

    def details(self) -> Iterable[Widget]:
        """The file and what its ending says."""
        yield from self.path_field(str(Path.home() / "model.onnx"))
        yield Plain("Its ending says what is in it:", classes="heading")
        yield Facts(ENDINGS)

    def choices(self) -> Iterable[tuple[str, str]]:
        """Write it."""
        return [("export", "Write the file")]

    def chosen(self, name: str) -> None:
        """Write the file, unless no name was typed."""
        target, model = self.typed_path(), self._model.name
        if target is not None:
            self.carry_out(
                lambda vault: vault.export_model(model, target),
                lambda _: f"{target} holds the model {model}.",
                "exported",
            )
