"""FIT, the binary format of watches and bike computers."""

from __future__ import annotations

import struct
from datetime import datetime
from typing import Any, Final

import fitdecode  # type: ignore[import-untyped]

from vault.importers.catalogue.moments import DAY, micros_of
from vault.importers.catalogue.reading import Reading
from vault.importers.catalogue.streams import opened

_LARGEST: Final = 64 * 2**20
_DEGREES: Final = 180 / 2**31
_FIELDS: Final = (
    ("enhanced_altitude", "altitude"), ("distance",), ("enhanced_speed", "speed"), ("heart_rate",), ("cadence",),
    ("power",), ("temperature",),
)  # fmt: skip


def read_fit(reading: Reading) -> None:
    """Read the recorded points; raises Unreadable for a file that is damaged or ends in the middle."""
    with opened(reading.file) as (stream, size):
        if size > _LARGEST:
            raise reading.file.unreadable(f"it is larger than {_LARGEST // 2**20} MiB")
        try:
            # a field of an odd size is passed over: devices write some of their own
            wishes = {"check_crc": fitdecode.CrcCheck.RAISE, "error_handling": fitdecode.ErrorHandling.IGNORE}
            with fitdecode.FitReader(stream, **wishes) as frames:
                for line, frame in enumerate(frames, start=1):
                    if frame.frame_type == fitdecode.FIT_FRAME_DATA and frame.name == "record":
                        _add(reading, line, frame)
        except (
            fitdecode.FitError,
            struct.error,
            ValueError,
            TypeError,
            KeyError,
            IndexError,
            OverflowError,
            AssertionError,  # the reader asserts what a damaged file may break
        ) as error:
            raise reading.file.unreadable("it is damaged, or ends in the middle") from error


def _add(reading: Reading, line: int, frame: Any) -> None:
    reading.seen["points"] += 1
    when = frame.get_value("timestamp", fallback=None)
    if not isinstance(when, datetime):
        reading.rows.refuse(line, "timestamp: not a time")
        return
    at = micros_of(when)
    place = (_degrees(frame, "position_lat"), _degrees(frame, "position_long"))
    cells = (_first(frame, names) for names in _FIELDS)
    reading.rows.add(line, (at // DAY * DAY, at, *place, *cells))


def _degrees(frame: Any, name: str) -> float | None:
    value = frame.get_value(name, fallback=None)
    return float(value) * _DEGREES if isinstance(value, int) else None


def _first(frame: Any, names: tuple[str, ...]) -> float | None:
    values = (frame.get_value(name, fallback=None) for name in names)
    return next((float(value) for value in values if isinstance(value, int | float)), None)
