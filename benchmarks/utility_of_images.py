"""How well a private model of images predicts: the recipe of `job new` on a collection in IDX files, as MNIST's.

Run from the repository root: ``.venv/bin/python benchmarks/utility_of_images.py FOLDER``, a folder with
``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte`` and the two that begin with ``t10k``, packed by gzip or not.
The recipe chooses everything but the layers, which stand below, and what a word after the folder says; the pixels
that are not learned from decide nothing. Each run has noise of its own.
"""

from __future__ import annotations

import argparse
import gzip
import statistics
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from utility import NOW, description_of, job_of, model_of

from learner import engine
from learner.protocol import ColumnFrame
from vault.requester.aim import Aim
from vault.requester.draft import Draft, draft_job
from vault.requester.trained import TrainedModel
from vault.requests.transforms import VectorFeature


@dataclass(frozen=True, kw_only=True)
class Images:
    """Grey images, (count, height, width), each with its class."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.uint8]

    @property
    def scaling(self) -> tuple[float, float]:
        """Mean and spread of all numbers to one digit, as a codebook would say them."""
        mean, spread = self.pixels.mean(), self.pixels.std()
        return float(f"{mean:.1g}"), float(f"{spread:.1g}")

    @property
    def rows(self) -> NDArray[np.float64]:
        """The numbers of each image in a row."""
        return self.pixels.reshape(len(self.pixels), -1).astype(np.float64)


def idx(path: Path) -> NDArray[np.uint8]:
    """The bytes of an IDX file in their shape (LeCun, Cortes, Burges, "The MNIST database", its file format)."""
    packed = path.with_name(f"{path.name}.gz")
    data = path.read_bytes() if path.exists() else gzip.decompress(packed.read_bytes())
    shape = np.frombuffer(data, ">u4", count=data[3], offset=4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(shape)


def images(folder: Path, part: str) -> Images:
    """The images of one part, train or t10k."""
    return Images(
        pixels=idx(folder / f"{part}-images-idx3-ubyte"), labels=idx(folder / f"{part}-labels-idx1-ubyte")
    )


def drafted(given: Images, aim: Aim, asked: argparse.Namespace) -> Draft:
    """The job that a requester would ask for, who knows what such images look like and about how many there are."""
    _, height, width = given.pixels.shape
    center, scale = given.scaling
    layers: dict[str, Any] = {"activation": asked.activation, "channels": 1}
    layers |= {"outlines": asked.outlines} if asked.outlines else {}
    layers |= {"filters": asked.filters, "kernel": asked.kernel} if asked.filters else {}
    layers |= {"pool": asked.pool} if asked.pool else {}
    size = {"height": height, "width": width}
    pixels = {"kind": "vector", "size": height * width, "center": center, "scale": scale, "clip": 3.0}
    classes = {"kind": "classes", "labels": [str(each) for each in sorted(set(given.labels.tolist()))]}
    said = tomllib.loads("\n".join(asked.say))
    description = description_of(
        "images",
        model={"kind": "cnn", **size, **layers},
        training={"units_guess": round(len(given.labels) * asked.guess), **said},
        fields=(
            {"name": "pixels", "role": "feature", "transform": pixels | {"fill": center}},
            {"name": "digit", "role": "label", "transform": classes},
        ),
    )
    return draft_job(description, aim=aim, now=NOW)


def trained(draft: Draft, given: Images) -> TrainedModel:
    """One run of the job on images."""
    job = job_of(draft)
    parts = [np.ascontiguousarray(column).data for column in given.rows.T]
    unit = np.arange(len(given.labels), dtype=np.int32)
    data = ColumnFrame.encode(job, unit=unit.data, features=parts, label=given.labels.astype(np.int32).data)
    frame = ColumnFrame.decode(job, data)
    update, _ = engine.train(job, draft.weights, frame, progress=lambda _step, _steps: None)
    return model_of(draft, update)


def score(model: TrainedModel, given: Images) -> float:
    """How many of 100 images are told right."""
    field = model.manifest.fields[0].transform
    assert isinstance(field, VectorFeature)
    inputs = np.clip((given.rows - float(field.center)) / float(field.scale), -field.clip, field.clip)
    outputs = model.outputs(inputs)
    return float(100 * np.mean(outputs.argmax(axis=1) == given.labels))


def main() -> None:
    """Measure, line by line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--epsilon", type=Decimal, default=Decimal(3))
    parser.add_argument("--delta", type=Decimal, default=Decimal("0.00001"))
    parser.add_argument("--outlines", type=int, default=8, help="directions of the fixed filters; 0 for none")
    parser.add_argument("--filters", type=int, nargs="*", default=[])
    parser.add_argument("--kernel", type=int, default=3)
    parser.add_argument("--pool", type=int)
    parser.add_argument("--activation", default="relu")
    parser.add_argument("--say", nargs="*", default=[], help="numbers of the training, such as steps=500")
    parser.add_argument("--guess", type=float, default=1.0, help="how many times the images there are")
    parser.add_argument("--runs", type=int, default=1)
    asked = parser.parse_args()
    known, unknown = images(asked.folder, "train"), images(asked.folder, "t10k")
    draft = drafted(known, Aim(most=asked.epsilon, delta=asked.delta), asked)
    scores, begun = [], process_time()
    for _ in range(asked.runs):
        scores.append(score(trained(draft, known), unknown))
        print(f"{scores[-1]:.2f} of 100 right", flush=True)
    minutes = (process_time() - begun) / asked.runs / 60
    words: tuple[Any, ...] = (len(known.labels), asked.epsilon, statistics.mean(scores), minutes)
    print("| units | ε | right of 100 | minutes of CPU a run |\n|---|---|---|---|")
    print("| {:,} | {} | {:.1f} | {:.1f} |".format(*words))


if __name__ == "__main__":
    main()
