"""The kinds of actions: plain ones, proven ones, those that are watched, and those that are both."""

from __future__ import annotations

from collections.abc import Callable
from enum import Flag, auto
from typing import Any, TypeVar

Method = TypeVar("Method", bound=Callable[..., Any])
Progress = Callable[[int, int], None]
"""Told how much of an action is done, and of how much; what it raises ends the action, and nothing of it is kept."""


class Kind(Flag):
    """How an action is carried out for somebody in another process; one may be both proven and watched."""

    PLAIN = 0
    PROVEN = auto()
    WATCHED = auto()


def proven(method: Method) -> Method:
    """Mark an action behind which the passphrase must stand; what it is bound to is among its arguments.

    It is for what cannot be undone and for what copies records out; what only makes things safer needs none.
    """
    return _marked(method, Kind.PROVEN)


def watched(method: Method) -> Method:
    """Mark an action that may take over a second: it takes a `progress`, and can be stopped."""
    return _marked(method, Kind.WATCHED)


def kind_of(method: Callable[..., Any]) -> Kind:
    """The kind of an action that the interface declares."""
    found: Kind = getattr(method, "action_kind", Kind.PLAIN)
    return found


def unwatched(_done: int, _of: int) -> None:
    """A progress callback that does nothing."""


def _marked(method: Method, kind: Kind) -> Method:
    setattr(method, "action_kind", kind_of(method) | kind)  # noqa: B010 (no function has this attribute for the type checker)
    return method
