"""A requester's own public rows, and how well weights of a campaign's model do on them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np

from vault.errors.families import Invalid
from vault.importers.marks import mark_of, number_of, places_of
from vault.requester.prediction_file import cells_of, check_columns, read_cells, with_vectors
from vault.requester.trained import Floats, TrainedModel, chances
from vault.requests.manifest import SecondManifest
from vault.requests.transforms import VectorFeature

AUC: Final = "area under the ROC curve × 100"
R2: Final = "R² × 100"
RIGHT: Final = "right classes in 100"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicRows:
    """Rows with a known label: the inputs (rows, inputs), and the label as a number or as the place of its class."""

    job: SecondManifest
    inputs: Floats
    labels: Floats

    @classmethod
    def read(cls, path: Path, job: SecondManifest) -> Self:
        """The rows of a CSV file with the columns of a job; raises ``FileMissing``, ``Unreadable`` or ``Invalid``."""
        features = {each.name: each.transform for each in job.features}
        sizes = {name: shape.size for name, shape in features.items() if isinstance(shape, VectorFeature)}
        required = [name for name in features if name in job.required]
        cells = with_vectors(read_cells(path), sizes, required, {})
        check_columns(cells, [*required, job.label.name])
        is_number = job.label.transform.kind == "standard"
        labels = _labels(job, (cells.numbers if is_number else cells.texts)(job.label.name))
        known = np.isfinite(labels)
        if known.sum() < 2 or len(set(labels[known].tolist())) < 2:
            raise Invalid(reason=f"{path.name} has no rows with different known labels")
        model = TrainedModel(manifest=job, tensors={})
        inputs = model.inputs({each.name: cells_of(cells, each) for each in job.features})
        return cls(job=job, inputs=inputs[known], labels=labels[known])

    @property
    def measure(self) -> str:
        """What a score is."""
        transform = self.job.label.transform
        if transform.kind == "standard":
            return R2
        return AUC if len(transform.labels) == 2 else RIGHT

    @np.errstate(all="ignore")  # weights may be so far off that they overflow; such a score is none
    def score(self, weights: bytes) -> float | None:
        """The score of weights (float32 safetensors), None where there is none; raises ``NotTheModel``."""
        outputs = TrainedModel.of(self.job, weights).outputs(self.inputs)
        transform = self.job.label.transform
        if transform.kind == "standard":
            found = _r2(outputs[:, 0] * transform.scale + transform.center, self.labels)
        elif len(transform.labels) == 2:
            found = _auc(outputs[:, 1] - outputs[:, 0], self.labels == 1)
        else:
            found = float(np.mean(chances(outputs).argmax(axis=1) == self.labels))
        return 100 * found if np.isfinite(found) else None


def _labels(job: SecondManifest, texts: list[str | None]) -> Floats:
    """The labels as numbers, or as places in the list of classes; NaN where none is known."""
    transform = job.label.transform
    if transform.kind == "standard":
        return np.array([np.nan if text is None else number_of(text) for text in texts])
    places = places_of(transform.labels)
    return np.array([np.nan if text is None else places.get(mark_of(text), np.nan) for text in texts])


def _auc(scores: Floats, positive: Floats) -> float:
    """How often a positive row scores higher than a negative one, a tie counting half (Mann and Whitney 1947)."""
    _, place, times = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(times) - (times - 1) / 2)[place]
    ones = float(np.sum(positive))
    most = float(np.sum(ranks[positive.astype(bool)])) - ones * (ones + 1) / 2
    return most / (ones * (len(scores) - ones))


def _r2(predicted: Floats, labels: Floats) -> float:
    return 1 - float(np.sum((labels - predicted) ** 2) / np.sum((labels - labels.mean()) ** 2))
