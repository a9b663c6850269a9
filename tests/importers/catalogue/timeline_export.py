"""The location history of Google in its four shapes, made up."""

from __future__ import annotations

import json
from typing import Any


def android(days: int) -> bytes:
    """The export of an Android phone: an object of segments, places with signs of degrees."""
    segments: list[dict[str, Any]] = []
    for number in range(days):
        day = f"2024-03-{number + 1:02}"
        zone = {"startTimeTimezoneUtcOffsetMinutes": 60, "endTimeTimezoneUtcOffsetMinutes": 60}
        home = {"placeId": "made-up", "semanticType": "INFERRED_HOME", "probability": 0.8}
        home["placeLocation"] = {"latLng": "52.5000000°, 13.4000000°"}
        segments += [
            {
                "startTime": f"{day}T00:30:00.000+01:00", "endTime": f"{day}T08:00:00.000+01:00", **zone,
                "visit": {"hierarchyLevel": 0, "probability": 0.9, "topCandidate": home},
            },
            {
                "startTime": f"{day}T08:00:00.000+01:00", "endTime": f"{day}T08:30:00.000+01:00", **zone,
                "activity": {
                    "start": {"latLng": "52.5000000°, 13.4000000°"}, "end": {"latLng": "52.5100000°, 13.5000000°"},
                    "distanceMeters": 7100.5, "topCandidate": {"type": "IN_SUBWAY", "probability": 0.7},
                },
            },
            {
                "startTime": f"{day}T08:00:00.000+01:00", "endTime": f"{day}T10:00:00.000+01:00",
                "timelinePath": [
                    {"point": "52.5000000°, 13.4000000°", "time": f"{day}T08:05:00.000+01:00"},
                    {"point": "52.5050000°, 13.4500000°", "time": f"{day}T08:15:00.000+01:00"},
                ],
            },
            {"startTime": f"{day}T08:00:00.000+01:00", "endTime": f"{day}T10:00:00.000+01:00", "timelineMemory": {}},
        ]  # fmt: skip
    signals = [{"wifiScan": {"deliveryTime": "2024-03-01T00:00:00.000Z", "devicesRecords": [{"mac": 1}]}}]
    return json.dumps({"semanticSegments": segments, "rawSignals": signals}, ensure_ascii=False).encode()


def iphone(days: int) -> bytes:
    """The export of an iPhone: a bare list, places as geo, numbers as texts, steps counted from the beginning."""
    entries: list[dict[str, Any]] = []
    for number in range(days):
        span = {
            "startTime": f"2024-03-{number + 1:02}T00:30:00.000+01:00",
            "endTime": f"2024-03-{number + 1:02}T08:00:00.000+01:00",
        }
        top = {
            "placeID": "made-up",
            "semanticType": "Home",
            "probability": "0.8",
            "placeLocation": "geo:52.5,13.4",
        }
        activity = {
            "start": "geo:52.5,13.4", "end": "geo:52.51,13.5", "distanceMeters": "7100.5", "probability": "0.7",
            "topCandidate": {"type": "in subway", "probability": "0.7"},
        }  # fmt: skip
        path = [{"point": "geo:52.5,13.4", "durationMinutesOffsetFromStartTime": "5"}] * 2
        entries += [
            {**span, "visit": {"hierarchyLevel": "0", "probability": "0.9", "topCandidate": top}},
            {**span, "activity": activity},
            {**span, "timelinePath": path},
        ]
    return json.dumps(entries, indent=1).encode()


def month(days: int) -> bytes:
    """A month of Semantic Location History, as it was once taken out."""
    entries: list[dict[str, Any]] = []
    for number in range(days):
        spelled = {
            "startTimestamp": f"2020-05-{number + 1:02}T06:00:00Z",
            "endTimestamp": f"2020-05-{number + 1:02}T07:30:00Z",
        }
        millis = {
            "startTimestampMs": str(1588312800000 + 86_400_000 * number),
            "endTimestampMs": "1590000000000",
        }
        place = {
            "latitudeE7": 525000000,
            "longitudeE7": 134000000,
            "semanticType": "TYPE_HOME",
            "address": "Made-up 1",
        }
        ends = {
            "startLocation": {"latitudeE7": 525000000, "longitudeE7": 134000000},
            "endLocation": {"latitudeE7": 525100000, "longitudeE7": 135000000},
        }
        entries += [
            {"placeVisit": {"location": place, "duration": spelled}},
            {"activitySegment": {**ends, "duration": millis, "distance": 7100, "activityType": "IN_SUBWAY"}},
        ]
    return json.dumps({"timelineObjects": entries}, indent=2).encode()


def records(count: int, *, millis: bool = False) -> bytes:
    """An old Records.json; still older ones count milliseconds, and some numbers ran over 32 bits."""
    entries: list[dict[str, Any]] = []
    for number in range(count):
        when = {"timestampMs": str(1588312800000 + 60_000 * number)} if millis else {}
        entries.append(
            {
                "latitudeE7": 525000000, "longitudeE7": -742000000 + (2**32 if number == 1 else 0), "accuracy": 20,
                "activity": [{"activity": [{"type": "STILL", "confidence": 100}], "timestamp": "2020-05-01T06:00:00Z"}],
                **(when or {"timestamp": f"2020-05-01T06:{number % 60:02}:00.123Z"}), "deviceTag": -1,
            }
        )  # fmt: skip
    entries.append({"timestamp": "2020-05-01T06:00:00Z", "deviceTag": -1})
    return json.dumps({"locations": entries}).encode()
