"""Whether this computer rounds the products of rows as little as the proof has it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from learner.dp.books import Layer, Network
from learner.dp.plan import Plan


def rounds_too_much(network: Network, plan: Plan) -> bool:
    """Whether a product of float32 is off by more than gamma_k times what it adds up, at made-up numbers.

    A library that computes it with shorter numbers, or by a way with fewer multiplications, would be.
    """
    if not plan.slots:
        return False
    books = network.books_at(np.zeros(plan.parameters))(np.zeros(1, dtype=np.int64))
    return any(_is_off(network, layer, plan) for layer in books)


def _is_off(network: Network, layer: Layer, plan: Plan) -> bool:
    gradients, inputs = (_made_up(plan.slots, part.shape[1]) for part in (layer.gradients, layer.inputs))
    found = np.zeros((gradients.shape[1], inputs.shape[1]))
    network.add_product(found, gradients, inputs, plan.slots)
    left, right = gradients.T.astype(np.float64), inputs.astype(np.float64)
    # what is compared with is a product too, of float64, whose own rounding is beside this as 1 beside 2^29
    most = plan.product_roundoff * (1 + 2.0**-20)
    return bool((np.abs(found - left @ right) > most * (np.abs(left) @ np.abs(right))).any())


def _made_up(rows: int, columns: int) -> NDArray[np.float32]:
    found: NDArray[np.float32] = np.sin(np.arange(1.0, 1 + rows * columns)).astype(np.float32)
    return found.reshape(rows, columns)
