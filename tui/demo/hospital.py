"""The demo's data: a small hospital's table, and what a research group asks of it.

The table is scikit-learn's bundled breast-cancer set (Wolberg, Street, Mangasarian 1995; 569 patients). A fifth of
the patients is held out before the vault exists and never enters it; it stands for the group's own test patients.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

LABEL = "diagnosis"
CLASSES = ("benign", "malignant")
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
    """The hospital's patients and the held-out ones, drawn afresh for every demo."""
    import secrets

    import numpy as np
    from sklearn.datasets import load_breast_cancer
    from sklearn.model_selection import train_test_split

    table = load_breast_cancer()
    columns = tuple(str(name).replace(" ", "_") for name in table.feature_names)
    # Which patients are held out is drawn afresh for every demo, with the same share of each class.
    inside, outside = train_test_split(
        np.arange(len(table.target)),
        test_size=TEST_SHARE,
        stratify=table.target,
        random_state=secrets.randbelow(2**32),
    )

    def rows(chosen: npt.NDArray[np.int64]) -> Patients:
        return Patients(columns=columns, values=table.data[chosen], classes=1 - table.target[chosen])

    return rows(inside), rows(outside)


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


def ceiling(hospital: Patients, held_out: Patients) -> float:
    """Demo only: what the same model reaches without privacy, computed outside the vault."""
    from sklearn.linear_model import LogisticRegression

    names = tuple(REQUIRED)
    fitted = LogisticRegression(max_iter=1000).fit(hospital.standardised(names), hospital.classes)
    return float(fitted.score(held_out.standardised(names), held_out.classes))
