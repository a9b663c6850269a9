"""Mailboxes of mbox: their mails one by one as they stream, of which only the headers are ever held."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from vault.importers.source import File

# A mail begins with "From ", its sender and when; newer programs leave out both. A header follows at once.
START = re.compile(
    rb"\nFrom (?:[^ \r\n]{0,320} {1,4}[^\r\n]{0,60}\d\d:\d\d[^\r\n]{0,40}|-? {0,2})\r?\n"
    rb"(?=>?[A-Za-z][A-Za-z0-9-]{0,60}[ \t]{0,4}:)"
)
_LONGEST_START: Final = 1024
_LONGEST_HEAD: Final = 2**19
_HEAD_ENDS = re.compile(rb"\n\r?\n")
_ATTACHED = re.compile(
    rb"\n[Cc](?:ontent|ONTENT)-[Dd](?:isposition|ISPOSITION):[ \t]{0,4}[Aa](?:ttachment|TTACHMENT)"
)
_OVERLAP: Final = 64


@dataclass(slots=True, kw_only=True)
class Mail:
    """One mail: the line it begins at, its headers, how large it is, and how many files hang on it."""

    line: int
    head: bytes = b""
    size: int = 0
    attachments: int = 0
    is_in_body: bool = False
    end: bytes = b""


def mails(file: File, pieces: Iterable[bytes]) -> Iterator[Mail]:
    """Every mail with what is told of it; raises Unreadable for headers that do not end."""
    mail: Mail | None = None
    line = 0
    for is_start, text in _parts(pieces):
        if is_start:
            if mail is not None:
                yield mail
            mail = Mail(line=line)
        if mail is not None:
            _take(file, mail, text)
        line += text.count(b"\n")
    if mail is not None:
        yield mail


def _parts(pieces: Iterable[bytes]) -> Iterator[tuple[bool, bytes]]:
    """The text in parts, with whether a mail begins with it; the end is held back until it is clear what follows."""
    rest = b"\n"
    for piece in pieces:
        rest += piece
        until = max(0, len(rest) - _LONGEST_START)
        yield from _cut(rest, until)
        rest = rest[until:]
    yield from _cut(rest, len(rest))


def _cut(text: bytes, until: int) -> Iterator[tuple[bool, bytes]]:
    starts = [found.start() + 1 for found in START.finditer(text) if found.start() < until]
    for place, (begin, end) in enumerate(pairwise([0, *starts, until])):
        yield place > 0, text[begin:end]


def _take(file: File, mail: Mail, text: bytes) -> None:
    mail.size += len(text)
    if mail.is_in_body:
        _count(mail, text)
        return
    mail.head += text
    ends = _HEAD_ENDS.search(mail.head)
    if (ends.start() if ends else len(mail.head)) > _LONGEST_HEAD:
        raise file.unreadable(f"the header of the mail at line {mail.line:,} does not end")
    if ends:
        body, mail.head = mail.head[ends.start() :], mail.head[: ends.start() + 1]
        mail.is_in_body = True
        _count(mail, body)


def _count(mail: Mail, text: bytes) -> None:
    """Count the files that hang on it; one whose mark stands in two pieces is counted once."""
    both = mail.end + text
    mail.attachments += sum(found.end() > len(mail.end) for found in _ATTACHED.finditer(both))
    mail.end = both[-_OVERLAP:]
