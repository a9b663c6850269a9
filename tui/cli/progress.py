"""A progress bar on a terminal that can draw it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tui.cli.interruption import STOPPING, answered, say_stopping
from tui.cli.silence import at_work_on, end_silence


@contextmanager
def progress_bar(doing: str, *, before: str = "") -> Iterator[Callable[[int, int], None]]:
    """Give what an action tells its progress to; on stderr, gone at its end, and nothing in a log.

    `before` stands there until the first part is done; how long the rest will take, as soon as that can be told.
    Ctrl-C is answered at once, however long what it stops takes to end. Where no bar is drawn, words do.
    """
    at_work_on(before or doing)
    if not sys.stderr.isatty() or os.environ.get("ACCESSIBLE"):
        with answered(say_stopping):
            yield lambda _done, _of: None
        return
    end_silence()
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    from tui.text.time_left import TimeLeft

    columns = (
        TextColumn("{task.description}"),
        BarColumn(pulse_style="bar.back"),
        TextColumn("{task.fields[words]}"),
    )
    left = TimeLeft()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(before or doing, total=None, words="")

        def tell(done: int, of: int) -> None:
            if done:
                words = ", ".join(filter(None, (f"{done:,} of {of:,}", left.words(done, of))))
                bar.update(task, description=doing, completed=done, total=of, words=words)

        with answered(lambda: bar.update(task, description=STOPPING)):
            yield tell
