"""What a recorded way holds: points of GPX, TCX and FIT."""

from __future__ import annotations

from typing import Final

from vault.importers.catalogue.schema import PD, KnownColumn, KnownFormat, Part, number, time
from vault.views.field_types import Sensitivity

_WHERE: Final = PD + "Location"
_HEALTH: Final = PD + "PhysicalHealth"


def _degrees(name: str, most: float) -> KnownColumn:
    return number(
        name,
        "where",
        "degrees",
        (-most, most, 0, most / 2),
        category=_WHERE,
        sensitivity=Sensitivity.IDENTIFYING,
    )


COLUMNS: Final = (
    time("day", "the day in UTC", category=_WHERE),
    time("at", "when", category=_WHERE),
    _degrees("latitude", 90),
    _degrees("longitude", 180),
    number(
        "elevation_m",
        "how high",
        "m",
        (-500, 9000, 200, 400),
        category=_WHERE,
        sensitivity=Sensitivity.SENSITIVE,
    ),
    number("distance_m", "how far by then", "m", (0, 1e6, 5000, 10_000), category=_HEALTH),
    number("speed_m_s", "how fast", "m/s", (0, 60, 3, 3), category=_HEALTH),
    number("heart_rate", "heart rate", "count/min", (30, 230, 135, 25), category=_HEALTH),
    number("cadence", "steps or turns", "count/min", (0, 250, 85, 30), category=_HEALTH),
    number("power_w", "power", "W", (0, 2500, 180, 100), category=_HEALTH),
    number(
        "temperature",
        "temperature",
        "degC",
        (-50, 60, 18, 10),
        category=_WHERE,
        sensitivity=Sensitivity.ORDINARY,
    ),
)
POINTS: Final = Part(name="points", title="one row a point that was recorded", columns=COLUMNS)
_LEAVES_OUT: Final = "names, notes and authors; waypoints and routes that were planned; points without a time"
GPX: Final = KnownFormat(
    name="gpx",
    title="GPX of a watch or a phone",
    needs="a file .gpx with tracks",
    download="in Strava, Komoot, Garmin Connect or the app of the watch: an activity, Export GPX",
    leaves_out=_LEAVES_OUT,
    parts=(POINTS,),
)
TCX: Final = KnownFormat(
    name="tcx",
    title="TCX of a watch",
    needs="a file .tcx",
    download="in Garmin Connect, Polar Flow or Strava: an activity, Export TCX",
    leaves_out=_LEAVES_OUT,
    parts=(POINTS,),
)
FIT: Final = KnownFormat(
    name="fit",
    title="FIT of a watch or a bike computer",
    needs="a file .fit of an activity",
    download="in Garmin Connect: an activity, Export File; or from the folder Activity of the device",
    leaves_out="serial numbers, names; what is not a recorded point",
    parts=(POINTS,),
)
