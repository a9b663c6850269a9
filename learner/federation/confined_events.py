"""The events that a process which confines itself may tell, read strictly: it may be turned against its owner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Count = Annotated[int, Field(ge=0, le=2**53 - 1)]

_NEEDS: Final[Mapping[str, frozenset[str]]] = {
    "trouble": frozenset({"error", "facts", "sentence", "hint"}),
    "tried": frozenset({"name", "refused", "how"}),
}


class _Told(BaseModel):
    """One line: an event, and what there is to say of it."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    v: Literal[1]
    event: str
    round: Count = 0
    release: str = ""
    bytes: Count = 0
    note: str = ""
    accepted: Count = 0
    connected: Count = 0
    key: str = ""
    name: str = ""
    refused: bool = False
    how: str = ""
    error: str = ""
    facts: dict[str, str | int | float | bool] = {}
    sentence: str = ""
    hint: str = ""


def read_line(line: bytes, events: frozenset[str]) -> Mapping[str, Any] | None:
    """What a line tells, if it is one of these events with all that belongs to it; None for any other line."""
    try:
        told = _Told.model_validate_json(line)
    except ValidationError:
        return None
    if told.event not in events or not _NEEDS.get(told.event, frozenset()) <= told.model_fields_set:
        return None
    return told.model_dump(exclude_unset=True)
