"""What a model is taught by: the loss of rows, and how it moves with the outputs."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Loss: TypeAlias = Literal["squared", "cross_entropy"]


def row_losses(loss: Loss, outputs: NDArray[np.float64], labels: NDArray[Any]) -> NDArray[np.float64]:
    """The loss of each row, (rows,): half the squared error of the one output, or -log softmax at the label.

    ``outputs`` (K, rows); ``labels`` (rows,) standardised numbers, or class codes.
    """
    if loss == "squared":
        errors: NDArray[np.float64] = outputs[0] - labels
        return errors * errors / 2
    above = outputs - outputs.max(axis=0)
    losses: NDArray[np.float64] = np.log(np.exp(above).sum(axis=0)) - above[labels, np.arange(len(labels))]
    return losses


def residuals(
    loss: Loss, outputs: NDArray[np.float64], labels: NDArray[Any], known: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """The derivative of each row's loss by its outputs, (K, rows); zeros where the label is not ``known``.

    Every operation is on one row's numbers alone. Of two classes one row is the other with the other sign.
    """
    if loss == "squared":
        found: NDArray[np.float64] = outputs - labels
    elif len(outputs) == 2:
        second = 1.0 / (1.0 + np.exp(outputs[0] - outputs[1])) - labels
        found = np.stack((-second, second))
    else:
        found = np.exp(outputs - outputs.max(axis=0))
        found /= found.sum(axis=0)
        found[labels, np.arange(len(labels))] -= 1
    np.copyto(found, 0.0, where=~known)
    return found
