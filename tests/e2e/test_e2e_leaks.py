"""Nothing of the owner's stands in the clear in any file of the vault, on a command line or in an export."""

from __future__ import annotations

import base64
import json
import struct
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.worlds.approving import approve
from tests.worlds.importing import import_file
from tests.worlds.learners import REAL
from tests.worlds.vaults import new_world
from tests.worlds.world import PASSPHRASE, World
from vault.requester.jobs import sign_job
from vault.requester.keys import keygen
from vault.requests.canonical import canonical, read_object
from vault.sealing.random import random_id
from vault.sealing.slots import TEST_COST
from vault.training import process as learner_process
from vault.vault import Vault, passphrase_secret
from vault.views.records import FileChoice

ROWS, REFUSED = 1373, 7
NEW_PASSPHRASE = "quixotic marmalade lighthouse"

VALUES = ("Wolframite-Zq81", "Übermüdet-Zq82", "Kestrel-Zq83")
NUMBERS = (739126.625, 481516.0234375)
WHOLE = (734512889, -918273645546)
TIMES = ("2026-01-13T07:41:53", "2026-02-17T03:19:27")
NAMES = {
    "day": "zq_wann_aufgewacht",
    "steps": "zq_blutdruck",
    "coffee": "zq_tabletten",
    "good": "zq_befinden",
    "note": "zq_tagebuch",
    "nights": "zq-sammlung-schlaf",
    "Sleep lab": "Zq Institut Dr. Vogelsang",
    "Do steps tell the night?": "Zq: whether pills tell the mood",
    "deleted when the study ends": "Zq: erased when the grant ends",
    "lab@example.org": "zq-vogelsang@example.org",
}
SOURCE = "zq-export-2026.csv"
REASON = "Zq not before the holidays"
WORDS = (*VALUES, *NAMES.values(), SOURCE, REASON)


# looking for them ---------------------------------------------------------------------------------------------


def forms(text: str) -> dict[str, bytes]:
    """How a text could stand in a file."""
    data = text.encode()
    found = {
        "utf-8": data,
        "utf-16": text.encode("utf-16-le"),
        "utf-16, big end first": text.encode("utf-16-be"),
        "utf-32": text.encode("utf-32-le"),
        "hex": data.hex().encode(),
        "HEX": data.hex().upper().encode(),
        "json": json.dumps(text)[1:-1].encode(),
    }
    for shift in range(3):
        inside = base64.b64encode(b"x" * shift + data)[4 if shift else 0 : -4]
        found[f"base64 at {shift}"] = inside
        found[f"base64url at {shift}"] = inside.translate(bytes.maketrans(b"+/", b"-_"))
    return found


def number_forms(number: float) -> dict[str, bytes]:
    """How a number could stand in a file: as text, and as the eight bytes of its type."""
    code = "q" if isinstance(number, int) else "d"
    packed = {f"{end}{code}": struct.pack(f"{end}{code}", number) for end in "<>"}
    return {**forms(str(number)), **packed, "in hex": packed[f"<{code}"].hex().encode()}


NEEDLES: Mapping[str, dict[str, bytes]] = {
    **{word: forms(word) for word in WORDS},
    **{time: forms(time) for time in TIMES},
    **{str(number): number_forms(number) for number in (*NUMBERS, *WHOLE)},
}
RECORDS = (*VALUES, *TIMES, *map(str, (*NUMBERS, *WHOLE)))


def found_in(
    files: Mapping[str, bytes], needles: Mapping[str, dict[str, bytes]]
) -> set[tuple[str, str, str]]:
    """(file, needle, form) of everything that shows; the names of the files are looked at too."""
    names = {"the names": "\n".join(files).encode()}
    return {
        (file, needle, form)
        for file, data in {**files, **names}.items()
        for needle, shapes in needles.items()
        for form, shape in shapes.items()
        if shape in data
    }


def files_of(*places: Path) -> dict[str, bytes]:
    """Every file in these folders, by its path below them."""
    found = {}
    for place in places:
        for path in [place, *place.rglob("*")]:
            if path.is_file():
                found[str(path.relative_to(place.parent))] = path.read_bytes()
    return found


# the story ----------------------------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Told:
    """A whole story with every word made up, and what was seen on the way."""

    world: World
    temporary: Path
    shown: dict[str, set[tuple[str, str, str]]] = field(default_factory=dict)
    seen_files: set[str] = field(default_factory=set)
    learner: dict[str, bytes] = field(default_factory=dict)
    descriptors: set[str] = field(default_factory=set)
    left_behind: set[str] = field(default_factory=set)
    release: str = ""

    def look(self, when: str) -> None:
        files = files_of(self.world.paths.vault, self.world.paths.state)
        self.seen_files |= {Path(name).name for name in files}
        self.shown[when] = found_in(files, NEEDLES)
        self.left_behind |= {path.name for path in self.temporary.rglob("*")}


@pytest.fixture(scope="module")
def told(held_template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Import, ask, approve, train with the real learner, send, export, back up, change the passphrase."""
    folder = tmp_path_factory.mktemp("leaks")
    story = Told(world=new_world(folder / "world"), temporary=folder / "tmp")
    story.temporary.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learner_process, "COMMAND", REAL)
        patch.setenv("TMPDIR", str(story.temporary))
        patch.setattr(tempfile, "tempdir", None)
        watch_learner(story, patch)
        tell(story, held_template.folder / "job")
        yield story


def watch_learner(story: Told, patch: pytest.MonkeyPatch) -> None:
    original = learner_process._spawn

    def spawn(*arguments: object) -> object:
        process = original(*arguments)  # type: ignore[arg-type]
        story.learner["pid"] = str(process.pid).encode()
        return process

    patch.setattr(learner_process, "_spawn", spawn)


def look_at_learner(story: Told) -> None:
    """What any process on this computer may know of the learner while it trains."""
    place = Path("/proc") / story.learner["pid"].decode()
    for name in ("cmdline", "comm", "environ", "maps"):
        try:
            story.learner[name] = (place / name).read_bytes()
        except PermissionError:  # even better
            story.learner[name] = b""
    story.learner["cwd"] = bytes((place / "cwd").readlink())
    story.descriptors |= {str(path.readlink()) for path in (place / "fd").iterdir()}


def tell(story: Told, calibrated: Path) -> None:
    world = story.world
    keys = keygen(world.folder / "lab")
    with world.vault() as vault:
        story.look("new")
        choice = FileChoice(
            path=table(world),
            name=NAMES["nights"],
            unit="day",
            time_field=NAMES["day"],
            types={NAMES["note"]: "text"},
        )
        import_file(vault, choice)
        story.look("imported")
        vault.add_requester(NAMES["Sleep lab"], keys.public, contact=NAMES["lab@example.org"])
        first, second = (vault.submit(job(world, calibrated, name)).line.id for name in ("one", "two"))
        vault.refuse(second, reason=REASON)
        approve(vault, first, draft=True, optional=frozenset({NAMES["coffee"]}))
        story.look("approved")
        train(story, vault, first)
        story.look("held")
        vault.show_collection(NAMES["nights"])
        vault.send(first, confirm_digest=vault.release(first).digest, to=world.folder / "out")
        story.release = first
        story.look("sent")
        vault.withdraw(vault.grants()[0].id)
        vault.export_audit(world.folder / "trail")
        vault.backup(world.folder / "backup.tar")
        vault.export_collection(NAMES["nights"], world.folder / "mine.csv", as_format="csv")
        story.look("open")
    story.look("closed")
    old, new = (passphrase_secret(word) for word in (PASSPHRASE, NEW_PASSPHRASE))
    Vault.change_passphrase(world.paths, old, new, cost=TEST_COST)
    story.look("another passphrase")


def train(story: Told, vault: Vault, request: str) -> None:
    def progress(step: int, _of: int) -> None:
        if step == 2:
            look_at_learner(story)
            story.look("training")

    vault.train(request, progress=progress)


def table(world: World) -> Path:
    """Rows that repeat the made-up values, and a few that are refused."""
    path = world.folder / SOURCE
    lines = [",".join(NAMES[name] for name in ("day", "steps", "coffee", "good", "note"))]
    for row in range(ROWS):
        number, whole = NUMBERS[row % len(NUMBERS)], WHOLE[row % len(WHOLE)]
        lines.append(
            f"{TIMES[row % 2]},{number!r},{whole},{'yes' if row % 3 else 'no'},{VALUES[row % len(VALUES)]}"
        )
    lines += [f"{TIMES[0]},not a number,1,yes,x"] * REFUSED
    path.write_text("\n".join(lines) + "\n")
    return path


def in_made_up_words(value: Any) -> Any:
    if isinstance(value, dict):
        # "day" is the privacy unit in a job, and no column
        return {key: each if key == "unit" else in_made_up_words(each) for key, each in value.items()}
    if isinstance(value, list):
        return [in_made_up_words(each) for each in value]
    return NAMES.get(value, value) if isinstance(value, str) else value


def job(world: World, calibrated: Path, name: str) -> Path:
    """The calibrated job in made-up words: its price does not depend on them."""
    folder = world.folder / f"job-{name}"
    folder.mkdir()
    document = in_made_up_words(json.loads((calibrated / "manifest.json").read_bytes()))
    document["job_id"], document["requester"]["key"] = random_id(), "0" * 64
    (folder / "manifest.json").write_bytes(canonical(document))
    (folder / "weights.safetensors").write_bytes((calibrated / "weights.safetensors").read_bytes())
    sign_job(folder, world.folder / "lab" / "requester.key")
    assert read_object((folder / "manifest.json").read_bytes())["collection"] == NAMES["nights"]
    return folder


# what must hold -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("needle", [*RECORDS, *WORDS])
def test_the_search_finds_every_form_of_what_it_looks_for(tmp_path: Path, needle: str) -> None:
    for form, shape in NEEDLES[needle].items():
        (tmp_path / "file").write_bytes(b"before" + shape + b"after")
        assert form in {hit[2] for hit in found_in(files_of(tmp_path), NEEDLES) if hit[1] == needle}


def test_no_file_of_the_vault_shows_anything_at_any_moment(told: Told) -> None:
    assert {when: set() for when in told.shown} == told.shown
    assert len(told.shown) == 9
    assert {"vault.db", "vault.db-wal", "vault.db-shm"} <= told.seen_files, "the open files were not seen"


def test_a_backup_shows_nothing(told: Told) -> None:
    assert found_in(files_of(told.world.folder / "backup.tar"), NEEDLES) == set()


def test_the_trail_shows_nothing_and_no_exact_count(told: Told) -> None:
    files = files_of(told.world.folder / "trail")
    assert found_in(files, NEEDLES) == set()
    counts = {ROWS, ROWS + REFUSED, REFUSED}
    assert counts.isdisjoint(_numbers(files)), "a count stands in the trail"
    assert "record.import" in str(files), "the import is there, so the count was there to be hidden"
    assert "1000-9999" not in str(files), "a decade stands in the trail"


def _numbers(files: Mapping[str, bytes]) -> set[int]:
    """Every number that is a value in the entries, other than their place, and every text that is one."""
    found: set[int] = set()
    for name, data in files.items():
        if name.endswith(".jsonl"):
            for line in data.splitlines():
                values = {key: value for key, value in json.loads(line).items() if key not in {"seq", "v"}}
                found |= {int(value) for value in values.values() if str(value).isdigit()}
    return found


def test_a_release_shows_no_value_of_any_record(told: Told) -> None:
    """It names the collection and the fields on purpose: the requester asked for them by name."""
    files = files_of(told.world.folder / "out")
    assert found_in(files, {needle: NEEDLES[needle] for needle in RECORDS}) == set()
    assert len(files) == 3


def test_the_learner_is_told_nothing_that_others_can_read(told: Told) -> None:
    """Its command line, its environment, its folder, the names of what it has open."""
    known = {**told.learner, "descriptors": "\n".join(told.descriptors).encode()}
    assert found_in(known, NEEDLES) == set()
    secrets = {word: forms(word) for word in (PASSPHRASE, str(told.world.folder), told.release)}
    assert found_in(known, secrets) == set()
    assert told.learner["cmdline"].strip(b"\0") == b"", "its argument window is open"
    assert told.learner["cwd"] == b"/"
    assert {name.split(":")[0] for name in told.descriptors} == {"/dev/null", "pipe", "/memfd"}


def test_no_temporary_file_is_left_behind_or_lies_there_meanwhile(told: Told) -> None:
    assert set() == told.left_behind
    assert list(told.temporary.iterdir()) == []


def test_beside_the_vault_nothing_is_left_that_nobody_asked_for(told: Told) -> None:
    asked = {"vault", "state", "lab", "job-one", "job-two", SOURCE, "out", "trail", "backup.tar", "mine.csv"}
    assert asked == {path.name for path in told.world.folder.iterdir()}
    assert {"keys.lockbox", "keys.copy.lockbox", "vault.db", "writer.lock"} == {
        path.name for path in told.world.paths.vault.iterdir()
    }
    # Wrong passphrases of this minute stay counted, also for who knows the right one.
    assert len(set(told.world.paths.state.iterdir()) - {told.world.paths.tries}) == 1


def test_neither_passphrase_nor_recovery_key_stands_in_any_file(told: Told) -> None:
    spaced = told.world.recovery_key
    words = (PASSPHRASE, NEW_PASSPHRASE, spaced, spaced.replace("-", ""), spaced.lower())
    assert found_in(files_of(told.world.folder), {word: forms(word) for word in words}) == set()


def test_every_file_of_the_vault_is_for_its_owner_alone(told: Told) -> None:
    places = [told.world.paths.vault, told.world.paths.state]
    modes = {
        str(path.name): oct(path.stat().st_mode & 0o077)
        for place in places
        for path in [place, *place.rglob("*")]
    }
    assert dict.fromkeys(modes, "0o0") == modes
    for name in ("backup.tar", "mine.csv"):
        assert (told.world.folder / name).stat().st_mode & 0o077 == 0


SHOWN: Mapping[str, Callable[[Vault], object]] = {
    "the vault": lambda vault: vault,
    "what it opened": lambda vault: vault._opened,
    "its keys": lambda vault: vault._opened.keys,
    "its store": lambda vault: vault._opened.store,
}


@pytest.mark.parametrize("what", SHOWN)
def test_no_repr_shows_a_key(world: World, what: str) -> None:
    """A traceback with local variables, or a debugger, prints them."""
    with world.vault() as vault:
        shown = repr(SHOWN[what](vault))
        keys = [vault._opened.keys.subkey(purpose).reveal() for purpose in _purposes()]
    assert not any(key.hex() in shown or repr(key)[2:-1] in shown for key in keys)
    assert PASSPHRASE not in shown


def _purposes() -> list[object]:
    from vault.sealing.keytree import Purpose

    return list(Purpose)
