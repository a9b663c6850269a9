"""The root of all errors and its families; each family has an exit code of its own."""

from __future__ import annotations

from string import Formatter
from typing import ClassVar


class LockboxError(Exception):
    """Something went wrong."""

    hint: ClassVar[str] = ""

    def __init__(self, **facts: object) -> None:
        super().__init__()
        self.facts = facts
        wanted = {name for _, name, _, _ in Formatter().parse(self.template()) if name}
        if wanted != set(facts):
            raise TypeError(f"{type(self).__name__} wants the facts {sorted(wanted)}, got {sorted(facts)}")

    @classmethod
    def template(cls) -> str:
        """The sentence with its placeholders: the first paragraph of the docstring."""
        return " ".join((cls.__doc__ or "").split("\n\n")[0].split())

    def __str__(self) -> str:
        return self.template().format(**self.facts)


class Invalid(LockboxError):
    """That input cannot be used: {reason}."""


class Locked(LockboxError):
    """The vault is locked."""


class Refused(LockboxError):
    """Refused: {reason}."""


class Exhausted(LockboxError):
    """The privacy budget does not allow it: {reason}."""


class Broken(LockboxError):
    """Damaged or tampered with: {what}."""


class Unavailable(LockboxError):
    """Not available now: {reason}."""


class InternalError(LockboxError):
    """Lockbox made a mistake of its own: {what}."""

    hint = "what has left stands in `lockbox release list`; please report this sentence"
