"""What kind of file it is, by its first bytes: what is no table is named, and never taken for a column of texts."""

from __future__ import annotations

import codecs
import re
from typing import Final

_BYTES: Final = {
    b"PK\x03\x04": "a zip or spreadsheet file",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet or document",
    b"\x1f\x8b": "packed with gzip",
    b"BZh": "packed with bzip2",
    b"\xfd7zXZ": "packed with xz",
    b"\x28\xb5\x2f\xfd": "packed with zstd",
    b"7z\xbc\xaf": "a 7z file",
    b"Rar!": "a RAR file",
    b"%PDF": "a PDF",
    b"SQLite format 3": "an SQLite database",
    b"ARROW1": "an Arrow or Feather file",
    b"Obj\x01": "an Avro file",
    b"ORC": "an ORC file",
    b"\x89HDF": "an HDF5 file",
    b"\x93NUMPY": "a NumPy file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}
_TEXTS: Final = (
    (re.compile(rb"<!DOCTYPE html|<html[\s>]", re.IGNORECASE), "a web page"),
    (re.compile(rb"OFXHEADER|<OFX>", re.IGNORECASE), "an OFX file"),
    (
        re.compile(rb"<\?xml[\s?]|<!DOCTYPE\s|<!--|<[A-Za-z_][\w:.-]*(?:\s[^>]*)?/?>(?=[^,;|\t\n]*(?:<|\Z))"),
        "XML",
    ),
    (re.compile(rb"<[A-Za-z_][\w:.-]*(?:\s[^>]*)?>\s*<"), "XML"),
    (re.compile(rb"!(?:Type|Account|Option):", re.IGNORECASE), "a QIF file"),
    (re.compile(rb"BEGIN:V(?:CALENDAR|CARD)", re.IGNORECASE), "a calendar or an address book"),
    (re.compile(rb"From \S+ .*[0-9]{2}:[0-9]{2}"), "a mailbox"),
)
_JSON: Final = re.compile(rb"\s*(?:\[\s*)?\{\s*(?:\"|\})")
_LOOK: Final = 4096


def binary_kind(data: bytes) -> str:
    """What the file is if it is packed or made of bytes for another program; empty for none that is known."""
    found = (what for start, what in _BYTES.items() if data.startswith(start))
    return next((what for what in found if what != "an ORC file" or data.endswith(b"ORC")), "")


def text_kind(data: bytes) -> str:
    """What the file is if it is a text of another kind than a table; empty for none that is known."""
    start = data[:_LOOK].removeprefix(codecs.BOM_UTF8).lstrip()
    return next((what for pattern, what in _TEXTS if pattern.match(start)), "")


def is_json(data: bytes) -> bool:
    """Whether the file begins as JSON does that holds objects."""
    return _JSON.match(data[:_LOOK].removeprefix(codecs.BOM_UTF8)) is not None
