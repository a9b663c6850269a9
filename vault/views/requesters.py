"""A requester, as it is shown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RequesterView:
    """Somebody who may ask; `name` is the owner's own name for them, `only_collection` all they may ask about."""

    id: str
    name: str
    fingerprint: str
    contact: str
    status: str
    added_at: str
    only_collection: str | None
