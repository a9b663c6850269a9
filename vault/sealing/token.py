"""Bearer tokens: 32 random bytes as text, of which the SHA-256 alone is kept.

Of so many random bytes nothing can be guessed from their digest, so it needs no salt and no slow hash.
"""

from __future__ import annotations

import base64
from typing import Final

from vault.sealing.digest import sha256_hex
from vault.sealing.random import random_bytes

TOKEN_BYTES: Final = 32


def new_token() -> str:
    """A new token in base64url, without padding."""
    return base64.urlsafe_b64encode(random_bytes(TOKEN_BYTES)).rstrip(b"=").decode()


def token_digest(token: str) -> str:
    """All that is kept of a token, in hex."""
    # what cannot be encoded becomes a question mark, which no token has
    return sha256_hex(token.encode("ascii", errors="replace"))
