"""What a requester sees through the socket and in its folder is the same beside neighbouring records (A4, U6).

One script is lived through in two vaults whose records differ by a unit, by one fraction, in size, or by being there at
all: the requester hands in its jobs, asks after each again and again and tries to fetch, the owner decides alike. Every
answer with its status, headers and order is compared. Masked, and compared in length, are the bytes of an update and
what is computed from them, and ids, which are drawn at random.
"""

from __future__ import annotations

import base64
import csv
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.worlds import learners
from tests.worlds.approving import approve
from tests.worlds.importing import import_file
from tests.worlds.screens import served
from tests.worlds.served import Caller, at, runtime
from tests.worlds.vaults import copy_of, new_world
from tests.worlds.world import JOB, NAME, World
from vault.audit.entries import EntryType
from vault.daemon.guard import Guard
from vault.errors.families import LockboxError
from vault.errors.training import LearnerFailed
from vault.owner.interface.session import OwnerSession
from vault.store.tables import Collection, Segment
from vault.training import process
from vault.views.records import FileChoice
from vault.wire import addresses

Row = tuple[str, str, str, str]

# the records --------------------------------------------------------------------------------------------------


def ordinary(days: range = range(40)) -> list[Row]:
    """Two rows a day; every number is whole."""
    first = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        (
            str((first + timedelta(days=day)).date()),
            str(1000 + 137 * day),
            str(day % 5),
            ("no", "yes")[day % 2],
        )
        for day in days
        for _ in range(2)
    ]


def with_one_fraction() -> list[Row]:
    """One unit more, in which two numbers are no whole ones and one answer is neither yes nor no."""
    return [*ordinary(), ("2026-06-01", "7000.5", "2.5", "yes"), ("2026-06-01", "", "", "perhaps")]


RECORDS: dict[str, Callable[[], list[Row]]] = {
    "one unit more with a fraction": with_one_fraction,
    "one unit less": lambda: ordinary(range(1, 40)),
    "one unit of 1,500 rows": lambda: [*ordinary(), *[("2026-06-01", "7000", "2", "yes")] * 1500],
    "no row at all": ordinary,
}

# the jobs -----------------------------------------------------------------------------------------------------

CUPS = """
[[fields]]
name = "coffee"
role = "label"
transform = {{ kind = "classes", labels = ["0", "1", "2"] }}

[[fields]]
name = "steps"
role = "feature"
transform = {{ kind = "standard", center = 7000, scale = 3000, clip = 3, fill = 7000 }}
"""
OF_CUPS = JOB.partition("[[fields]]")[0] + CUPS.lstrip()
ALIKE = (
    "released", "in a folder", "withheld", "left to expire", "failed", "withdrawn", "withdrawn while held", "slow",
    "behind the slow one",
)  # fmt: skip
JOBS: dict[str, str] = {
    **dict.fromkeys(ALIKE, JOB),
    "of labels": OF_CUPS,
    "refused": JOB.replace("AcademicResearch", "CommercialResearch"),
    "refused again": JOB.replace("AcademicResearch", "CommercialResearch"),
    "taken back": JOB.replace("AcademicResearch", "ImproveHealthcare"),
    "of no collection": JOB.replace('"nights"', '"mornings"'),
    "of no column": JOB.replace('"coffee"', '"tea"'),
    "of another unit": JOB.replace("{unit}", "record"),
    "over the budget": JOB.replace('"nights"', '"poor"'),
    "erased": JOB.replace('"nights"', '"gone"'),
}
BRIEF: tuple[str, ...] = ("of labels", "failed", "refused", "slow", "behind the slow one")
"""The jobs of the short script, which runs by default."""


@pytest.fixture(scope="module", autouse=True)
def _unhurried() -> Iterator[None]:
    """The requester asks faster than a program may: how often is not what is compared."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Guard, "_check_rate", lambda _self, _scope: None)
        yield


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The requester's keys and jobs, made once and handed in to every vault, in a world without records."""
    world = new_world(tmp_path_factory.mktemp("asker"))
    with world.vault() as vault:
        world.introduced(vault)
    for name, text in JOBS.items():
        world.job(name, text=text)
    return world


@pytest.fixture(scope="module")
def of_ordinary(
    asker: World, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[tuple[str, ...]], Transcript]:
    """The transcript of these jobs beside ordinary records, made once."""
    known: dict[tuple[str, ...], Transcript] = {}

    def transcript(jobs: tuple[str, ...]) -> Transcript:
        if jobs not in known:
            folder = tmp_path_factory.mktemp("ordinary") / "world"
            known[jobs] = lived(asker, ordinary(), folder, jobs)
        return known[jobs]

    return transcript


# what is seen -------------------------------------------------------------------------------------------------

Transcript = list[tuple[str, object]]


@dataclass(slots=True, kw_only=True)
class Asker:
    """The requester's program: everything it is answered, in order."""

    folder: Path
    jobs: tuple[str, ...]
    token: str = ""
    line: Caller | None = None
    seen: Transcript = field(default_factory=list)

    def ask(self, what: str, path: str, body: object) -> Any:
        assert self.line is not None
        answer = self.line.ask(path, body, token=self.token)
        headers = [(name, value) for name, value in answer.headers.multi_items()]
        self.seen.append((what, (answer.status_code, headers, masked(answer.text))))
        return answer.json()

    def submit(self, name: str, **changes: str) -> None:
        files = {"manifest": "manifest.json", "signature": "manifest.sig", "weights": "weights.safetensors"}
        spelled = {
            key: base64.b64encode((self.folder / name / file).read_bytes()).decode()
            for key, file in files.items()
        }
        self.ask(f"submit {name}", addresses.SUBMIT_JOB, spelled | changes)

    def look(self, when: str) -> None:
        """Ask after every job and try to fetch each."""
        for name in self.jobs:
            body = {"job_id": self.job_id(name)}
            self.ask(f"{when}: state of {name}", addresses.ASK_JOB, body)
            self.ask(f"{when}: files of {name}", addresses.FETCH_JOB, body)

    def job_id(self, name: str) -> str:
        return str(json.loads((self.folder / name / "manifest.json").read_bytes())["job_id"])

    def folder_of(self, what: str, folder: Path) -> None:
        """A release that was handed over in a folder."""
        files = {one.name: one.read_bytes() for one in sorted(folder.iterdir())}
        self.seen.append((what, {name: len(data) for name, data in files.items()}))
        self.seen.append((what, masked(files["release.json"].decode())))


def masked(text: str) -> str:
    """Ids, digests, signatures and the update itself by their lengths alone."""
    text = re.sub(
        r'("(?:update\.safetensors|release\.json|release\.sig)":")([^"]*)',
        lambda one: f"{one[1]}{len(one[2])}",
        text,
    )
    return re.sub(r"\b[0-9a-f]{32,64}\b", lambda found: "#" * len(found[0]), text)


# the script ---------------------------------------------------------------------------------------------------


def lived(
    asker: World,
    records: list[Row],
    folder: Path,
    jobs: tuple[str, ...] = tuple(JOBS),
    *,
    is_slow: bool = False,
    is_empty: bool = False,
) -> Transcript:
    """Live through the script with these records, and return everything that was seen outside."""
    world = copy_of(asker, folder)
    with world.vault() as vault:
        for number, (name, lifetime) in enumerate((("nights", "64"), ("poor", "1"), ("gone", "64"))):
            _import(vault, world, name, lifetime, _others(records, number))
        if is_empty:
            _empty(vault)
    program = Asker(folder=world.folder, jobs=jobs)
    with runtime() as short:
        world = at(world, short)
        with speaking(world, program) as vault:
            program.token = vault.issue_token(NAME)
            _ask_everything(program)
            _decide(vault, program, world, is_slow=is_slow)
        world.clock.forward(hours=2)
        with speaking(world, program) as vault:
            vault.settle()
            program.look("when what is held is over")
            _end_consents(vault, program)
        world.clock.forward(days=31)
        with speaking(world, program) as vault:
            program.look("when every job is over")
            vault.revoke_tokens(NAME)
            program.look("without a token")
    return program.seen


@contextmanager
def speaking(world: World, program: Asker) -> Iterator[OwnerSession]:
    """The vault behind its socket, its owner at it, and the requester's line to it."""
    with served(world) as vault:
        program.line = Caller(world.paths.socket)
        try:
            yield vault
        finally:
            program.line.http.close()


def _import(vault: OwnerSession | Any, world: World, name: str, lifetime: str, records: list[Row]) -> None:
    path = world.folder / f"{name}.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["day", "steps", "coffee", "good"])
        writer.writerows(records)
    import_file(vault, FileChoice(path=path, name=name, unit="day", time_field="day", lifetime=lifetime))


def _others(records: list[Row], number: int) -> list[Row]:
    """The same records of other people in another year, so that no collection is taken for another one."""
    return [
        (day.replace("2026", str(2026 - number)), steps and f"{float(steps) + 17 * number:g}", coffee, good)
        for day, steps, coffee, good in records
    ]


def _empty(vault: Any) -> None:
    """Take every row out of every collection, as if none had ever been there."""
    with vault._opened.act() as act:
        act.uow.delete_all(Segment)
        for row in act.uow.find(Collection):
            row.rows = 0
        act.record(EntryType.SETTINGS_CHANGE, hidden={"what": "a test"})


def _ask_everything(program: Asker) -> None:
    """Hand in every job, some twice, changed or not at all."""
    for name in program.jobs:
        if name != "refused again":
            program.submit(name)
    program.submit("of labels")
    program.submit("of labels", signature=base64.b64encode(base64.b64encode(bytes(64)) + b"\n").decode())
    program.submit("of labels", weights="%")
    program.ask("a stranger's job", addresses.ASK_JOB, {"job_id": "0" * 32})
    program.look("at first")


def _decide(vault: OwnerSession, program: Asker, world: World, *, is_slow: bool) -> None:
    """Every decision of the owner but the last ones, with a look after each."""
    ids = {vault.request(one.id).job_id: one.id for one in vault.requests()}
    request = {name: ids[program.job_id(name)] for name in program.jobs if name != "refused again"}

    vault.refuse(request["refused"])
    program.submit("refused again")
    program.look("after a no")
    vault.erase_collection("gone")
    program.look("after a collection was erased")
    given = _approve(vault, request)
    if "taken back" in request:
        vault.refuse(request["taken back"])
        vault.withdraw(given["withdrawn"])
    program.look("after the approvals")
    with learner(learners.pretended(b"no update", pause=0)), suppress(LearnerFailed):
        vault.train(request["failed"])
    program.look("after a run that failed")
    for name in (one for one in RUN if one in request):
        vault.train(request[name])
        program.look(f"after the run of {name}")
    _run_two(vault, program, request, pause=0.2 if is_slow else 0.0)
    _send(vault, request["of labels"], None)
    if "in a folder" in request:
        _send(vault, request["released"], None)
        _send(vault, request["in a folder"], world.folder / "out")
        vault.withhold(request["withheld"])
        vault.withdraw(given["withdrawn while held"])
        program.folder_of("the folder", world.folder / "out")
    program.look("after the releases")


RUN = ("of labels", "released", "in a folder", "withheld", "left to expire", "withdrawn while held")


def _approve(vault: OwnerSession, request: dict[str, str]) -> dict[str, str]:
    """Approve what can run, try what cannot, and return the consents."""
    for name in (one for one in (*ALIKE, "taken back", "of labels") if one in request):
        approve(vault, request[name], draft=True)
    for name in ("of no collection", "of no column", "of another unit", "over the budget"):
        if name in request:
            with pytest.raises(LockboxError):
                approve(vault, request[name], draft=True)
    return {name: _grant(vault, request[name]) for name in ALIKE if name in request}


def _run_two(vault: OwnerSession, program: Asker, request: dict[str, str], *, pause: float) -> None:
    """One job behind another, of which the first takes its time in one vault alone."""
    update = learners.zeros(program.folder / "slow")
    with learner(learners.pretended(update, pause=pause)):
        begun = vault.begin("train", request_id=request["slow"])
        program.look("while the first runs")
        _ended(vault, begun)
        program.look("after the first")
        vault.train(request["behind the slow one"])
    program.look("after the second")


def _ended(vault: OwnerSession, begun: str) -> None:
    while any(one.id == begun and one.state == "running" for one in vault.begun()):
        time.sleep(0.05)


def _end_consents(vault: OwnerSession, program: Asker) -> None:
    for one in vault.grants():
        if one.state not in ("withdrawn", "expired"):
            vault.withdraw(one.id)
    program.look("after every consent was withdrawn")


def _grant(vault: OwnerSession, request: str) -> str:
    """The consent under which a request is approved."""
    found = vault.request(request).decision.grant
    assert found is not None
    return found


def _send(vault: OwnerSession, request: str, to: Path | None) -> None:
    vault.send(request, confirm_digest=vault.release(request).digest, to=to)


@contextmanager
def learner(command: tuple[str, ...]) -> Iterator[None]:
    """Start this learner within the block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "COMMAND", command)
        yield


# they are the same --------------------------------------------------------------------------------------------


def assert_alike(one: Transcript, other: Transcript) -> None:
    """The same answers in the same order."""
    assert [what for what, _ in one] == [what for what, _ in other]
    assert [pair for pair in zip(one, other, strict=True) if pair[0] != pair[1]] == []


Known = Callable[[tuple[str, ...]], Transcript]


@pytest.mark.slow
def test_outside_the_same_is_seen_beside_a_unit_with_a_fraction_and_behind_a_slow_run(
    asker: World, of_ordinary: Known, tmp_path: Path
) -> None:
    """In the other vault one unit more turns the types of three columns, and the first of two runs is slow."""
    assert_alike(
        of_ordinary(BRIEF), lived(asker, with_one_fraction(), tmp_path / "world", BRIEF, is_slow=True)
    )


@pytest.mark.slow
@pytest.mark.parametrize("records", RECORDS)
def test_outside_the_same_is_seen_beside_other_records_whatever_becomes_of_a_job(
    records: str, asker: World, of_ordinary: Known, tmp_path: Path
) -> None:
    """In the other vault the first of two queued jobs is slow as well."""
    given, jobs = RECORDS[records](), tuple(JOBS)
    other = lived(asker, given, tmp_path / "world", jobs, is_slow=True, is_empty=records == "no row at all")

    assert_alike(of_ordinary(jobs), other)


def said_at_last(transcript: Transcript, jobs: tuple[str, ...]) -> dict[str, str]:
    """The last word that was heard of each job."""
    last = {what: str(one) for what, one in transcript}
    found = (last[f"when every job is over: state of {name}"] for name in jobs)
    return {name: re.findall(r'"state":"([a-z ]+)"', text)[0] for name, text in zip(jobs, found, strict=True)}


@pytest.mark.slow
def test_every_word_is_heard_in_the_script_and_nothing_else(of_ordinary: Known) -> None:
    """Else the comparison above would compare less than it says."""
    texts = [str(one) for _, one in of_ordinary(BRIEF)]
    heard = {word for text in texts for word in re.findall(r'"state":"([a-z ]+)"', text)}
    errors = {word for text in texts for word in re.findall(r'"error":"(\w+)"', text)}

    assert heard == {"waiting", "refused", "expired", "released"}
    assert errors == {
        "JobReplayed", "Invalid", "ManifestTampered", "UnknownRequest", "NotAtThisDoor", "SessionEnded",
    }  # fmt: skip
    others = {"refused": "refused", "of labels": "released"}
    assert said_at_last(of_ordinary(BRIEF), BRIEF) == dict.fromkeys(BRIEF, "expired") | others


@pytest.mark.slow
def test_every_ending_but_a_release_and_a_no_is_heard_as_its_public_end(of_ordinary: Known) -> None:
    jobs = tuple(JOBS)
    released = dict.fromkeys(("released", "in a folder", "of labels"), "released")
    no = dict.fromkeys(("refused", "refused again"), "refused")

    assert said_at_last(of_ordinary(jobs), jobs) == dict.fromkeys(JOBS, "expired") | released | no
