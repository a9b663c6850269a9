"""The one written form of a time: RFC 3339 in UTC with whole seconds, such as 2026-01-02T03:04:05Z."""

from __future__ import annotations

from datetime import UTC, datetime


def whole_seconds(moment: datetime) -> datetime:
    """The moment as it is stored: in UTC, with what is beyond whole seconds cut off."""
    return moment.astimezone(UTC).replace(microsecond=0)


def stamp(moment: datetime) -> str:
    """The text of a moment, cut to whole seconds."""
    return whole_seconds(moment).replace(tzinfo=None).isoformat() + "Z"


def parse_stamp(text: str) -> datetime:
    """The aware moment that `stamp` wrote; raises ValueError for any other text."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or stamp(moment) != text:
        raise ValueError("a time that is written otherwise")
    return moment
