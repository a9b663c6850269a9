"""What goes where: stdout is data, stderr is talk, secrets come from the terminal or an open descriptor."""

from __future__ import annotations

import dataclasses
import getpass
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

from vault.errors import Invalid, PassphraseMissing

LONGEST_SECRET = 4096


def say(text: str = "") -> None:
    """Talk to the person, on stderr."""
    print(text, file=sys.stderr, flush=True)


def show(text: str = "") -> None:
    """Write data, on stdout."""
    print(text, flush=True)


def show_json(*facts: object) -> None:
    """Write one JSON object a line, each with `"v":1`; decimals as strings, so that no digit is lost."""
    for fact in facts:
        show(json.dumps({"v": 1, **_members(fact)}, ensure_ascii=False, default=_plain))


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


def show_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Draw a plain table; foreign text is never read as markup."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console(highlight=False, width=None if sys.stdout.isatty() else 160).print(table)


def is_interactive() -> bool:
    """Whether there is a person at a terminal to ask."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask_secret(question: str) -> str:
    """Ask for a secret without showing it; raises `PassphraseMissing` without a terminal."""
    if not is_interactive():
        raise PassphraseMissing()
    return getpass.getpass(question, stream=sys.stderr)


def read_secret(descriptor: int) -> str:
    """The first line an open descriptor gives."""
    try:
        data = os.read(descriptor, LONGEST_SECRET)
        while (
            data and b"\n" not in data and len(data) < LONGEST_SECRET and (more := os.read(descriptor, 4096))
        ):
            data += more
        return data.split(b"\n")[0].rstrip(b"\r").decode()
    except OSError:
        raise Invalid(reason=f"descriptor {descriptor} cannot be read") from None
    except UnicodeDecodeError:
        # `from None`: the original error carries the secret's bytes
        raise Invalid(reason="the passphrase is not valid UTF-8") from None


def ask(question: str) -> str:
    """Ask a question on the terminal."""
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def confirm(question: str) -> bool:
    """Ask for yes or no; anything but a clear yes is no."""
    return ask(f"{question} [y/N] ").lower() in ("y", "yes")
