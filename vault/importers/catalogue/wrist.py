"""Fitbit and Garmin: the headers of their CSV files."""

from __future__ import annotations

from typing import Final

from vault.importers.catalogue.reading import Reading
from vault.importers.catalogue.sheets import Sheet, read_sheets

FITBIT_SHEETS: Final = (
    Sheet(
        part="activities",
        when="Date",
        needs=frozenset({"Date", "Calories Burned", "Steps", "Minutes Sedentary"}),
        columns={
            "calories": "Calories Burned",
            "steps": "Steps",
            "distance": "Distance",
            "floors": "Floors",
            "sedentary_min": "Minutes Sedentary",
            "lightly_active_min": "Minutes Lightly Active",
            "fairly_active_min": "Minutes Fairly Active",
            "very_active_min": "Minutes Very Active",
            "activity_calories": "Activity Calories",
        },
        is_closed=True,
    ),
    Sheet(
        part="sleep",
        when="End Time",
        needs=frozenset({"Start Time", "End Time", "Minutes Asleep", "Time in Bed"}),
        columns={
            "start": "Start Time",
            "end": "End Time",
            "asleep_min": "Minutes Asleep",
            "awake_min": "Minutes Awake",
            "awakenings": "Number of Awakenings",
            "in_bed_min": "Time in Bed",
            "rem_min": "Minutes REM Sleep",
            "light_min": "Minutes Light Sleep",
            "deep_min": "Minutes Deep Sleep",
        },
        is_closed=True,
    ),
    Sheet(
        part="body",
        when="Date",
        needs=frozenset({"Date", "Weight", "BMI", "Fat"}),
        columns={"weight": "Weight", "body_mass_index": "BMI", "body_fat_percent": "Fat"},
        is_closed=True,
    ),
)
GARMIN_SHEETS: Final = (
    Sheet(
        part="activities",
        when="Date",
        needs=frozenset({"Activity Type", "Date", "Favorite", "Title", "Distance"}),
        columns={
            "start": "Date",
            "activity": "Activity Type",
            "distance": "Distance",
            "calories": "Calories",
            "minutes": "Time",
            "heart_rate": "Avg HR",
            "heart_rate_high": "Max HR",
            "training_effect": "Aerobic TE",
            "ascent": "Total Ascent",
        },
    ),
    Sheet(
        part="activities",
        when="Datum",
        needs=frozenset({"Aktivitätstyp", "Datum", "Favorit", "Titel", "Distanz"}),
        columns={
            "start": "Datum",
            "activity": "Aktivitätstyp",
            "distance": "Distanz",
            "calories": "Kalorien",
            "minutes": "Zeit",
            "heart_rate": "Ø Herzfrequenz",
            "heart_rate_high": "Maximale Herzfrequenz",
            "training_effect": "Aerober TE",
            "ascent": "Gesamtanstieg",
        },
        decimal=",",
    ),
)


def read_fitbit(reading: Reading) -> None:
    """Read the wanted section of a Fitbit file."""
    read_sheets(reading, FITBIT_SHEETS)


def read_garmin(reading: Reading) -> None:
    """Read the activities of Garmin Connect."""
    read_sheets(reading, GARMIN_SHEETS)
