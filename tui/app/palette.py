"""What the palette finds besides the actions of a screen: those of the others, and what is in the vault."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from textual.command import DiscoveryHit, Hit, Hits, Provider

from tui.app.key_action import KeyAction
from tui.app.keymap import ACTIONS
from tui.app.page import Page
from tui.app.page_classes import SCREENS_BY_NAME
from tui.app.program import program_of
from tui.text import campaign_facts, model_facts, request_facts, wording
from tui.text.layout import escaped
from tui.widgets.plain import content
from vault.errors.families import LockboxError

if TYPE_CHECKING:
    from vault.owner.interface.session import OwnerSession

NAME_ROOM: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One thing in the vault: its words, and the page with its line."""

    words: str
    about: str
    page: str
    key: str
    collection: str = ""
    """Whose columns the page shows."""


def elsewhere(here: str) -> list[Place]:
    """The actions of the other pages: choosing one leads to its page, where its key does it."""
    return [
        Place(words=f"{one.label} ({one.where.capitalize()})", about=_how(one), page=one.where, key="")
        for one in ACTIONS
        if one.where in SCREENS_BY_NAME and one.where != here
    ]


def _how(one: KeyAction) -> str:
    return f"on {one.where.capitalize()}, by {one.keys.split(',')[0]}: {one.sentence}"


def places(vault: OwnerSession) -> list[Place]:
    """Everything that has a line of its own on a page; no value of a record is among it."""
    return [*_asked(vault), *_campaigns(vault), *_allowed(vault), *_kept(vault), *_models(vault)]


def _asked(vault: OwnerSession) -> Iterator[Place]:
    for one in vault.requests():
        words = f"Request {one.id[:8]} of {wording.short(one.requester, NAME_ROOM)}"
        state = request_facts.state(one)
        about = f"{one.purpose_words}, on {wording.short(one.collection, NAME_ROOM)}: {state}"
        yield Place(words=words, about=about, page="requests", key=one.id)


def _campaigns(vault: OwnerSession) -> Iterator[Place]:
    for one in vault.campaigns():
        words = f"Campaign {one.id[:8]} of {wording.short(one.requester, NAME_ROOM)}"
        about = f"{one.purpose_words}, on {wording.short(one.collection, NAME_ROOM)}: {one.state}"
        yield Place(words=words, about=about, page="requests", key=f"{campaign_facts.KEY}{one.id}")


def _allowed(vault: OwnerSession) -> Iterator[Place]:
    for one in vault.grants():
        words = f"Consent {one.id[:8]} to {wording.short(one.requester, NAME_ROOM)}"
        about = f"{', '.join(one.fields)} of {one.collection}, {one.state}"
        yield Place(words=words, about=about, page="consents", key=one.id)


def _kept(vault: OwnerSession) -> Iterator[Place]:
    for one in vault.collections():
        about = f"{wording.counted(one.rows, 'row')} in {wording.counted(len(one.fields), 'column')}"
        yield Place(words=f"Collection {one.name}", about=about, page="data", key=one.name)
        for field in one.fields:
            about = f"{field.type}, {field.sensitivity}"
            words = f"Column {field.name} of {one.name}"
            yield Place(words=words, about=about, page="columns", key=field.name, collection=one.name)


def _models(vault: OwnerSession) -> Iterator[Place]:
    for one in vault.models():
        words, about = f"Model {one.name}", f"{one.kind}, predicts {one.predicts}, {model_facts.origin(one)}"
        yield Place(words=words, about=about, page="models", key=one.name)


class VaultProvider(Provider):
    """Finds actions of other pages, and what is in the vault by its name; nothing of the latter behind the curtain."""

    async def startup(self) -> None:
        """Ask the vault once, when the palette opens."""
        self._places = elsewhere(getattr(self.screen, "NAME", "")) if isinstance(self.screen, Page) else []
        if isinstance(self.screen, Page) and not self.app.has_class("-curtained"):
            try:
                self._places += await program_of(self.screen).ask(places)
            except LockboxError as error:
                program_of(self.screen).tell_error(error)

    async def search(self, query: str) -> Hits:
        """Everything whose words match."""
        matcher = self.matcher(query)
        for one in self._places:
            if (score := matcher.match(one.words)) > 0:
                yield Hit(score, content(one.words), partial(self._go, one), one.words, escaped(one.about))

    async def discover(self) -> Hits:
        """Nothing before something is typed: the actions come first."""
        for one in self._places[:0]:
            yield DiscoveryHit(one.words, partial(self._go, one))

    def _go(self, one: Place) -> None:
        if one.page != "columns":
            program_of(self.screen).open_page(one.page, at=one.key)
            return
        from tui.screens.columns import Columns

        page = Columns(one.collection)
        page.cursor_key = one.key
        self.app.switch_screen(page)
