"""Every known export in each dialect: its bytes, the part that is read, and what the first of its rows says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.importers.catalogue import made_exports as made
from tests.importers.catalogue import people_exports as people
from tests.importers.catalogue import timeline_export as timeline

MARCH, MAY = datetime(2024, 3, 1, tzinfo=UTC), datetime(2020, 5, 1, tzinfo=UTC)
HOME, WORK = {"latitude": 52.5, "longitude": 13.4}, {"to_latitude": 52.51, "to_longitude": 13.5}
RIDE = {"mode": "IN_SUBWAY", "from_latitude": 52.5, **WORK}
NIGHT = {"day": MARCH, "start": MARCH - timedelta(minutes=30), "minutes": 450, "zone_minutes": 60, **HOME}

NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)
RUN = {
    "day": datetime(2024, 5, 1, tzinfo=UTC),
    "distance": 10.02,
    "calories": 1012,
    "minutes": 55.5,
    "heart_rate": 152,
}
PAID = {"day": datetime(2024, 2, 2, tzinfo=UTC), "amount": -12.5}
WEIGHED = {
    "day": PAID["day"],
    "code": "29463-7",
    "name": "Body Weight",
    "value": 80.5,
    "unit": "kg",
    "status": "final",
}
WAY = {
    "at": datetime(2024, 5, 1, 5, 12, 33, tzinfo=UTC),
    "latitude": 52.5,
    "longitude": 13.4,
    "heart_rate": 121,
}
PLAY = {"at": WAY["at"], "seconds": 187.5, "artist": "A band", "track": "A song", "ended_by": "trackdone"}

DIALECTS: dict[str, tuple[bytes, str, int, dict[str, Any]]] = {
    "Timeline of Android, visits": (timeline.android(3), "visits", 3, {**NIGHT, "place": "INFERRED_HOME"}),
    "Timeline of Android, trips": (timeline.android(3), "trips", 3, {**RIDE, "minutes": 30, "distance_m": 7100.5}),
    "Timeline of Android, points": (timeline.android(3), "points", 6, {**HOME, "at": MARCH + timedelta(minutes=425)}),
    "Timeline of the iPhone, visits": (timeline.iphone(3), "visits", 3, {**NIGHT, "place": "HOME"}),
    "Timeline of the iPhone, trips": (timeline.iphone(3), "trips", 3, {**RIDE, "distance_m": 7100.5}),
    "Timeline of the iPhone, points": (timeline.iphone(3), "points", 6, {**HOME, "at": MARCH - timedelta(minutes=25)}),
    "a month of Semantic Location History, visits": (
        timeline.month(2), "visits", 2, {**HOME, "day": MAY, "minutes": 90, "place": "HOME", "zone_minutes": 0},
    ),
    "a month of Semantic Location History, trips": (
        timeline.month(2), "trips", 2, {**RIDE, "day": MAY, "distance_m": 7100},
    ),
    "Records.json": (timeline.records(3), "points", 3, {"latitude": 52.5, "longitude": -74.2, "accuracy_m": 20}),
    "an older Records.json": (timeline.records(3, millis=True), "points", 3, {"at": MAY + timedelta(hours=6)}),
    "Fitbit, activities": (made.FITBIT, "activities", 2, {
        "day": NEW_YEAR, "calories": 2345, "steps": 10_012, "distance": 7.31, "floors": 12, "very_active_min": 35,
    }),
    "Fitbit, sleep": (made.FITBIT, "sleep", 2, {
        "day": NEW_YEAR + timedelta(days=1), "start": NEW_YEAR + timedelta(hours=23, minutes=12), "asleep_min": 410,
        "awakenings": 22, "rem_min": 85,
    }),
    "Fitbit, body": (made.FITBIT, "body", 2, {"weight": 80.5, "body_fat_percent": 21}),
    "Garmin": (made.GARMIN.encode(), "", 2, RUN | {"activity": "Running"}),
    "Garmin in German": (made.GARMIN_GERMAN.encode(), "", 1, RUN | {"activity": "Laufen"}),
    "Garmin with a mark in front": (made.GARMIN.encode("utf-8-sig"), "", 2, RUN),
    "Revolut": (made.REVOLUT.encode(), "", 2, PAID | {"currency": "EUR", "kind": "CARD_PAYMENT", "balance": 87.5}),
    "N26": (made.N26.encode(), "", 1, PAID | {"currency": "EUR", "kind": "Presentment"}),
    "Monzo": (made.MONZO.encode(), "", 1, PAID | {"currency": "GBP", "category": "Groceries"}),
    "Chase": (made.CHASE.encode(), "", 1, PAID | {"currency": "USD", "category": "Groceries"}),
    "DKB": (made.DKB.encode(), "", 1, {"day": PAID["day"], "amount": -1012.5, "kind": "Ausgang"}),
    "a Sparkasse": (made.SPARKASSE, "", 1, PAID | {"currency": "EUR", "kind": "KARTENZAHLUNG"}),
    "ING": (made.ING, "", 1, PAID | {"currency": "EUR", "balance": 1234.56}),
    "OFX 1": (made.OFX_SGML.encode(), "", 2, PAID | {"currency": "USD", "kind": "POS", "id": "1"}),
    "OFX 2": (made.OFX_XML.encode(), "", 1, PAID | {"currency": "EUR", "kind": "POS", "id": "1"}),
    "QIF": (made.QIF.encode(), "", 2, PAID | {"category": "Food:Groceries"}),
    "QIF of old": (made.QIF_OLD, "", 1, {"day": datetime(2024, 2, 13, tzinfo=UTC), "amount": -1012.5}),
    "a FHIR bundle": (made.fhir_bundle(), "observations", 4, WEIGHED),
    "FHIR, a line each": (made.fhir_lines(), "observations", 4, WEIGHED),
    "FHIR, diagnoses": (made.fhir_bundle(), "conditions", 1, {
        "day": datetime(2019, 5, 1, tzinfo=UTC), "name": "Hay fever", "status": "active",
    }),
    "FHIR, medicines": (made.fhir_bundle(), "medications", 1, {"day": PAID["day"], "name": "A medicine"}),
    "FHIR, vaccinations": (made.fhir_bundle(), "immunizations", 1, {
        "day": datetime(2021, 1, 1, tzinfo=UTC), "code": "3",
    }),
    "GPX": (made.GPX.encode(), "", 1, {**WAY, "cadence": 84, "elevation_m": 34.5}),
    "GPX in UTF-16": (made.GPX.replace("UTF-8", "UTF-16").encode("utf-16"), "", 1, WAY),
    "TCX": (made.TCX.encode(), "", 1, {**WAY, "cadence": 84, "distance_m": 3.5}),
    "FIT": (made.fit(3), "", 3, {**WAY, "elevation_m": 34.6}),
    "iCalendar": (made.ICALENDAR.encode(), "", 3, {
        "day": datetime(2024, 7, 2, tzinfo=UTC), "start": datetime(2024, 7, 2, 7, tzinfo=UTC), "minutes": 90,
        "repeats": "WEEKLY", "guests": 2, "status": "CONFIRMED", "id": "1@made-up",
    }),
    "Spotify": (made.spotify(), "", 2, {**PLAY, "skipped": "no", "country": "DE"}),
    "Spotify, a year": (made.spotify_year(), "", 1, {"seconds": 187.5, "artist": "A band"}),
    **people.CASES,
}  # fmt: skip
