"""The rules every text from outside must keep before it may be shown or stored."""

from __future__ import annotations

import unicodedata

NAME_LIMIT = 80
TEXT_LIMIT = 500

# Characters that count as printable letters or marks and yet show as nothing: with them two different names
# look the same (Default_Ignorable_Code_Point of the Unicode character database, and the blank Braille cell).
_SINGLE_BLANKS = (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0)
_BLANK_RANGES = (range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xE0000, 0xE1000))
_BLANK = frozenset(_SINGLE_BLANKS).union(*_BLANK_RANGES)


def text_faults(text: str, *, limit: int) -> tuple[str, ...]:
    """Every rule the text breaks, as clauses that never quote it; empty when it is clean.

    ``limit`` is in characters. Control, bidi and zero-width characters, lone surrogates, private and
    unassigned code points are what Python calls not printable: Unicode categories C* and Z* but space.
    """
    if not text:
        return ("is empty",)
    if len(text) > limit:
        return (f"is longer than {limit} characters",)
    faults = []
    if not text.isprintable() or any(ord(character) in _BLANK for character in text):
        faults.append("has a control, bidi, zero-width or other invisible character")
    if not unicodedata.is_normalized("NFC", text):
        faults.append("is not in Unicode normal form C")
    if text != text.strip():
        faults.append("begins or ends with a space")
    if unicodedata.category(text[0]).startswith("M"):
        faults.append("begins with a combining mark")
    return tuple(faults)
