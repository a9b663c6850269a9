"""What anybody outside can see is the same whatever the records are (U6), and no record can make a charged run fail."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from tests.sweeps import sweep
from tests.worlds import learners
from tests.worlds.approving import approve
from tests.worlds.importing import import_file
from tests.worlds.vaults import new_world
from tests.worlds.world import NAME, World
from vault.errors.training import LearnerFailed
from vault.requester.aim import Aim
from vault.requester.description import job_from_description
from vault.requester.jobs import new_job, sign_job
from vault.requester.keys import keygen
from vault.requests.weights import read_tensors
from vault.store.tables import ChargeRow, HeldRow
from vault.training import process
from vault.training.update import check_update
from vault.vault import Vault
from vault.views.records import FileChoice

Row = dict[str, Any]

DESCRIPTION = """\
collection = "life"
unit = "day"
max_rows_per_unit = 2
retention = "deleted when the study ends"
slot_minutes = 60

[requester]
name = "Sleep lab"
contact = "lab@example.org"

[purpose]
dpv = "AcademicResearch"
text = "Does anything tell the answer?"

[model]
kind = "{model}"

[training]
sampling_rate = 0.5
expected_batch = 20
steps = 4
clip = 1.0
lr = 0.5

[[fields]]
name = "{label}"
role = "label"
transform = {transform}

[[fields]]
name = "number"
role = "feature"
transform = {{ kind = "standard", center = 0, scale = 1e-6, clip = 3, fill = 0 }}

[[fields]]
name = "whole"
role = "feature"
transform = {{ kind = "standard", center = 10, scale = 3, clip = 3, fill = 0 }}

[[fields]]
name = "moment"
role = "feature"
transform = {{ kind = "standard", center = 1.7e9, scale = 1e6, clip = 3, fill = 1.7e9 }}

[[fields]]
name = "flag"
role = "feature"
transform = {{ kind = "standard", center = 0, scale = 1, clip = 1, fill = 0 }}

[[fields]]
name = "words"
role = "feature"
transform = {{ kind = "onehot", labels = ["tired", "awake"] }}

[[fields]]
name = "place"
role = "feature"
transform = {{ kind = "onehot", labels = ["home", "away"], fill = "home" }}

[[fields]]
name = "cups"
role = "feature"
transform = {{ kind = "onehot", labels = ["0", "1", "2"] }}
{where}"""
CLASSES = '{ kind = "classes", labels = ["low", "high"] }'
NUMBER = '{ kind = "standard", center = 0, scale = 1, clip = 3 }'
WINDOW = "\n[where]\nfrom = 2026-01-01T00:00:00Z\nto = 2026-03-01T00:00:00Z\n"
JOBS: Mapping[str, str] = {
    "classes": DESCRIPTION.format(model="logistic", label="answer", transform=CLASSES, where=WINDOW),
    "numbers": DESCRIPTION.format(model="linear", label="score", transform=NUMBER, where=""),
}
TYPES = {
    "day": "timestamp",
    "number": "float",
    "whole": "int",
    "moment": "timestamp",
    "flag": "bool",
    "words": "text",
    "place": "category",
    "cups": "int",
    "answer": "category",
    "score": "float",
}


# the records --------------------------------------------------------------------------------------------------

FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def ordinary(days: Iterable[int] = range(30), *, first: datetime = FIRST) -> list[Row]:
    """Two rows a day."""
    return [
        {
            "day": (first + timedelta(days=day, hours=hour)).isoformat(),
            "number": day * 1e-7,
            "whole": day % 20,
            "moment": (first + timedelta(days=day)).isoformat(),
            "flag": day % 2 == 0,
            "words": ("tired", "awake")[day % 2],
            "place": ("home", "away")[hour % 2],
            "cups": day % 3,
            "answer": ("low", "high")[day % 2],
            "score": day / 10,
        }
        for day in days
        for hour in (8, 9)
    ]


def all_of(**values: object) -> list[Row]:
    """Every row has these values."""
    return [row | values for row in ordinary()]


EXTREMES: Mapping[str, list[object]] = {
    "day": ["2026-01-05", "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z"],
    "number": [1e308, -1e308, 1.7976931348623157e308, 5e-324, -0.0],
    "whole": [2**62, -(2**62), 2**63 - 1, -(2**63), 2**53 + 1],
    "moment": ["9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00Z", None],
    "flag": [True, False, None],
    "words": ["", "x" * 10_000, "\u202e", "tired ", "TIRED", "😀" * 1000, None],
    "place": ["", "home", "nowhere", None],
    "cups": [2**62, -1, 0, None],
    "answer": ["", "low", "neither", "x" * 10_000, None],
    "score": [1e308, -1e308, 5e-324, None],
}


def extreme() -> list[Row]:
    """Every value at the edge of its type, in every combination that 70 rows give."""
    return [{name: values[at % len(values)] for name, values in EXTREMES.items()} for at in range(70)]


NOTHING: Row = dict.fromkeys(TYPES) | {"day": "2026-01-05"}

RECORDS: Mapping[str, Callable[[], list[Row]]] = {
    "without one unit": lambda: ordinary(day for day in range(30) if day != 7),
    "none in the window": lambda: ordinary(first=FIRST - timedelta(days=300)),
    "at the edges": extreme,
}
MORE: Mapping[str, Callable[[], list[Row]]] = {
    "one row": lambda: ordinary([0])[:1],
    "one unit of very many rows": lambda: ordinary([0]) * 3000,
    "nothing but nulls": lambda: [NOTHING] * 40,
    "null labels": lambda: all_of(answer=None, score=None),
    "unknown labels": lambda: all_of(answer="neither", words="neither", place="neither", cups=99),
    "empty texts": lambda: all_of(answer="", words="", place=""),
    "long texts": lambda: all_of(answer="x" * 10_000, words="x" * 10_000, place="x" * 10_000),
    "the largest floats": lambda: all_of(number=1e308, score=1e308),
    "the smallest floats": lambda: all_of(number=-1e308, score=-1e308),
    "large whole numbers": lambda: all_of(whole=2**62, cups=2**62),
    "the last year": lambda: all_of(moment="9999-12-31T23:59:59.999999Z", day="9999-12-31T23:59:59Z"),
    "the first year": lambda: all_of(moment="0001-01-01T00:00:00Z", day="0001-01-01T00:00:00Z"),
}


# the transcript -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """Everything that anybody but the owner can come to see, in the order it happens."""

    said: tuple[str, ...]
    files: dict[str, int]
    release: object
    tensors: dict[str, tuple[str, tuple[int, ...]]]
    trail: tuple[str, ...]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A requester."""
    folder = tmp_path_factory.mktemp("lab")
    keygen(folder / "lab")
    return folder


def job_of(lab: Path, name: str) -> Path:
    """A job of this file, calibrated and signed once."""
    if not (lab / name).exists():
        description = lab / f"{name}.toml"
        description.write_text(JOBS[name])
        made, now = job_from_description(description), datetime(2026, 11, 21, 12, tzinfo=UTC)
        new_job(made, aim=Aim(most=Decimal("1")), folder=lab / name, now=now)
        sign_job(lab / name, lab / "lab" / "requester.key")
    return lab / name


@pytest.fixture(scope="module")
def of_ordinary(lab: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Transcript]:
    """The transcript of a job on ordinary records, made once."""
    known: dict[str, Transcript] = {}

    def transcript(job: str) -> Transcript:
        if job not in known:
            known[job] = transcript_of(ordinary(), lab, job, tmp_path_factory.mktemp(job))
        return known[job]

    return transcript


def transcript_of(records: list[Row], lab: Path, job: str, folder: Path) -> Transcript:
    """Live through one job on these records and write down what can be seen from outside."""
    world, said = new_world(folder), []
    with world.vault() as vault:
        imported(vault, world.folder, records)
        vault.add_requester(NAME, lab / "lab" / "requester.pub")
        asked = vault.submit(job_of(lab, job))
        request = asked.line.id
        said += [asked.line.state, str(asked.price), masked(str(asked.decision))]
        approve(vault, request, draft=True, special_confirmed=True)  # "mood" is taken for health data
        said.append(vault.request(request).line.state)
        held = vault.train(request, progress=lambda step, of: said.append(f"{step} of {of}"))
        said += [held.state, str(held.size), held.expires_at, str(held.for_you)]
        said.append(vault.send(request, confirm_digest=held.digest, to=world.folder / "out").state)
        vault.export_audit(world.folder / "trail")
    return seen(world.folder / "out", world.folder / "trail", tuple(said))


def imported(vault: Vault, folder: Path, records: list[Row]) -> None:
    path = folder / "life.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in records))
    report = import_file(vault, FileChoice(path=path, name="life", unit="day", time_field="day", types=TYPES))
    assert report.refused == (), "every row is to be in"


def seen(out: Path, trail: Path, said: tuple[str, ...]) -> Transcript:
    tensors = read_tensors((out / "update.safetensors").read_bytes(), dtype="I64")
    return Transcript(
        said=said,
        files={path.name: path.stat().st_size for path in sorted(out.iterdir())},
        release=json.loads(masked((out / "release.json").read_text())),
        tensors={name: (str(tensor.dtype), tensor.shape) for name, tensor in tensors.items()},
        trail=tuple(masked((trail / "entries.jsonl").read_text()).splitlines()),
    )


def masked(text: str) -> str:
    """Ids, digests and keys by their lengths."""
    text = re.sub(r"\b[0-9a-f]{32,64}\b", lambda found: "#" * len(found[0]), text)
    return re.sub(r'"[A-Za-z0-9_-]{43}"', '"a commitment"', text)


# they are the same --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("real_learner")
@pytest.mark.parametrize("records", ["at the edges"])
def test_what_can_be_seen_is_the_same_without_a_unit_without_any_and_at_the_edges(
    records: str, lab: Path, of_ordinary: Callable[[str], Transcript], tmp_path: Path
) -> None:
    assert of_ordinary("classes") == transcript_of(RECORDS[records](), lab, "classes", tmp_path)


@pytest.mark.slow
@pytest.mark.usefixtures("real_learner")
@pytest.mark.parametrize("records", [*RECORDS, *MORE])
@pytest.mark.parametrize("job", JOBS)
def test_what_can_be_seen_is_the_same_for_any_records_and_any_job(
    job: str, records: str, lab: Path, of_ordinary: Callable[[str], Transcript], tmp_path: Path
) -> None:
    given = {**RECORDS, **MORE}[records]()
    assert of_ordinary(job) == transcript_of(given, lab, job, tmp_path)


@pytest.mark.slow
def test_a_transcript_would_show_a_difference(
    lab: Path, of_ordinary: Callable[[str], Transcript], tmp_path: Path
) -> None:
    """The comparison is not blind: another job has another transcript in every part."""
    one, other = of_ordinary("classes"), transcript_of(extreme(), lab, "numbers", tmp_path)
    assert one.said != other.said
    assert one.files != other.files
    assert one.release != other.release
    assert one.tensors != other.tensors
    assert one.trail != other.trail


# a learner that hides something -------------------------------------------------------------------------------


def tensors_of(update: bytes) -> dict[str, np.ndarray[Any, Any]]:
    return dict(read_tensors(update, dtype="I64"))


def with_header(update: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The same numbers under another header, padded to eight bytes as safetensors wants it."""
    size = int.from_bytes(update[:8], "little")
    header = change(update[8 : 8 + size])
    return len(header).to_bytes(8, "little") + header + update[8 + size :]


def with_metadata(update: bytes) -> bytes:
    return safetensors.numpy.save(tensors_of(update), metadata={"first record": "4.5"})


def renamed(update: bytes) -> bytes:
    return safetensors.numpy.save({f"{name}4.5": each for name, each in tensors_of(update).items()})


def with_one_more(update: bytes) -> bytes:
    return safetensors.numpy.save(tensors_of(update) | {"more": np.array([4], np.int64)})


def as_floats(update: bytes) -> bytes:
    return safetensors.numpy.save(
        {name: each.astype(np.float64) for name, each in tensors_of(update).items()}
    )


def as_unsigned(update: bytes) -> bytes:
    return safetensors.numpy.save({name: each.astype(np.uint64) for name, each in tensors_of(update).items()})


def flat(update: bytes) -> bytes:
    return safetensors.numpy.save({name: each.reshape(-1) for name, each in tensors_of(update).items()})


def turned(update: bytes) -> bytes:
    return with_header(update, lambda header: re.sub(rb"\[(\d+),(\d+)\]", rb"[\2,\1]", header, count=1))


def reordered(update: bytes) -> bytes:
    """The same tensors, the header's keys the other way round: one bit of freedom."""
    return with_header(
        update, lambda header: padded(json.dumps(dict(reversed(json.loads(header).items()))).encode())
    )


def spaced(update: bytes) -> bytes:
    return with_header(update, lambda header: header + b" " * 8)


def spelled(update: bytes) -> bytes:
    return with_header(update, lambda header: padded(header.rstrip().replace(b"bias", b"\\u0062ias")))


def padded(header: bytes) -> bytes:
    return header.ljust(-(-len(header) // 8) * 8)


HIDING: Mapping[str, Callable[[bytes], bytes]] = {
    "a text in the header": with_metadata,
    "bytes behind the end": lambda update: update + b"4.5",
    "floats": as_floats,
    "another order of the header": reordered,
    "other names": renamed,
    "one tensor more": with_one_more,
    "unsigned numbers": as_unsigned,
    "flat tensors": flat,
    "a matrix on its side": turned,
    "spaces behind the header": spaced,
    "another spelling of a name": spelled,
    "a missing end": lambda update: update[:-8],
    "nothing": lambda _update: b"",
    "no safetensors": lambda update: b"4.5".ljust(len(update), b"\0"),
}


@pytest.mark.parametrize("how", sweep(HIDING, default=2))
def test_an_update_with_room_for_anything_else_is_never_held_and_stays_charged(
    known_world: World, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    update = HIDING[how](learners.zeros(known_world.folder / "job"))
    command = learners.pretended(update, pause=0)
    monkeypatch.setattr(process, "COMMAND", command)
    with known_world.vault() as vault:
        known_world.imported(vault)
        request = vault.submit(known_world.folder / "job").line.id
        approve(vault, request, draft=True)
        with pytest.raises(LearnerFailed) as failure:
            vault.train(request, progress=lambda _step, _of: None)
        assert vault.request(request).line.state == "failed"
        with vault._opened.read() as uow:
            assert (uow.count(ChargeRow), uow.count(HeldRow)) == (1, 0)
    assert "4.5" not in str(failure.value), "the reason repeats what the learner sent"


def test_the_update_that_is_held_is_the_one_way_to_write_those_numbers(
    known_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pretended learner itself is not what was refused above."""
    from vault.requests.parse import parse_manifest

    job = known_world.folder / "job"
    update = learners.zeros(job)
    check_update(update, parse_manifest((job / "manifest.json").read_bytes()))
    monkeypatch.setattr(process, "COMMAND", learners.pretended(update, pause=0))
    with known_world.vault() as vault:
        known_world.imported(vault)
        request = vault.submit(job).line.id
        approve(vault, request, draft=True)
        assert vault.train(request, progress=lambda _step, _of: None).state == "held"
