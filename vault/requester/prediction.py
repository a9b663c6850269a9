"""Predict for the rows of a CSV file, by a model in ONNX or by the weights of a job."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from vault.errors.families import Invalid
from vault.errors.release import NotOurModel, PackageMissing
from vault.importers.marks import number_of
from vault.requester.onnx_check import MODEL_LIMIT, checked_model
from vault.requester.onnx_model import CHANCES
from vault.requester.prediction_file import Cells, cells_of, check_columns, read_cells, with_vectors
from vault.requester.trained import TrainedModel, bytes_in, chances, vectors_in
from vault.requests.bundle import MANIFEST_FILE, WEIGHTS_LIMIT, read_bounded
from vault.requests.parse import MANIFEST_LIMIT, parse_stored
from vault.requests.transforms import VectorFeature

ROOM: Final = 1 << 24
"""Numbers that are made at once, so that any file needs as much memory as another one."""
NUMBERS: Final = "tensor(double)"
BYTES: Final = "tensor(uint8)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """The rows of a file with what is predicted for each, as texts.

    ``absent`` are optional columns that the file does not have, so that every row counts with their fill.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    absent: tuple[str, ...]


def predict(
    model: Path, file: Path, job_folder: Path | None = None, vectors: Mapping[str, str] | None = None
) -> Predicted:
    """Predict for every row of a CSV file: ``model`` is ONNX, or the weights that answer the job in a folder.

    ``vectors`` are as import takes them: which numbered columns a vector is, where its own name does not say it.
    Raises ``FileMissing``, ``Unreadable``, ``Invalid``, ``NotOurModel``, ``PackageMissing``, and the errors of a
    manifest.
    """
    cells = read_cells(file)
    if job_folder is not None:
        return _by_weights(model, job_folder, cells, vectors or {})
    if model.suffix == ".safetensors":
        raise Invalid(
            reason=f"{model.name} holds weights alone: give --job JOBDIR, which says what they mean"
        )
    return _by_onnx(model, cells, vectors or {})


def _by_weights(weights: Path, job_folder: Path, cells: Cells, vectors: Mapping[str, str]) -> Predicted:
    manifest = parse_stored(read_bounded(job_folder / MANIFEST_FILE, MANIFEST_LIMIT))
    model = TrainedModel.of(manifest, read_bounded(weights, WEIGHTS_LIMIT), weights.name)
    required = [field.name for field in manifest.features if field.name in manifest.required]
    features = [(field.name, field.transform) for field in manifest.features]
    sizes = {name: shape.size for name, shape in features if isinstance(shape, VectorFeature)}
    cells = with_vectors(cells, sizes, required, vectors)
    check_columns(cells, required)
    columns = {field.name: cells_of(cells, field) for field in manifest.features}
    outputs = model.outputs(model.inputs(columns))
    absent = [field.name for field in manifest.features if not cells.has(field.name)]
    if manifest.loss == "squared":
        return _with_numbers(cells, manifest.label.name, model.numbers(outputs), absent)
    best = chances(outputs).max(axis=1)
    return _with_classes(cells, manifest.label.name, model.classes(outputs), best, absent)


def _by_onnx(path: Path, cells: Cells, vectors: Mapping[str, str]) -> Predicted:
    session, numbers = _session(path)
    told = session.get_modelmeta().custom_metadata_map
    optional, inputs = _names(told.get("lockbox_optional", "[]"), path), session.get_inputs()
    required = [each.name for each in inputs if each.name not in optional]
    sizes = {each.name: each.shape[1] for each in inputs if len(each.shape) == 2 and each.type == NUMBERS}
    cells = with_vectors(cells, sizes, required, vectors)
    check_columns(cells, required)
    given = {each.name: _array(cells, each) for each in inputs}
    parts = _run(session, given, len(cells.rows), max(1, ROOM // numbers), path)
    absent = [each.name for each in inputs if not cells.has(each.name)]
    names = [each.name for each in session.get_outputs()]
    found = dict(zip(names, (np.concatenate(part) for part in zip(*parts, strict=True)), strict=True))
    best, values = found.pop(CHANCES, None), found.pop(told["lockbox_label"], None)
    if found or values is None or (best is None) != (values.dtype.kind == "f"):
        raise NotOurModel(file=path.name, reason="its answers are of another kind")
    if best is None:
        return _with_numbers(cells, told["lockbox_label"], values, absent)
    return _with_classes(cells, told["lockbox_label"], values.tolist(), best.max(axis=1), absent)


def _run(session: Any, given: dict[str, Any], rows: int, most: int, path: Path) -> list[Any]:
    """The answers to so many rows at once, one after another; to none there are answers as well."""
    try:
        return [
            session.run(None, {name: column[first : first + most] for name, column in given.items()})
            for first in range(0, max(rows, 1), most)
        ]
    except Exception as error:  # the package has an error class of its own for each way to fail
        raise NotOurModel(file=path.name, reason="it does not run") from error


def _names(text: str, path: Path) -> list[str]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise NotOurModel(file=path.name, reason="it does not say which columns it needs")
    return found


def _session(path: Path) -> tuple[Any, int]:
    """The model ready to run, and how many numbers it makes of a row; it is held against ours before it is loaded."""
    try:
        import onnxruntime
    except ImportError as error:
        raise PackageMissing(package="onnxruntime") from error
    checked = checked_model(read_bounded(path, MODEL_LIMIT), path.name)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(checked.data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # as above
        raise NotOurModel(file=path.name, reason="it is not whole") from error
    return session, checked.numbers


def _array(cells: Cells, taken: Any) -> Any:
    column, kind = taken.name, taken.type
    if kind == BYTES:
        return bytes_in(cells.words(column), taken.shape[1])
    if len(taken.shape) == 2:
        return vectors_in(cells.vectors(column, taken.shape[1]), taken.shape[1])
    if kind == NUMBERS:
        texts = cells.numbers(column)
        known = {text: np.nan if text is None else number_of(text) for text in set(texts)}
        return np.array([known[text] for text in texts], dtype=np.float64)
    return np.array([text or "" for text in cells.texts(column)], dtype=object)


def _with_numbers(cells: Cells, label: str, values: Any, absent: Sequence[str]) -> Predicted:
    added = [(f"{value:.6g}",) for value in values.tolist()]
    return _with(cells, (f"predicted {label}",), added, absent)


def _with_classes(
    cells: Cells, label: str, classes: Sequence[str], best: Any, absent: Sequence[str]
) -> Predicted:
    added = [(name, f"{chance:.4f}") for name, chance in zip(classes, best.tolist(), strict=True)]
    return _with(cells, (f"predicted {label}", "chance"), added, absent)


def _with(
    cells: Cells, header: tuple[str, ...], added: Sequence[tuple[str, ...]], absent: Sequence[str]
) -> Predicted:
    for name in header:
        if cells.has(name):
            raise Invalid(
                reason=f"{cells.name} has a column {name} already, which is what is predicted: leave it out"
            )
    rows = tuple((*row, *more) for row, more in zip(cells.rows, added, strict=True))
    return Predicted(header=(*cells.header, *header), rows=rows, absent=tuple(absent))
