"""Terminal input and output: data on stdout, talk on stderr, secrets from the terminal or an open descriptor."""

from __future__ import annotations

import dataclasses
import getpass
import json
import os
import shutil
import sys
import termios
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, Final, TextIO, TypeVar

from tui.cli.silence import answered, end_silence
from tui.text.layout import NARROWEST, WIDEST, escaped, facts_text, hanging, one_line, table_text, wrapped
from vault.errors.families import Invalid, LockboxError
from vault.errors.keys import PassphraseMissing

LONGEST_SECRET = 4096

T = TypeVar("T")


def width() -> int:
    """The columns of the terminal; 80 where there is none to ask, and never too few to draw in."""
    return max(NARROWEST, shutil.get_terminal_size((80, 24)).columns)


def say(text: str = "") -> None:
    """Talk to the person, on stderr, in lines that fit."""
    end_silence()
    print(escaped(wrapped(text, min(width(), WIDEST))), file=sys.stderr, flush=True)


def say_meanwhile(text: str) -> None:
    """Say what takes a while, before it is begun."""
    say(text)


def write(text: str = "") -> None:
    """Write data, on stdout, as it is; what would steer the terminal is spelled out."""
    end_silence()
    print(escaped(text), flush=True)


def write_wrapped(text: str = "") -> None:
    """Write sentences that belong to the data, on stdout, in lines that fit."""
    write(wrapped(text, min(width(), WIDEST)))


def write_after(mark: str, text: str) -> None:
    """Write a sentence behind a mark, on stdout, carried over under itself."""
    write(hanging(mark, one_line(text), min(width(), WIDEST)))


def write_json(*facts: object) -> None:
    """Write one JSON object a line, each with `"v":1`; decimals as strings, so that no digit is lost."""
    end_silence()
    for fact in facts:
        print(_safe_json({"v": 1, **_members(fact)}), flush=True)


def _safe_json(fact: Mapping[str, Any]) -> str:
    """JSON in readable UTF-8; only what a terminal would not show as itself is escaped."""
    text = json.dumps(fact, ensure_ascii=False, default=_plain)
    safe = "".join(sign if sign.isprintable() else json.dumps(sign)[1:-1] for sign in text)
    return safe if _can_be_written(safe) else json.dumps(fact, default=_plain)


def _can_be_written(text: str) -> bool:
    """Whether stdout has a spelling for every sign: what it escapes by itself is no JSON."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _members(fact: object) -> Mapping[str, Any]:
    if dataclasses.is_dataclass(fact) and not isinstance(fact, type):
        return dataclasses.asdict(fact)
    if isinstance(fact, Mapping):
        return fact
    raise TypeError("only facts with named members are shown as JSON")


def _plain(value: object) -> object:
    match value:
        case Decimal() | Path():
            return str(value)
        case Enum():
            return value.value
        case frozenset() | set():
            return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def write_facts(rows: Iterable[tuple[str, str]]) -> None:
    """Draw names and what they are, one below the other."""
    write(facts_text(rows, min(width(), WIDEST)))


def write_table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, on: TextIO | None = None) -> None:
    """Draw a plain table, on stdout or where it is wanted; foreign text is never read as markup."""
    end_silence()
    on = on or sys.stdout
    colour = on.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    # Not through `write`: the cells were made visible, and the bold of the headings is a control character.
    print(table_text(headings, list(rows), width(), colour=colour), file=on, flush=True)


def write_list(
    found: Sequence[T],
    *,
    as_json: bool,
    nothing: str,
    headings: Sequence[str],
    row: Callable[[T], Sequence[str]],
) -> None:
    """Write what was found: as JSON lines, as a table, or as a word where there is nothing."""
    if as_json:
        write_json(*found)
    elif found:
        write_table(headings, map(row, found))
    else:
        say(nothing)


def is_interactive() -> bool:
    """Whether there is a person at a terminal to ask."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def ask_secret(question: str, *, doing: str = "working") -> str:
    """Ask for a secret without showing it; raises `PassphraseMissing` without a terminal or an answer.

    ``doing`` is said of what it is asked for, should that take longer than people wait without a word.
    """
    if not is_interactive():
        raise PassphraseMissing()
    end_silence()
    try:
        secret = getpass.getpass(question, stream=sys.stderr)
    except EOFError:
        say()
        raise PassphraseMissing() from None
    answered(doing)
    return secret


def read_secret(descriptor: int) -> str:
    """The first line an open descriptor gives; raises as `read_secrets`."""
    return read_secrets(descriptor, 1)[0]


def read_secrets(descriptor: int, count: int, *, only: bool = False) -> list[str]:
    """So many lines as an open descriptor gives first, or fewer; raises `Invalid` for none, or one that is too long.

    With ``only`` it is refused as well that more came with them; nobody waits whether more comes.
    """
    try:
        if os.isatty(descriptor):
            raise Invalid(reason=f"descriptor {descriptor} is a terminal, which would show what you type")
        lines, rest = _first_lines(descriptor, count)
    except (OSError, OverflowError):  # a number that is too large for any descriptor
        raise Invalid(reason=f"descriptor {descriptor} cannot be read") from None
    if only and rest:
        raise Invalid(reason=f"descriptor {descriptor} gives more than {count} lines")
    if max(map(len, lines)) > LONGEST_SECRET:
        raise Invalid(reason=f"a secret is longer than {LONGEST_SECRET} bytes")
    try:
        return [line.removesuffix(b"\r").decode() for line in lines]
    except UnicodeDecodeError:
        # `from None`: the original error carries the secret's bytes
        raise Invalid(reason="a secret is not valid UTF-8") from None


def _first_lines(descriptor: int, count: int) -> tuple[list[bytes], bytes]:
    """So many lines, and what was read behind them."""
    data = b""
    while data.count(b"\n") < count and len(data) <= count * (LONGEST_SECRET + 1):
        more = os.read(descriptor, LONGEST_SECRET)
        if not more:
            break
        data += more
    parts = data.split(b"\n", count)
    return parts[:count], b"".join(parts[count:])


def _is_typed() -> bool:
    """Whether input comes from a terminal; a closed one is none."""
    return sys.stdin is not None and sys.stdin.isatty()


def _next_line() -> str:
    """The next line of the input with its end, empty where there is none."""
    return "" if sys.stdin is None else sys.stdin.readline()


def forget_typed() -> None:
    """What was typed or pasted ahead answers no question that it had not heard."""
    if _is_typed():
        termios.tcflush(sys.stdin, termios.TCIFLUSH)


@contextmanager
def not_shown() -> Iterator[None]:
    """Show nothing that is typed meanwhile, and forget it: it may be a passphrase that was not asked for yet."""
    if not _is_typed():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    silent = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    try:
        termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, silent)
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, before)


def ask(question: str) -> str:
    """Ask a question on the terminal that decides something; only what is typed after it counts."""
    end_silence()
    forget_typed()
    sys.stderr.write(escaped(wrapped(question.rstrip(), min(width(), WIDEST))) + " ")
    sys.stderr.flush()
    answer = _next_line().strip()
    answered()
    return answer


def ask_until(question: str, read: Callable[[str], T]) -> T:
    """Ask until the answer can be read; each that cannot is said at once. Raises at the end of the input."""
    end_silence()
    while True:
        sys.stderr.write(escaped(wrapped(question, min(width(), WIDEST))) + " ")
        sys.stderr.flush()
        line = _next_line()
        try:
            return read(line.strip())
        except LockboxError as error:
            if not line.endswith("\n"):
                raise
            say(f"{error}")


_YES: Final = ("y", "yes")
_NO: Final = ("n", "no", "")


def confirm(question: str) -> bool:
    """Ask for yes or no until it is one of them; enter alone and the end of the input are no."""
    while (answer := ask(f"{question} [y/N] ").lower()) not in (*_YES, *_NO):
        say(f"{answer[:20]} is no answer to that: y is yes, n or enter alone is no.")
    return answer in _YES
