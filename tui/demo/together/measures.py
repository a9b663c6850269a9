"""How well a model tells who spends much: on the people held out, who never entered a vault."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tui.demo.hospital import logistic_fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from tui.demo.together.table import People


def auc(scores: npt.NDArray[np.float64], people: People) -> float:
    """How often somebody who spends much has the higher score of two (the area under the ROC curve)."""
    import numpy as np

    order = np.argsort(scores, kind="stable")
    ranks = np.empty(len(scores))
    ranks[order] = np.arange(1, len(scores) + 1)
    for tied in np.unique(scores[_repeated(scores)]):
        ranks[scores == tied] = ranks[scores == tied].mean()
    high = people.high == 1
    above = ranks[high].sum() - high.sum() * (high.sum() + 1) / 2
    return float(above / (high.sum() * (~high).sum()))


def _repeated(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    import numpy as np

    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    return np.asarray(counts[inverse] > 1)


def auc_of_model(file: Path, people: People) -> float:
    """The same of a model as it was exported: of two classes it is the difference that counts."""
    import numpy as np
    from safetensors.numpy import load

    weight = np.asarray(load(file.read_bytes())["weight"], dtype=np.float64)
    direction = weight[1] - weight[0] if len(weight) == 2 else weight[0]
    return auc(people.inputs() @ direction, people)


def auc_without_privacy(inside: Sequence[People], people: People) -> float:
    """Demo only: the same model of these people's records in one place without noise."""
    import numpy as np

    inputs = np.concatenate([one.inputs() for one in inside])
    weights = logistic_fit(inputs, np.concatenate([one.high for one in inside]))
    return auc(people.inputs() @ weights[:-1], people)
