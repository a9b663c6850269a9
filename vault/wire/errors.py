"""Errors on the wire: an HTTP status by family, and a body from which the same error is made again."""

from __future__ import annotations

import os
from errno import EAGAIN
from typing import Final

from pydantic import BaseModel

from vault.errors.catalogue import error_classes
from vault.errors.daemon import BodyTooLarge, TooManyTries
from vault.errors.exhaustion import can_open_files, what_ran_out
from vault.errors.families import (
    Broken,
    Exhausted,
    InternalError,
    Invalid,
    LockboxError,
    Locked,
    Refused,
    Unavailable,
)
from vault.errors.storage import OutOfResources, SystemRefused
from vault.file_names import all_spelled


class ErrorBody(BaseModel):
    """An error of `vault.errors`: its class, its facts, and the sentence and the hint for a person."""

    error: str
    facts: dict[str, str | int | float | bool]
    sentence: str
    hint: str


STATUS: Final[tuple[tuple[type[LockboxError], int], ...]] = (
    (TooManyTries, 429),
    (BodyTooLarge, 413),
    (Invalid, 400),
    (Locked, 401),
    (Refused, 403),
    (Exhausted, 409),
    (Broken, 422),
    (Unavailable, 503),
)


def status_of(error: LockboxError) -> int:
    """The HTTP status of a family of errors; a bug of ours is 500."""
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


def error_body(error: LockboxError) -> ErrorBody:
    """An error as it goes over the socket."""
    facts = {
        name: fact if isinstance(fact, (str, int, float)) else str(fact) for name, fact in error.facts.items()
    }
    said = all_spelled({"facts": facts, "sentence": str(error)})
    return ErrorBody(error=type(error).__name__, hint=error.hint, **said)


def unforeseen(error: Exception) -> LockboxError:
    """What an error that nobody foresaw is called: its kind alone, or which resource of the computer has run out."""
    if getattr(error, "errno", None) == EAGAIN:
        return OutOfResources(what="memory")
    if ran_out := what_ran_out(error):
        return ran_out
    if isinstance(error, OSError):
        return SystemRefused(reason=os.strerror(error.errno or 0).lower())
    # A library that reads a file of its own may say only that it is not installed.
    return InternalError(what=type(error).__name__) if can_open_files() else OutOfResources(what="open files")


def error_from(body: ErrorBody) -> LockboxError:
    """The error that a body stands for: the same class with the same facts; an unknown class is `InternalError`."""
    kind = error_classes().get(body.error)
    if kind is None:
        return InternalError(what=f"the vault's process reported {body.error}")
    try:
        return kind(**body.facts)
    except TypeError:
        return InternalError(what=f"the vault's process reported {body.error}")
