"""iCalendar, line by line; and the listening history of Spotify."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vault.importers.catalogue.cell_texts import Unfit, moment, number
from vault.importers.catalogue.json_stream import items
from vault.importers.catalogue.moments import DAY, Clock, Moment, NotATime, micros_of, written
from vault.importers.catalogue.reading import Reading
from vault.importers.catalogue.sheets import decoded
from vault.importers.catalogue.streams import whole

_LINE = re.compile(r"([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+=(?:\"[^\"]*\"|[^;:\"]*))*):(.*)", re.DOTALL)
_LENGTH = re.compile(
    r"([+-]?)P(?:(\d{1,9})W)?(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?", re.ASCII
)
_DEEPEST: Final = 20
_MOST_TOLD: Final = 10_000
_KEPT: Final = frozenset(("DTSTART", "DTEND", "DURATION", "RRULE", "STATUS", "UID", "RECURRENCE-ID"))
_REPEATS: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_Property = tuple[str, str]


def read_icalendar(reading: Reading) -> None:
    """Read the events; a repeated one is one row."""
    clock = Clock()
    for line, facts in _events(reading):
        reading.seen["events"] += 1
        try:
            reading.rows.add(line, _row(clock, facts))
        except Unfit as error:
            reading.rows.refuse(line, str(error))


def _events(reading: Reading) -> Iterator[tuple[int, dict[str, _Property]]]:
    inner: list[str] = []
    facts: dict[str, _Property] = {}
    began = 0
    for line, name, options, value in _properties(decoded(whole(reading.file, reading.progress))):
        if name == "BEGIN":
            inner.append(value.upper())
            if len(inner) > _DEEPEST:
                raise reading.file.unreadable(f"it is nested more than {_DEEPEST} deep")
            if value.upper() == "VEVENT":
                facts, began = {}, line
        elif name == "END":
            if value.upper() == "VEVENT" and inner[-1:] == ["VEVENT"]:
                yield began, facts
            inner = inner[:-1]
        elif inner[-1:] == ["VEVENT"] and name in _KEPT:
            facts[name] = (options, value)
        elif inner[-1:] == ["VEVENT"] and name == "ATTENDEE":
            facts[name] = ("", str(int(facts.get(name, ("", "0"))[1]) + 1))
    if inner:
        raise reading.file.unreadable("it ends in the middle")


def _properties(text: str) -> Iterator[tuple[int, str, str, str]]:
    """Every line with those that carry it on; what is far too long is cut, since nothing of it is kept."""
    number_of_line, pieces, began = 0, "", 1
    for number_of_line, line in enumerate((*text.splitlines(), ""), start=1):
        if line[:1] in (" ", "\t"):
            pieces += line[1:] if len(pieces) < _MOST_TOLD else ""
            continue
        if found := _LINE.fullmatch(pieces[:_MOST_TOLD]):
            yield began, found[1].upper(), found[2].upper(), found[3].strip()
        pieces, began = line, number_of_line


def _row(clock: Clock, facts: dict[str, _Property]) -> tuple[object, ...]:
    if "DTSTART" not in facts:
        raise Unfit("DTSTART: missing")
    start = _time(clock, facts["DTSTART"], "DTSTART")
    is_whole = len(facts["DTSTART"][1]) == 8
    rule = facts.get("RRULE", ("", ""))[1].upper()
    often = next((word for word in _REPEATS if f"FREQ={word}" in rule), "no")
    status = facts.get("STATUS", ("", ""))[1].upper()
    identity = facts.get("UID", ("", ""))[1][:200] + facts.get("RECURRENCE-ID", ("", ""))[1][:40]
    return (
        start.day * DAY,
        start.at,
        _minutes(clock, facts, start, is_whole=is_whole),
        "yes" if is_whole else "no",
        often,
        int(facts.get("ATTENDEE", ("", "0"))[1]),
        status if status in ("CONFIRMED", "TENTATIVE", "CANCELLED") else None,
        identity or None,
    )


def _minutes(clock: Clock, facts: dict[str, _Property], start: Moment, *, is_whole: bool) -> float:
    if "DTEND" in facts:
        return max(0.0, (_time(clock, facts["DTEND"], "DTEND").at - start.at) / 60_000_000)
    if "DURATION" in facts:
        found = _LENGTH.fullmatch(facts["DURATION"][1].upper())
        if found is None:
            raise Unfit("DURATION: not a length of time")
        weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:])
        return ((weeks * 7 + days) * 24 + hours) * 60 + minutes + seconds / 60
    return 1440.0 if is_whole else 0.0


def _time(clock: Clock, given: _Property, name: str) -> Moment:
    """A day, a time in UTC, or a time of a zone; one of a zone that is not known is kept as it is written."""
    options, value = given
    text = f"{value}T000000" if len(value) == 8 else value.upper()
    try:
        at = clock.read(text)
        zone = _zone(options) if at.zone is None and len(value) > 8 else None
        if zone is None:
            return at
        return Moment(micros_of(written(at.at).replace(tzinfo=zone)), None, at.day)
    except NotATime as error:
        raise Unfit(f"{name}: not a time") from error


def _zone(options: str) -> ZoneInfo | None:
    found = re.search(r';TZID="?([^;:"]+)', options)
    if found is None:
        return None
    name = found[1].rpartition("/FREEASSOCIATION.SOURCEFORGE.NET/")[2] or found[1]
    spelled = "/".join("_".join(word.capitalize() for word in one.split("_")) for one in name.split("/"))
    try:
        return ZoneInfo(spelled)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def read_spotify(reading: Reading) -> None:
    """Read the plays of the extended history, or of the last year as the account data has it."""
    clock = Clock()
    for line, entry in items(reading.file, reading.progress, "item"):
        reading.seen["plays"] += 1
        try:
            reading.rows.add(line, _play(clock, entry))
        except Unfit as error:
            reading.rows.refuse(line, str(error))


def _play(clock: Clock, entry: dict[str, Any]) -> tuple[object, ...]:
    at = moment(clock, entry.get("ts") or entry.get("endTime"), "ts")
    played = number(entry.get("ms_played", entry.get("msPlayed")), "ms_played")
    skipped = entry.get("skipped")
    return (
        at.at // DAY * DAY,
        at.at,
        None if played is None else played / 1000,
        entry.get("master_metadata_album_artist_name") or entry.get("artistName"),
        entry.get("master_metadata_track_name") or entry.get("trackName"),
        entry.get("episode_show_name"),
        entry.get("reason_start"),
        entry.get("reason_end"),
        {True: "yes", False: "no"}.get(skipped) if isinstance(skipped, bool) else None,
        entry.get("conn_country"),
    )
