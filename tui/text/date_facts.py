"""What confirming the date of the computer's clock changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.text import wording

if TYPE_CHECKING:
    from vault.views.date import DateView


def confirming(found: DateView) -> str:
    """What runs out or holds again by the clock's date, in one line."""
    ending = [
        wording.counted(number, what)
        for number, what in (
            (found.consents_ending, "consent"),
            (found.requests_ending, "request"),
            (found.updates_ending, "held update"),
        )
        if number
    ]
    if ending:
        return f"By the clock's date, what runs out for good: {', '.join(ending)}."
    if found.consents_returning:
        held = wording.counted(found.consents_returning, "consent")
        return f"By the clock's date, what ended too early and holds again: {held}. Nothing else comes back."
    return "By the clock's date nothing runs out that still holds now."
