"""How strong a new passphrase is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PassphraseCheck:
    """Whether a new passphrase is strong enough, and why or how strong in one sentence."""

    is_enough: bool
    words: str
