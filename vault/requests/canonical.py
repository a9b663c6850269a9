"""Strict JSON from strangers: bounded, no duplicate keys, no odd numbers, one canonical form (RFC 8785)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Final, TypeVar

import rfc8785
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from vault.strict_json import DuplicateKey, NotFinite, strict_loads

DEPTH_LIMIT: Final = 8

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_ModelT = TypeVar("_ModelT", bound=BaseModel)


class NotCanonical(ValueError):
    """The text is not canonical JSON; the message is one clause that quotes nothing of it."""


class Wire(BaseModel):
    """What every object from outside is parsed as: frozen, exact types, no key that is not in the format."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        hide_input_in_errors=True,
        defer_build=True,
        cache_strings="keys",  # else thousands of keys and ids of strangers are kept for as long as the process lives
    )


def rule(clause: str) -> PydanticCustomError:
    """The error of a broken rule; its template has no placeholder, so nothing foreign can enter it."""
    return PydanticCustomError("rule", clause)


def planned(clause: str) -> PydanticCustomError:
    """The error of what the format has room for and nothing here does yet; it is said before any other fault."""
    return PydanticCustomError("planned", clause)


def canonical(document: object) -> bytes:
    """The one byte form of a JSON document (RFC 8785); raises ``NotCanonical`` when it has none."""
    try:
        return rfc8785.dumps(document)  # type: ignore[arg-type]
    except ValueError as error:
        raise NotCanonical("it holds a number or text that JSON cannot carry exactly") from error


def read_object(data: bytes) -> dict[str, object]:
    """The JSON object in ``data``, read once with every rule on: raises ``NotCanonical``."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotCanonical("it is not UTF-8 text") from error
    _check_depth(text)
    try:
        document = strict_loads(text)
    except DuplicateKey as error:
        raise NotCanonical("it gives a key twice") from error
    except NotFinite as error:
        raise NotCanonical("it holds NaN or infinity") from error
    except ValueError as error:
        raise NotCanonical("it is not JSON") from error
    if not isinstance(document, dict):
        raise NotCanonical("it is not a JSON object")
    if canonical(document) != data:
        raise NotCanonical("it is not in canonical form (RFC 8785)")
    return document


def parse_as(model: type[_ModelT], data: bytes) -> _ModelT:
    """The canonical bytes as a strict model; raises ``NotCanonical`` with the first fault."""
    read_object(data)
    return _validated(model, data)


def parse_version(models: Mapping[int, type[_ModelT]], data: bytes) -> _ModelT:
    """The canonical bytes as the model of the version they name; raises ``NotCanonical`` with the first fault."""
    return _validated(models[version_of(read_object(data), models)], data)


def version_of(document: Mapping[str, object], known: Collection[int]) -> int:
    """The version that a document says it is written in; raises ``NotCanonical`` for any that is not known."""
    version = document.get("v")
    if type(version) is not int or version not in known:
        raise NotCanonical(f"v is none of the versions known here, {' and '.join(map(str, known))}")
    return version


def _validated(model: type[_ModelT], data: bytes) -> _ModelT:
    try:
        return model.model_validate_json(data, strict=True)
    except ValidationError as error:
        raise NotCanonical(first_fault(error, known_keys(model))) from error


def dump(model: BaseModel) -> bytes:
    """The canonical bytes of a model, wire names included."""
    return canonical(model.model_dump(mode="json", by_alias=True))


@cache
def known_keys(model: type[BaseModel]) -> frozenset[str]:
    """Every key the model and the models inside it know: the only keys an error may repeat."""
    schema = model.model_json_schema(by_alias=True)
    parts: Sequence[Mapping[str, object]] = [schema, *schema.get("$defs", {}).values()]
    return frozenset(key for part in parts for key in _mapping(part.get("properties")))


def first_fault(error: ValidationError, known: frozenset[str]) -> str:
    """The first thing pydantic found, in one clause without any of the foreign text."""
    found = error.errors(include_url=False, include_input=False)
    first = next((each for each in found if each["type"] == "planned"), found[0])
    unknown_key = first["type"] == "extra_forbidden"
    where = _path(first["loc"][:-1] if unknown_key else first["loc"], known)
    if unknown_key:
        return f"{where or 'it'} has a key that is not in the format"
    return f"{where or 'it'} {_clause(first)}"


_CLAUSES: Final = {
    "missing": "is missing",
    "string_type": "is not text",
    "float_type": "is not a number",
    "int_type": "is not a whole number",
    "bool_type": "is not true or false",
    "none_required": "is not null",
    "finite_number": "is not a finite number",
    "literal_error": "is not one of the words allowed there",
    "union_tag_invalid": "is of a kind that is not in the format",
    "union_tag_not_found": "has no kind",
    "greater_than": "is not more than {gt}",
    "greater_than_equal": "is less than {ge}",
    "less_than": "is not less than {lt}",
    "less_than_equal": "is more than {le}",
    "too_short": "has fewer than {min_length} entries",
    "too_long": "has more than {max_length} entries",
}


def _clause(fault: ErrorDetails) -> str:
    if fault["type"] in ("rule", "planned", "value_error"):
        return fault["msg"]  # ours: written in this package, quoting nothing
    template = _CLAUSES.get(fault["type"], "is not in the form the format asks for")
    return template.format(**{key: value for key, value in fault.get("ctx", {}).items() if key != "input"})


def _path(location: Sequence[str | int], known: frozenset[str]) -> str:
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in location if _shown(step, known)]
    return "".join(steps).removeprefix(".")


def _shown(step: str | int, known: frozenset[str]) -> bool:
    return isinstance(step, int) or step in known


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _check_depth(text: str) -> None:
    """Refuse deep nesting before the parser recurses: a linear scan of the brackets outside strings."""
    depth = 0
    for bracket in re.findall(r"[\[\]{}]", _STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > DEPTH_LIMIT:
            raise NotCanonical("it is nested too deeply")
