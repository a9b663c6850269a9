"""What the location history of Google holds, in its four shapes."""

from __future__ import annotations

from typing import Final

from vault.importers.catalogue.schema import PD, KnownColumn, KnownFormat, Part, number, time, words, zone
from vault.views.field_types import Sensitivity

_WHERE: Final = PD + "Location"
PLACE_KINDS: Final = (
    "HOME",
    "WORK",
    "INFERRED_HOME",
    "INFERRED_WORK",
    "SEARCHED_ADDRESS",
    "ALIASED_LOCATION",
    "UNKNOWN",
)
MODES: Final = (
    "WALKING", "RUNNING", "CYCLING", "IN_PASSENGER_VEHICLE", "IN_BUS", "IN_TRAIN", "IN_SUBWAY", "IN_TRAM", "IN_FERRY",
    "FLYING", "MOTORCYCLING", "SKIING", "SAILING", "STILL", "IN_VEHICLE", "UNKNOWN",
)  # fmt: skip
_DAY = time("day", "the local day, or the day in UTC where the export tells no zone", category=_WHERE)
_START = time("start", "when it began", category=_WHERE)
_END = time("end", "when it ended", category=_WHERE)
_MINUTES = number(
    "minutes", "how long", "min", (0, 1440, 60, 120), category=_WHERE, sensitivity=Sensitivity.SENSITIVE
)


def _degrees(name: str, meaning: str, most: float) -> KnownColumn:
    return number(
        name,
        meaning,
        "degrees",
        (-most, most, 0, most / 2),
        category=_WHERE,
        sensitivity=Sensitivity.IDENTIFYING,
    )


def _place(before: str, meaning: str) -> tuple[KnownColumn, KnownColumn]:
    return _degrees(f"{before}latitude", meaning, 90), _degrees(f"{before}longitude", meaning, 180)


VISITS: Final = Part(
    name="visits",
    title="one row a stay at a place",
    columns=(
        _DAY,
        _START,
        _END,
        words("place", "what kind of place it is to you", PLACE_KINDS, category=_WHERE),
        _MINUTES,
        *_place("", "where"),
        zone(_WHERE),
    ),
)
TRIPS: Final = Part(
    name="trips",
    title="one row a way from place to place",
    columns=(
        _DAY,
        _START,
        _END,
        words("mode", "how", MODES, category=_WHERE),
        _MINUTES,
        number(
            "distance_m",
            "how far",
            "m",
            (0, 2e7, 5000, 20_000),
            category=_WHERE,
            sensitivity=Sensitivity.SENSITIVE,
        ),
        *_place("from_", "from where"),
        *_place("to_", "to where"),
        zone(_WHERE),
    ),
)
POINTS: Final = Part(
    name="points",
    title="one row a place on the way",
    columns=(
        _DAY,
        time("at", "when", category=_WHERE),
        *_place("", "where"),
        number(
            "accuracy_m",
            "how exact",
            "m",
            (0, 10_000, 20, 50),
            category=_WHERE,
            sensitivity=Sensitivity.ORDINARY,
        ),
        zone(_WHERE),
    ),
)
TIMELINE: Final = KnownFormat(
    name="google-timeline",
    title="Google Timeline",
    needs="Timeline.json of the phone, or an old Records.json or a month of Semantic Location History",
    download="on Android: Settings, Location, Location services, Timeline, Export; "
    "on the iPhone: Google Maps, your picture, Your Timeline, …, Export",
    leaves_out="names, addresses and ids of places, notes, and what the phone guessed besides",
    parts=(VISITS, TRIPS, POINTS),
)
