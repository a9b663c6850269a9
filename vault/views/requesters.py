"""A requester, as it is shown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RequesterView:
    """Somebody who may ask; `name` is the owner's own name for them, `only_collection` all they may ask about.

    `resembles` are the names of others that this one can be mistaken for; `alphabets` those it mixes in one word.
    """

    id: str
    name: str
    fingerprint: str
    contact: str
    status: str
    added_at: str
    only_collection: str | None
    resembles: tuple[str, ...] = ()
    alphabets: tuple[str, ...] = ()
