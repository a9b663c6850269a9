"""Google Timeline: the exports of Android and of the iPhone, a month of Semantic Location History, Records.json."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from vault.importers.catalogue.cell_texts import Unfit, moment, number
from vault.importers.catalogue.json_stream import inside, items
from vault.importers.catalogue.moments import DAY, Clock, Moment
from vault.importers.catalogue.reading import Reading
from vault.importers.catalogue.streams import HEAD, opened
from vault.importers.catalogue.timeline_schema import MODES, PLACE_KINDS
from vault.importers.counted import counted

_DEGREES = r"(-?\d{1,3}(?:\.\d{1,40})?)\s*(?:°\s*)?"
_PAIR = re.compile(rf"(?:geo:)?\s*{_DEGREES},\s*{_DEGREES}", re.ASCII)
_MINUTE: Final = 60_000_000
_MOST_E7: Final = 2**33
_SHAPES: Final = (b'"semanticSegments"', b'"timelineObjects"', b'"locations"')
_Place = tuple[float, float] | tuple[None, None]
WITHOUT_PLACE: Final = ""
_OLD_MODES: Final = {"ON_BICYCLE": "CYCLING", "ON_FOOT": "WALKING"}


def read_timeline(reading: Reading) -> None:
    """Read the wanted part of any of the four shapes."""
    with opened(reading.file) as (stream, _):
        head = stream.read(HEAD)
    shape = next((one for one in _SHAPES if one in head), b"")
    prefix = f"{shape.decode().strip(chr(34))}.item" if shape else "item"
    timeline = _Timeline(reading)
    for line, entry in items(reading.file, reading.progress, prefix):
        try:
            timeline.take(line, entry)
        except Unfit as error:
            reading.rows.refuse(line, str(error))
    if lost := reading.seen.pop(WITHOUT_PLACE, 0):
        reading.notes.append(f"{counted(lost, 'entry names', 'entries name')} no place: left out.")


class _Timeline:
    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._clock = Clock()

    def take(self, line: int, entry: dict[str, Any]) -> None:
        """One entry, of whatever shape."""
        if "latitudeE7" not in entry and ("timestamp" in entry or "timestampMs" in entry):
            self._reading.seen[WITHOUT_PLACE] += 1
        elif "latitudeE7" in entry:
            self._point(line, self._record_time(entry), _e7(entry), entry.get("accuracy"))
        elif "placeVisit" in entry:
            visit = entry["placeVisit"]
            where, kind = inside(visit, "location"), inside(visit, "location", "semanticType")
            self._visit(line, self._old_span(visit), _kind(kind), _e7(where))
        elif "activitySegment" in entry:
            self._old_trip(line, entry["activitySegment"])
        else:
            self._segment(line, entry)

    def _segment(self, line: int, entry: dict[str, Any]) -> None:
        if isinstance(entry.get("visit"), dict):
            top = inside(entry, "visit", "topCandidate")
            self._visit(
                line,
                self._span(entry),
                _kind(inside(top, "semanticType")),
                _where(inside(top, "placeLocation")),
            )
        elif isinstance(entry.get("activity"), dict):
            activity = entry["activity"]
            ends = _where(activity.get("start")), _where(activity.get("end"))
            mode = inside(activity, "topCandidate", "type")
            self._trip(line, self._span(entry), mode, activity.get("distanceMeters"), ends)
        elif isinstance(entry.get("timelinePath"), list):
            self._path(line, entry)

    def _path(self, line: int, entry: dict[str, Any]) -> None:
        places = (inside(one, "point") for one in entry["timelinePath"])
        self._reading.seen["points"] += sum(_tells_place(one) for one in places)
        if not self._reading.wants("points"):
            return
        start, _ = self._span(entry)
        for one in entry["timelinePath"]:
            at = self._step_time(one, start, entry)
            self._add_point(line, at, _where(inside(one, "point")), None)

    def _step_time(self, one: object, start: Moment, entry: dict[str, Any]) -> Moment:
        """A point tells its time, or how many minutes after the beginning it was."""
        text = inside(one, "time")
        if text:
            return self._zoned(moment(self._clock, text, "time"), entry, "start")
        offset = number(inside(one, "durationMinutesOffsetFromStartTime"), "offset") or 0.0
        at = start.at + int(offset) * _MINUTE
        return Moment(at, start.zone, (at + (start.zone or 0) * _MINUTE) // DAY)

    def _span(self, entry: dict[str, Any]) -> tuple[Moment, Moment]:
        start, end = (moment(self._clock, entry.get(name), name) for name in ("startTime", "endTime"))
        return self._zoned(start, entry, "start"), self._zoned(end, entry, "end")

    def _zoned(self, given: Moment, entry: dict[str, Any], which: str) -> Moment:
        """Times stand in UTC beside how far the clock on the wall was ahead."""
        ahead = entry.get(f"{which}TimeTimezoneUtcOffsetMinutes")
        if not isinstance(ahead, int) or abs(ahead) > 1440:
            return given
        return Moment(given.at, ahead, (given.at + ahead * _MINUTE) // DAY)

    def _old_span(self, entry: object) -> tuple[Moment, Moment]:
        return self._old_time(entry, "start"), self._old_time(entry, "end")

    def _old_time(self, entry: object, which: str) -> Moment:
        spelled = inside(entry, "duration", f"{which}Timestamp")
        return self._either(spelled, inside(entry, "duration", f"{which}TimestampMs"))

    def _record_time(self, entry: dict[str, Any]) -> Moment:
        return self._either(entry.get("timestamp"), entry.get("timestampMs"))

    def _either(self, spelled: object, millis: object) -> Moment:
        if spelled:
            return moment(self._clock, spelled, "time")
        value = number(millis, "time")
        if value is None or abs(value) > 1e14:
            raise Unfit("time: not a time")
        at = int(value) * 1000
        return Moment(at, 0, at // DAY)

    def _visit(self, line: int, span: tuple[Moment, Moment], kind: str, place: _Place) -> None:
        self._reading.seen["visits"] += 1
        if self._reading.wants("visits"):
            start, end = span
            cells = (kind, (end.at - start.at) / _MINUTE, *place, start.zone)
            self._reading.rows.add(line, (start.day * DAY, start.at, end.at, *cells))

    def _old_trip(self, line: int, entry: object) -> None:
        ends = _e7(inside(entry, "startLocation")), _e7(inside(entry, "endLocation"))
        self._trip(
            line, self._old_span(entry), inside(entry, "activityType"), inside(entry, "distance"), ends
        )

    def _trip(
        self,
        line: int,
        span: tuple[Moment, Moment],
        mode: object,
        distance: object,
        ends: tuple[_Place, _Place],
    ) -> None:
        self._reading.seen["trips"] += 1
        if self._reading.wants("trips"):
            start, end = span
            cells = (_mode(mode), (end.at - start.at) / _MINUTE, number(distance, "distance"))
            self._reading.rows.add(
                line, (start.day * DAY, start.at, end.at, *cells, *ends[0], *ends[1], start.zone)
            )

    def _point(self, line: int, at: Moment, place: _Place, accuracy: object) -> None:
        self._reading.seen["points"] += place[0] is not None
        if self._reading.wants("points"):
            self._add_point(line, at, place, number(accuracy, "accuracy"))

    def _add_point(self, line: int, at: Moment, place: _Place, accuracy: float | None) -> None:
        if place[0] is None:
            self._reading.seen[WITHOUT_PLACE] += 1
            return
        self._reading.rows.add(line, (at.day * DAY, at.at, *place, accuracy, at.zone))


def _kind(text: object) -> str:
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])| ", "_", str(text or "")).upper().removeprefix("TYPE_")
    return plain if plain in PLACE_KINDS else "UNKNOWN"


def _mode(text: object) -> str:
    plain = re.sub(r"[ -]", "_", str(text or "")).upper()
    known = _OLD_MODES.get(plain, plain)
    return known if known in MODES else "UNKNOWN"


def _pair(given: object) -> re.Match[str] | None:
    text = given if isinstance(given, str) else inside(given, "latLng")
    return _PAIR.fullmatch(text.strip()) if isinstance(text, str) else None


def _tells_place(given: object) -> bool:
    return _pair(given) is not None


def _where(given: object) -> _Place:
    """A place as text, or as an object that holds one."""
    found = _pair(given)
    return (None, None) if found is None else _checked(float(found[1]), float(found[2]))


def _e7(given: object) -> _Place:
    latitude, longitude = inside(given, "latitudeE7"), inside(given, "longitudeE7")
    if not isinstance(latitude, int) or not isinstance(longitude, int):
        return None, None
    if max(abs(latitude), abs(longitude)) > _MOST_E7:
        raise Unfit("place: not on the earth")
    return _checked(_unwrapped(latitude) / 1e7, _unwrapped(longitude) / 1e7)


def _unwrapped(value: int) -> int:
    """Some old exports hold numbers that ran over 32 bits."""
    return value - 2**32 if value > 1_800_000_000 else value


def _checked(latitude: float, longitude: float) -> _Place:
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise Unfit("place: not on the earth")
    return latitude, longitude


def shapes_of(head: bytes) -> Iterator[bool]:
    """Whether the first bytes are of each of the four shapes."""
    yield _SHAPES[0] in head and b'"startTime"' in head
    yield _SHAPES[1] in head and (b'"placeVisit"' in head or b'"activitySegment"' in head)
    yield _SHAPES[2] in head and b'"latitudeE7"' in head
    is_list = head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"[")
    yield (
        is_list
        and b'"startTime"' in head
        and any(sign in head for sign in (b'"topCandidate"', b'"timelinePath"', b'"timelineMemory"'))
    )
