"""Strict base64 (RFC 4648 section 4): bytes have one spelling, so that what is signed or counted has no second one."""

from __future__ import annotations

from base64 import b64decode, b64encode


def from_base64(text: str) -> bytes:
    """The bytes of a text; raises `ValueError` for any but their own spelling, with its padding and no sign more."""
    data = b64decode(text, validate=True)
    if b64encode(data).decode() != text:
        raise ValueError("the bytes of this base64 are spelled otherwise")
    return data
