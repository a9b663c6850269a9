"""The first dialog of an import: which file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from rich.text import Text
from textual import work
from textual.widget import Widget
from textual.widgets import DirectoryTree, Input

from tui.cli.look_at_files import ChosenFiles, files_of, tables_in
from tui.dialogs.dialog import Dialog
from tui.dialogs.import_file import NOTHING_YET, ImportDialog
from tui.dialogs.import_several import ImportSeveralDialog, look_at_all
from tui.text.field_words import in_fields
from tui.text.layout import escaped
from tui.text.parse import parse_paths
from tui.text.screen_words import on_screen
from tui.widgets.file_form import FileForm
from tui.widgets.how_far import HowFar
from tui.widgets.plain import Plain, cell
from tui.widgets.text_input import TextInput
from vault.errors.families import Invalid, LockboxError
from vault.requester.file_kinds import check_kind
from vault.views.records import FileChoice


class FileTree(DirectoryTree):
    """The files below a folder; hidden ones are left out, and names are shown as they are."""

    def filter_paths(self, paths: Iterable[Path]) -> Iterable[Path]:
        """What a person keeps."""
        return (path for path in paths if not path.name.startswith("."))

    def process_label(self, label: str | Text) -> Text:
        """A file may be called anything; its name is never read as markup."""
        return cell(label if isinstance(label, str) else label.plain)


class ChooseFileDialog(Dialog[str]):
    """Which file, or several: paths that are typed, pasted or dropped, or one that is chosen below."""

    AUTO_FOCUS = "#path"

    def __init__(self, *, is_first: bool = False, collection: str = "") -> None:
        super().__init__()
        self._is_first = is_first
        self._collection = collection
        self._said_of = ""

    def title_text(self) -> str:
        """The third card of a new vault, or simply an import."""
        return "Your own vault, 3 of 3: your first file" if self._is_first else "Import a file"

    def consequence(self) -> str:
        """What comes next."""
        return f"CSV, JSON Lines, Parquet or a known export. First you see what would be kept. {NOTHING_YET}"

    def details(self) -> Iterable[Widget]:
        """The path, and the folder to choose from."""
        yield TextInput(
            placeholder="type, paste or drop the path of a file or folder", id="path", compact=False
        )
        yield FileForm(FileChoice(path=Path(), name=""), by_number=True, id="written")
        yield FileTree(Path.home(), id="files")

    def on_mount(self) -> None:
        """How a file is written is asked once one cannot be read, or who knows it says so."""
        self.query_one(FileForm).display = False

    def before_buttons(self) -> Iterable[Widget]:
        """How it goes."""
        yield HowFar(id="how-far")
        yield Plain("", id="word", classes="bad")

    def safe_label(self) -> str:
        """Nothing is imported."""
        return "Later" if self._is_first else "Not now"

    def choices(self) -> Iterable[tuple[str, str]]:
        """Look at the file, or say how it is written."""
        return (("look", "Look at it"), ("how", "How it is written"))

    def on_directory_tree_file_selected(self, event: DirectoryTree.FileSelected) -> None:
        """Take this file."""
        event.stop()
        self.query_one("#path", Input).value = str(event.path)
        self._look(event.path)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Look at the file that was typed, or open the folder."""
        event.stop()
        self.chosen("look")

    def on_file_form_changed(self, event: FileForm.Changed) -> None:
        """It counts when the file is looked at."""
        event.stop()

    def _ask_how(self, *, is_asked: bool) -> None:
        self.query_one(FileForm).display = is_asked
        self.query_one(FileTree).display = not is_asked

    def chosen(self, name: str) -> None:
        """Look at what the field says, or show the fields of how it is written."""
        if name == "how":
            self._ask_how(is_asked=not self.query_one(FileForm).display)
            return
        typed = self.query_one("#path", Input).value
        if not typed.strip():
            self._say("Type the path of a file, or choose one below.")
            return
        try:
            path, *more = paths = parse_paths(typed)
            for one in paths:
                check_kind(one)
            as_format = self._choice_of(path).as_format
            several = files_of(paths, as_format) if more else None
        except Invalid as error:
            self._say(in_fields(on_screen(error)), is_bad=True)
            return
        if several:
            self._look_at_several(several)
            return
        if path.is_dir():
            self._look_into(path, as_format)
            return
        self._look(path)

    def _look_into(self, folder: Path, as_format: str | None) -> None:
        """Look at what is taken of a folder; where that is nothing, it is opened below."""
        try:
            found = tables_in(folder, as_format)
        except OSError:
            self._say(f"The folder {escaped(str(folder))} cannot be opened.", is_bad=True)
            return
        if len(found.paths) > 1:
            self._look_at_several(found)
        elif found.paths:
            self._look(found.paths[0], found.passed)
        else:
            self._open(folder)

    def _open(self, folder: Path) -> None:
        self._ask_how(is_asked=False)
        files = self.query_one("#files", FileTree)
        files.path = folder
        files.focus()
        self._say("Nothing that can be imported lies in that folder itself: choose a file below.")

    def on_input_changed(self, event: Input.Changed) -> None:
        """What was said of a path is not said of another one."""
        event.stop()
        if event.input.id == "path" and event.value != self._said_of:
            self._say("")

    def _say(self, sentence: str, *, is_bad: bool = False) -> None:
        self._said_of = self.query_one("#path", Input).value
        word = self.query_one("#word", Plain)
        word.set_class(is_bad, "bad")
        word.set_text(sentence)

    def _choice_of(self, path: Path) -> FileChoice:
        """What is said of this file; raises `Invalid` for a field that cannot be read."""
        form = self.query_one(FileForm)
        said = form.said() if form.display else {}
        # which rows it leaves out is shown, and accepted by a tick
        return FileChoice(path=path, name=self._collection or path.stem, allow_refused=True, **said)

    @work(exclusive=True, group="look")
    async def _look(self, path: Path, passed: Sequence[str] = ()) -> None:
        self._say("Reading the file …")
        how_far = self.query_one(HowFar)
        tell = how_far.begin("Reading")
        try:
            choice = self._choice_of(path)
            found = await self.program.ask(lambda vault: vault.plan_import(choice, progress=tell))
        except LockboxError as error:
            self._say(in_fields(on_screen(error)), is_bad=True)
            if "--" in f"{error} {error.hint}":
                self._ask_how(is_asked=True)
            return
        finally:
            how_far.end()
        self._say("")
        self.app.push_screen(ImportDialog(choice, found, passed=passed), self._imported)

    @work(exclusive=True, group="look")
    async def _look_at_several(self, chosen: ChosenFiles) -> None:
        """Look at all of them; a file that cannot be taken is named, and none is."""
        self._say("Reading the files …")
        how_far = self.query_one(HowFar)
        tell = how_far.begin("Reading")
        try:
            choices = [replace(self._choice_of(path), allow_refused=False) for path in chosen.paths]
            found = await self.program.ask(lambda vault: look_at_all(vault, choices, tell))
        except LockboxError as error:
            self._say(in_fields(on_screen(error)), is_bad=True)
            return
        finally:
            how_far.end()
        self._say("")
        self.app.push_screen(ImportSeveralDialog(found, passed=chosen.passed), self._imported)

    def _imported(self, collection: str | None) -> None:
        if collection is not None:
            self.dismiss(collection)
        else:
            self.query_one("#path", Input).focus()
