"""Times as they are shown: in UTC, or on the screens in the zone of this computer."""

from __future__ import annotations

from datetime import UTC, date, datetime


class _Shown:
    """In which zone: commands and what they write stay in UTC."""

    is_local = False


def show_local(is_local: bool) -> None:
    """Show times in the zone of this computer from now on, or in UTC."""
    _Shown.is_local = is_local


def are_local() -> bool:
    """Whether times are shown in the zone of this computer."""
    return _Shown.is_local


def in_zone(moment: datetime) -> datetime:
    """A moment in the zone that is shown."""
    return moment.astimezone(None if _Shown.is_local else UTC)


def short_time(stamp: str) -> str:
    """An RFC 3339 time down to the minute, for tables whose heading says the zone; empty for an empty one."""
    return f"{in_zone(datetime.fromisoformat(stamp)):%Y-%m-%d %H:%M}" if stamp else ""


def full_time(stamp: str) -> str:
    """The same with the name of the zone."""
    return f"{in_zone(datetime.fromisoformat(stamp)):%Y-%m-%d %H:%M %Z}"


def day_of(stamp: str) -> date:
    """The day of an RFC 3339 time."""
    return in_zone(datetime.fromisoformat(stamp)).date()


def heading() -> str:
    """What stands over times without a zone."""
    return "when (local)" if _Shown.is_local else "when (UTC)"
