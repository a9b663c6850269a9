"""One value as text: the form in which it is exported and shown, and read back the same."""

from __future__ import annotations

from datetime import UTC, datetime

from vault.records.vectors import numbers_of

_SHOWN = 40


def cell(value: object) -> str:
    """The text of a value: nothing for null, true or false, a time as RFC 3339 in UTC, the shortest exact number.

    A vector is a list as JSON has it.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return f"[{', '.join(map(str, numbers_of(value)))}]"
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    return str(value)


def shown(value: object, longest: int = _SHOWN) -> str:
    """The text of a value for a screen: at most 40 characters or so many, no control characters, no line ends."""
    text = "".join(sign if sign.isprintable() else "·" for sign in cell(value)[: longest + 1])
    return text if len(text) <= longest else text[: longest - 1] + "…"
