"""Every error a person can meet, found by walking the families."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from vault import errors
from vault.errors.families import LockboxError


@cache
def error_classes() -> Mapping[str, type[LockboxError]]:
    """Each error class by its name and in the order of names, whatever file of this room it stands in."""
    for one in iter_modules(errors.__path__, f"{errors.__name__}."):
        import_module(one.name)
    return {kind.__name__: kind for kind in sorted(_family(LockboxError), key=lambda kind: kind.__name__)}


def _family(kind: type[LockboxError]) -> Iterator[type[LockboxError]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from _family(narrower)
