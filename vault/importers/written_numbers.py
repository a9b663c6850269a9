"""Numbers as people and their programs write them, to the plain form 1234.5, a whole column at once.

A decimal comma, groups of three digits, a sign of money or of percent: taken only where every cell agrees and nothing
else could be meant. 1,234 alone may be two numbers; then nothing is decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

Cells: TypeAlias = pa.ChunkedArray
_THIN: Final = " \u00a0\u2009\u202f"
_GROUPS: Final = {",": ("", ".", "'", "\u2019", *_THIN), ".": ("", ",", "'", "\u2019", *_THIN)}
_SIGN: Final = r"%|[€$£¥₹]|EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN"
_BEFORE: Final = r"^([+-]?) ?({sign})[ \x{{a0}}\x{{202f}}]?([+-]?[0-9.,'’ \x{{a0}}\x{{2009}}\x{{202f}}]+)$"
_BEHIND: Final = r"^([+-]?[0-9.,'’ \x{{a0}}\x{{2009}}\x{{202f}}]*[0-9])[ \x{{a0}}\x{{202f}}]?({sign})$"
_FIRST: Final = 64
_PLAIN: Final = (".", "")
_GROUPED: Final = r"^[+-]?[1-9][0-9]{0,2}(?:\.[0-9]{3})+$"
_POINTED: Final = r"^[+-]?[0-9]*\.[0-9]*(?:[eE][+-]?[0-9]+)?$"
SIGNS: Final = {",": "comma", ".": "point"}
_NAMES: Final = {",": "commas", ".": "points", "'": "apostrophes", "\u2019": "apostrophes"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notation:
    """A decimal sign, what stands between groups of three digits, and the sign that every number carries."""

    decimal: str
    group: str = ""
    sign: str = ""

    def words(self) -> str:
        """What is said of a column that is read so."""
        told = [
            "with a decimal comma" if self.decimal == "," else "",
            f"with {_NAMES.get(self.group, 'spaces')} between thousands" if self.group else "",
            f"without the sign {self.sign}" if self.sign else "",
        ]
        return f"are read {' and '.join(filter(None, told))}".rstrip()

    @classmethod
    def usual(cls, decimal: str) -> Notation:
        """The one that a decimal sign usually belongs to."""
        return cls(decimal=decimal, group="." if decimal == "," else ",")


def notation_of(cells: Cells, decimal: str = "", *, doubts_commas: bool = False) -> Notation | None:
    """How the numbers of a column are written; None where they are none, are plain, or may be two things.

    With a `decimal` sign that was given nothing else is one. `doubts_commas` says that a comma alone is as likely to
    stand between two values as within one.
    """
    if not _may_fit(cells):
        return None
    sign, bare = _without_sign(cells)
    fitting = [
        (mark, group)
        for mark in ((decimal,) if decimal else (".", ","))
        for group in _GROUPS[mark]
        if _fits(bare, mark, group)
    ]
    if not fitting or (fitting[0] != _PLAIN and len({mark for mark, _ in fitting}) > 1):
        return None
    mark, group = fitting[0]
    if not decimal and _is_doubtful(bare, mark, group, doubts_commas=doubts_commas):
        return None
    return Notation(decimal=mark, group=group, sign=sign)


def are_numbers(cells: Cells) -> bool:
    """Whether every cell is a number in one and the same notation."""
    if not _may_fit(cells):
        return False
    _, bare = _without_sign(cells)
    return any(_fits(bare, mark, group) for mark in ",." for group in _GROUPS[mark])


def which_have_decimals(cells: Cells, known: Cells, decimal: str) -> Cells | None:
    """Which cells are numbers with this decimal sign; None where not every number of the `known` ones can be."""
    sign, bare = _without_sign(like_numbers(known))
    group = next((group for group in _GROUPS[decimal] if _fits(bare, decimal, group)), None)
    return None if group is None else _which_fit(_without_sign(cells, sign)[1], decimal, group)


def may_be_numbers(first: Cells) -> bool:
    """Whether a column that begins so may be numbers, as far as these cells say."""
    return not len(first) or _may_fit(first)


def is_doubtful(cells: Cells) -> bool:
    """Whether a column may be numbers, but with what decimal sign nobody can tell from it."""
    return are_numbers(cells) and _any(cells, r"[0-9][,'’ \x{a0}\x{2009}\x{202f}][0-9]")


def points_in_doubt(cells: Cells, known: Cells, *, doubts_points: bool) -> Cells | None:
    """Which cells hold a point that may stand before decimals as well as between thousands; None where it is decided.

    It is in doubt where the file says so (`doubts_points`) or the column itself has commas, and none of the `known`
    cells decides it: each that has a point fits groups of three digits.
    """
    if not len(known) or not pc.any(pc.match_substring(known, "."), min_count=0).as_py():
        return None
    sign, bare = _without_sign(known)
    grouped = pc.match_substring_regex(bare, _GROUPED)
    if not pc.any(grouped).as_py():
        return None
    others = pc.filter(bare, pc.invert(grouped))
    if _any(others, _POINTED) or not (doubts_points or _any(others, "[0-9],[0-9]")):
        return None
    notation = notation_of(like_numbers(known))
    if notation is not None and "," in (notation.decimal, notation.group):
        return None
    return pc.match_substring_regex(_without_sign(cells, sign)[1], _GROUPED)


def like_numbers(cells: Cells) -> Cells:
    """The cells that are numbers in some notation; all of them where none is."""
    fits = [_which_fit(cells, mark, group) for mark in ",." for group in _GROUPS[mark]]
    found = fits[0]
    for other in fits[1:]:
        found = pc.or_(found, other)
    return pc.filter(cells, found) if pc.any(found).as_py() else cells


def as_plain(cells: Cells, notation: Notation) -> Cells:
    """The cells in the plain form; those that are not written so as what no number is."""
    _, bare = _without_sign(cells, notation.sign)
    plain = pc.replace_substring(bare, notation.group, "") if notation.group else bare
    if notation.decimal == ",":
        plain = pc.replace_substring(plain, ",", ".")
    return pc.if_else(_which_fit(bare, notation.decimal, notation.group), plain, "not a number")


def _may_fit(cells: Cells) -> bool:
    """Whether the first cells are some numbers: a look at all of a column of words would be long."""
    _, bare = _without_sign(cells.slice(0, _FIRST)) if len(cells) else ("", cells)
    return bool(len(cells)) and any(_fits(bare, mark, group) for mark in ",." for group in _GROUPS[mark])


def _is_doubtful(bare: Cells, mark: str, group: str, *, doubts_commas: bool) -> bool:
    """Whether the digits of a column may mean something else: another number, a phone number, or two values."""
    has_decimals = _any(bare, rf"\{mark}[0-9]+$")
    if mark == "," and not group:
        return doubts_commas or (_every(bare, r"^[+-]?[1-9][0-9]{0,2}(,[0-9]{3})?$"))
    if group in _THIN and group:
        return not has_decimals
    if group == "," and not has_decimals:
        return not _any(bare, r",[0-9]{3},")
    return group == "." and not has_decimals


def _without_sign(cells: Cells, sign: str = "") -> tuple[str, Cells]:
    """The sign that every cell has, and the cells without it; a true minus is one."""
    cells = pc.replace_substring(cells, "\u2212", "-")
    found = sign or _first_sign(cells)
    if not found:
        return "", cells
    escaped = "".join(f"\\{letter}" if letter in "$%" else letter for letter in found)
    for pattern, kept in ((_BEFORE, r"\1\3"), (_BEHIND, r"\1")):
        whole = pattern.format(sign=escaped)
        if sign or _every(cells, whole):
            cells = pc.replace_substring_regex(cells, whole, kept)
            if not sign:
                return found, cells
    return (found if sign else ""), cells


def _first_sign(cells: Cells) -> str:
    found = pc.extract_regex(cells.slice(0, 1), f"(?P<sign>{_SIGN})").to_pylist()
    return found[0]["sign"] if found and found[0] else ""


def _fits(cells: Cells, mark: str, group: str) -> bool:
    return bool(pc.all(_which_fit(cells, mark, group), min_count=0).as_py())


def _which_fit(cells: Cells, mark: str, group: str) -> Cells:
    groups = rf"[1-9][0-9]{{0,2}}(?:{_escaped(group)}[0-9]{{3}})+|" if group else ""
    return pc.match_substring_regex(cells, rf"^[+-]?(?:{groups}[0-9]+)(?:\{mark}[0-9]+)?$")


def _escaped(group: str) -> str:
    return f"\\{group}" if group == "." else group


def _every(cells: Cells, pattern: str) -> bool:
    return bool(pc.all(pc.match_substring_regex(cells, pattern), min_count=0).as_py())


def _any(cells: Cells, pattern: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(cells, pattern), min_count=0).as_py())
