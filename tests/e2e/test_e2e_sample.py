"""The sample: its own vault and budget, a practice request that can name nothing else, and no trace in the real one."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from tests.worlds.approving import approve
from tests.worlds.commands import run
from tests.worlds.disks import full_at
from tests.worlds.importing import import_file
from tests.worlds.world import World
from vault.client import attach, launch
from vault.errors.families import Invalid
from vault.errors.requests import OtherCollection
from vault.errors.storage import DiskFull, NoSample, VaultBusy
from vault.requester.aim import Aim
from vault.requester.description import job_from_description
from vault.requester.jobs import new_job, sign_job
from vault.sample.make import (
    COLLECTION,
    DAYS,
    EPSILON,
    JOB,
    LABEL_FILE,
    REQUESTER,
    VARIABLE,
    Sample,
    is_sample,
    make_sample,
    remove_sample,
    sample_folder,
    sample_paths,
    sample_secret,
)
from vault.sealing.slots import TEST_COST
from vault.vault import Vault
from vault.views.records import FileChoice

Quiet = Callable[[int, int], None]

NOW = datetime(2026, 11, 21, 12, 0, 30, tzinfo=UTC)


def clock() -> datetime:
    return NOW


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample made once."""
    return make_sample(tmp_path_factory.mktemp("made") / "sample", cost=TEST_COST, clock=clock).folder


@pytest.fixture
def sample(template: Path, tmp_path: Path) -> Sample:
    """A copy of it; a sample can lie anywhere."""
    folder = Path(shutil.copytree(template, tmp_path / "sample"))
    with opened(folder, writable=False) as vault:
        (request,) = vault.requests()
    return Sample(folder=folder, paths=sample_paths(folder), request=request.id)


def opened(folder: Path, *, writable: bool = True) -> Vault:
    return Vault.open(sample_paths(folder), sample_secret(folder), writable=writable, clock=clock)


def files(*folders: Path) -> dict[Path, tuple[int, int, bytes]]:
    """Every file of these folders with its mode, the time it was changed, and its bytes."""
    return {
        path: (path.stat().st_mode, path.stat().st_mtime_ns, path.read_bytes())
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.slow
def test_the_whole_story_of_the_sample_leaves_the_real_vault_byte_for_byte_as_it_was(
    held_world: World, quiet: Quiet, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = held_world.folder / "sample"
    monkeypatch.setenv(VARIABLE, str(folder))
    monkeypatch.setenv("LOCKBOX_VAULT", str(held_world.paths.vault))
    monkeypatch.setenv("LOCKBOX_STATE", str(held_world.paths.state))
    with held_world.vault() as real:
        budget, history, size = real.budget(), real.budget_history(), len(real.audit_lines())
    before = files(held_world.paths.vault, held_world.paths.state)
    assert any(path.suffix == ".json" for path in before), "the mark is one of them"

    made = make_sample(folder, cost=TEST_COST, clock=clock)
    with opened(folder) as vault:
        approve(vault, made.request, draft=True)
        one = vault.train(made.request, progress=quiet)
        vault.send(one.id, confirm_digest=one.digest[:8])
        assert vault.budget()[0].used_percent > 0
        vault.withdraw(vault.grants()[0].id)
        vault.verify_audit()
        vault.export_audit(held_world.folder / "bundle")
    remove_sample(folder)

    assert before == files(held_world.paths.vault, held_world.paths.state)
    assert not folder.exists()
    with held_world.vault(writable=False) as real:
        assert (budget, history, size) == (
            real.budget(),
            real.budget_history(),
            len(real.audit_lines()),
        )


@pytest.mark.slow
def test_the_commands_make_and_remove_it_beside_the_real_vault(
    held_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = held_world.folder / "the sample"
    monkeypatch.setenv(VARIABLE, str(folder))
    before = files(held_world.paths.vault, held_world.paths.state)

    first = run(held_world.paths, "demo", "--sample")
    passphrase = (folder / "passphrase").read_text()
    assert first.code == 0, first.err
    assert str(folder) in first.out
    assert "protects nothing" in " ".join(first.err.split())
    assert passphrase.strip() not in first.all
    again = run(held_world.paths, "demo", "--sample")
    assert (0, first.out) == (again.code, again.out)
    assert passphrase == (folder / "passphrase").read_text()
    line = run(sample_paths(folder), "request", "list", "--json", secret=passphrase.strip())
    assert tuple(json.loads(line.out)[key] for key in ("requester", "state")) == (REQUESTER, "waiting")

    gone = run(held_world.paths, "demo", "--remove")
    assert (gone.code, folder.exists()) == (0, False)
    assert run(held_world.paths, "demo", "--remove").code == 7
    assert before == files(held_world.paths.vault, held_world.paths.state)


@pytest.mark.parametrize(
    "words", [("--sample", "--remove"), ("--sample", "--auto"), ("--remove", "--keep", "x")]
)
def test_the_sample_is_a_story_of_its_own(world: World, words: tuple[str, ...]) -> None:
    assert run(world.paths, "demo", *words).code == 2


def test_a_practice_request_waits_with_six_columns_for_about_one(sample: Sample) -> None:
    with opened(sample.folder, writable=False) as vault:
        (line,), (who,), (records,) = vault.requests(), vault.requesters(), vault.collections()
        found = vault.request(sample.request)
    assert (line.state, line.requester, line.collection) == ("waiting", REQUESTER, COLLECTION)
    assert (who.only_collection, records.rows, records.unit) == (COLLECTION, DAYS, "day")
    optional = [one.name for one in found.decision.fields if one.necessity == "optional"]
    assert (len(found.decision.fields), len(optional)) == (6, 2)
    assert EPSILON * Decimal("0.99") < found.price.epsilon <= EPSILON
    assert "made-up" in COLLECTION
    assert {"Practice", "made up"} <= {found.purpose_text[:8], found.contact[-7:]}
    assert "made up" in (sample.folder / LABEL_FILE).read_text()


def test_the_last_of_its_days_is_yesterday_and_none_is_missing(sample: Sample, tmp_path: Path) -> None:
    rows = (sample.folder / "practice" / "sleep-diary.csv").read_text().splitlines()
    days = [datetime.fromisoformat(row.split(",")[0]) for row in rows[1:]]
    assert (len(days), rows[-1].split(",")[0]) == (DAYS, "2026-11-20")
    assert [(b - a).days for a, b in pairwise(days)] == [1] * (DAYS - 1)


def test_its_requester_can_name_no_other_collection_even_in_the_sample(
    sample: Sample, tmp_path: Path
) -> None:
    """The same job, on a second collection of the sample with the same columns, is refused and is no question."""
    (tmp_path / "job.toml").write_text(
        JOB.read_text().replace(f'collection = "{COLLECTION}"', 'collection = "mine"')
    )
    asked = job_from_description(tmp_path / "job.toml")
    new_job(asked, aim=Aim(most=EPSILON), folder=tmp_path / "job", now=NOW)
    sign_job(tmp_path / "job", sample.folder / "practice" / "keys" / "requester.key")
    with opened(sample.folder) as vault:
        text = (sample.folder / "practice" / "sleep-diary.csv").read_text().replace("6.", "5.", 1)
        (tmp_path / "mine.csv").write_text(text)
        import_file(vault, FileChoice(path=tmp_path / "mine.csv", name="mine", unit="day", time_field="day"))
        with pytest.raises(OtherCollection):
            vault.submit(tmp_path / "job")
        with pytest.raises(OtherCollection):
            vault.explain(tmp_path / "job")
        states = {one.id: one.state for one in vault.requests()}
    assert states.pop(sample.request) == "waiting"
    assert list(states.values()) == ["refused_policy"]


def test_only_its_owner_can_enter_it(sample: Sample) -> None:
    assert stat.S_IMODE((sample.folder / "passphrase").stat().st_mode) == 0o600
    assert stat.S_IMODE((sample.folder / "vault").stat().st_mode) == 0o700


def test_it_is_made_once_and_nothing_is_overwritten(sample: Sample) -> None:
    before = files(sample.folder)
    with pytest.raises(Invalid):
        make_sample(sample.folder, cost=TEST_COST, clock=clock)
    assert before == files(sample.folder)


def test_a_making_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise DiskFull

    monkeypatch.setattr(Vault, "submit", fail)
    with pytest.raises(DiskFull):
        make_sample(tmp_path / "sample", cost=TEST_COST, clock=clock)
    assert list(tmp_path.iterdir()) == []
    full_at(monkeypatch, 1)
    with pytest.raises(DiskFull):
        make_sample(tmp_path / "sample", cost=TEST_COST, clock=clock)
    assert list(tmp_path.iterdir()) == []


def test_removing_deletes_a_sample_and_nothing_else(sample: Sample, world: World) -> None:
    (sample.folder / "vault-of-mine.db").write_text("mine")
    with pytest.raises(Invalid, match="no part of the sample"):
        remove_sample(sample.folder)
    (sample.folder / "vault-of-mine.db").unlink()
    (sample.folder / "practice").rename(sample.folder.with_name("elsewhere"))
    (sample.folder / "practice").symlink_to(sample.folder.with_name("elsewhere"))
    with pytest.raises(Invalid, match="no part of the sample"):
        remove_sample(sample.folder)
    assert (sample.folder / "vault").is_dir()
    (sample.folder / "practice").unlink()
    sample.folder.with_name("elsewhere").rename(sample.folder / "practice")
    link = sample.folder.with_name("link")
    link.symlink_to(sample.folder)
    with pytest.raises(Invalid):
        remove_sample(link)
    for folder in (world.paths.vault, world.folder, sample.folder.with_name("nothing")):
        before = files(world.folder)
        with pytest.raises(NoSample, match="There is no sample at"):
            remove_sample(folder)
        assert before == files(world.folder)
    assert is_sample(sample.folder)


def test_a_passphrase_that_is_no_text_is_said_to_be_none(sample: Sample) -> None:
    (sample.folder / "passphrase").write_bytes(b"\xff\n")
    with pytest.raises(Invalid, match="not valid text"):
        sample_secret(sample.folder)


def test_it_is_not_removed_while_it_is_open(sample: Sample) -> None:
    with opened(sample.folder) as vault:
        with pytest.raises(VaultBusy):
            remove_sample(sample.folder)
        assert vault.requests()
    remove_sample(sample.folder)
    assert not sample.folder.exists()


@pytest.mark.slow
def test_removing_ends_the_process_that_the_screens_left_at_it(
    sample: Sample, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(sample.folder))
    launch.start(sample.paths, sample_secret(sample.folder))
    done = run(world.paths, "demo", "--remove", secret=None)
    assert (done.code, sample.folder.exists()) == (0, False), done.err
    assert attach.served_by(sample.paths) is None
    again = run(world.paths, "demo", "--remove", secret=None)
    assert again.code != 0
    assert "there is no sample at" in again.err
    assert "lockbox demo --sample" in again.err


def test_a_removal_that_was_interrupted_can_be_made_again(
    sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, removed = shutil.rmtree, []

    def interrupted(path: Path) -> None:
        if removed:
            raise KeyboardInterrupt
        removed.append(path)
        original(path)

    monkeypatch.setattr("vault.sample.make.shutil.rmtree", interrupted)
    with pytest.raises(KeyboardInterrupt):
        remove_sample(sample.folder)
    monkeypatch.undo()
    remove_sample(sample.folder)
    assert not sample.folder.exists()


def test_where_it_lies(tmp_path: Path) -> None:
    assert sample_folder({VARIABLE: str(tmp_path / "mine")}) == tmp_path / "mine"
    assert sample_folder({}) == sample_folder({VARIABLE: ""})
    assert sample_folder({}).parts[-2:] == ("lockbox", "sample")


def test_asking_where_it_lies_imports_next_to_nothing() -> None:
    heavy = "{'pyarrow', 'torch', 'sqlalchemy', 'numpy', 'nacl', 'vault.vault'}"
    code = f"import sys, vault.sample.make; sys.exit(bool({heavy} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
