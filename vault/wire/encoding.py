"""How values are spelled as JSON on the wire, and how JSON is spelled canonically."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeAlias

import rfc8785

from vault.errors.daemon import NameNotText
from vault.errors.families import Invalid
from vault.file_names import is_text, spelled

Json: TypeAlias = str | int | float | bool | list["Json"] | dict[str, "Json"] | None


def to_json(value: object) -> Json:
    """An argument as JSON: sets sorted, paths absolute, decimals and moments as text."""
    if value is None or isinstance(value, str | int | float):
        return value
    for kind, text_of in _SPELLED:
        if isinstance(value, kind):
            return text_of(value)
    if is_dataclass(value):
        return {one.name: to_json(getattr(value, one.name)) for one in fields(value)}
    raise TypeError(f"a {type(value).__name__} does not go over the socket")


def _path(value: Path) -> str:
    if not is_text(value):
        raise NameNotText(path=spelled(value))
    return str(value.absolute())


def _moment(value: datetime) -> str:
    return (value.astimezone(UTC) if value.tzinfo else value).isoformat()


_SPELLED: Final[tuple[tuple[type, Callable[[Any], Json]], ...]] = (
    (Decimal, lambda value: f"{value:f}"),
    (datetime, _moment),
    (Path, _path),
    (Mapping, lambda value: {str(key): to_json(one) for key, one in value.items()}),
    (Set, lambda value: [to_json(one) for one in sorted(value)]),
    (Iterable, lambda value: [to_json(one) for one in value]),
)


def canonical(value: Mapping[str, object]) -> bytes:
    """An object as canonical JSON (RFC 8785); raises `Invalid`."""
    try:
        return rfc8785.dumps(dict(value))  # type: ignore[arg-type]  # it refuses what is not JSON itself
    except (rfc8785.CanonicalizationError, ValueError):
        raise Invalid(reason="an argument has no canonical spelling") from None
