"""Where each page is defined; one is loaded when it is first opened."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from textual.screen import Screen

SCREENS_BY_NAME: Final = {
    "home": "tui.screens.home:Home",
    "data": "tui.screens.data:Data",
    "consents": "tui.screens.consents:Consents",
    "requests": "tui.screens.requests:Requests",
    "training": "tui.screens.training:Training",
    "release": "tui.screens.release:Releases",
    "budget": "tui.screens.budget:Budget",
    "audit": "tui.screens.audit:Audit",
    "models": "tui.screens.models:Models",
    "settings": "tui.screens.settings:Settings",
}


def screen_class(name: str) -> type[Screen[None]]:
    """The screen of this name, loaded when it is first opened so that the first paint does not wait for it."""
    module, _, kind = SCREENS_BY_NAME[name].partition(":")
    found: type[Screen[None]] = getattr(import_module(module), kind)
    return found
