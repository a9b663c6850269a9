"""WhatsApp chats: when, by whom of two, what and how long; not a word of what was said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Final

from vault.importers.catalogue.cell_texts import Unfit
from vault.importers.catalogue.chat_days import DayOrder
from vault.importers.catalogue.chat_kinds import deleted_by_you, kind_of, typed
from vault.importers.catalogue.chat_lines import MARKS, Head, head_of_line
from vault.importers.catalogue.moments import DAY
from vault.importers.catalogue.reading import Reading
from vault.importers.catalogue.text_lines import lines
from vault.importers.counted import counted
from vault.importers.source import File

_MOST_WRITERS: Final = 10_000
_FEW: Final = 2


@dataclass(slots=True, kw_only=True)
class _Look:
    """What the whole file tells: how its days are written, and who wrote in it."""

    order: DayOrder = field(default_factory=DayOrder)
    shape: tuple[str, str, str, bool] | None = None
    writers: Counter[str] = field(default_factory=Counter)
    you: set[str] = field(default_factory=set)


@dataclass(slots=True, kw_only=True)
class _Message:
    line: int
    head: Head
    characters: int = 0
    words: int = 0


def is_chat(head: bytes) -> bool:
    """Whether the first lines of a file are messages, and something in them is of this app and no log of a program."""
    text = head.decode("utf-8-sig", errors="replace")
    first = text.lstrip().split("\n", 40)[:40]
    begun = [one for one in map(head_of_line, first) if one is not None]
    if not begun or head_of_line(first[0]) is None:
        return False
    is_said = "WhatsApp" in text or any(mark in text for mark in MARKS[:2])
    is_of_phone = (
        begun[0].shape[0] == ""
        and not begun[0].shape[3]
        and sum(one.writer is not None for one in begun) >= _FEW
    )
    return is_said or is_of_phone


def read_whatsapp(reading: Reading) -> None:
    """Read the messages in two runs: only all of the days tell which number of a date is the month."""
    look = _look(reading.file)
    you = _you(reading.file, look)
    by_the_app = 0
    for message in _messages(reading, look):
        kind = kind_of(message.head.body) if message.head.writer is not None else None
        if kind is None:
            by_the_app += 1
            continue
        reading.seen["messages"] += 1
        try:
            reading.rows.add(message.line, _row(message, kind, look.order, you))
        except Unfit as error:
            reading.rows.refuse(message.line, str(error))
    reading.notes.extend(_notes(look.order, by_the_app, you))


def _notes(order: DayOrder, by_the_app: int, you: str | None) -> Iterator[str]:
    if order.note:
        yield order.note
    if by_the_app:
        are = counted(by_the_app, "line that the app itself wrote is", "lines that the app itself wrote are")
        yield f"{are} left out."
    if you is None:
        yield "The chat does not tell which of its writers you are: writer is empty."


def _look(file: File) -> _Look:
    look = _Look()
    for _, line in lines(file, lambda _done, _of: None):
        head = head_of_line(line)
        if head is None or look.shape not in (None, head.shape):
            continue
        look.shape = head.shape
        look.order.look(head)
        if head.writer is not None and (head.writer in look.writers or len(look.writers) < _MOST_WRITERS):
            look.writers[head.writer] += kind_of(head.body) is not None
            if deleted_by_you(head.body):
                look.you.add(head.writer)
    return look


def _you(file: File, look: _Look) -> str | None:
    """Who deleted a message of theirs; of two writers, the one after whom the file is not called."""
    if look.you:
        return next(iter(look.you)) if len(look.you) == 1 else None
    writers = [name for name, count in look.writers.items() if count]
    called = {PurePath(name).stem.strip() for name in (file.name, file.member) if name}
    others = [name for name in writers if name and any(one.endswith(name) for one in called)]
    if len(writers) == _FEW and len(others) == 1:
        return next(name for name in writers if name != others[0])
    return None


def _messages(reading: Reading, look: _Look) -> Iterator[_Message]:
    """Every message; a line that is not written as the first one of the file carries one on."""
    message: _Message | None = None
    for number, line in lines(reading.file, reading.progress):
        head = head_of_line(line)
        if head is not None and head.shape == look.shape:
            if message is not None:
                yield message
            message = _Message(line=number, head=head)
            _add(message, head.body)
        elif message is not None:
            message.characters += 1
            _add(message, line)
    if message is not None:
        yield message


def _add(message: _Message, text: str) -> None:
    plain = typed(text).strip(MARKS)
    message.characters += len(plain)
    message.words += len(plain.split())


def _row(message: _Message, kind: str, order: DayOrder, you: str | None) -> tuple[object, ...]:
    head = message.head
    day = order.day(head)
    if head.hour is None:
        raise Unfit("the half of the day is told in a word that is not known")
    is_text = kind == "text"
    return (
        day * DAY,
        day * DAY + head.time * 1_000_000,
        None if you is None else "you" if head.writer == you else "other",
        kind,
        message.characters if is_text else None,
        message.words if is_text else None,
    )
