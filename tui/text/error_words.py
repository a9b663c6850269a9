"""What a person reads of an error on a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vault.errors.families import LockboxError


def with_way_out(error: LockboxError) -> str:
    """The sentence of an error, and the way out as a sentence of its own."""
    hint = error.hint
    return f"{error} {hint[:1].upper()}{hint[1:]}{'.' * _is_sentence(hint)}".strip()


def _is_sentence(hint: str) -> bool:
    """Whether a full stop may follow: behind a command or an address that is to be copied it would be taken along."""
    return bool(hint) and ": " not in hint.rpartition(";")[2] and hint[-1] not in ".?!:"
