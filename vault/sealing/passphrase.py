"""From what a person types to the bytes the key derivation sees."""

from __future__ import annotations

import unicodedata

from vault.errors.families import Invalid
from vault.sealing.secret import Secret


def passphrase_secret(text: str) -> Secret:
    """The typed passphrase as UTF-8 in one spelling, whichever keyboard typed it.

    Every kind of space becomes the plain one and the text is brought to NFC (RFC 8265 section 4.2.2, the
    OpaqueString rules). Raises Invalid for an empty passphrase and for text that is not Unicode.
    """
    if not text:
        raise Invalid(reason="the passphrase is empty")
    spaced = "".join(" " if unicodedata.category(sign) == "Zs" else sign for sign in text)
    try:
        return Secret(unicodedata.normalize("NFC", spaced).encode())
    except UnicodeEncodeError:
        # `from None`: the original error carries the text itself
        raise Invalid(reason="the passphrase is not valid text") from None
