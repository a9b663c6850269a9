"""Simulated vaults: parts of one table, what each answers to a model, and what poisoned ones make of theirs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from vault.budget.guess_target import strength_of_epsilon

Floats = NDArray[np.float64]
DELTA: Final = Decimal("1e-6")


@dataclass(frozen=True, kw_only=True)
class Vaults:
    """Rows with a constant input behind, sorted by vault; where each vault begins; and rows nobody trains on."""

    inputs: Floats
    labels: Floats
    begins: NDArray[np.int64]
    test_inputs: Floats
    test_labels: Floats

    @property
    def count(self) -> int:
        """How many vaults there are."""
        return len(self.begins)

    @property
    def width(self) -> int:
        """Inputs with the constant one."""
        return int(self.inputs.shape[1])

    @property
    def clip(self) -> float:
        """What a gradient is clipped to: half of how long an input usually is."""
        return 0.5 * math.sqrt(self.width)

    def score(self, weights: Floats) -> float:
        """100 times the area under the ROC curve."""
        return 100 * float(roc_auc_score(self.test_labels, self.test_inputs @ weights))


# tables ---------------------------------------------------------------------------------------------------


def made(rows: int, seed: int, inputs: int = 30) -> tuple[Floats, Floats]:
    """A table of correlated inputs and a label that a logistic model explains in part."""
    random = np.random.default_rng([seed, 1])
    mixing = np.eye(inputs) + 0.4 * random.normal(size=(inputs, inputs)) / math.sqrt(inputs)
    columns = random.normal(size=(rows, inputs)) @ mixing
    direction = random.normal(size=inputs) * (random.random(inputs) < 0.5)
    scores = columns @ direction * (2.2 / np.linalg.norm(mixing @ direction)) - 1
    return np.clip(columns, -3, 3), (random.random(rows) < 1 / (1 + np.exp(-scores))).astype(np.float64)


def from_csv(path: Path, label: str) -> tuple[Floats, Floats]:
    """The encoded table of a CSV file; its label has two classes."""
    import utility

    from vault.requester.trained import TrainedModel
    from vault.requests.parse import parse_manifest

    found = utility.from_csv(path, label, frozenset())
    encoder = TrainedModel(
        manifest=parse_manifest(utility.outline_of(found, "logistic").manifest), tensors={}
    )
    inputs, labels = utility.arrays(encoder, found)
    return inputs, (labels == sorted(set(labels))[1]).astype(np.float64)


def shared_out(
    table: tuple[Floats, Floats], sizes: Sequence[int], seed: int, *, unlike: bool = False
) -> Vaults:
    """Rows given to vaults at random, or by one input of theirs, so that no two vaults are alike."""
    random = np.random.default_rng([seed, 2])
    order = random.permutation(len(table[1]))
    inputs = np.concatenate([table[0][order], np.ones((len(order), 1))], axis=1)
    labels, tests = table[1][order], len(order) // 5
    used = np.arange(tests, tests + sum(sizes))
    if used[-1] >= len(order):
        raise SystemExit(
            f"the table has {len(order):,} rows and not the {len(used) + tests:,} that are needed"
        )
    if unlike:
        used = used[np.argsort(inputs[used, 0] + 0.3 * random.normal(size=len(used)))]
    return Vaults(
        inputs=inputs[used],
        labels=labels[used],
        begins=np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64),
        test_inputs=inputs[:tests],
        test_labels=labels[:tests],
    )


# what a vault answers -------------------------------------------------------------------------------------


def gradient_sums(vaults: Vaults, weights: Floats, labels: Floats) -> Floats:
    """The sum of clipped gradients of each vault, (vaults, weights), at one model or at each vault's own."""
    sizes = np.diff([*vaults.begins, len(labels)])
    models = weights if weights.ndim == 1 else np.repeat(weights, sizes, axis=0)
    slopes = 1 / (1 + np.exp(-np.sum(vaults.inputs * models, axis=1))) - labels
    lengths = np.abs(slopes) * np.linalg.norm(vaults.inputs, axis=1)
    clipped = vaults.inputs * (slopes * np.minimum(1, vaults.clip / np.maximum(lengths, 1e-12)))[:, None]
    return np.add.reduceat(clipped, vaults.begins, axis=0)


def noise_of(vaults: Vaults, epsilon: float, rounds: int) -> float:
    """The standard deviation of the noise on each number of a sum, if so many of them compose to ε."""
    return vaults.clip * math.sqrt(rounds) / strength_of_epsilon(Decimal(str(epsilon)), DELTA)


def labels_seen(vaults: Vaults, attack: str, attackers: int) -> Floats:
    """The labels; those of the first vaults upside down where they attack by that."""
    end = vaults.begins[attackers] if attack == "label flip" else 0
    return np.concatenate([1 - vaults.labels[:end], vaults.labels[end:]])


def poisoned(
    honest: Floats, attack: str, attackers: int, noise: float, random: np.random.Generator
) -> Floats:
    """The updates with the first of them as their vaults turn them; ``noise`` is the known deviation."""
    found, own = honest.copy(), honest[:attackers]
    if attack in ("flip × 10", "flip × 3"):
        found[:attackers] = -float(attack.rsplit(maxsplit=1)[-1]) * own
    elif attack == "Gaussian":
        found[:attackers] = random.normal(size=own.shape) * 5 * noise
    elif attack in ("colluding", "lowest tier"):
        direction = honest[attackers:].mean(axis=0)
        others = np.linalg.norm(honest[attackers:], axis=1)
        found[:attackers] = -direction / np.linalg.norm(direction) * np.median(others)
    return found
