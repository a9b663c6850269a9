"""Strict numbers: what a person types is ASCII digits, at most one point between them, and nothing else."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

_WHOLE: Final = re.compile("[0-9]{1,18}")
_DECIMAL: Final = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})?")


class NotPlain(ValueError):
    """A text is no number of this form."""


def strict_whole(text: str) -> int:
    """The whole number of up to 18 digits, with spaces around it or none; raises `NotPlain`.

    Python's own ``int`` takes a sign, underscores and the digits of every script as well: 1_000, ١٠.
    """
    return int(_plain(_WHOLE, text))


def strict_decimal(text: str) -> Decimal:
    """The number of up to 18 digits before and behind its point, with spaces around it or none; raises `NotPlain`.

    Python's own ``Decimal`` takes 0_8 for 8, and exponents, signs and NaN.
    """
    return Decimal(_plain(_DECIMAL, text))


def _plain(form: re.Pattern[str], text: str) -> str:
    """The text without the spaces around it, if it has this form."""
    plain = text.strip(" ")
    if not form.fullmatch(plain):
        raise NotPlain
    return plain
