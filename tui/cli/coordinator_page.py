"""The live page of a coordinator that serves on a terminal: rounds, answers by pseudonym, what was refused and why."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tui.cli.coordinator_headings import ANSWER_HEADINGS, REFUSED_HEADINGS, ROUND_HEADINGS
from tui.cli.silence import end_silence
from tui.text.coordinator_facts import (
    answer_row,
    facts,
    refused_row,
    round_row,
)
from tui.text.layout import one_line
from vault.errors.families import LockboxError

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.table import Table

    from learner.federation.overview import Overview

EVERY: Final = 1.0
"""Seconds after which the page is drawn anew where nothing happened."""
NEWEST: Final = 8
"""Answers, and refusals, that have room on it."""
ROUNDS: Final = 12


def page(found: Overview, where: str, trouble: str = "") -> Group:
    """The page as it stands now, and what keeps its log from being cosigned."""
    from rich.console import Group
    from rich.text import Text

    shown = [each for each in found.rounds if each.state != "to come"][-ROUNDS:]
    left = len(found.rounds) - sum(each.state != "to come" for each in found.rounds)
    parts: list[RenderableType] = [
        Text(
            f"Coordinator at {where}; Ctrl+C ends it, and it goes on where it was when it is started again."
        ),
        _table(("", ""), [(name, value) for name, value in facts(found)]),
        _table(ROUND_HEADINGS, [round_row(each) for each in shown]),
        Text(f"Rounds to come: {left}"),
    ]
    if trouble:
        parts.append(Text(one_line(trouble)))
    if found.answers:
        newest = sorted(found.answers, key=lambda each: each.received)[-NEWEST:]
        parts.append(_table(ANSWER_HEADINGS, [answer_row(each) for each in reversed(newest)]))
    if found.refused:
        parts.append(_table(REFUSED_HEADINGS, [refused_row(each) for each in found.refused[-NEWEST:]]))
    return Group(*parts)


@contextmanager
def live_page(look: Callable[[], Group], changed: threading.Event) -> Iterator[None]:
    """Draw the page within this block, anew when something changed and every second."""
    from rich.console import Console
    from rich.live import Live

    end_silence()
    ended = threading.Event()
    with Live(console=Console(highlight=False, markup=False), auto_refresh=False, screen=True) as live:
        drawing = threading.Thread(target=_draw, args=(live, look, changed, ended))
        drawing.start()
        try:
            yield
        finally:
            ended.set()
            changed.set()
            drawing.join()


def _draw(live: object, look: Callable[[], Group], changed: threading.Event, ended: threading.Event) -> None:
    from rich.live import Live
    from rich.text import Text

    assert isinstance(live, Live)
    while not ended.is_set():
        try:
            live.update(look(), refresh=True)
        except LockboxError as error:  # the database may answer again in a second
            live.update(Text(one_line(f"{error}")), refresh=True)
        changed.wait(EVERY)
        changed.clear()


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=any(headings))
    for heading in headings:
        table.add_column(Text(heading))
    for row in rows:
        table.add_row(*(Text(one_line(cell)) for cell in row))
    return table
