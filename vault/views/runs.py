"""What runs now, and what changes by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A job that runs in this process: where it is, what it costs, and how its learner is confined.

    `started_at` is the vault's clock (RFC 3339, UTC); `step` is 0 until the learner says otherwise.
    """

    request: str
    requester: str
    collection: str
    step: int
    of: int
    started_at: str
    epsilon: Decimal
    confined: bool
    landlock_abi: int
    seccomp: bool
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunAction:
    """A watched action that the vault's process was asked for; `error` is the sentence of its end without result."""

    id: str
    action: str
    arguments: Mapping[str, object]
    state: Literal["running", "done", "failed"]
    done: int
    of: int
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """What changes by itself: the seconds until the vault locks (None: never), the trail's length, what runs."""

    seconds_to_lock: int | None
    audit_entries: int
    runs: tuple[RunView, ...]
