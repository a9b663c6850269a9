"""A progress bar on a terminal that can draw it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(doing: str, *, before: str = "") -> Iterator[Callable[[int, int], None]]:
    """Give what an action tells its progress to; on stderr, gone at its end, and nothing in a log.

    `before` stands there until the first part is done.
    """
    if not sys.stderr.isatty() or os.environ.get("ACCESSIBLE"):
        yield lambda _done, _of: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    from tui.cli.time_left import TimeLeft

    columns = (
        TextColumn("{task.description}"),
        BarColumn(pulse_style="bar.back"),
        TextColumn("{task.fields[words]}"),
        TimeLeft(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(before or doing, total=None, words="")

        def tell(done: int, of: int) -> None:
            if done:
                bar.update(task, description=doing, completed=done, total=of, words=f"{done:,} of {of:,}")

        yield tell
