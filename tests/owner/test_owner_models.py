"""An owner's own use of a model: what they are told, what the trail says, and that nothing of it can leave."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load

from learner.protocol import Answer
from tests.worlds.importing import import_file
from tests.worlds.learners import REAL
from tests.worlds.plain_words import has_word
from tests.worlds.vaults import copy_of
from tests.worlds.world import JOB, World
from tui.text import model_facts
from tui.text.model_facts import prediction_picture, prediction_sentences
from vault.errors.families import InternalError
from vault.errors.models import (
    ColumnMissing,
    FittedElsewhere,
    ModelExists,
    NotYourRelease,
    RoundNotKept,
    RowsGone,
    UnknownModel,
)
from vault.errors.release import ReleaseInvalid
from vault.errors.training import LearnerFailed
from vault.owner.models import check_no_round
from vault.records.reading import ColumnReader
from vault.release import hold
from vault.requests.manifest import Campaign
from vault.requests.release_manifest import parse_release_manifest
from vault.store.tables import Disclosure, LogEntry, ModelRow, RequestRow, Row, RowDigest, VaultFact
from vault.training import process
from vault.training.own import fit_of, numbers_of, scores_of
from vault.training.predictions import Table, written
from vault.vault import Vault
from vault.views.audit import AuditLine
from vault.views.models import ModelFit, ModelScore, Predictions
from vault.views.records import FileChoice

CLASSES = 'kind = "classes", labels = ["false", "true"]'
# What an entry of the trail changes, and the models themselves.
OWN_TABLES = (LogEntry, Disclosure, VaultFact, RowDigest, ModelRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """A vault whose owner used the model `mine` in every way, and what came of it."""

    world: World
    score: ModelScore
    fit: ModelFit
    rows: Predictions
    told: Predictions
    before: Found
    after: Found
    trail: list[AuditLine]
    newest_when_read: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Every row that an own use has nothing to do with, every file outside of the vault, and the budget."""

    rows: dict[str, list[str]]
    files: dict[str, bytes]
    budget: object

    @classmethod
    def of(cls, world: World, vault: Vault) -> Found:
        return cls(rows=everything_else(vault), files=files_in(world.folder), budget=vault.budget())


@pytest.fixture(scope="module")
def used(held_template: World, tmp_path_factory: pytest.TempPathFactory) -> Used:
    """Made once, with the real learner: an update left and is kept as a model, another vault's way is as good."""
    world = copy_of(held_template, tmp_path_factory.mktemp("used"))
    new, rows, told = (world.folder / name for name in ("new.csv", "rows.csv", "told.csv"))
    new.write_text("steps,who\n14000,a\n2000,b\n")
    with pytest.MonkeyPatch.context() as patch, world.vault() as vault:
        (held,) = vault.releases()
        vault.send(held.id, confirm_digest=held.digest[:8], to=world.folder / "out")
        vault.add_model(world.folder / "out", name="mine")
        before, entries = Found.of(world, vault), len(vault.audit_lines())
        patch.setattr(process, "COMMAND", REAL)
        seen = newest_when_read(vault, patch)
        made: dict[str, Any] = {
            "score": vault.score_model("mine", "nights"),
            "fit": vault.fit_model("mine", "nights", new_name="home"),
            "rows": vault.predict_collection("home", "nights", rows),
            "told": vault.predict_file("home", new, told),
        }
        vault.export_model("home", world.folder / "home.safetensors")
        trail = vault.audit_lines()[entries:]
        after = Found.of(world, vault)
        return Used(world=world, before=before, after=after, trail=trail, newest_when_read=seen, **made)


def newest_when_read(vault: Vault, patch: pytest.MonkeyPatch) -> list[str]:
    """The newest sentence of the trail each time that records are opened, from now on."""
    seen, opened = list[str](), ColumnReader.__init__

    def spying(self: ColumnReader, *arguments: Any) -> None:
        seen.append(vault.audit_lines()[-1].sentence)
        opened(self, *arguments)

    patch.setattr(ColumnReader, "__init__", spying)
    return seen


@pytest.fixture
def later(used: Used, tmp_path: Path) -> Iterator[tuple[World, Vault]]:
    """A copy of that vault, open."""
    world = copy_of(used.world, tmp_path / "mine")
    with world.vault() as vault:
        yield world, vault


def everything_else(vault: Vault) -> dict[str, list[str]]:
    """Every row of every table but those that an own use may write to."""
    tables = [table for table in Row.__subclasses__() if table not in OWN_TABLES]
    with vault._opened.read() as uow:
        return {table.__name__: sorted(repr(row) for row in uow.find(table)) for table in tables}


def files_in(folder: Path) -> dict[str, bytes]:
    """Every file outside the vault and the state folder."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in found
        if path.relative_to(folder).parts[0] not in ("vault", "state")
    }


def test_a_model_is_scored_beside_the_base_rate(used: Used, later: tuple[World, Vault]) -> None:
    _, vault = later
    kept, score = vault.model("mine"), used.score

    assert (kept.name, kept.is_private, kept.others) == ("mine", False, ("Sleep lab",))
    assert (kept.predicts, kept.features, kept.optional) == ("good", ("steps", "coffee"), ("coffee",))
    assert (score.rows, score.metric_name) == (100, "accuracy")
    assert score.base_metric is not None
    assert 0.5 <= score.base_metric < 0.7
    assert score.metric is not None


def test_a_fit_at_home_learns_what_the_rows_say_and_is_marked_as_not_private(used: Used) -> None:
    fit = used.fit

    assert (fit.model.name, fit.model.is_private, fit.model.others) == ("home", True, ())
    assert (fit.model.fitted_on, fit.model.began_from) == ("nights", "mine")
    assert fit.held_out_metric is not None
    assert fit.held_out_metric > 0.9, "steps alone decide"
    assert fit.prior_metric == used.score.metric


@pytest.mark.parametrize(
    "facts",
    [
        b'{"v":1,"rows":3,"curve":[],"final":{"loss":0.5,"accuracy":%s},"base":0.5,"guesses":null}',
        b'{"v":1,"rows":3,"held_out":{"loss":0.5,"accuracy":%s},"prior":{"loss":0.5,"accuracy":0.5},"base":0.5}',
    ],
)
def test_scores_that_no_learner_tells_are_not_shown(facts: bytes) -> None:
    """A learner of the owner's own use is no more trusted than any other."""
    told = fit_of if b"held_out" in facts else scores_of
    assert told(Answer(facts=facts % b"0.75", numbers=b""), ModelRow(), "nights").rows == 3
    for share in (b"7.5", b'"\\u001b[31m"', b"1e999"):
        with pytest.raises(LearnerFailed, match="in a form that no learner writes"):
            told(Answer(facts=facts % share, numbers=b""), ModelRow(), "nights")


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ((), [float("nan")]),
        ((), [1.7e308]),  # of which no mean can be told
        (("a", "b"), [2.0, 0.5]),
        (("a", "b"), [0.5, 0.5]),
        (("a", "b"), [1.0, 7.5]),
        (("a", "b"), [1.0, -0.5]),
        (("a", "b"), [1.0, float("nan")]),
    ],
)
def test_what_a_turned_learner_predicts_otherwise_is_not_shown(
    labels: tuple[str, ...], told: list[float]
) -> None:
    transform = SimpleNamespace(kind="classes" if labels else "standard", labels=labels)
    manifest: Any = SimpleNamespace(label=SimpleNamespace(transform=transform))
    well = np.array([[1.0, 1.0], [0.0, 0.0]] if labels else [[-1e99]])
    assert (numbers_of(Answer(facts=b"{}", numbers=well.tobytes()), manifest) == well).all()
    with pytest.raises(LearnerFailed, match="no number and no class"):
        numbers_of(Answer(facts=b"{}", numbers=np.array(told).tobytes()), manifest)


def test_predictions_are_a_file_for_the_owner(used: Used) -> None:
    with (used.world.folder / "told.csv").open(newline="") as read:
        cells = list(csv.reader(read))
    lines = (used.world.folder / "rows.csv").read_text().splitlines()

    assert (used.rows.rows, sum(used.rows.counts.values()), len(lines)) == (100, 100, 101)
    assert lines[0] == "row,predicted good,chance"
    assert (used.told.rows, used.told.absent) == (2, ("coffee",))
    assert [row[:3] for row in cells] == [
        ["steps", "who", "predicted good"],
        ["14000", "a", "true"],
        ["2000", "b", "false"],
    ]


@pytest.mark.slow
def test_predicted_numbers_are_told_by_where_they_lie(known_world: World) -> None:
    text = JOB.replace('"logistic"', '"linear"').replace(
        CLASSES, 'kind = "standard", center = 0, scale = 1, clip = 3'
    )
    job = (known_world.job("numbers", text=text) / "manifest.json").read_bytes()
    row = ModelRow(id="1", name="mine", job=job, weights=b"", added_at=known_world.clock.now)
    answer = Answer(facts=b"{}", numbers=np.array([1.0, 2.0, 2.0, 7.0]).tobytes())
    target = known_world.folder / "numbers.csv"
    found = written(answer, row, Table(header=("row",), rows=None, absent=()), target)

    assert target.read_text().splitlines() == ["row,predicted good", "1,1", "2,2", "3,2", "4,7"]
    assert (found.least, found.mean, found.most, found.counts) == (1.0, 3.0, 7.0, {})
    assert prediction_sentences(found) == [
        "good is predicted for 4 rows by mine: from 1 to 7, in the mean 3."
    ]
    drawn = prediction_picture(found, 60)
    assert [drawn[place].split("█")[-1] for place in (0, 2, -1)] == [" 1", " 2", " 1"]
    assert len(drawn) == 12


def test_an_own_answer_reaches_nothing_that_can_leave(used: Used) -> None:
    """No row of any other table, no charge, no file but the owner's own: outbox and release folder are as before."""
    new = {name: used.after.files[name] for name in used.after.files.keys() - used.before.files.keys()}

    assert used.after.rows == used.before.rows
    assert used.after.budget == used.before.budget
    assert sorted(new) == ["home.safetensors", "rows.csv", "told.csv"]
    assert used.after.files == used.before.files | new


def test_the_trail_says_that_it_happened_and_nothing_of_it_in_clear(
    later: tuple[World, Vault], used: Used
) -> None:
    world, vault = later
    vault.export_audit(world.folder / "trail")
    exported = b"".join(path.read_bytes() for path in (world.folder / "trail").rglob("*") if path.is_file())

    assert [line.sentence for line in used.trail] == [
        "You looked at nights (all rows, scored by the model mine).",
        "You looked at nights (all rows, fitted by the model mine).",
        "You changed the models you keep: home is added.",
        "You exported records of nights to what home predicts.",
        "You looked at what the model home predicts for a file.",
        "You exported records of nights to home.safetensors.",
    ]
    assert used.newest_when_read == [used.trail[place].sentence for place in (0, 1, 3)], "before it is read"
    for word in (b"home", b"mine", b"nights", b"scored", b"fitted", b"model"):
        assert not has_word(exported, word)


def test_what_holds_updates_takes_no_answer(later: tuple[World, Vault]) -> None:
    _, vault = later
    answer = Answer(facts=b"{}", numbers=b"")

    with vault._opened.read() as uow:
        (request,) = uow.find(RequestRow)

    hold_whatever: Any = hold
    with pytest.raises(InternalError, match="no noise"):
        hold_whatever(None, request, answer, manifest=b"", minutes=60)


def test_a_round_of_a_campaign_is_not_taken_in_before_the_campaign_is_over(used: Used) -> None:
    release = parse_release_manifest((used.world.folder / "out" / "release.json").read_bytes())
    check_no_round(release)

    with pytest.raises(RoundNotKept):
        check_no_round(release.model_copy(update={"campaign": Campaign(digest="ab" * 32, round=1)}))


def test_a_name_that_is_taken_is_refused_before_any_row_is_read(later: tuple[World, Vault]) -> None:
    _, vault = later
    entries = len(vault.audit_lines())
    with pytest.raises(ModelExists):
        vault.fit_model("mine", "nights", new_name="home")
    assert len(vault.audit_lines()) == entries


@pytest.mark.parametrize("file", ["update.safetensors", "release.sig"])
def test_only_a_release_that_verifies_is_taken_in(later: tuple[World, Vault], file: str) -> None:
    world, vault = later
    with pytest.raises(ModelExists):
        vault.add_model(world.folder / "out", name="mine")
    path = world.folder / "out" / file
    data = bytearray(path.read_bytes())
    data[-9] ^= 1
    path.write_bytes(data)
    with pytest.raises(ReleaseInvalid):
        vault.add_model(world.folder / "out")
    assert sorted(one.name for one in vault.models()) == ["home", "mine"]


def test_another_vaults_release_needs_its_job_and_its_key(
    later: tuple[World, Vault], known_world: World
) -> None:
    world, vault = later
    key = world.folder / "vault.pub"
    key.write_text(vault.vault_key("Sleep lab") + "\n")
    out, job = world.folder / "out", world.folder / "job"
    with known_world.vault() as other:
        with pytest.raises(NotYourRelease):
            other.add_model(out)
        added = other.add_model(out, job=job, vault_key=key)
        row = other._row(added.name)

    assert load(row.weights).keys() == {"weight", "bias"}
    assert added.release_digest == vault.model("mine").release_digest
    assert (vault.model("mine").is_own, added.is_own) == (True, False)
    assert model_facts.origin(vault.model("mine")).endswith("of this vault")
    assert model_facts.origin(added).endswith(f"of the vault {added.vault_fingerprint}")


def test_what_the_model_needs_must_be_there(later: tuple[World, Vault]) -> None:
    world, vault = later
    (world.folder / "walks.csv").write_text("day,coffee\n2026-01-01,2\n2026-01-02,1\n")
    import_file(
        vault, FileChoice(path=world.folder / "walks.csv", name="walks", unit="day", time_field="day")
    )
    with pytest.raises(ColumnMissing, match="walks has no column good"):
        vault.score_model("mine", "walks")
    with pytest.raises(ColumnMissing, match="walks has no column steps"):
        vault.predict_collection("mine", "walks", world.folder / "walked.csv")
    assert not (world.folder / "walked.csv").exists()


def test_a_copy_fitted_at_home_goes_with_the_rows_it_was_fitted_on(later: tuple[World, Vault]) -> None:
    _, vault = later
    preview = vault.preview_erase("nights")
    erased = vault.erase_collection("nights")

    assert preview.models_deleted == erased.models_deleted == ("home",)
    assert [one.name for one in vault.models()] == ["mine"]
    vault.delete_model("mine")
    with pytest.raises(UnknownModel):
        vault.model("mine")
    assert vault.models() == []


def second_collection(world: World, vault: Vault) -> str:
    """Some more nights of the same kind, in a collection of their own."""
    path = world.folder / "naps.csv"
    lines = [f"2027-01-{day:02},{day * 500},{day % 3},{str(day > 14).lower()}" for day in range(1, 29)]
    path.write_text("\n".join(["day,steps,coffee,good", *lines]) + "\n")
    import_file(vault, FileChoice(path=path, name="naps", unit="day", time_field="day"))
    return "naps"


def test_a_copy_fitted_at_home_is_fitted_to_no_other_rows(later: tuple[World, Vault]) -> None:
    """It would tell of both, and be deleted with the last alone."""
    world, vault = later
    other = second_collection(world, vault)

    with pytest.raises(FittedElsewhere, match="home was fitted at home on nights"):
        vault.fit_model("home", other)
    assert sorted(one.name for one in vault.models()) == ["home", "mine"]


@pytest.mark.parametrize("erase", [Vault.erase_collection, Vault.undo_import])
def test_a_copy_is_not_kept_where_its_rows_were_erased_while_it_was_fitted(
    later: tuple[World, Vault], monkeypatch: pytest.MonkeyPatch, erase: Any
) -> None:
    """An erased collection may be back under its name by then."""
    world, vault = later
    monkeypatch.setattr(process, "COMMAND", REAL)
    other, more = second_collection(world, vault), world.folder / "more.csv"
    more.write_text("day,steps,coffee,good\n2028-01-01,9000,1,true\n")
    import_file(vault, FileChoice(path=more, name=other))
    done = list[bool]()

    def erased_meanwhile(*_: Any) -> None:
        if not done:
            done.append(True)
            erase(vault, other)
            import_file(vault, FileChoice(path=more, name=other, unit="day", time_field="day"))

    with pytest.raises(RowsGone, match="Rows of naps were erased"):
        vault.fit_model("mine", other, progress=erased_meanwhile)
    assert done
    assert sorted(one.name for one in vault.models()) == ["home", "mine"]
