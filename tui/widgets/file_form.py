"""How a file is written, field by field; what is left empty is found out from the file."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any, Final

from textual.app import ComposeResult
from textual.message import Message
from textual.widgets import Input, Select

from tui.cli.import_plan import read_plan, with_plan
from tui.text.parse import names_text, parse_names, parse_path
from tui.text.several_facts import ALL
from tui.widgets.field import Fields, menu_field, number_field, text_field
from tui.widgets.number_input import WHOLE
from tui.widgets.toggle import Toggle
from vault.errors.families import Invalid
from vault.strict_number import NotPlain, strict_whole
from vault.views.records import FileChoice

FOUND: Final = "as it is found"
FORMATS: Final = ((FOUND, ""), ("CSV", "csv"), ("JSON Lines", "jsonl"), ("Parquet", "parquet"))
DECIMALS: Final = ((FOUND, ""), ("a comma: 1.234,5", ","), ("a point: 1,234.5", "."))
FLATTEN: Final = ("Take apart what is nested", "b in the object a becomes the column a.b; JSON only.")
NAMES: Final = "“Name” is written #3=notes"
VECTORS: Final = "“Vectors” is written pixel=64 or NAME=FIRST..LAST"
CUTS: Final = frozenset(("as_format", "part", "separator", "skip_lines", "flatten", "encoding"))
"""What cuts a file into other columns."""


class FileForm(Fields):
    """The fields of one file; of a known export only its part is asked, and by numbers what has no name."""

    class Changed(Message):
        """Another thing is said of the file than before."""

        def __init__(self, said: dict[str, Any]) -> None:
            super().__init__()
            self.said = said

    def __init__(
        self,
        choice: FileChoice,
        *,
        parts: Sequence[str] = (),
        part: str = "",
        by_number: bool = False,
        id: str,
    ) -> None:
        super().__init__(id=id)
        self._choice, self._parts, self._part, self._by_number = choice, parts, part, by_number

    def compose(self) -> ComposeResult:
        """One field under the other."""
        one = self._choice
        yield menu_field("Read as", "as-format", FORMATS, one.as_format or "")
        if self._parts:
            every = [("all of them, each a collection", ALL)] if len(self._parts) > 1 else []
            parts = [*((name, name) for name in self._parts), *every]
            yield menu_field("Part", "part", parts, self._part)
            return
        yield text_field("Also missing", "nulls", 'such as -999 "not asked"', shlex.join(one.nulls))
        yield menu_field("Decimal sign", "decimal", DECIMALS, one.decimal)
        yield text_field("Zone", "zone", "such as Europe/Berlin; empty: UTC", one.zone)
        yield text_field("Encoding", "encoding", "such as cp1252; empty: found out", one.encoding)
        yield text_field("Separator", "separator", "comma, semicolon, tab, bar or a sign", one.separator)
        skipped = "" if one.skip_lines is None else str(one.skip_lines)
        yield number_field(
            "Lines to skip", "skip-lines", "before the header", skipped, form=WHOLE, such_as="2",
            select_on_focus=False,
        )  # fmt: skip
        yield text_field("Vectors", "vectors", "such as pixel=64", _pairs_text(one.vectors))
        if self._by_number:
            yield text_field("Leave out", "drop", "columns such as #3, notes", names_text(one.drop))
            yield text_field("Name", "rename", "such as #1=id, #3=notes", _pairs_text(one.rename))
            yield text_field("Saved plan", "plan", "the file of a plan of an import", "")
        yield Toggle(*FLATTEN, is_on=one.flatten, id="flatten", classes="value")

    def said(self) -> dict[str, Any]:
        """What the fields say; raises `Invalid` for what cannot be read."""
        texts = {field.id: field.value.strip() for field in self.query(Input)}
        menus = {menu.id: menu.value for menu in self.query(Select)}
        found: dict[str, Any] = {"as_format": menus["as-format"] or None}
        if self._parts:
            chosen = menus["part"]
            return {**found, "part": self._choice.part if chosen == self._part else chosen}
        found |= {name: texts[name] for name in ("zone", "encoding", "separator")}
        found |= {"nulls": _words(texts["nulls"]), "decimal": menus["decimal"]}
        found |= {
            "skip_lines": _lines(texts["skip-lines"]),
            "vectors": _pairs(texts["vectors"], VECTORS),
            "flatten": self.query_one("#flatten", Toggle).is_on,
        }
        if self._by_number:
            found |= {"drop": tuple(parse_names(texts["drop"])), "rename": _pairs(texts["rename"], NAMES)}
            found |= _of_plan(texts["plan"], found)
        return found

    def tell(self) -> None:
        """Say it, unless a field cannot be read: the message then carries why."""
        try:
            said = self.said()
        except Invalid as error:
            said = {"fault": error}
        self.post_message(self.Changed(said))


def changed_of(choice: FileChoice, said: Mapping[str, Any]) -> dict[str, Any]:
    """What the fields say otherwise than the choice."""
    return {name: value for name, value in said.items() if value != getattr(choice, name)}


def _of_plan(path: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """What a saved plan says and the other fields do not; nothing where none is named."""
    if not path:
        return {}
    return {**with_plan(read_plan(parse_path(path)), said), "no_plan": True}


def _words(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError:
        raise Invalid(reason="a quotation mark in “Also missing” has no end") from None


def _lines(text: str) -> int | None:
    if not text:
        return None
    try:
        return strict_whole(text)
    except NotPlain:
        raise Invalid(reason="“Lines to skip” is a whole number, such as 2") from None


def _pairs_text(pairs: Mapping[str, str]) -> str:
    return names_text(f"{word}={name}" for word, name in pairs.items())


def _pairs(text: str, how: str) -> dict[str, str]:
    found = {}
    for one in parse_names(text):
        word, sign, name = one.partition("=")
        if not (word.strip() and sign and name.strip()):
            raise Invalid(reason=f"{how}, with commas between several")
        found[word.strip()] = name.strip()
    return found
