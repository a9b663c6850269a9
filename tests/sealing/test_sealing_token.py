"""Bearer tokens: what is kept of one tells nothing, and nothing foreign can have its digest."""

from __future__ import annotations

import hashlib

from vault.sealing.token import TOKEN_BYTES, new_token, token_digest


def test_a_token_is_32_random_bytes_as_text_and_none_is_given_twice() -> None:
    made = {new_token() for _ in range(100)}
    assert {len(token) for token in made} == {43}  # 32 bytes in base64 without padding
    assert (len(made), TOKEN_BYTES) == (100, 32)


def test_a_digest_is_the_sha256_of_the_text() -> None:
    assert token_digest("abc") == hashlib.sha256(b"abc").hexdigest()


def test_what_is_no_ascii_has_a_digest_that_no_token_has() -> None:
    assert token_digest("é") == token_digest("?")
