"""By what an entry is known again without telling what it is called."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

_LENGTH: Final = 32


def identity(called: str | None, facts: Sequence[object]) -> str:
    """A digest of what a program calls an entry; of what is kept of it where it has no name of its own."""
    own = (called or "").strip()
    told = f"called {own}" if own else f"facts {tuple(facts)!r}"
    return hashlib.sha256(told.encode(errors="backslashreplace")).hexdigest()[:_LENGTH]
