"""The owner's own use of a model, in the same confined learner: uncharged, and for the owner alone.

What comes back is an `Answer`, which no update is in: what holds, releases or hands out updates takes envelopes, from
another method of the process, and nothing here writes to a table that it reads.
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np

from learner.protocol import SCORE_LIMIT, OwnJob, Progress
from vault.audit.entries import EntryType
from vault.errors.models import ColumnMissing, NoLabels
from vault.errors.training import LearnerFailed
from vault.records.collections import find_collection, imports_of
from vault.records.reading import ColumnReader
from vault.requester.prediction_file import cells_of, check_columns
from vault.requests.parse import parse_manifest
from vault.requests.run_results import FitResults, Results, RunResults, parse_fit, parse_results
from vault.requests.shapes import shapes
from vault.requests.translate import learner_job
from vault.requests.weights import NotTheTensors, check_shapes, check_values, read_tensors
from vault.training.columns import project_cells, project_own
from vault.training.process import LearnerProcess
from vault.views.field_types import UNIT_FIELD

if TYPE_CHECKING:
    import numpy.typing as npt

    from learner.protocol import Answer
    from vault.audit.entries import Json
    from vault.lifecycle.opened import OpenVault
    from vault.records.collections import CollectionFacts
    from vault.requester.prediction_file import Cells
    from vault.requests.manifest import Manifest
    from vault.store.tables import ModelRow

Task = Literal["score", "fit", "predict"]
_Results = TypeVar("_Results", bound=Results)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnRows:
    """What a model gave on the rows of a collection, and the imports that they came in by."""

    answer: Answer
    collection_id: int
    imports: frozenset[int]


def use_on_collection(
    vault: OpenVault, model: ModelRow, collection: str, task: Task, progress: Progress
) -> OnRows:
    """What a model gives on every row of a collection; on the trail before the first of them is read.

    Raises `UnknownCollection`, `ColumnMissing`, `LearnerFailed` and `SandboxMissing`.
    """
    manifest = parse_manifest(model.job)
    with ExitStack() as running:
        with vault.read() as uow:  # and no longer, or erasing would wait for the learner
            facts = find_collection(uow, collection)
            seen = imports_of(uow, facts.id)
            names = _columns_in(facts, manifest, needs_label=task != "predict")
            own = OwnJob(task=task, rows=facts.rows, job=learner_job(manifest, names))
            _note(vault, model, collection, task)
            learner = running.enter_context(LearnerProcess.start(own, model.weights))
            with closing(ColumnReader(uow, vault.keys, facts.id, names | {UNIT_FIELD})) as reader:
                columns = project_own(reader, manifest, names, own.job)
        return OnRows(answer=learner.answer(columns, progress), collection_id=facts.id, imports=seen)


def use_on_file(vault: OpenVault, model: ModelRow, cells: Cells, progress: Progress) -> Answer:
    """What a model predicts for the rows of a file; raises `Invalid`, `LearnerFailed` and `SandboxMissing`."""
    manifest = parse_manifest(model.job)
    check_columns(cells, sorted(manifest.required - {manifest.label.name}))
    read = {field.name: cells_of(cells, field) for field in manifest.features if cells.has(field.name)}
    own = OwnJob(task="predict", rows=len(cells.rows), job=learner_job(manifest, frozenset(read)))
    what = f"what the model {model.name} predicts for a file"
    vault.note_look(EntryType.ACCESS_VIEW, hidden={"what": what})
    with LearnerProcess.start(own, model.weights) as learner:
        return learner.answer(project_cells(read, manifest, own.rows, own.job), progress)


def scores_of(answer: Answer, model: ModelRow, collection: str) -> RunResults:
    """How a model does; raises `NoLabels` where no row has a label, and `LearnerFailed` for what none writes."""
    return _about_labels(parse_results(answer.facts, steps=0), model, collection)


def fit_of(answer: Answer, model: ModelRow, collection: str) -> FitResults:
    """How a fitted model does; raises `NoLabels` where no row has a label, and `LearnerFailed` for what none writes."""
    return _about_labels(parse_fit(answer.facts), model, collection)


def _about_labels(found: _Results | None, model: ModelRow, collection: str) -> _Results:
    """The same; its bytes are no more trusted than those of an envelope."""
    if found is None:
        raise LearnerFailed(reason="it tells scores in a form that no learner writes")
    if not found.rows:
        raise NoLabels(collection=collection, column=parse_manifest(model.job).label.name)
    return found


def numbers_of(answer: Answer, manifest: Manifest) -> npt.NDArray[np.float64]:
    """What was predicted, (rows, numbers): a number, or the place of the likeliest class and its chance.

    Raises `LearnerFailed` for what no model predicts; its bytes are no more trusted than those of an envelope.
    """
    transform = manifest.label.transform
    classes = len(transform.labels) if transform.kind == "classes" else 0
    found = np.frombuffer(answer.numbers, dtype="<f8").reshape(-1, 2 if classes else 1)
    if not (np.abs(found) <= SCORE_LIMIT).all() or (classes and not _are_classes(found, classes)):
        raise LearnerFailed(reason="it predicts what is no number and no class")
    return found


def _are_classes(found: npt.NDArray[np.float64], classes: int) -> bool:
    """Whether each row is the place of a class and a chance."""
    places, chances = found.T
    return bool(np.isin(places, np.arange(classes)).all() and ((chances >= 0) & (chances <= 1)).all())


def weights_of(answer: Answer, manifest: Manifest) -> bytes:
    """The weights that were fitted; raises `LearnerFailed` unless they are those of the model."""
    try:
        tensors = read_tensors(answer.numbers, dtype="F32")
        check_shapes(tensors, shapes(manifest))
        check_values(tensors)
    except NotTheTensors as error:
        raise LearnerFailed(reason=str(error)) from None
    return answer.numbers


def _columns_in(facts: CollectionFacts, manifest: Manifest, *, needs_label: bool) -> frozenset[str]:
    """The columns of a job that a collection has; raises `ColumnMissing` for one that it needs and lacks."""
    label, there = frozenset({manifest.label.name}), frozenset(field.name for field in facts.fields)
    needed = manifest.required if needs_label else manifest.required - label
    for name in sorted(needed - there):
        raise ColumnMissing(collection=facts.name, column=name)
    wanted = needed | frozenset(field.name for field in manifest.features)
    return wanted & there


def _note(vault: OpenVault, model: ModelRow, collection: str, task: Task) -> None:
    if task == "predict":
        hidden: dict[str, Json] = {"collection": collection, "target": f"what {model.name} predicts"}
        vault.note_look(EntryType.EXPORT, clear={"profile": "records"}, hidden=hidden)
        return
    how = "scored" if task == "score" else "fitted"
    rows = f"all rows, {how} by the model {model.name}"
    vault.note_look(EntryType.ACCESS_VIEW, hidden={"what": collection, "rows": rows})
