"""The facts of the top line of every page."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The facts of the top line; `is_silent` while the vault's process does not answer."""

    vault: str = ""
    is_sample: bool = False
    is_read_only: bool = False
    seconds_to_lock: int | None = None
    used_percent: Decimal | None = None
    waiting: int = 0
    running: int = 0
    is_silent: bool = False
