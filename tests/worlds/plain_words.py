"""Words that must stand nowhere in clear, told from letters that a digest has by chance."""

from __future__ import annotations

import re


def has_word(data: bytes, word: bytes) -> bool:
    """Whether a word stands in these bytes by itself, and not within the digits of a digest in hex or base64."""
    return re.search(rb"(?<![A-Za-z0-9+/_-])" + re.escape(word) + rb"(?![A-Za-z0-9+/_-])", data) is not None
