"""Reading what was sent, with bounds, before anything looks at it."""

from __future__ import annotations

from typing import Any, Final

from fastapi import Request

from vault.errors.families import Invalid
from vault.strict_json import strict_loads

_DEEPEST: Final = 16
_LARGEST: Final = 2**53  # the whole numbers that every reader of JSON reads the same (RFC 8259 section 6)


class PlainRequest(Request):
    """A request whose body is one plain JSON object."""

    async def json(self) -> Any:
        """The object; raises `Invalid`."""
        if not hasattr(self, "_plain"):
            self._plain = plain_object(await self.body())
        return self._plain


def plain_object(data: bytes) -> dict[str, Any]:
    """The JSON object in `data`, of texts that can be written, finite numbers and little depth; raises `Invalid`."""
    try:
        found = strict_loads(data)
        _check(found, depth=0)
    except (ValueError, RecursionError):
        # `from None`: the original error carries what was sent
        raise Invalid(reason="what was sent is not one plain JSON object") from None
    if not isinstance(found, dict):
        raise Invalid(reason="what was sent is not one plain JSON object")
    return found


def _check(value: Any, *, depth: int) -> None:
    if depth > _DEEPEST:
        raise ValueError("too deep")
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict):
        for key, one in value.items():
            _check_text(key)
            _check(one, depth=depth + 1)
    elif isinstance(value, list):
        for one in value:
            _check(one, depth=depth + 1)
    elif isinstance(value, (int, float)) and not abs(value) <= _LARGEST:  # NaN is not either
        raise ValueError("a number out of range")


def _check_text(text: str) -> None:
    text.encode()  # half of a surrogate pair is a ValueError
    if "\0" in text:
        raise ValueError("no file name and no query can hold this")
