"""The base of the pages: the bar, the tabs, the keys, loading in a thread, and a search in the list."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from tui.actions import action_of
from tui.app.keymap import bindings
from tui.app.leaving import Leavable, while_here
from tui.app.program import Program, program_of
from tui.app.threads import to_its_end
from tui.dialogs.action import ActionDialog
from tui.text.action import Action, Question
from tui.widgets.bar import PageTabs, VaultBar
from tui.widgets.help_pane import HelpPane
from tui.widgets.keys import KeyLine
from tui.widgets.table import ListTable
from tui.widgets.text_input import TextInput
from vault.errors.families import LockboxError

if TYPE_CHECKING:
    from vault.owner.interface.session import OwnerSession

F = TypeVar("F")
S = TypeVar("S")
T = TypeVar("T")


class SearchBar(TextInput):
    """The field of the search; every letter narrows the list, and escape shows all of it again."""

    def __init__(self) -> None:
        super().__init__(placeholder="search in this list; escape shows all", id="search-bar")


class Page(Leavable, Generic[F]):
    """One screen of the vault: `fetch` asks the vault in a thread, `draw` shows the facts.

    A page is made anew each time it is opened and loads again whenever the trail has grown.
    """

    NAME: ClassVar[str] = ""
    TITLE_TEXT: ClassVar[str] = ""
    TAB: ClassVar[str] = ""
    """The tab it stands under, where that is not its own."""
    HELP: ClassVar[str] = ""
    AUTO_FOCUS = "ListTable"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", "Back", show=False)]
    cursor_key = ""
    """The key of the line on which the cursor begins."""
    ALLOW_SELECT = False  # values are on the screen; copying them is done by `lockbox data export`
    _is_made = _is_stale = _is_loading = False
    _asked_at = float("-inf")
    _drawn: asyncio.Future[None]

    def __init_subclass__(cls, **given: Any) -> None:
        """Bind the keys that the keymap gives this screen."""
        if cls.NAME:
            cls.BINDINGS = [*bindings(cls.NAME), *cls.__dict__.get("BINDINGS", ())]
        super().__init_subclass__(**given)

    @property
    def program(self) -> Program:
        """The program this page belongs to."""
        return program_of(self)

    def chosen_key(self, table: type[ListTable] = ListTable) -> str | None:
        """The key of the line under the cursor; None in an empty list, and where the page has no list any more."""
        found = self.query(table)
        return found.first().chosen if found else None

    def compose(self) -> ComposeResult:
        """The bar, the tabs, the body of the page, the keys."""
        yield VaultBar(id="vault-bar")
        yield PageTabs(self.TAB or self.NAME)
        with Vertical(id="body"):
            yield from self.body()
        yield KeyLine()

    def body(self) -> ComposeResult:
        """The widgets of this page."""
        raise NotImplementedError

    def fetch(self, vault: OwnerSession) -> F:
        """Ask the vault; runs in a thread."""
        raise NotImplementedError

    async def draw(self, facts: F) -> None:
        """Show what was fetched."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Load for the first time."""
        self.query_one(VaultBar).show_standing(self.program.standing)
        self.set_loading(True)
        self._is_made = True
        self.reload()

    def set_loading(self, is_loading: bool) -> None:
        """Show that the first answer is still to come."""
        self.query_one("#body").loading = is_loading

    def reload(self) -> None:
        """Load, or load once more when what is loading now stands; a drawing is never broken off halfway."""
        self._is_stale = True
        # Before it is mounted it has nothing to draw on, and loads by itself then.
        if self._is_made and not self._is_loading:
            self._is_loading = True
            self._load()

    def has_asked_since(self, moment: float) -> bool:
        """Whether it knows, or will once it is drawn, all that was so at a moment of the program's clock."""
        return self._asked_at > moment

    @work(group="load")
    async def _load(self) -> None:
        """Fetch and draw until nothing is newer; an error is told in one sentence, and the page stays as it was."""
        try:
            while self._is_stale:
                self._is_stale = False
                self._asked_at = self.program.clock()
                facts = await self.ask(self.fetch)
                if facts is None:
                    self._asked_at = float("-inf")
                # Leaving ends this worker, and a widget whose removal is broken off breaks its parent's.
                await to_its_end(self._draw_whole(facts))
        finally:
            self._is_loading = False

    async def _draw_whole(self, facts: F | None) -> None:
        with while_here(self):
            self.set_loading(False)
            if facts is not None:
                await self.draw(facts)
                self._place_cursor()

    def _place_cursor(self) -> None:
        for table in self.query(ListTable):
            table.point_at(self.cursor_key)
        self.cursor_key = ""
        if self.focused is None and self.AUTO_FOCUS:
            self.focus_first()

    def focus_first(self) -> None:
        """Focus the first widget that moves by keys."""
        for found in self.query(str(self.AUTO_FOCUS)):
            if found.focusable:
                found.focus()
                return

    async def ask(self, question: Callable[[OwnerSession], T]) -> T | None:
        """The vault's answer, or None after an error was told."""
        try:
            return await self.program.ask(question)
        except LockboxError as error:
            self.program.tell_error(error)
            return None

    # simple actions

    async def subject(self) -> object | None:
        """What a simple action of this page is about, such as what the cursor is on."""
        return None

    def act_begins(self, action: Action[Any], subject: object) -> None:
        """A simple action is about to be done."""

    @work(exclusive=True, group="act")
    async def action_do(self, name: str) -> None:
        """Open the dialog of a simple action, or say why it cannot be done."""
        subject = await self.subject()
        if subject is not None:
            await self.decide(action_of(self.NAME, name), subject)

    async def decide(self, action: Action[S], subject: S) -> None:
        """Open the dialog of a simple action on this subject, or say why it cannot be done."""
        question = action.question
        assert question is not None  # only actions with a question have a key
        if obstacle := question.obstacle(subject):
            self.program.tell(obstacle)
            return
        besides = await self._besides(question, subject)
        if besides is None:
            return
        dialog = ActionDialog(action, subject, lambda: self.act_begins(action, subject), besides)
        if await self.app.push_screen_wait(dialog):
            self.reload()

    async def _besides(self, question: Question[S], subject: S) -> str | None:
        """What else follows as things stand, or None after an error was told."""
        asked = question.besides
        return "" if asked is None else await self.ask(lambda vault: asked(vault, subject))

    # searching

    async def action_search(self) -> None:
        """Open the search; pages with a list have one."""
        if not self.query(ListTable):
            self.notify("There is no list on this screen to search in.")
            return
        if not self.query(SearchBar):
            await self.query_one("#body").mount(SearchBar())
        self.set_focus(self.query_one(SearchBar))  # at once: the next key is a letter of the search

    def on_text_input_refused(self, event: TextInput.Refused) -> None:
        """A field of this page was given what does not go there."""
        event.stop()
        if event.field.refusal:
            self.program.tell(event.field.refusal)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow the list with every letter."""
        if event.input.id == "search-bar":
            self.filter_list(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go on in the list that is left."""
        if event.input.id == "search-bar":
            self.focus_first()

    def filter_list(self, text: str) -> None:
        """Show only what has this text."""
        self.query(ListTable).first().filter(text)

    # leaving

    async def action_back(self) -> None:
        """Close what was opened last: the help, the search, or what this page has of its own."""
        if self.query(HelpPane):
            await self.query(HelpPane).remove()
        elif self.query(SearchBar):
            await self.end_search()
        else:
            await self.leave_part()

    async def end_search(self) -> None:
        """Show the whole list again."""
        await self.query(SearchBar).remove()
        self.filter_list("")
        self.focus_first()

    async def leave_part(self) -> None:
        """Where escape leads when neither help nor search is open."""

    async def toggle_help(self) -> None:
        """Show what this page is about and what its keys do, beside it, or hide that again."""
        if self.query(HelpPane):
            await self.query(HelpPane).remove()
        else:
            await self.mount(HelpPane(self.HELP, self.NAME))
