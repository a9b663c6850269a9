"""How the text of a file is encoded: UTF-8 unless its bytes say otherwise; what is only likely is said."""

from __future__ import annotations

import codecs
from typing import Final

from charset_normalizer import from_bytes

from vault.importers.source import File

_BOMS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# What exports of one byte a character are written in, the likeliest first (those of the WHATWG Encoding Standard).
_OF_ONE_BYTE: Final = {
    "cp1252": "Windows-1252",
    "cp1250": "Windows-1250",
    "cp1251": "Windows-1251",
    "cp1253": "Windows-1253",
    "cp1254": "Windows-1254",
    "iso8859_2": "ISO 8859-2",
    "iso8859_15": "ISO 8859-15",
    "koi8_r": "KOI8-R",
}
_AROUND: Final = 2**16
_BY_CHANCE: Final = 0.05
"""In text of one byte a character, fewer than this many of its special signs a bad byte look like UTF-8."""


def encoding_of(file: File, said: str = "") -> tuple[str, tuple[str, ...]]:
    """The codec of a file's text, and what the owner should know; raises `Unreadable` where it has none."""
    if said:
        return _checked(file, _of_one_order(file, said)), ()
    if file.data.startswith(_BOMS):
        return _checked(file, "utf-16"), ("The text is read as UTF-16.",)
    if b"\0" in file.data:
        return _without_mark(file), ("The text is read as UTF-16.",)
    try:
        file.data.decode()
    except UnicodeDecodeError as error:
        _refuse_damaged(file, error.start)
        codec = _checked(file, _likely(file.data[max(0, error.start - _AROUND) : error.start + _AROUND]))
        line = file.data.count(b"\n", 0, error.start) + 1
        name = _OF_ONE_BYTE[codec]
        said = f"Line {line} is not UTF-8: the text is read as {name}. If an example looks wrong, save it as UTF-8."
        return codec, (said,)
    return "utf-8-sig", ()


def _of_one_order(file: File, codec: str) -> str:
    """The codec whose bytes stand in one order, where no mark says in which: it is the usual one."""
    marks = {"utf-16": _BOMS, "utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)}.get(codec)
    return f"{codec}-le" if marks and not file.data.startswith(marks) else codec


def _refuse_damaged(file: File, place: int) -> None:
    """Raise `Unreadable` where the rest of the text is UTF-8: in another encoding that would happen by chance alone."""
    text = file.data.decode(errors="ignore")
    bad, good = len(file.data) - len(text.encode()), len(text) - len(text.encode("ascii", "ignore"))
    if not file.data.startswith(codecs.BOM_UTF8) and good < _BY_CHANCE * bad:
        return
    line = file.data.count(b"\n", 0, place) + 1
    byte = f"0x{file.data[place]:02X}"
    raise file.unreadable(
        f"line {line} holds the byte {byte}, which is not UTF-8 as the rest of it is; mend that line"
    )


def _without_mark(file: File) -> str:
    """UTF-16 without a byte order mark has a zero in every other byte of plain text."""
    if len(file.data) % 2 == 0:
        for codec, zeros in (("utf-16-le", file.data[1::2]), ("utf-16-be", file.data[::2])):
            if zeros.count(0) > len(zeros) // 2:
                return _checked(file, codec)
    raise file.unreadable("it holds NUL bytes")


def _likely(part: bytes) -> str:
    """The likeliest codec; of those that give the same text, the commonest."""
    found = from_bytes(part, cp_isolation=list(_OF_ONE_BYTE)).best()
    text = "" if found is None else str(found)
    return next((codec for codec in _OF_ONE_BYTE if part.decode(codec, "replace") == text), "cp1252")


def _checked(file: File, codec: str) -> str:
    try:
        text = file.data.decode(codec)
    except UnicodeDecodeError as error:
        line = file.data.count(b"\n", 0, error.start) + 1
        what = "UTF-16" if codec.startswith("utf-16") else codec.removesuffix("-sig")
        raise file.unreadable(
            f"line {line} is not {what}; save it as UTF-8, or say its --encoding"
        ) from error
    if "\0" in text:
        raise file.unreadable("it holds NUL characters")
    return codec
