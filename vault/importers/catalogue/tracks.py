"""Recorded ways: GPX and TCX as they stream, FIT by its own reader."""

from __future__ import annotations

from typing import Final

from vault.importers.catalogue.cell_texts import Unfit, moment, number
from vault.importers.catalogue.moments import DAY, Clock
from vault.importers.catalogue.reading import Reading
from vault.importers.catalogue.streams import chunks
from vault.importers.catalogue.tracks_schema import COLUMNS
from vault.importers.catalogue.xml_stream import read_xml
from vault.importers.counted import counted

_NAMES: Final = tuple(column.name for column in COLUMNS[2:])
_LONGEST_TEXT: Final = 200
# What stands within a point: the name of the element without its namespace, and the column it goes to.
GPX_TEXTS: Final = {
    "ele": "elevation_m", "speed": "speed_m_s", "hr": "heart_rate", "cad": "cadence", "atemp": "temperature",
    "power": "power_w", "PowerInWatts": "power_w", "course_distance": "distance_m",
}  # fmt: skip
TCX_TEXTS: Final = {
    "LatitudeDegrees": "latitude", "LongitudeDegrees": "longitude", "AltitudeMeters": "elevation_m",
    "DistanceMeters": "distance_m", "Cadence": "cadence", "RunCadence": "cadence", "Speed": "speed_m_s",
    "Watts": "power_w",
}  # fmt: skip


def read_gpx(reading: Reading) -> None:
    """Read the points of all tracks."""
    _read(reading, _Points(reading, "gpx", "trkpt", "time", GPX_TEXTS))


def read_tcx(reading: Reading) -> None:
    """Read the points of all activities; a heart rate stands within an element of its own."""
    _read(reading, _Points(reading, "TrainingCenterDatabase", "Trackpoint", "Time", TCX_TEXTS))


def _read(reading: Reading, points: _Points) -> None:
    read_xml(reading.file, chunks(reading.file, reading.progress), points, points.words)
    if points.without_time:
        have = counted(points.without_time, "point has", "points have")
        reading.notes.append(f"{have} no time: left out.")


class _Points:
    """Is told every element, and keeps the texts of one point."""

    def __init__(self, reading: Reading, root: str, point: str, time: str, texts: dict[str, str]) -> None:
        self.without_time = 0
        self._reading = reading
        self._root, self._point, self._time, self._texts = root, point, time, texts
        self._clock = Clock()
        self._depth = 0
        self._line = 0
        self._facts: dict[str, str] | None = None
        self._path: list[str] = []
        self._text = ""

    def begin(self, name: str, facts: dict[str, str], line: int) -> None:
        local = name.rpartition(":")[2]
        self._depth += 1
        if self._depth == 1 and local != self._root:
            raise self._reading.file.unreadable("it is another XML file")
        if local == self._point:
            self._line = line
            self._facts = {"latitude": facts.get("lat", ""), "longitude": facts.get("lon", "")}
        self._path.append(local)
        self._text = ""

    def words(self, text: str) -> None:
        """Text within an element; only numbers and times are waited for, and those are short."""
        if self._facts is not None and len(self._text) < _LONGEST_TEXT:
            self._text += text[:_LONGEST_TEXT]

    def end(self, name: str) -> None:
        self._depth -= 1
        local = self._path.pop()
        if self._facts is None:
            return
        if local == self._point:
            self._finish(self._facts)
            self._facts = None
        elif local == self._time:
            self._facts["time"] = self._text
        elif local == "Value" and self._path[-1:] == ["HeartRateBpm"]:
            self._facts["heart_rate"] = self._text
        elif local in self._texts:
            self._facts[self._texts[local]] = self._text
        self._text = ""

    def _finish(self, facts: dict[str, str]) -> None:
        self._reading.seen["points"] += 1
        if not facts.get("time", "").strip():
            self.without_time += 1
            return
        try:
            at = moment(self._clock, facts["time"], "time")
            cells = [number(facts.get(name, ""), name) for name in _NAMES]
        except Unfit as error:
            self._reading.rows.refuse(self._line, str(error))
            return
        self._reading.rows.add(self._line, (at.at // DAY * DAY, at.at, *cells))
