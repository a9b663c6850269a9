"""The two lines on top of every page: the vault with its lock time, and the tabs."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Click
from textual.widgets import Static

from tui.app.key_names import key_of
from tui.app.keymap import PAGES
from tui.app.program import program_of
from tui.text import wording
from tui.widgets.plain import Plain
from tui.widgets.standing import Standing

WARNING_SECONDS = 60
NAME_ROOM = 24
GAP = "  ·  "


class VaultBar(Plain):
    """The vault, when it locks itself, the budget that is used most, and what waits."""

    def show_standing(self, standing: Standing) -> None:
        """Show the facts of the vault, as many as the width has room for."""
        self.update(Content(GAP).join(self._parts(standing)))

    def _parts(self, standing: Standing) -> list[Content]:
        name = "SAMPLE, made-up data" if standing.is_sample else standing.vault
        waits = "1 waits for you" if standing.waiting == 1 else f"{standing.waiting} wait for you"
        parts = [
            Content.styled(wording.short(name, NAME_ROOM), "bold $warning" if standing.is_sample else "bold"),
            Content.styled(waits, "bold $accent") if standing.waiting else Content("nothing waits"),
        ]
        if standing.is_silent:
            key = key_of("everywhere.lock", program_of(self).own_keys)
            return [parts[0], Content.styled(f"does not answer; {key} ends it", "bold $error")]
        if standing.running:
            parts.append(Content.styled(f"{standing.running} in training", "$accent"))
        if standing.seconds_to_lock is not None:
            is_near = standing.seconds_to_lock <= WARNING_SECONDS
            parts.insert(1 if is_near else len(parts), _countdown(standing.seconds_to_lock))
        if standing.used_percent is not None:
            used = standing.used_percent
            parts.append(Content(f"budget {wording.bar(used, 10)} {wording.percent(used)} used"))
        return _as_many_as_fit(parts, (self.size.width or self.app.size.width - 2))


def _as_many_as_fit(parts: list[Content], room: int) -> list[Content]:
    """Those that come first; what is left out is left out whole."""
    while len(parts) > 1 and sum(part.cell_length for part in parts) + len(GAP) * (len(parts) - 1) > room:
        parts = parts[:-1]
    return parts


def _countdown(seconds: int) -> Content:
    if seconds > WARNING_SECONDS:
        return Content(f"locks in {-(-seconds // 60)} min")
    return Content.styled(f"locks in {seconds} s: any key keeps it open", "bold $warning")


class PageTab(Static):
    """One screen and its number; a click goes there."""

    def __init__(self, number: int, page: str, *, is_here: bool) -> None:
        name = page.capitalize() if is_here or page in PAGES else "…"
        super().__init__(Content(f"{number} {name}"), classes="here" if is_here else "")
        self._page = page

    def on_click(self, event: Click) -> None:
        """Go to the screen."""
        event.stop()
        self.app.call_later(self.app.run_action, f"go('{self._page}')")


class PageTabs(Horizontal):
    """All screens in one line; where there is little room only their numbers, and the name of this one."""

    def __init__(self, here: str) -> None:
        super().__init__()
        self._here = here

    def compose(self) -> ComposeResult:
        """One tab a screen."""
        for number, page in enumerate(PAGES, start=1):
            yield PageTab(number, page, is_here=page == self._here)
        yield PageTab(len(PAGES) + 1, "settings", is_here=self._here == "settings")
