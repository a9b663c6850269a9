"""Apple Health: export.xml, as it is or in its export.zip, record by record in constant memory."""

from __future__ import annotations

import math
from collections import Counter
from typing import Final

from vault.importers.catalogue.apple_days import Days
from vault.importers.catalogue.apple_schema import (
    ACTIVITIES,
    BY_IDENTIFIER,
    DAY_COLUMNS,
    MINDFUL,
    SLEEP,
    SLEEP_STAGES,
    WORKOUTS,
    Quantity,
)
from vault.importers.catalogue.measures import converter
from vault.importers.catalogue.moments import DAY, Clock, Moment, NotATime
from vault.importers.catalogue.reading import Reading
from vault.importers.catalogue.streams import chunks
from vault.importers.catalogue.xml_stream import read_xml
from vault.importers.counted import counted
from vault.importers.values import NOT_FINITE

_SLEEP_PREFIX: Final = "HKCategoryValueSleepAnalysis"
_ACTIVITY_PREFIX: Final = "HKWorkoutActivityType"
_SAID_ELSEWHERE: Final = ("Me", "Correlation")  # what a correlation holds stands at the top as well
_OF_DAYS: Final = frozenset(one.identifier for one in DAY_COLUMNS) - {SLEEP}
_ENERGY, _DISTANCE = "HKQuantityTypeIdentifierActiveEnergyBurned", "HKQuantityTypeIdentifierDistance"


def read_apple_health(reading: Reading) -> None:
    """Read the wanted part; children of a correlation stand at the top as well, so only those at the top count."""
    export = _Export(reading)
    read_xml(reading.file, chunks(reading.file, reading.progress), export)
    if not export.is_export:
        raise reading.file.unreadable("it holds no health data")
    export.finish()


_Workout = tuple[int, dict[str, str], dict[str, float]]
"""Its line, its attributes, and the sums that elements within it tell."""


class _Refused(ValueError):
    """A record that cannot be kept, with the reason."""


class _Export:
    """Is told every element of the file."""

    def __init__(self, reading: Reading) -> None:
        self.is_export = False
        self._reading = reading
        self._rows = reading.rows
        self._clock = Clock()
        self._depth = 0
        self._days = Days() if reading.wants("days") else None
        self._made_on: int | None = None
        self._workout: _Workout | None = None
        self._other: Counter[str] = Counter()
        self._converted: Counter[str] = Counter()
        self._tops = {
            "Record": self._record,
            "Workout": self._begin_workout,
            "ActivitySummary": self._rings,
            "ExportDate": self._export_date,
        }

    def begin(self, name: str, facts: dict[str, str], line: int) -> None:
        self._depth += 1
        if self._depth == 2:
            self._top(name, facts, line)
        elif self._depth == 1:
            self.is_export = name == "HealthData"
            if not self.is_export:
                raise self._reading.file.unreadable("it is another XML file")
        elif self._depth == 3 and name == "WorkoutStatistics" and self._workout is not None:
            self._statistics(facts, self._workout)

    def end(self, name: str) -> None:
        if self._depth == 2 and name == "Workout" and self._workout is not None:
            self._end_workout()
        self._depth -= 1

    def _top(self, name: str, facts: dict[str, str], line: int) -> None:
        take = self._tops.get(name)
        if take is None:
            if name not in _SAID_ELSEWHERE:
                self._other[name] += 1
            return
        try:
            take(facts, line)
        except _Refused as error:
            self._rows.refuse(line, str(error))
        except (NotATime, KeyError):
            self._rows.refuse(line, f"a {name} without a time that can be read")

    def _record(self, facts: dict[str, str], line: int) -> None:
        kind = facts.get("type", "")
        if kind in _OF_DAYS:
            self._reading.summed.add("days")
        known = BY_IDENTIFIER.get(kind)
        if known is not None:
            self._quantity(known, facts, line)
        elif kind == SLEEP:
            self._sleep(facts, line)
        elif kind == MINDFUL:
            self._mindful(facts)
        else:
            self._other[
                kind.removeprefix("HKQuantityTypeIdentifier").removeprefix("HKCategoryTypeIdentifier")
            ] += 1

    def _quantity(self, known: Quantity, facts: dict[str, str], line: int) -> None:
        self._reading.seen[known.part] += 1
        if self._days is not None:
            if self._days.measures(known.identifier):
                start = self._clock.read(facts["startDate"])
                value = self._value(known, facts)
                self._days.add(known.identifier, start.day, facts.get("sourceName", ""), value)
        elif self._reading.wants(known.part):
            start, end = self._span(facts)
            value, source = self._value(known, facts), facts.get("sourceName")
            self._rows.add(
                line, (start.day * DAY, start.at, end.at, value, facts.get("unit"), source, start.zone)
            )

    def _value(self, known: Quantity, facts: dict[str, str]) -> float:
        try:
            value = float(facts["value"])
        except (ValueError, KeyError) as error:
            raise _Refused("value: not a number") from error
        if not math.isfinite(value):
            raise _Refused(f"value: {NOT_FINITE}")
        unit = facts.get("unit", known.measure)
        if unit == known.measure:
            return value
        convert = converter(unit, known.measure)
        if convert is None:
            raise _Refused(f"unit: one that is not known for {known.part}")
        self._converted[f"{unit} to {known.measure}"] += 1
        return convert(value)

    def _span(self, facts: dict[str, str]) -> tuple[Moment, Moment]:
        return self._clock.read(facts["startDate"]), self._clock.read(facts["endDate"])

    def _sleep(self, facts: dict[str, str], line: int) -> None:
        self._reading.seen["sleep"] += 1
        if facts.get("value", "").startswith(f"{_SLEEP_PREFIX}Asleep"):
            self._reading.summed.add("days")
        if self._days is None and not self._reading.wants("sleep"):
            return
        start, end = self._span(facts)
        stage = facts.get("value", "").removeprefix(_SLEEP_PREFIX)
        source = facts.get("sourceName", "")
        if self._days is None:
            if stage not in SLEEP_STAGES:
                raise _Refused("stage: none of those that the format has")
            self._rows.add(line, (end.day * DAY, start.at, end.at, stage, source, start.zone))
        elif stage.startswith("Asleep"):
            self._days.add_span(SLEEP, end.day, source, start.at, end.at)

    def _mindful(self, facts: dict[str, str]) -> None:
        if self._days is not None:
            start, end = self._span(facts)
            self._days.add_span(MINDFUL, start.day, facts.get("sourceName", ""), start.at, end.at)

    def _begin_workout(self, facts: dict[str, str], line: int) -> None:
        self._reading.seen["workouts"] += 1
        self._reading.summed.add("days")
        self._workout = None
        if self._days is not None:
            start, end = self._span(facts)
            self._days.add_span(WORKOUTS, start.day, facts.get("sourceName", ""), start.at, end.at)
        elif self._reading.wants("workouts"):
            self._workout = (line, facts, {})

    def _statistics(self, facts: dict[str, str], workout: _Workout) -> None:
        """Newer exports tell distance and energy of a workout in elements within it."""
        kind = facts.get("type", "")
        name = "energy" if kind == _ENERGY else "distance" if kind.startswith(_DISTANCE) else ""
        line, _, sums = workout
        try:
            number = (
                _amount(facts.get("sum", ""), facts.get("unit", ""), "kcal" if name == "energy" else "km")
                if name
                else None
            )
        except _Refused as error:
            self._workout = None
            self._rows.refuse(line, str(error))
            return
        if number is not None:
            sums[name] = sums.get(name, 0.0) + number

    def _end_workout(self) -> None:
        assert self._workout is not None
        line, facts, sums = self._workout
        self._workout = None
        try:
            self._rows.add(line, self._workout_row(facts, sums))
        except _Refused as error:
            self._rows.refuse(line, str(error))
        except (NotATime, KeyError):
            self._rows.refuse(line, "a Workout without a time that can be read")

    def _workout_row(self, facts: dict[str, str], sums: dict[str, float]) -> tuple[object, ...]:
        start, end = self._span(facts)
        activity = facts.get("workoutActivityType", "").removeprefix(_ACTIVITY_PREFIX)
        minutes = _amount(facts.get("duration", ""), facts.get("durationUnit", "min"), "min")
        distance = _amount(facts.get("totalDistance", ""), facts.get("totalDistanceUnit", ""), "km")
        energy = _amount(facts.get("totalEnergyBurned", ""), facts.get("totalEnergyBurnedUnit", ""), "kcal")
        return (
            start.day * DAY,
            start.at,
            end.at,
            activity if activity in ACTIVITIES else "Other",
            minutes if minutes is not None else (end.at - start.at) / 60_000_000,
            sums.get("distance", distance),
            sums.get("energy", energy),
            facts.get("sourceName"),
            start.zone,
        )

    def _rings(self, facts: dict[str, str], line: int) -> None:
        day = self._clock.day(facts["dateComponents"])
        if self._made_on is not None and day >= self._made_on:
            return
        self._reading.seen["rings"] += 1
        if not self._reading.wants("rings"):
            return
        energy = facts.get("activeEnergyBurnedUnit", "kcal")
        cells = (
            _amount(facts.get("activeEnergyBurned", ""), energy, "kcal"),
            _amount(facts.get("activeEnergyBurnedGoal", ""), energy, "kcal"),
            _amount(facts.get("appleExerciseTime", ""), "min", "min"),
            _amount(facts.get("appleExerciseTimeGoal", ""), "min", "min"),
            _amount(facts.get("appleStandHours", ""), "h", "h"),
            _amount(facts.get("appleStandHoursGoal", ""), "h", "h"),
        )
        self._rows.add(line, (day * DAY, *cells))

    def _export_date(self, facts: dict[str, str], _line: int) -> None:
        self._made_on = self._clock.read(facts["value"]).day

    def finish(self) -> None:
        """Write the days, and say what was changed and what else there is."""
        notes = self._reading.notes
        if self._days is not None:
            for number, row in enumerate(self._days.rows(self._made_on), start=1):
                self._rows.add(number, row)
        if self._days is not None or self._reading.wants("rings"):
            notes.append("The day of the export is left out: it was not over.")
        for change, count in self._converted.most_common():
            notes.append(f"{counted(count, 'value was', 'values were')} brought from {change}.")
        if self._other:
            named = ", ".join(
                f"{name or 'without a type'} ({count:,})" for name, count in self._other.most_common(6)
            )
            notes.append(
                f"Not taken, because no part holds it: {named}{' and more' if len(self._other) > 6 else ''}."
            )


def _amount(text: str, unit: str, wanted: str) -> float | None:
    """A number in the unit that is wanted; None where there is none."""
    if not text:
        return None
    convert = converter(unit or wanted, wanted)
    try:
        number = float(text)
    except ValueError as error:
        raise _Refused("an amount that is not a number") from error
    if convert is None or not math.isfinite(number):
        raise _Refused("an amount in a unit that is not known")
    return convert(number)
