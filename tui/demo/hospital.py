"""The demo's data: a small hospital's table, and what a research group asks of it.

The table beside this file is Breast Cancer Wisconsin (Diagnostic), 569 patients: Wolberg, Mangasarian, Street and
Street, UCI Machine Learning Repository 1993, doi:10.24432/C5DW2B, licence CC BY 4.0; column names are spelled with
underscores. A fifth of the patients is held out before the vault exists and never enters it; it stands for the
group's own test patients.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

LABEL = "diagnosis"
CLASSES = ("benign", "malignant")
TABLE = Path(__file__).with_name("breast_cancer.csv")
TEST_SHARE = 0.2

# Center and scale of each column: round figures a group would take from the literature, not from this vault.
REQUIRED = {
    "worst_radius": (16.0, 5.0),
    "worst_texture": (26.0, 6.0),
    "worst_concave_points": (0.11, 0.065),
    "mean_concavity": (0.09, 0.08),
    "worst_smoothness": (0.13, 0.023),
}
OPTIONAL = {"mean_symmetry": (0.18, 0.027), "mean_fractal_dimension": (0.063, 0.007)}
CLIP = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patients:
    """Rows of the table: values (patients × columns) and the class of each patient (0 benign, 1 malignant)."""

    columns: tuple[str, ...]
    values: npt.NDArray[np.float64]
    classes: npt.NDArray[np.int64]

    def standardised(self, names: tuple[str, ...]) -> npt.NDArray[np.float64]:
        """The named columns under the job's public constants; a column not asked for as required is its fill."""
        import numpy as np

        inputs = []
        for name in names:
            center, scale = (REQUIRED | OPTIONAL)[name]
            raw = (
                self.values[:, self.columns.index(name)]
                if name in REQUIRED
                else np.full(len(self.classes), center)
            )
            inputs.append(np.clip((raw - center) / scale, -CLIP, CLIP))
        return np.stack(inputs, axis=1)


def split_patients() -> tuple[Patients, Patients]:
    """The hospital's patients and the held-out ones, drawn afresh for every demo with the same share of each class."""
    import numpy as np

    columns, values, classes = read_table()
    draw = np.random.default_rng()
    kinds = [draw.permutation(np.flatnonzero(classes == kind)) for kind in range(len(CLASSES))]
    malignant = round(len(kinds[1]) * TEST_SHARE)
    ends = [ceil(len(classes) * TEST_SHARE) - malignant, malignant]
    outside = np.sort(np.concatenate([rows[:end] for rows, end in zip(kinds, ends, strict=True)]))
    inside = np.sort(np.concatenate([rows[end:] for rows, end in zip(kinds, ends, strict=True)]))

    def patients(chosen: npt.NDArray[np.int64]) -> Patients:
        return Patients(columns=columns, values=values[chosen], classes=classes[chosen])

    return patients(inside), patients(outside)


def read_table() -> tuple[tuple[str, ...], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """The columns of the table, the values (patients × columns) and the class of each patient."""
    import numpy as np

    with TABLE.open(newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    values = np.array([row[:-1] for row in rows], dtype=np.float64)
    classes = np.array([CLASSES.index(row[-1]) for row in rows], dtype=np.int64)
    return tuple(head[:-1]), values, classes


def write_csv(patients: Patients, path: Path) -> None:
    """The hospital's export: one row a patient, with a patient number."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["patient_id", *patients.columns, LABEL])
        for number, (values, kind) in enumerate(zip(patients.values, patients.classes, strict=True), start=1):
            writer.writerow([f"P{number:04}", *(f"{value:.6g}" for value in values), CLASSES[kind]])


def job_description(patients: int) -> str:
    """What the group asks, in TOML; it knows roughly how many patients the hospital has."""
    rough = round(patients, -1)
    fields = [_feature(name, "required", *constants) for name, constants in REQUIRED.items()]
    fields += [_feature(name, "optional", *constants) for name, constants in OPTIONAL.items()]
    return _JOB.format(batch=rough // 2, fields="\n".join(fields))


def _feature(name: str, necessity: str, center: float, scale: float) -> str:
    transform = f'{{ kind = "standard", center = {center}, scale = {scale}, clip = {CLIP}, fill = {center} }}'
    return (
        f'[[fields]]\nname = "{name}"\nrole = "feature"\nnecessity = "{necessity}"\ntransform = {transform}\n'
    )


_JOB = """\
collection = "patients"
unit = "column:patient_id"
max_rows_per_unit = 1
unit_reduction = "mean"
retention = "two years, then deleted"
slot_minutes = 1440

[requester]
name = "Tumour Research Group"
contact = "group@example.org"

[purpose]
dpv = "AcademicResearch"
text = "Tell benign from malignant tumours by the shape of cell nuclei"

[model]
kind = "logistic"

[training]
sampling_rate = 0.5
expected_batch = {batch}
steps = 100
clip = 1.0
lr = 1.0
average = "tail"

[[fields]]
name = "diagnosis"
role = "label"
transform = {{ kind = "classes", labels = ["benign", "malignant"] }}

{fields}"""


def accuracy(weights: bytes, patients: Patients) -> float:
    """The share of these patients a model classifies rightly."""
    import numpy as np
    from safetensors.numpy import load

    model = load(weights)
    inputs = patients.standardised((*REQUIRED, *OPTIONAL))
    scores = inputs @ model["weight"].T + model["bias"]
    return float(np.mean(scores.argmax(axis=1) == patients.classes))


def non_private_accuracy(hospital: Patients, held_out: Patients) -> float:
    """Demo only: what the same model reaches without privacy, computed outside the vault."""
    import numpy as np

    names = tuple(REQUIRED)
    weights = logistic_fit(hospital.standardised(names), hospital.classes)
    scores = held_out.standardised(names) @ weights[:-1] + weights[-1]
    return float(np.mean((scores > 0) == (held_out.classes == 1)))


def logistic_fit(
    inputs: npt.NDArray[np.float64], classes: npt.NDArray[np.int64], *, rounds: int = 30
) -> npt.NDArray[np.float64]:
    """Weights and, last, the bias of a logistic regression with an L2 penalty of 1, by Newton's method."""
    import numpy as np

    rows = np.column_stack([inputs, np.ones(len(inputs))])
    penalty = np.diag([1.0] * inputs.shape[1] + [0.0])
    weights = np.zeros(rows.shape[1])
    for _ in range(rounds):
        likely = 1 / (1 + np.exp(-(rows @ weights)))
        slope = rows.T @ (likely - classes) + penalty @ weights
        curvature = (rows * (likely * (1 - likely))[:, None]).T @ rows + penalty
        weights -= np.linalg.solve(curvature, slope)
    return weights
