"""What Fitbit and Garmin write as CSV, and how its columns are called."""

from __future__ import annotations

from typing import Final

from vault.importers.catalogue.schema import PD, KnownFormat, Part, number, time, words
from vault.views.field_types import Sensitivity

_HEALTH: Final = PD + "PhysicalHealth"
_DAY = time("day", "the local day, by the clock of the device", category=_HEALTH)
_SPORT: Final = Sensitivity.SPECIAL
_DISTANCE = number(
    "distance", "how far, in km or miles as your account shows it", "", (0, 500, 5, 8), category=_HEALTH
)

FITBIT: Final = KnownFormat(
    name="fitbit",
    title="Fitbit",
    needs="fitbit_export_….csv with the sections Activities, Sleep and Body",
    download="on fitbit.com: Settings, Data Export, up to 31 days at a time, as CSV",
    leaves_out="single meals",
    parts=(
        Part(
            name="activities",
            title="one row a day: steps, energy, minutes of activity",
            columns=(
                _DAY,
                number(
                    "calories", "energy burned", "kcal", (0, 10_000, 2300, 700), category=_HEALTH, whole=True
                ),
                number("steps", "steps", "count", (0, 60_000, 7000, 5000), category=_HEALTH, whole=True),
                _DISTANCE,
                number("floors", "floors climbed", "count", (0, 300, 8, 8), category=_HEALTH, whole=True),
                number("sedentary_min", "sitting or lying", "min", (0, 1440, 800, 250), category=_HEALTH),
                number("lightly_active_min", "lightly active", "min", (0, 1440, 200, 100), category=_HEALTH),
                number("fairly_active_min", "fairly active", "min", (0, 1440, 20, 25), category=_HEALTH),
                number("very_active_min", "very active", "min", (0, 1440, 20, 30), category=_HEALTH),
                number(
                    "activity_calories",
                    "by moving",
                    "kcal",
                    (0, 8000, 800, 500),
                    category=_HEALTH,
                    whole=True,
                ),
            ),
            key=("day",),
        ),
        Part(
            name="sleep",
            title="one row a sleep; it belongs to the day on which it ends",
            columns=(
                _DAY,
                time("start", "when it began, by the clock on the wall", category=_HEALTH),
                time("end", "when it ended, by the clock on the wall", category=_HEALTH),
                number("asleep_min", "asleep", "min", (0, 1440, 410, 90), category=_HEALTH),
                number("awake_min", "awake", "min", (0, 600, 45, 30), category=_HEALTH),
                number(
                    "awakenings", "how often awake", "count", (0, 100, 20, 15), category=_HEALTH, whole=True
                ),
                number("in_bed_min", "in bed", "min", (0, 1440, 460, 95), category=_HEALTH),
                number("rem_min", "REM sleep", "min", (0, 600, 85, 35), category=_HEALTH),
                number("light_min", "light sleep", "min", (0, 900, 240, 70), category=_HEALTH),
                number("deep_min", "deep sleep", "min", (0, 400, 75, 30), category=_HEALTH),
            ),
        ),
        Part(
            name="body",
            title="one row a day: weight",
            columns=(
                _DAY,
                number(
                    "weight", "weight, in the unit of your account", "", (20, 700, 80, 30), category=_HEALTH
                ),
                number("body_mass_index", "body mass index", "", (10, 80, 25, 5), category=_HEALTH),
                number("body_fat_percent", "body fat", "%", (0, 75, 25, 10), category=_HEALTH),
            ),
            key=("day",),
        ),
    ),
)
GARMIN: Final = KnownFormat(
    name="garmin",
    title="Garmin Connect",
    needs="Activities.csv, in English or German",
    download="on connect.garmin.com: Activities, All Activities, scroll to the end, Export CSV",
    leaves_out="titles of activities, which may name people and places",
    parts=(
        Part(
            name="activities",
            title="one row an activity",
            columns=(
                _DAY,
                time("start", "when it began, by the clock on the wall", category=_HEALTH),
                words("activity", "what was done, as Garmin calls it", category=_HEALTH, sensitivity=_SPORT),
                _DISTANCE,
                number("calories", "energy burned", "kcal", (0, 10_000, 400, 350), category=_HEALTH),
                number("minutes", "how long", "min", (0, 2880, 50, 45), category=_HEALTH),
                number("heart_rate", "mean heart rate", "count/min", (30, 220, 135, 20), category=_HEALTH),
                number(
                    "heart_rate_high", "highest heart rate", "count/min", (30, 230, 160, 20), category=_HEALTH
                ),
                number("training_effect", "aerobic training effect", "", (0, 5, 2.8, 1), category=_HEALTH),
                number("ascent", "climbed, in m or feet", "", (0, 20_000, 150, 300), category=_HEALTH),
            ),
        ),
    ),
)
