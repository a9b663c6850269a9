"""Apple Health exports in the dialects of its versions, made up.

`python -m tests.importers.catalogue.apple_export FILE MEGABYTES` writes a large one.
"""

from __future__ import annotations

import random
import sys
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

# The definition of version 12 is not well formed: a comma and a bracket too many, as the phones write it.
DTD = """<!DOCTYPE HealthData [
<!-- HealthKit Export Version: 12 -->
<!ELEMENT HealthData (ExportDate,Me,(Record|Correlation|Workout|ActivitySummary|ClinicalRecord)*)>
<!ATTLIST HealthData
  locale CDATA #REQUIRED
>
<!ELEMENT Record ((MetadataEntry|HeartRateVariabilityMetadataList)*)>
<!ATTLIST Record
  type          CDATA #REQUIRED
  unit          CDATA #IMPLIED
  value         CDATA #IMPLIED
>
<!ELEMENT WorkoutEvent EMPTY>
<!ATTLIST WorkoutEvent
  type                 CDATA #REQUIRED
  date                 CDATA #REQUIRED
  durationUnit,        CDATA #IMPLIED
>
<!-- Note: Any Records that appear as children of a correlation also appear as top-level records in this document. -->
<!ELEMENT Correlation ((MetadataEntry|Record)*)>
]>
"""
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
ZONE = timezone(timedelta(hours=2))
ME = (
    ' <Me HKCharacteristicTypeIdentifierDateOfBirth="1980-01-01"'
    ' HKCharacteristicTypeIdentifierBiologicalSex="HKBiologicalSexNotSet"/>\n'
)


def stamp(moment: datetime) -> str:
    """A time as the export writes it."""
    return moment.strftime("%Y-%m-%d %H:%M:%S %z")


def record(
    kind: str, value: object, unit: str, start: datetime, minutes: float = 5, source: str = "Watch"
) -> str:
    """One Record element."""
    full = kind if kind.startswith("HK") else f"HKQuantityTypeIdentifier{kind}"
    times = f'startDate="{stamp(start)}" endDate="{stamp(start + timedelta(minutes=minutes))}"'
    device = "&lt;&lt;HKDevice: 0x2810&gt;, name:Apple Watch, manufacturer:Apple Inc., model:Watch&gt;"
    named = f' unit="{unit}"' if unit else ""
    return (
        f' <Record type="{full}" sourceName="{source}" sourceVersion="9.1" device="{device}"{named}'
        f' creationDate="{stamp(start)}" {times} value="{value}"/>\n'
    )


def workout(start: datetime, *, statistics: bool) -> str:
    """A run of 5 km: newer versions tell distance and energy in elements of their own."""
    times = f'startDate="{stamp(start)}" endDate="{stamp(start + timedelta(minutes=30))}"'
    kind = 'workoutActivityType="HKWorkoutActivityTypeRunning"'
    head = f' <Workout {kind} duration="30" durationUnit="min" sourceName="Watch" {times}'
    if not statistics:
        facts = (
            'totalDistance="5" totalDistanceUnit="km" totalEnergyBurned="1255.2" totalEnergyBurnedUnit="kJ"'
        )
        return f'{head} {facts}>\n  <MetadataEntry key="HKIndoorWorkout" value="0"/>\n </Workout>\n'
    said = (
        'type="HKQuantityTypeIdentifierActiveEnergyBurned" sum="300" unit="Cal"',
        'type="HKQuantityTypeIdentifierDistanceWalkingRunning" sum="3.106855961" unit="mi"',
        'type="HKQuantityTypeIdentifierHeartRate" average="150" unit="count/min"',
    )
    inner = "".join(f"  <WorkoutStatistics {one} {times}/>\n" for one in said)
    return f"{head}>\n{inner} </Workout>\n"


def blood_pressure(start: datetime, systolic: int, diastolic: int) -> str:
    """A correlation, whose records stand at the top of the file as well."""
    both = [
        record("BloodPressureSystolic", systolic, "mmHg", start, 0, "Cuff"),
        record("BloodPressureDiastolic", diastolic, "mmHg", start, 0, "Cuff"),
    ]
    times = f'startDate="{stamp(start)}" endDate="{stamp(start)}"'
    head = f' <Correlation type="HKCorrelationTypeIdentifierBloodPressure" sourceName="Cuff" {times}>\n'
    return "".join([*both, head, *(f" {one}" for one in both), " </Correlation>\n"])


def night(start: datetime) -> str:
    """A night of 8 hours in bed, 7 of them asleep."""
    kind, value = "HKCategoryTypeIdentifierSleepAnalysis", "HKCategoryValueSleepAnalysis"
    stages = (
        ("InBed", 0, 480),
        ("AsleepCore", 10, 200),
        ("AsleepDeep", 210, 100),
        ("Awake", 310, 10),
        ("AsleepREM", 320, 120),
    )
    return "".join(
        record(kind, value + stage, "", start + timedelta(minutes=begin), length)
        for stage, begin, length in stages
    )


def day(number: int, generator: random.Random, heartbeats: int) -> Iterator[str]:
    """The elements of one day."""
    start = datetime(2024, 1, 1, tzinfo=ZONE) + timedelta(days=number)
    for hour in range(8, 20):
        at = start + timedelta(hours=hour)
        yield record("StepCount", generator.randrange(100, 900), "count", at)
        yield record("StepCount", generator.randrange(100), "count", at, source="Phone")
    for _ in range(heartbeats):
        at = start + timedelta(seconds=generator.randrange(86_400))
        yield record("HeartRate", generator.randrange(50, 150), "count/min", at, 0)
    yield record("BodyMass", 165, "lb", start + timedelta(hours=7), 0, "Scale")
    yield record("OxygenSaturation", 0.97, "%", start + timedelta(hours=3), 0)
    yield night(start - timedelta(hours=1))
    yield blood_pressure(start + timedelta(hours=8), 120, 80)
    yield workout(start + timedelta(hours=18), statistics=number % 2 == 0)
    date = start.date().isoformat()
    yield (
        f' <ActivitySummary dateComponents="{date}" activeEnergyBurned="412.5" activeEnergyBurnedGoal="500"'
        ' activeEnergyBurnedUnit="kcal" appleExerciseTime="31" appleExerciseTimeGoal="30" appleStandHours="11"'
        ' appleStandHoursGoal="12"/>\n'
    )


def pieces(
    days: int, *, heartbeats: int = 10, dtd: str = DTD, exported_after: int | None = None
) -> Iterator[str]:
    """An export of so many days; it was made on the day after the last one, or as said."""
    generator = random.Random(7)
    made = datetime(2024, 1, 1, 12, tzinfo=ZONE) + timedelta(
        days=days if exported_after is None else exported_after
    )
    yield f'{HEAD}{dtd}<HealthData locale="de_DE">\n <ExportDate value="{stamp(made)}"/>\n{ME}'
    for number in range(days):
        yield from day(number, generator, heartbeats)
    yield "</HealthData>\n"


def export(days: int, **options: Any) -> bytes:
    """The bytes of an export.xml; the options are those of `pieces`."""
    return "".join(pieces(days, **options)).encode()


def zipped(xml: bytes, name: str = "apple_health_export/export.xml") -> dict[str, bytes]:
    """What stands in an export.zip beside the export itself."""
    return {
        name: xml,
        "apple_health_export/export_cda.xml": b'<?xml version="1.0"?>\n<ClinicalDocument xmlns="urn:hl7-org:v3"/>\n',
        "apple_health_export/workout-routes/route_2024-01-01_6.30pm.gpx": b"<gpx/>",
    }


def write_zip(path: Path, members: dict[str, bytes]) -> Path:
    """A packed zip file of these members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def write_large(path: Path, megabytes: int) -> None:
    """An export.xml of about this size, with as many heartbeats as a watch writes."""
    with path.open("w", encoding="utf-8") as out:
        for piece in pieces(10_000, heartbeats=600):
            out.write(piece)
            if out.tell() > megabytes * 10**6 and piece.startswith(" <ActivitySummary"):
                break
        out.write("</HealthData>\n")


if __name__ == "__main__":
    write_large(Path(sys.argv[1]), int(sys.argv[2]))
