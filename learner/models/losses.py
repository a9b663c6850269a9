"""What a model is taught by: the loss of rows."""

from __future__ import annotations

from typing import Literal, TypeAlias

from torch import Tensor
from torch.nn import functional

Loss: TypeAlias = Literal["squared", "cross_entropy"]


def row_losses(loss: Loss, outputs: Tensor, labels: Tensor) -> Tensor:
    """The loss of each row, (rows,): half the squared error of the one output, or -log softmax at the label.

    ``outputs`` (rows, K) float32; ``labels`` (rows,) standardised numbers, or class codes int64.
    """
    if loss == "squared":
        return (outputs[:, 0] - labels).square() / 2
    return functional.cross_entropy(outputs, labels, reduction="none")
