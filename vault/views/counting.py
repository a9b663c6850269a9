"""Numbers with their nouns: one rule for the plural, and the words that it does not fit."""

from __future__ import annotations

from typing import Final

_IRREGULAR: Final = {
    "child": "children",
    "foot": "feet",
    "leaf": "leaves",
    "life": "lives",
    "man": "men",
    "mouse": "mice",
    "person": "people",
    "tooth": "teeth",
    "wife": "wives",
    "woman": "women",
    "yes": "yeses",
}
_AS_ONE: Final = frozenset(("data", "people", "children", "men", "women", "staff", "police", "sheep", "fish"))
_HISSING: Final = ("ss", "us", "x", "z", "ch", "sh")


def counted(count: int, noun: str) -> str:
    """A number and its noun, in the plural unless it is one."""
    return f"{count:,} {noun if count == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """The plural of an English noun: of its last word, or of what stands before "of"; a plural stays as it is."""
    head, of, rest = noun.partition(" of ")
    if of:
        return f"{plural(head)}{of}{rest}"
    *first, last = head.split(" ")
    return " ".join((*first, _plural(last)))


def _plural(word: str) -> str:
    small = word.lower()
    if small in _AS_ONE:
        return word
    if small in _IRREGULAR:
        return word[:1] + _IRREGULAR[small][1:]
    if small.endswith(_HISSING):
        return f"{word}es"
    if small.endswith("is"):
        return f"{word[:-2]}es"
    if small.endswith("s"):
        return word
    return f"{word[:-1]}ies" if small.endswith("y") and small[-2:-1] not in "aeiou" else f"{word}s"
