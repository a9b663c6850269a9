"""Whether a new passphrase is strong enough, judged by how many guesses it would take.

The guesses are an estimate (zxcvbn: Wheeler, USENIX Security 2016), a low one for what people make up from words,
names, dates and key patterns. The rate is a bound, not a measurement: Argon2id at the vault's own cost moves at least
2 GiB of memory a guess (RFC 9106 section 3: three passes over 256 MiB, 2 KiB a block in the first and 3 KiB in the
others), and a graphics card of 4.8 TB/s cannot do that more than about 2,200 times a second.
"""

from __future__ import annotations

from typing import Final
from unicodedata import category

from vault.views.counting import counted
from vault.views.passphrase import PassphraseCheck

SHORTEST: Final = 12
FEWEST_SIGNS: Final = 5
FEWEST_DIGITS: Final = 16
FEWEST_GUESSES: Final = 10**12
GUESSES_A_SECOND: Final = 2_200
_LONGEST_READ: Final = 72
"""Signs that are looked at: what comes after them only makes guessing harder, and looking slower."""

_YEAR: Final = 365.25 * 24 * 3600


def check_new_passphrase(text: str) -> PassphraseCheck:
    """Whether this may become a passphrase, and why not or how long guessing it would take; it is kept nowhere."""
    for fits, reason in _rules(text):
        if not fits:
            return PassphraseCheck(is_enough=False, words=reason)
    guesses = _guesses(text)
    if guesses < FEWEST_GUESSES:
        why = f"it would be found in an estimated {_power(guesses)} guesses; add words that have nothing in common"
        return PassphraseCheck(is_enough=False, words=why)
    return PassphraseCheck(is_enough=True, words=_strong_words(guesses))


def _rules(text: str) -> list[tuple[bool, str]]:
    return [
        (all(map(_can_be_typed, text)), "it has a character that cannot be typed"),
        (len(text) >= SHORTEST, f"it is shorter than {SHORTEST} characters"),
        (len(set(text)) >= FEWEST_SIGNS, f"it has fewer than {FEWEST_SIGNS} different characters"),
        (
            not text.isdigit() or len(text) >= FEWEST_DIGITS,
            f"it is fewer than {FEWEST_DIGITS} digits and nothing else",
        ),
    ]


def _can_be_typed(sign: str) -> bool:
    return category(sign) != "Cc"


def _guesses(text: str) -> int:
    # Here and not above, so that only who sets a passphrase waits for its lists of words.
    from zxcvbn import zxcvbn

    return int(zxcvbn(text[:_LONGEST_READ])["guesses"])


def _strong_words(guesses: int) -> str:
    years = int(guesses / GUESSES_A_SECOND / _YEAR)
    span = f"about {counted(_first_digit(years), 'year')}" if years < 10**6 else "more than a million years"
    return (
        f"it would be found in an estimated {_power(guesses)} guesses: with a copy of your vault, one graphics card "
        f"would need {span}"
    )


def _power(count: int) -> str:
    """A count by its power of ten, rounded down: an estimate knows no more of it."""
    return f"{10 ** (len(str(count)) - 1):,}" if count < 10**9 else f"10^{len(str(count)) - 1}"


def _first_digit(count: int) -> int:
    power: int = 10 ** (len(str(count)) - 1)
    return count // power * power
