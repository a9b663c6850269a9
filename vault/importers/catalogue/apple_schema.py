"""What an Apple Health export holds, after the documentation of HealthKit; nothing in it comes from a record."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from vault.importers.catalogue.schema import (
    PD,
    KnownColumn,
    KnownFormat,
    Part,
    number,
    text,
    time,
    words,
    zone,
)
from vault.views.field_types import Sensitivity

_HEALTH: Final = PD + "PhysicalHealth"
_Four = tuple[float, float, float, float]


class Fold(StrEnum):
    """How the measurements of a day become one number."""

    TOTAL = "total"
    MEAN = "mean"
    LEAST = "least"
    MOST = "most"
    HOURS = "hours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """One type of measurement: its part, the unit it is kept in, and its low, high, centre and scale."""

    identifier: str
    part: str
    measure: str
    constants: _Four


@dataclass(frozen=True, slots=True, kw_only=True)
class DayColumn:
    """One column of the table of days."""

    name: str
    identifier: str
    fold: Fold
    measure: str
    constants: _Four
    meaning: str
    whole: bool = False


def _quantity(
    identifier: str, part: str, measure: str, low: float, high: float, centre: float, scale: float
) -> Quantity:
    return Quantity(
        identifier=f"HKQuantityTypeIdentifier{identifier}", part=part, measure=measure,
        constants=(low, high, centre, scale),
    )  # fmt: skip


QUANTITIES: Final = (
    _quantity("StepCount", "steps", "count", 0, 20_000, 200, 400),
    _quantity("DistanceWalkingRunning", "walking-distance", "km", 0, 100, 0.2, 0.5),
    _quantity("DistanceCycling", "cycling-distance", "km", 0, 300, 1, 3),
    _quantity("DistanceSwimming", "swimming-distance", "m", 0, 20_000, 50, 100),
    _quantity("DistanceWheelchair", "wheelchair-distance", "km", 0, 100, 0.2, 0.5),
    _quantity("PushCount", "wheelchair-pushes", "count", 0, 20_000, 50, 100),
    _quantity("FlightsClimbed", "flights", "count", 0, 200, 1, 2),
    _quantity("ActiveEnergyBurned", "active-energy", "kcal", 0, 5000, 5, 20),
    _quantity("BasalEnergyBurned", "basal-energy", "kcal", 0, 5000, 20, 40),
    _quantity("AppleExerciseTime", "exercise-time", "min", 0, 1440, 1, 5),
    _quantity("AppleStandTime", "stand-time", "min", 0, 1440, 3, 3),
    _quantity("HeartRate", "heart-rate", "count/min", 30, 220, 75, 25),
    _quantity("RestingHeartRate", "resting-heart-rate", "count/min", 30, 120, 62, 12),
    _quantity("WalkingHeartRateAverage", "walking-heart-rate", "count/min", 40, 200, 100, 20),
    _quantity("HeartRateVariabilitySDNN", "heart-rate-variability", "ms", 0, 300, 45, 30),
    _quantity("HeartRateRecoveryOneMinute", "heart-rate-recovery", "count/min", 0, 100, 25, 12),
    _quantity("RespiratoryRate", "respiratory-rate", "count/min", 4, 60, 15, 4),
    _quantity("OxygenSaturation", "oxygen-saturation", "%", 0.5, 1, 0.96, 0.03),
    _quantity("VO2Max", "vo2max", "mL/min·kg", 10, 90, 38, 10),
    _quantity("BodyMass", "weight", "kg", 20, 300, 75, 20),
    _quantity("LeanBodyMass", "lean-mass", "kg", 10, 150, 55, 12),
    _quantity("BodyMassIndex", "body-mass-index", "count", 10, 80, 25, 5),
    _quantity("BodyFatPercentage", "body-fat", "%", 0.02, 0.75, 0.25, 0.1),
    _quantity("Height", "height", "cm", 40, 250, 170, 12),
    _quantity("WaistCircumference", "waist", "cm", 40, 250, 88, 15),
    _quantity("BodyTemperature", "body-temperature", "degC", 30, 44, 36.8, 0.7),
    _quantity("BasalBodyTemperature", "basal-temperature", "degC", 30, 44, 36.5, 0.5),
    _quantity("AppleSleepingWristTemperature", "wrist-temperature", "degC", 25, 44, 35, 1),
    _quantity("BloodPressureSystolic", "systolic-pressure", "mmHg", 60, 260, 120, 20),
    _quantity("BloodPressureDiastolic", "diastolic-pressure", "mmHg", 30, 160, 78, 12),
    _quantity("BloodGlucose", "blood-glucose", "mg/dL", 20, 600, 105, 35),
    _quantity("InsulinDelivery", "insulin", "IU", 0, 100, 2, 4),
    _quantity("WalkingSpeed", "walking-speed", "km/hr", 0, 15, 4.5, 1.2),
    _quantity("WalkingStepLength", "step-length", "cm", 10, 150, 70, 12),
    _quantity("WalkingAsymmetryPercentage", "walking-asymmetry", "%", 0, 1, 0.02, 0.05),
    _quantity("WalkingDoubleSupportPercentage", "double-support", "%", 0, 1, 0.29, 0.04),
    _quantity("AppleWalkingSteadiness", "walking-steadiness", "%", 0, 1, 0.85, 0.15),
    _quantity("StairAscentSpeed", "stair-ascent-speed", "m/s", 0, 3, 0.35, 0.15),
    _quantity("StairDescentSpeed", "stair-descent-speed", "m/s", 0, 3, 0.4, 0.15),
    _quantity("SixMinuteWalkTestDistance", "six-minute-walk", "m", 0, 1000, 500, 100),
    _quantity("RunningSpeed", "running-speed", "km/hr", 0, 45, 10, 3),
    _quantity("RunningPower", "running-power", "W", 0, 1000, 230, 70),
    _quantity("CyclingPower", "cycling-power", "W", 0, 2500, 160, 80),
    _quantity("EnvironmentalAudioExposure", "environment-sound", "dBASPL", 0, 140, 65, 12),
    _quantity("HeadphoneAudioExposure", "headphone-sound", "dBASPL", 0, 140, 70, 10),
    _quantity("TimeInDaylight", "daylight", "min", 0, 1440, 5, 10),
    _quantity("PhysicalEffort", "physical-effort", "kcal/hr·kg", 0, 30, 2, 2),
    _quantity("DietaryEnergyConsumed", "eaten-energy", "kcal", 0, 10_000, 400, 400),
    _quantity("DietaryWater", "water", "mL", 0, 5000, 300, 250),
    _quantity("DietaryCaffeine", "caffeine", "mg", 0, 1000, 90, 70),
    _quantity("DietaryCarbohydrates", "carbohydrates", "g", 0, 1000, 45, 40),
    _quantity("DietaryProtein", "protein", "g", 0, 500, 20, 20),
    _quantity("DietaryFatTotal", "fat", "g", 0, 500, 15, 15),
    _quantity("DietarySugar", "sugar", "g", 0, 500, 15, 15),
    _quantity("DietarySodium", "sodium", "mg", 0, 20_000, 500, 500),
    _quantity("NumberOfAlcoholicBeverages", "alcohol", "count", 0, 30, 1, 1),
)  # fmt: skip
BY_IDENTIFIER: Final = {one.identifier: one for one in QUANTITIES}

SLEEP: Final = "HKCategoryTypeIdentifierSleepAnalysis"
SLEEP_STAGES: Final = (
    "InBed",
    "Asleep",
    "AsleepUnspecified",
    "AsleepCore",
    "AsleepDeep",
    "AsleepREM",
    "Awake",
)
MINDFUL: Final = "HKCategoryTypeIdentifierMindfulSession"
WORKOUTS: Final = "workout"


def _day(
    name: str,
    identifier: str,
    fold: Fold,
    measure: str,
    constants: _Four,
    meaning: str,
    *,
    whole: bool = False,
) -> DayColumn:
    full = identifier if identifier.startswith(("HK", WORKOUTS)) else f"HKQuantityTypeIdentifier{identifier}"
    return DayColumn(
        name=name,
        identifier=full,
        fold=fold,
        measure=measure,
        constants=constants,
        meaning=meaning,
        whole=whole,
    )


DAY_COLUMNS: Final = (
    _day("steps", "StepCount", Fold.TOTAL, "count", (0, 60_000, 7000, 5000), "steps", whole=True),
    _day("walking_km", "DistanceWalkingRunning", Fold.TOTAL, "km", (0, 100, 5, 4), "walked and run"),
    _day("cycling_km", "DistanceCycling", Fold.TOTAL, "km", (0, 400, 10, 20), "cycled"),
    _day("flights", "FlightsClimbed", Fold.TOTAL, "count", (0, 300, 8, 8), "floors climbed", whole=True),
    _day("active_kcal", "ActiveEnergyBurned", Fold.TOTAL, "kcal", (0, 8000, 450, 300), "energy burned by moving"),
    _day("basal_kcal", "BasalEnergyBurned", Fold.TOTAL, "kcal", (0, 5000, 1600, 400), "energy burned at rest"),
    _day("exercise_min", "AppleExerciseTime", Fold.TOTAL, "min", (0, 1440, 35, 35), "exercise"),
    _day("stand_min", "AppleStandTime", Fold.TOTAL, "min", (0, 1440, 120, 80), "standing"),
    _day("daylight_min", "TimeInDaylight", Fold.TOTAL, "min", (0, 1440, 60, 60), "in daylight"),
    _day("heart_rate", "HeartRate", Fold.MEAN, "count/min", (30, 220, 75, 15), "mean heart rate"),
    _day("heart_rate_low", "HeartRate", Fold.LEAST, "count/min", (30, 220, 52, 12), "lowest heart rate"),
    _day("heart_rate_high", "HeartRate", Fold.MOST, "count/min", (30, 220, 130, 30), "highest heart rate"),
    _day("resting_heart_rate", "RestingHeartRate", Fold.MEAN, "count/min", (30, 120, 62, 12), "resting heart rate"),
    _day("heart_rate_variability", "HeartRateVariabilitySDNN", Fold.MEAN, "ms", (0, 300, 45, 25), "mean SDNN"),
    _day("respiratory_rate", "RespiratoryRate", Fold.MEAN, "count/min", (4, 60, 15, 3), "breaths"),
    _day("oxygen_saturation", "OxygenSaturation", Fold.MEAN, "%", (0.5, 1, 0.96, 0.02), "as a fraction"),
    _day("vo2max", "VO2Max", Fold.MEAN, "mL/min·kg", (10, 90, 38, 10), "cardio fitness"),
    _day("weight_kg", "BodyMass", Fold.MEAN, "kg", (20, 300, 75, 20), "body weight"),
    _day("body_fat", "BodyFatPercentage", Fold.MEAN, "%", (0.02, 0.75, 0.25, 0.1), "as a fraction"),
    _day("systolic", "BloodPressureSystolic", Fold.MEAN, "mmHg", (60, 260, 120, 15), "systolic blood pressure"),
    _day("diastolic", "BloodPressureDiastolic", Fold.MEAN, "mmHg", (30, 160, 78, 10), "diastolic blood pressure"),
    _day("blood_glucose", "BloodGlucose", Fold.MEAN, "mg/dL", (20, 600, 105, 30), "blood glucose"),
    _day("body_temperature", "BodyTemperature", Fold.MEAN, "degC", (30, 44, 36.8, 0.7), "body temperature"),
    _day("water_ml", "DietaryWater", Fold.TOTAL, "mL", (0, 10_000, 1500, 1000), "drunk"),
    _day("eaten_kcal", "DietaryEnergyConsumed", Fold.TOTAL, "kcal", (0, 15_000, 2100, 700), "eaten"),
    _day("sleep_hours", SLEEP, Fold.HOURS, "h", (0, 24, 7, 1.5), "asleep in the night that ends on this day"),
    _day("mindful_hours", MINDFUL, Fold.HOURS, "h", (0, 24, 0.2, 0.3), "in mindful sessions"),
    _day("workout_hours", WORKOUTS, Fold.HOURS, "h", (0, 24, 0.7, 0.8), "in workouts"),
)  # fmt: skip

ACTIVITIES: Final = (
    "AmericanFootball", "Archery", "AustralianFootball", "Badminton", "Baseball", "Basketball", "Bowling",
    "Boxing", "Climbing", "Cricket", "CrossTraining", "Curling", "Cycling", "Dance", "DanceInspiredTraining",
    "Elliptical", "EquestrianSports", "Fencing", "Fishing", "FunctionalStrengthTraining", "Golf",
    "Gymnastics", "Handball", "Hiking", "Hockey", "Hunting", "Lacrosse", "MartialArts", "MindAndBody",
    "MixedMetabolicCardioTraining", "PaddleSports", "Play", "PreparationAndRecovery", "Racquetball", "Rowing",
    "Rugby", "Running", "Sailing", "SkatingSports", "SnowSports", "Soccer", "Softball", "Squash",
    "StairClimbing", "SurfingSports", "Swimming", "TableTennis", "Tennis", "TrackAndField",
    "TraditionalStrengthTraining", "Volleyball", "Walking", "WaterFitness", "WaterPolo", "WaterSports",
    "Wrestling", "Yoga", "Barre", "CoreTraining", "CrossCountrySkiing", "DownhillSkiing", "Flexibility",
    "HighIntensityIntervalTraining", "JumpRope", "Kickboxing", "Pilates", "Snowboarding", "Stairs",
    "StepTraining", "WheelchairWalkPace", "WheelchairRunPace", "TaiChi", "MixedCardio", "HandCycling",
    "DiscSports", "FitnessGaming", "CardioDance", "SocialDance", "Pickleball", "Cooldown", "SwimBikeRun",
    "Transition", "UnderwaterDiving", "Other",
)  # fmt: skip


def _day_column(one: DayColumn) -> KnownColumn:
    return number(one.name, one.meaning, one.measure, one.constants, category=_HEALTH, whole=one.whole)


_DAY = time("day", "the local day, by the clock of the device", category=_HEALTH)
_START = time("start", "when it began", category=_HEALTH)
_END = time("end", "when it ended", category=_HEALTH)
_SOURCE = text("source", "the app or device that measured it, which may name somebody", category=_HEALTH)
_ZONE = zone(_HEALTH)

DAYS: Final = Part(
    name="days",
    title="one row a day: sums and means of what was measured",
    columns=(_DAY, *(_day_column(one) for one in DAY_COLUMNS)),
    key=("day",),
    says="These are sums and means of each day; of several devices that count the same, the one that counted most is "
    "taken.",
)
WORKOUT_PART: Final = Part(
    name="workouts",
    title="one row a workout",
    columns=(
        _DAY,
        _START,
        _END,
        words("activity", "what was done", ACTIVITIES, category=_HEALTH, sensitivity=Sensitivity.SPECIAL),
        number("minutes", "how long it took", "min", (0, 1440, 40, 30), category=_HEALTH),
        number("distance_km", "how far", "km", (0, 500, 5, 10), category=_HEALTH),
        number("energy_kcal", "active energy burned", "kcal", (0, 10_000, 300, 250), category=_HEALTH),
        _SOURCE,
        _ZONE,
    ),
)
SLEEP_PART: Final = Part(
    name="sleep",
    title="one row a stage of sleep",
    columns=(
        _DAY,
        _START,
        _END,
        words("stage", "the stage", SLEEP_STAGES, category=_HEALTH, sensitivity=Sensitivity.SPECIAL),
        _SOURCE,
        _ZONE,
    ),
)
RINGS: Final = Part(
    name="rings",
    title="one row a day: the activity rings and their goals",
    columns=(
        _DAY,
        number("active_kcal", "energy burned by moving", "kcal", (0, 8000, 450, 300), category=_HEALTH),
        number("active_goal", "its goal", "kcal", (0, 8000, 450, 200), category=_HEALTH),
        number("exercise_min", "exercise", "min", (0, 1440, 35, 35), category=_HEALTH),
        number("exercise_goal", "its goal", "min", (0, 1440, 30, 15), category=_HEALTH),
        number("stand_hours", "hours with a minute of standing", "h", (0, 24, 10, 4), category=_HEALTH),
        number("stand_goal", "its goal", "h", (0, 24, 12, 2), category=_HEALTH),
    ),
    key=("day",),
)


def _quantity_part(one: Quantity) -> Part:
    return Part(
        name=one.part,
        title=f"one row a measurement, in {one.measure}",
        columns=(
            _DAY,
            _START,
            _END,
            number("value", "what was measured", one.measure, one.constants, category=_HEALTH),
            words("unit", "the unit in the export", category=_HEALTH, sensitivity=Sensitivity.ORDINARY),
            _SOURCE,
            _ZONE,
        ),
    )


APPLE_HEALTH: Final = KnownFormat(
    name="apple-health",
    title="Apple Health",
    needs="export.zip as the phone shares it, or the export.xml in it",
    download="on the iPhone: Health, your picture, Export All Health Data",
    leaves_out="date of birth, sex and blood type; clinical records, electrocardiograms, routes; metadata of a record",
    parts=(DAYS, WORKOUT_PART, SLEEP_PART, RINGS, *(_quantity_part(one) for one in QUANTITIES)),
)
