"""How long an action still takes, beside its bar."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from rich.progress import ProgressColumn, Task
from rich.text import Text

_WORTH_SAYING: Final = 2.0


class TimeLeft(ProgressColumn):
    """The time that is left by the pace so far; nothing while there is no pace, or next to no time left."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        """The words for one action."""
        left = task.time_remaining
        if task.finished or left is None or left < _WORTH_SAYING:
            return Text("")
        return Text(f"{timedelta(seconds=round(left))} left")
