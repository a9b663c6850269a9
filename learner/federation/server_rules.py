"""What is done with the aggregate of a round: a step of gradients, an average of models, a solution of moments."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from learner.federation.aggregate import Floats

RIDGE: Final = 2.0
"""The ridge, in √p deviations of the noise: as far as the eigenvalues of a matrix of noise alone go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerState:
    """The weights of a campaign between two rounds, and how fast they move."""

    weights: Floats
    velocity: Floats


def start(weights: Floats) -> ServerState:
    """Before the first round: nothing moves yet."""
    return ServerState(weights=weights, velocity=np.zeros_like(weights))


def gradient_step(
    state: ServerState, gradient_sum: Floats, *, units: float, lr: float, momentum: float
) -> ServerState:
    """One step of gradient descent with momentum; ``units`` is the public guess of a vault's units, never a count."""
    velocity = momentum * state.velocity + gradient_sum / units
    return ServerState(weights=state.weights - lr * velocity, velocity=velocity)


def averaged(state: ServerState, movement: Floats, *, lr: float = 1.0, momentum: float = 0.0) -> ServerState:
    """FedAvg: the weights move by the aggregate of what the vaults moved them (McMahan et al. 2017).

    With momentum it is FedAvgM (Hsu, Qi, Brown 2019).
    """
    velocity = momentum * state.velocity + movement
    return ServerState(weights=state.weights + lr * velocity, velocity=velocity)


def mirrored(triangle: Floats, width: int) -> Floats:
    """The symmetric matrix of an upper triangle, row by row."""
    if triangle.shape != (width * (width + 1) // 2,):
        raise ValueError("the products are not the upper triangle of so many inputs")
    above = np.zeros((width, width))
    above[np.triu_indices(width)] = triangle
    found: Floats = above + np.triu(above, 1).T
    return found


def repaired(products: Floats, least: float) -> Floats:
    """The nearest symmetric matrix of which no eigenvalue is below ``least``: noise can make some negative."""
    values, vectors = np.linalg.eigh(products)
    return np.asarray((vectors * np.maximum(values, least)) @ vectors.T, dtype=np.float64)


def solved_moments(triangle: Floats, targets: Floats, *, variance: float) -> Floats:
    """The weights, the constant last, of noisy sums of products (x, 1)(x, 1)' and (x, 1)y: (X'X + ridge)⁻¹ X'y.

    ``variance`` is that of the noise on each number of the aggregate. A symmetric matrix of noise alone has
    eigenvalues up to 2√(variance·p) (Wigner), which is the ridge; what is below zero is taken for zero.
    """
    width = len(targets)
    ridge = RIDGE * math.sqrt(variance * width)
    products = repaired(mirrored(triangle, width), 0.0)
    return np.asarray(np.linalg.solve(products + ridge * np.eye(width), targets), dtype=np.float64)
