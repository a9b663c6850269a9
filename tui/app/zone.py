"""Turning the times on the screens from the zone of this computer to UTC, and back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from textual.screen import Screen

from tui.app.page import Page
from tui.text import times


def turn_zone(screens: Iterable[Screen[Any]], now: datetime) -> str:
    """Show times in the other zone, and load what shows them again; gives the sentence to be told."""
    times.show_local(not times.are_local())
    for screen in screens:
        if isinstance(screen, Page):
            screen.reload()
    zone = f"{times.in_zone(now):%Z}, as on this computer" if times.are_local() else "UTC"
    return f"Times are shown in {zone}; the same key changes that."
