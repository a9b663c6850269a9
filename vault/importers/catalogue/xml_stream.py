"""XML read as it comes, in constant memory; what defines entities is refused, and nothing outside is ever looked up."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Protocol
from xml.parsers import expat

from vault.importers.source import File

_LONGEST_PROLOGUE: Final = 2**20
_LONGEST_TOKEN: Final = 4 * 2**20
_DEEPEST: Final = 100
_DOCTYPE: Final = b"<!DOCTYPE"
_DOCTYPE_TURNS = re.compile(rb"[\[>]")
_DOCTYPE_ENDS = re.compile(rb"\]\s*+>")
_CONTROLS = bytes(set(range(32)) - {9, 10, 13})
_ENCODINGS = ("utf-8", "utf8", "utf-16", "us-ascii", "ascii", "iso-8859-1", "iso-8859-15", "windows-1252")
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_CODES = expat.errors.codes
_CUT_OFF = {
    _CODES[one]
    for one in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
}
_WRONG_ENCODING = {
    _CODES[one]
    for one in (expat.errors.XML_ERROR_UNKNOWN_ENCODING, expat.errors.XML_ERROR_INCORRECT_ENCODING)
}


class Elements(Protocol):
    """What is told of every element: its beginning, its text and its end."""

    def begin(self, name: str, facts: dict[str, str], line: int) -> None:
        """An element with its attributes."""

    def end(self, name: str) -> None:
        """An element is over."""


def read_xml(
    file: File, pieces: Iterable[bytes], elements: Elements, words: Callable[[str], None] | None = None
) -> None:
    """Tell the elements of an XML file one by one.

    The definition of its document is cut out, because that of some exports of Apple is not well formed, and control
    characters are left out, because names of devices hold some. Raises Unreadable for what is no such file.
    """
    parser = expat.ParserCreate(namespace_separator=None)
    guard = _Guard(file, parser, elements)
    parser.StartElementHandler, parser.EndElementHandler = guard.begin, guard.end
    parser.EntityDeclHandler, parser.XmlDeclHandler = guard.defines, guard.declares
    parser.CharacterDataHandler = words
    try:
        for piece in _without_doctype(file, pieces, guard):
            parser.Parse(piece, False)
            guard.check_progress(len(piece))
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise file.unreadable(_reason(error, guard)) from error


class _Guard:
    """Counts depth and length, so that no hostile file eats the memory."""

    def __init__(self, file: File, parser: expat.XMLParserType, elements: Elements) -> None:
        self.cut_lines = 0
        self._file = file
        self._parser = parser
        self._elements = elements
        self._depth = 0
        self._given = 0

    def begin(self, name: str, facts: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._file.unreadable(f"it is nested more than {_DEEPEST} deep")
        self._elements.begin(name, facts, self._parser.CurrentLineNumber + self.cut_lines)

    def end(self, name: str) -> None:
        self._depth -= 1
        self._elements.end(name)

    def declares(self, _version: str, encoding: str | None, _standalone: int) -> None:
        """Is told before the encoding is taken up."""
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            raise self._file.unreadable("it says that it has an encoding which is not read")

    def defines(self, *_facts: object) -> None:
        raise self._file.unreadable("it defines entities of its own, which no export does")

    def check_progress(self, given: int) -> None:
        """Refuse a file of one endless tag: the parser would keep all of it."""
        self._given += given
        if self._given - self._parser.CurrentByteIndex > _LONGEST_TOKEN:
            raise self._file.unreadable(f"one piece of it is longer than {_LONGEST_TOKEN // 2**20} MiB")


def _without_doctype(file: File, pieces: Iterable[bytes], guard: _Guard) -> Iterator[bytes]:
    """The pieces without the definition of the document, and without control characters."""
    rest = iter(pieces)
    head = b""
    for piece in rest:
        head += piece
        if len(head) >= _LONGEST_PROLOGUE:
            break
    if head.startswith(_WIDE):
        yield head
        yield from rest
        return
    begin, end = _doctype(head)
    if b"<!ENTITY" in head[begin:end]:
        raise file.unreadable("it defines entities of its own, which no export does")
    guard.cut_lines = head.count(b"\n", begin, end)
    head = head[:begin] + head[end:]
    yield head.translate(None, _CONTROLS)
    for piece in rest:
        yield piece.translate(None, _CONTROLS)


def _doctype(head: bytes) -> tuple[int, int]:
    """Where the first definition of the document begins and ends; nothing where it has no end."""
    begin = head.find(_DOCTYPE, 0, _LONGEST_PROLOGUE)
    turn = None if begin < 0 else _DOCTYPE_TURNS.search(head, begin, _LONGEST_PROLOGUE)
    if turn and turn.group() == b"[":
        turn = _DOCTYPE_ENDS.search(head, turn.end(), _LONGEST_PROLOGUE)
    return (begin, turn.end()) if turn else (0, 0)


def _reason(error: expat.ExpatError, guard: _Guard) -> str:
    line = error.lineno + guard.cut_lines
    if error.code in _CUT_OFF:
        return f"it ends in the middle, in line {line:,}"
    if error.code in _WRONG_ENCODING:
        return "its encoding is not what it says"
    return f"line {line:,} is no XML ({expat.errors.messages.get(error.code, 'not well formed')})"
