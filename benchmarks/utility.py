"""How well a private model predicts: the recipe of `job new` on tables, with a guess that is right or off by ten.

Run from the repository root: ``.venv/bin/python benchmarks/utility.py``. A job is made of a description as a requester
would write it, and the learner's engine runs on the training part of each split; nothing is tuned, and what is in the
test part decides nothing. Tables: what scikit-learn brings along and generates, and any CSV file by
``--csv FILE --label COLUMN``, encoded by its own columns: a benchmark, where nobody's privacy is at stake. With
``--model text`` or ``transformer`` texts: made-up messages, or the column of a CSV file that ``--text COLUMN`` names,
by its first bytes.
"""

from __future__ import annotations

import argparse
import csv
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from made_up_messages import messages
from numpy.typing import NDArray
from safetensors.numpy import load, save

from learner import engine
from learner.protocol import ColumnFrame, Job
from learner.update import UPDATE_GRID
from vault.importers.marks import mark_of, number_of, places_of
from vault.requester.aim import Aim
from vault.requester.description import JobDescription, parse_description
from vault.requester.draft import Draft, draft_job
from vault.requester.trained import TrainedModel
from vault.requests.parse import parse_manifest
from vault.requests.translate import learner_job
from vault.training.readings import byte_codes

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TEST_PART = 0.2
TEXT_LENGTH = 160
OF_TEXTS = ("text", "transformer")


@dataclass(frozen=True, kw_only=True)
class Table:
    """Columns of numbers or texts, one row a unit, and what a requester knows of them."""

    name: str
    columns: dict[str, list[Any]]
    fields: tuple[dict[str, Any], ...]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(next(iter(self.columns.values())))

    @property
    def label(self) -> str:
        """The column to predict."""
        return str(next(field["name"] for field in self.fields if field["role"] == "label"))

    def part(self, rows: NDArray[np.int64]) -> Table:
        """Some of the rows."""
        columns = {name: [cells[row] for row in rows.tolist()] for name, cells in self.columns.items()}
        return replace(self, columns=columns)


def table(name: str, columns: dict[str, Sequence[Any]], label: str, categories: frozenset[str]) -> Table:
    """A table with the transforms that a codebook would give: whole means and spreads, all the labels."""
    kept = {column: list(cells) for column, cells in columns.items()}
    fields = tuple(
        _field(column, cells, column == label, column in categories) for column, cells in kept.items()
    )
    return Table(name=name, columns=kept, fields=fields)


def _field(name: str, cells: list[Any], is_label: bool, is_category: bool) -> dict[str, Any]:
    role = "label" if is_label else "feature"
    if is_category:
        kind = "classes" if is_label else "onehot"
        return {"name": name, "role": role, "transform": {"kind": kind, "labels": tuple(sorted(set(cells)))}}
    spread = float(f"{np.std(cells) or 1.0:.1g}")
    center = round(float(np.mean(cells)) / spread, 1) * spread
    transform = {"kind": "standard", "center": center, "scale": spread, "clip": 3.0}
    return {"name": name, "role": role, "transform": transform if is_label else transform | {"fill": center}}


def described(given: Table, model: str, units_guess: int) -> JobDescription:
    """The description of a job over a table."""
    hidden = {"hidden": (16,), "activation": "tanh"} if model == "mlp" else {}
    return description_of(
        "table", model={"kind": model, **hidden}, training={"units_guess": units_guess}, fields=given.fields
    )


def description_of(
    collection: str,
    *,
    model: Mapping[str, Any],
    training: Mapping[str, Any],
    fields: Sequence[Mapping[str, Any]],
) -> JobDescription:
    """The description of a job that learns from single records, with nothing else to say."""
    return parse_description(
        {
            "collection": collection,
            "unit": "record",
            "max_rows_per_unit": 1,
            "retention": "none",
            "requester": {"name": "Benchmark", "contact": "nobody"},
            "purpose": {"dpv": "AcademicResearch", "text": "How well does it predict?"},
            "model": model,
            "training": training,
            "fields": list(fields),
        }
    )


def job_of(draft: Draft) -> Job:
    """What the learner is told of a drafted job, with every field granted."""
    manifest = parse_manifest(draft.manifest)
    return learner_job(manifest, frozenset(field.name for field in manifest.fields))


def frame_of(given: Table, job: Job) -> ColumnFrame:
    """The columns as the vault hands them to the learner."""
    by_name = {field["name"]: _coded(given, field) for field in given.fields}
    label = by_name.pop(given.label)
    unit = np.arange(given.rows, dtype=np.int32)
    parts = [one for each in by_name.values() for one in (each.T if each.ndim == 2 else [each])]
    features = [np.ascontiguousarray(each).data for each in parts]
    data = ColumnFrame.encode(job, unit=unit.data, features=features, label=label.data)
    return ColumnFrame.decode(job, data)


def _coded(given: Table, field: dict[str, Any]) -> NDArray[Any]:
    cells, transform = given.columns[field["name"]], field["transform"]
    if transform["kind"] == "standard":
        return np.array([float(cell) for cell in cells], dtype=np.float64)
    if transform["kind"] == "bytes":
        return byte_codes(pa.chunked_array([pa.array(cells, pa.string())]), transform["length"])
    listed = places_of(transform["labels"])
    return np.array([listed.get(mark_of(str(cell)), -1) for cell in cells], dtype=np.int32)


def trained(draft: Draft, given: Table) -> TrainedModel:
    """One run of a drafted job on a table."""
    job = job_of(draft)
    update, _ = engine.train(job, draft.weights, frame_of(given, job), progress=lambda _step, _steps: None)
    return model_of(draft, update)


def model_of(draft: Draft, update: bytes) -> TrainedModel:
    """The model that an update of a drafted job makes."""
    moves, start = load(update), load(draft.weights)
    weights = {name: (start[name] + moves[name] * UPDATE_GRID).astype(np.float32) for name in start}
    return TrainedModel.of(parse_manifest(draft.manifest), save(weights))


def score(model: TrainedModel, given: Table) -> float:
    """In 100: the part of classes that are right, or R² of a number."""
    cells = {name: [str(cell) for cell in column] for name, column in given.columns.items()}
    outputs = model.outputs(model.inputs(cells))
    if model.manifest.loss == "cross_entropy":
        found = zip(model.classes(outputs), cells[given.label], strict=True)
        return 100 * statistics.mean(mark_of(one) == mark_of(other) for one, other in found)
    truth = np.array([number_of(cell) for cell in cells[given.label]])
    return float(100 * (1 - np.mean((model.numbers(outputs) - truth) ** 2) / np.var(truth)))


def splits(given: Table, count: int) -> Iterator[tuple[Table, Table]]:
    """Training and test part, differently each time and the same in each run."""
    for seed in range(count):
        order = np.random.default_rng(seed).permutation(given.rows)
        end = round(given.rows * (1 - TEST_PART))
        yield given.part(order[:end]), given.part(order[end:])


# tables -------------------------------------------------------------------------------------------------


def bundled() -> list[Table]:
    """Ten tables: five that scikit-learn brings along, five that it generates."""
    from sklearn import datasets as sets

    def of(name: str, data: Any, target: Any, *, is_number: bool = False) -> Table:
        columns = {f"x{place}": column.tolist() for place, column in enumerate(np.asarray(data, float).T)}
        columns["y"] = [float(each) if is_number else f"class {int(each)}" for each in target]
        return table(name, columns, "y", frozenset() if is_number else frozenset(["y"]))

    kept = [
        of(name, found.data, found.target, is_number=name == "diabetes")
        for name, found in (
            ("wine", sets.load_wine()),
            ("diabetes", sets.load_diabetes()),
            ("breast cancer", sets.load_breast_cancer()),
            ("digits", sets.load_digits()),
        )
    ]
    made = sets.make_classification
    return [
        *kept,
        of("two classes", *made(20_000, 20, n_informative=8, class_sep=0.8, random_state=1)),
        of("one in ten", *made(5_000, 60, n_informative=10, weights=[0.9], random_state=2)),
        of(
            "five classes",
            *made(10_000, 30, n_informative=12, n_classes=5, n_clusters_per_class=1, random_state=3),
        ),
        of("two moons", *sets.make_moons(2_000, noise=0.25, random_state=4)),
        of("regression", *sets.make_regression(10_000, 25, noise=80, random_state=5), is_number=True),
        of("friedman", *sets.make_friedman1(5_000, noise=1, random_state=6), is_number=True),
    ]


def from_csv(path: Path, label: str, leave_out: frozenset[str]) -> Table:
    """A table of a CSV file: columns in which every cell is a number are numbers, others have their labels."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, skipinitialspace=True))
    columns = {name: [row[name] for row in rows] for name in rows[0] if name not in leave_out}
    numbers = {name for name, cells in columns.items() if not any(map(np.isnan, map(number_of, set(cells))))}
    read: dict[str, Sequence[Any]] = {
        name: [number_of(cell) for cell in cells] if name in numbers - {label} else cells
        for name, cells in columns.items()
    }
    return table(path.stem, read, label, frozenset(columns.keys() - numbers) | {label})


def of_texts(name: str, texts: Sequence[str], labels: Sequence[str]) -> Table:
    """A table of texts and what they are, each read by its first bytes."""
    classes = {"kind": "classes", "labels": tuple(sorted(set(labels)))}
    read = {"kind": "bytes", "length": TEXT_LENGTH}
    fields = (
        {"name": "text", "role": "feature", "transform": read},
        {"name": "label", "role": "label", "transform": classes},
    )
    return Table(name=name, columns={"text": list(texts), "label": list(labels)}, fields=fields)


def texts_of(path: Path | None, label: str, text: str) -> Table:
    """Two columns of a CSV file, or made-up messages."""
    if path is None:
        found = list(messages(2_500))
        return of_texts("made-up messages", [each for each, _ in found], [each for _, each in found])
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return of_texts(path.stem, [row[text] for row in rows], [row[label] for row in rows])


# the table of results -----------------------------------------------------------------------------------

OFF_BY = (0.1, 1.0, 10.0)


def measured(given: Table, model: str, aim: Aim, count: int) -> list[tuple[float, float]]:
    """Mean and spread of the score over the splits, for a guess that is too low, right and too high."""
    units = round(given.rows * (1 - TEST_PART))
    found = []
    for factor in OFF_BY:
        draft = draft_job(described(given, model, max(1, round(units * factor))), aim=aim, now=NOW)
        scores = [score(trained(draft, train), test) for train, test in splits(given, count)]
        found.append((statistics.mean(scores), statistics.stdev(scores)))
    return found


def ceiling(given: Table, model: str, count: int) -> float:
    """The same without privacy: the same models, fitted by scikit-learn on the same inputs; of texts another."""
    if model in OF_TEXTS:
        return statistics.mean(of_letters(*parts) for parts in splits(given, count))
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    kinds: dict[str, Any] = {
        "logistic": lambda: LogisticRegression(max_iter=2_000),
        "linear": Ridge,
        "mlp": lambda: (MLPClassifier if is_classes(given) else MLPRegressor)(
            hidden_layer_sizes=(16,), max_iter=2_000, random_state=0
        ),
    }
    encoder = TrainedModel(manifest=parse_manifest(outline_of(given, model).manifest), tensors={})
    return statistics.mean(fitted(kinds[model](), encoder, *parts) for parts in splits(given, count))


def of_letters(train: Table, test: Table) -> float:
    """The score of a logistic regression over runs of one to four letters."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    letters = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), sublinear_tf=True, lowercase=False)
    kind = make_pipeline(letters, LogisticRegression(C=100.0, max_iter=2_000))
    cut = [
        [text.encode()[:TEXT_LENGTH].decode(errors="ignore") for text in each.columns["text"]]
        for each in (train, test)
    ]
    kind.fit(cut[0], train.columns["label"])
    return float(100 * kind.score(cut[1], test.columns["label"]))


def outline_of(given: Table, model: str) -> Draft:
    """Any job on the table: its encoding is that of all."""
    return draft_job(described(given, model, 1_000), aim=Aim(most=Decimal(8)), now=NOW)


def fitted(kind: Any, encoder: TrainedModel, train: Table, test: Table) -> float:
    """The score of a model of scikit-learn on a split."""
    kind.fit(*arrays(encoder, train))
    return float(100 * kind.score(*arrays(encoder, test)))


def arrays(encoder: TrainedModel, given: Table) -> tuple[NDArray[Any], NDArray[Any]]:
    """The encoded inputs, and the label as it is."""
    cells = {name: [str(cell) for cell in column] for name, column in given.columns.items()}
    return encoder.inputs(cells), np.array(given.columns[given.label])


def is_classes(given: Table) -> bool:
    """Whether a class is predicted, not a number."""
    return str(given.fields[-1]["transform"]["kind"]) == "classes"


def main() -> None:
    """Measure, line by line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epsilon", default="1,8", help="with commas between them")
    parser.add_argument("--delta", default="0.000001")
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--model", choices=["linear", "logistic", "mlp", *OF_TEXTS], help="else by the label")
    parser.add_argument("--only", help="one of the ten tables")
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--label")
    parser.add_argument("--leave-out", default="")
    parser.add_argument(
        "--text", default="text", help="the column of texts, with --model text or transformer"
    )
    asked = parser.parse_args()
    if asked.model in OF_TEXTS:
        tables = [texts_of(asked.csv, asked.label, asked.text)]
    elif asked.csv:
        tables = [from_csv(asked.csv, asked.label, frozenset(asked.leave_out.split(",")))]
    else:
        tables = bundled()
    print(f"| table | units | ε | {' | '.join(f'guess × {factor:g}' for factor in OFF_BY)} | no privacy |")
    print("|---|---|---|---|---|---|---|")
    for given in tables:
        if asked.only and given.name != asked.only:
            continue
        model = asked.model or ("logistic" if is_classes(given) else "linear")
        best = ceiling(given, model, asked.splits)
        for epsilon in asked.epsilon.split(","):
            aim = Aim(most=Decimal(epsilon), delta=Decimal(asked.delta))
            cells = [
                f"{mean:.1f} ± {spread:.1f}" for mean, spread in measured(given, model, aim, asked.splits)
            ]
            units = round(given.rows * (1 - TEST_PART))
            print(f"| {given.name} | {units:,} | {epsilon} | {' | '.join(cells)} | {best:.1f} |", flush=True)


if __name__ == "__main__":
    main()
