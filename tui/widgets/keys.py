"""The last line of every page: the keys that do something here, each of which may be clicked."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import ActiveBinding
from textual.content import Content
from textual.screen import Screen
from textual.style import Style

from tui.widgets.plain import Plain

MORE = " …"


class KeyLine(Plain, can_focus=False):
    """The keys of the page and of what has the focus, as many as the width has room for.

    One widget and not one for each key, as Textual's own footer has: a page is there sooner.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-line--key", "key-line--label"}
    DEFAULT_CSS = """
    KeyLine {
        dock: bottom;
        height: 1;
        text-wrap: nowrap;
        color: $footer-description-foreground;
        background: $footer-background;
        .key-line--key { color: $footer-key-foreground; text-style: bold; }
        .key-line--label { color: $footer-description-foreground; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.auto_links = False  # a key looks like a key and not like a link

    def on_mount(self) -> None:
        """Follow what has the focus, and what is possible there."""
        self.screen.bindings_updated_signal.subscribe(self, self._show)

    def on_resize(self) -> None:
        """Show as many as there is room for now."""
        self._show(self.screen)

    def _show(self, screen: Screen[Any]) -> None:
        if screen.app.app_focus and self.is_attached and screen is self.screen:
            self.update(_as_many_as_fit([self._key(one) for one in _shown(screen)], self.size.width))

    def _key(self, one: ActiveBinding) -> Content:
        key, label = self.get_visual_style("key-line--key"), self.get_visual_style("key-line--label")
        clicked = Style.from_meta({"@click": f"app.simulate_key({one.binding.key!r})"})
        dim = Style() if one.enabled else Style(dim=True)
        return Content.assemble(
            (f" {self.app.get_key_display(one.binding)} ", key + dim + clicked),
            (f"{one.binding.description} ", label + dim + clicked),
        )


def _shown(screen: Screen[Any]) -> list[ActiveBinding]:
    """One for each action, by the key that is named first."""
    by_action: dict[str, ActiveBinding] = {}
    for one in screen.active_bindings.values():
        if one.binding.show:
            by_action.setdefault(one.binding.action, one)
    return [*by_action.values()]


def _as_many_as_fit(keys: list[Content], room: int) -> Content:
    """Those that come first; none is cut in two, and a sign says that there are more."""
    if sum(key.cell_length for key in keys) <= room:
        return Content("").join(keys)
    while keys and sum(key.cell_length for key in keys) + len(MORE) > room:
        keys = keys[:-1]
    return Content("").join([*keys, Content(MORE)])
