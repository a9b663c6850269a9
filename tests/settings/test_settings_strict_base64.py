"""Strict base64: bytes have one spelling, and any other text is refused."""

from __future__ import annotations

from base64 import b64encode

import pytest

from vault.strict_base64 import from_base64


@pytest.mark.parametrize("data", [b"", b"f", b"fo", b"foo", bytes(range(256))])
def test_bytes_are_read_from_their_own_spelling(data: bytes) -> None:
    assert from_base64(b64encode(data).decode()) == data


@pytest.mark.parametrize(
    "text",
    ["Zh==", "Zm9=", "Zg", "Zg=", "Zg===", "Zg==\n", " Zg==", "Z g==", "Zg==Zg==", "_-8=", "Zé==", "=", "%"],
)
def test_another_spelling_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_base64(text)
