"""Whether what a description gives a key is of its type: told by the key, before anything is computed with it."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from vault.errors.families import Invalid

LARGEST: Final = (1 << 53) - 1
"""Whole numbers beyond are not the same everywhere in JSON (RFC 8785)."""
_NAMES: Final[Mapping[object, str]] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    NoneType: "nothing",
}


def check_type(key: str, value: object, hint: Any, named: str = "") -> None:
    """Refuse a value that is not of an annotated type; ``named`` is what to call that, where it has a name.

    Raises ``Invalid``, which names the key.
    """
    if not _is_of(value, hint):
        raise Invalid(reason=f"{key} is not {named or _name(hint)}")
    if type(value) is int and abs(value) > LARGEST:
        raise Invalid(reason=f"{key} is a number of more than 53 bits")


def _is_of(value: object, hint: Any) -> bool:
    """Whether a parsed value is of a type; a number may be whole, and is finite."""
    form, inside = get_origin(hint), get_args(hint)
    if form is None:
        return hint not in _NAMES or _is_plain(value, hint)
    if form is Annotated:
        return _is_of(value, inside[0])
    if form in (Union, UnionType):
        return any(_is_of(value, each) for each in inside)
    if form is tuple:
        return isinstance(value, list | tuple) and all(_is_of(each, inside[0]) for each in value)
    return isinstance(value, str if form is Literal else Mapping)


def _is_plain(value: object, kind: type) -> bool:
    if isinstance(value, float):
        return kind is float and isfinite(value)
    return type(value) is kind or (kind is float and type(value) is int)


def _name(hint: Any) -> str:
    form, inside = get_origin(hint), get_args(hint)
    if form is Annotated:
        return _name(inside[0])
    if form in (Union, UnionType):
        return " or ".join(_name(each) for each in inside if each is not NoneType)
    if form is tuple:
        return f"a list, each {_name(inside[0])}"
    return _NAMES[str if form is Literal else hint] if form in (None, Literal) else "a table"
