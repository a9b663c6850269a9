"""Names that people type or that come with files: what cannot be seen in them, and what they can be mistaken for."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

# Characters that count as printable letters or marks and yet show as nothing: with them two different names
# look the same (Default_Ignorable_Code_Point of the Unicode character database, and the blank Braille cell).
_SINGLE_BLANKS: Final = (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0)
_BLANK_RANGES: Final = (range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xE0000, 0xE1000))
_BLANK: Final = frozenset(_SINGLE_BLANKS).union(*_BLANK_RANGES)

# What looks like a Latin letter in common fonts, from Unicode's table of confusables: Cyrillic, Greek, Armenian.
_LOOKS_LIKE: Final = {
    **{
        "a": "аαɑ",
        "b": "вьβ",
        "c": "сϲ",
        "d": "ԁ",
        "e": "еεє",
        "g": "ɡց",
        "h": "һнհ",
        "i": "іιıї",
        "j": "јϳյ",
    },
    **{"k": "кκ", "l": "ӏʟ", "m": "м", "n": "ηոռ", "o": "оοօσ", "p": "рρ", "q": "ԛզ", "r": "г", "s": "ѕ"},
    **{"t": "тτ", "u": "υսμ", "v": "ѵν", "w": "ѡωԝ", "x": "хχ", "y": "уүγ", "3": "з"},
}
_LATIN: Final = str.maketrans({sign: latin for latin, signs in _LOOKS_LIKE.items() for sign in signs})
_ALIKE: Final = str.maketrans({"1": "l", "i": "l", "|": "l", "!": "l", "0": "o", "5": "s", "ß": "b"})
_DASHES: Final = str.maketrans(dict.fromkeys("‐‑‒–—―−﹘﹣－·", "-"))
_PAIRS: Final = (("rn", "m"), ("vv", "w"), ("cl", "d"))
_ALPHABETS: Final = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC")


def plain_name(name: str) -> str:
    """A name without spaces around it, in normal form C: however it was typed, it is one name."""
    return unicodedata.normalize("NFC", name.strip())


def has_invisible(text: str) -> bool:
    """Whether something in it does not show: control, bidi and zero-width characters, fillers, lone surrogates."""
    return not text.isprintable() or any(ord(character) in _BLANK for character in text)


def lookalikes(name: str, others: Iterable[str]) -> tuple[str, ...]:
    """The other names that this one can be mistaken for."""
    shape = skeleton(name)
    return tuple(other for other in others if other != name and skeleton(other) == shape)


def skeleton(name: str) -> str:
    """What is left of a name for somebody who glances at it: two names with one skeleton look alike."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    bare = "".join(sign for sign in plain if not unicodedata.combining(sign) and not has_invisible(sign))
    shape = bare.translate(_LATIN).translate(_DASHES).translate(_ALIKE)
    for pair, single in _PAIRS:
        shape = shape.replace(pair, single)
    return " ".join(shape.split())


def alphabets(name: str) -> tuple[str, ...]:
    """The alphabets of a word that mixes two of them, as only a forged or mistyped one does; else none."""
    for word in name.split():
        found = {_alphabet(sign) for sign in word if sign.isalpha()} - {""}
        if len(found) > 1:
            return tuple(sorted(found))
    return ()


def spelled(name: str) -> str:
    """A name with every sign that is no plain one by its number, so that nothing in it can pretend."""
    return "".join(
        sign if sign.isascii() and sign.isprintable() else f"\\u{{{ord(sign):x}}}" for sign in name
    )


def _alphabet(sign: str) -> str:
    name = unicodedata.name(sign, "")
    return next((one.capitalize() for one in _ALPHABETS if name.startswith(one)), "")
