"""What a person reads of an error on a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vault.errors.families import LockboxError


def with_way_out(error: LockboxError) -> str:
    """The sentence of an error, and the way out as a sentence of its own."""
    return f"{error} {error.hint[:1].upper()}{error.hint[1:]}".strip()
