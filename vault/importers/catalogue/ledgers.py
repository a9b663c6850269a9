"""OFX (as SGML and as XML) and QIF: the transactions of an account."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from vault.importers.catalogue.cell_texts import Unfit, number
from vault.importers.catalogue.moments import DAY, Clock, NotATime
from vault.importers.catalogue.money_schema import OFX_KINDS
from vault.importers.catalogue.reading import Reading
from vault.importers.catalogue.sheets import decoded
from vault.importers.catalogue.streams import whole

_TAG = re.compile(r"<(/?)([A-Z0-9.]{1,32})>([^<\r\n]{0,10000})")
_QIF_DAY = re.compile(r"\s*(\d{1,4})[/.\-]\s*(\d{1,2})['/.\-]\s*(\d{2,4})\s*", re.ASCII)
_ACCOUNTS: Final = ("!type:bank", "!type:cash", "!type:ccard", "!type:oth a", "!type:oth l")


def read_ofx(reading: Reading) -> None:
    """Read the transactions; an element of version 1 ends with its line, and is read in the same way."""
    text = decoded(whole(reading.file, reading.progress))
    if "<!ENTITY" in text or "<!DOCTYPE" in text:
        raise reading.file.unreadable("it defines entities of its own, which no export does")
    clock = Clock()
    for line, currency, facts in _transactions(text):
        reading.seen["transactions"] += 1
        try:
            day = _ofx_day(clock, facts.get("DTPOSTED", ""))
            amount = _ofx_amount(facts.get("TRNAMT", ""))
            kind = facts.get("TRNTYPE", "OTHER")
            identity = facts.get("FITID") or None
            reading.rows.add(
                line, (day * DAY, amount, currency, kind if kind in OFX_KINDS else "OTHER", identity)
            )
        except Unfit as error:
            reading.rows.refuse(line, str(error))
    if "</OFX>" not in text:
        raise reading.file.unreadable("it ends in the middle")


def _transactions(text: str) -> Iterator[tuple[int, str | None, dict[str, str]]]:
    currency: str | None = None
    facts: dict[str, str] | None = None
    at = line = 1
    for found in _TAG.finditer(text):
        closes, name, value = found.groups()
        if name == "CURDEF":
            currency = value.strip() or currency
        elif name == "STMTTRN" and not closes:
            line += text.count("\n", at - 1, found.start())
            at, facts = found.start() + 1, {}
        elif name == "STMTTRN" and facts is not None:
            yield line, currency, facts
            facts = None
        elif facts is not None and not closes:
            facts.setdefault(name, value.strip())


def _ofx_day(clock: Clock, text: str) -> int:
    """The day as the bank writes it; the hour beside it says nothing about a payment."""
    digits = text[:8]
    if len(digits) < 8 or not digits.isascii() or not digits.isdigit():
        raise Unfit("DTPOSTED: not a day")
    try:
        return clock.day(f"{digits[:4]}-{digits[4:6]}-{digits[6:]}")
    except NotATime as error:
        raise Unfit("DTPOSTED: not a day") from error


def _ofx_amount(text: str) -> float:
    decimal = "," if text.rfind(",") > text.rfind(".") else "."
    value = number(text, "TRNAMT", decimal=decimal)
    if value is None:
        raise Unfit("TRNAMT: empty")
    return value


def read_qif(reading: Reading) -> None:
    """Read the transactions of bank, cash and card accounts."""
    entries = list(_entries(decoded(whole(reading.file, reading.progress))))
    day_first = _day_first([facts["D"] for _, facts in entries if "D" in facts])
    decimal = "," if any(re.search(r",\d{1,2}$", facts.get("T", "")) for _, facts in entries) else "."
    clock = Clock()
    for line, facts in entries:
        reading.seen["transactions"] += 1
        try:
            day = _qif_day(clock, facts.get("D", ""), day_first)
            amount = number(facts.get("T", facts.get("U", "")), "T", decimal=decimal)
            category = facts.get("L", "")
            # brackets name another account, which may be somebody's
            known = None if category.startswith("[") else category
            reading.rows.add(line, (day * DAY, amount, known or None))
        except Unfit as error:
            reading.rows.refuse(line, str(error))


def _entries(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    is_account = False
    facts: dict[str, str] = {}
    for number_of_line, line in enumerate(text.splitlines(), start=1):
        if line.startswith("!"):
            is_account, facts = line.strip().casefold().startswith(_ACCOUNTS), {}
        elif line.startswith("^"):
            if is_account and facts:
                yield number_of_line, facts
            facts = {}
        elif line.strip():
            facts.setdefault(line[0], line[1:].strip())


def _day_first(days: list[str]) -> bool | None:
    """Whether the day stands before the month, by all dates of the file; None where that is open."""
    pairs = [(int(found[1]), int(found[2])) for found in map(_QIF_DAY.fullmatch, days) if found]
    if any(first > 12 for first, _ in pairs):
        return True
    if any(second > 12 for _, second in pairs):
        return False
    return True if any("." in day for day in days) else None


def _qif_day(clock: Clock, text: str, day_first: bool | None) -> int:
    found = _QIF_DAY.fullmatch(text)
    if found is None:
        raise Unfit("D: not a day")
    first, second, last = found.groups()
    if len(first) == 4:
        year, month, day = first, second, last
    elif day_first is None and first != second:
        raise Unfit("D: day and month fit both ways in this file")
    else:
        day, month = (first, second) if day_first else (second, first)
        year = last if len(last) == 4 else f"20{last}" if int(last) < 70 else f"19{last}"
    try:
        return clock.day(f"{year}-{int(month):02}-{int(day):02}")
    except NotATime as error:
        raise Unfit("D: not a day") from error
