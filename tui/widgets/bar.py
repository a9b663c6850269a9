"""The two lines on top of every page: the vault with its lock time, and the tabs."""

from __future__ import annotations

from textual.content import Content
from textual.style import Style

from tui.app.key_names import key_of
from tui.app.keymap import PAGES
from tui.app.program import program_of
from tui.text import wording
from tui.widgets.plain import Plain
from tui.widgets.standing import Standing

WARNING_SECONDS = 60
NAME_ROOM = 24
GAP = "  ·  "
ALL = (*PAGES, "settings", "models")
"""The screens in the order of their numbers; that of the last is 0."""


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
            *[Content.styled("READ-ONLY", "bold $warning")] * standing.is_read_only,
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


class PageTabs(Plain):
    """All screens in one line, each of which may be clicked; where there is little room only their numbers."""

    ALLOW_SELECT = False

    def __init__(self, here: str) -> None:
        super().__init__()
        self._here = here

    def on_resize(self) -> None:
        """Show the names where there is room for all of them, of the last two the numbers alone where there is none."""
        shorter = (self._line(named=named) for named in (ALL, PAGES, ()))
        fitting = [self._line(named=ALL, more="Settings"), *shorter]
        self.update(next((one for one in fitting if one.cell_length <= self.size.width), fitting[-1]))

    def _line(self, *, named: tuple[str, ...], more: str = "…") -> Content:
        pages = enumerate(ALL, start=1)
        return Content(" ").join(
            self._tab(number % 10, page, is_short=page not in named, more=more) for number, page in pages
        )

    def _tab(self, number: int, page: str, *, is_short: bool, more: str) -> Content:
        is_here = page == self._here
        name = more if page == "settings" and not is_here else page.capitalize()
        clicked = Style.from_meta({"@click": f"app.go({page!r})"})
        style = Style(bold=True, reverse=True) if is_here else Style()
        return Content.styled(
            f"{number}" if is_short and not is_here else f"{number} {name}", style + clicked
        )
