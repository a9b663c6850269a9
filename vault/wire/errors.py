"""Errors on the wire: an HTTP status by family, and a body from which the same error is made again."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel

from vault import errors


class ErrorBody(BaseModel):
    """An error of `vault.errors`: its class, its facts, and the sentence and the hint for a person."""

    error: str
    facts: dict[str, str | int | float | bool]
    sentence: str
    hint: str


STATUS: Final[tuple[tuple[type[errors.LockboxError], int], ...]] = (
    (errors.TooManyTries, 429),
    (errors.BodyTooLarge, 413),
    (errors.Invalid, 400),
    (errors.Locked, 401),
    (errors.Refused, 403),
    (errors.Exhausted, 409),
    (errors.Broken, 422),
    (errors.Unavailable, 503),
)


def status_of(error: errors.LockboxError) -> int:
    """The HTTP status of a family of errors; a bug of ours is 500."""
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


def error_body(error: errors.LockboxError) -> ErrorBody:
    """An error as it goes over the socket."""
    facts = {
        name: fact if isinstance(fact, (str, int, float)) else str(fact) for name, fact in error.facts.items()
    }
    return ErrorBody(error=type(error).__name__, facts=dict(facts), sentence=str(error), hint=error.hint)


def error_from(body: ErrorBody) -> errors.LockboxError:
    """The error that a body stands for: the same class with the same facts; an unknown class is `InternalError`."""
    kind = getattr(errors, body.error, None)
    if not (isinstance(kind, type) and issubclass(kind, errors.LockboxError)):
        return errors.InternalError(what=f"the vault's process reported {body.error}")
    try:
        return kind(**body.facts)
    except TypeError:
        return errors.InternalError(what=f"the vault's process reported {body.error}")
