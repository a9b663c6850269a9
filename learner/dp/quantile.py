"""How far out the tail of the normal distribution holds a given probability."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

_CENTRAL: Final = 0.13533528323661269189  # e^-2
_SQRT_2PI: Final = 2.50662827463100050242
_FAR: Final = 8.0

# Moshier's Cephes, ndtri.c: numerators and, without their leading one, denominators, highest power first
_P0 = (
    -59.9633501014107895267,
    98.0010754185999661536,
    -56.6762857469070293439,
    13.9312609387279679503,
    -1.23916583867381258016,
)
_Q0 = (
    1.95448858338141759834,
    4.67627912898881538453,
    86.3602421390890590575,
    -225.462687854119370527,
    200.260212380060660359,
    -82.0372256168333339912,
    15.9056225126211695515,
    -1.18331621121330003142,
)
_P1 = (
    4.05544892305962419923,
    31.5251094599893866154,
    57.1628192246421288162,
    44.0805073893200834700,
    14.6849561928858024014,
    2.18663306850790267539,
    -0.140256079171354495875,
    -0.0350424626827848203418,
    -8.57456785154685413611e-4,
)
_Q1 = (
    15.7799883256466749731,
    45.3907635128879210584,
    41.3172038254672030440,
    15.0425385692907503408,
    2.50464946208309415979,
    -0.142182922854787788574,
    -0.0380806407691578277194,
    -9.33259480895457427372e-4,
)
_P2 = (
    3.23774891776946035970,
    6.91522889068984211695,
    3.93881025292474443415,
    1.33303460815807542389,
    0.201485389549179081538,
    0.0123716634817820021358,
    3.01581553508235416007e-4,
    2.65806974686737550832e-6,
    6.23974539184983293730e-9,
)
_Q2 = (
    6.02427039364742014255,
    3.67983563856160859403,
    1.37702099489081330271,
    0.216236993594496635890,
    0.0134204006088543189037,
    3.28014464682127739104e-4,
    2.89247864745380683936e-6,
    6.79019408009981274425e-9,
)


def upper_quantile(tail: NDArray[np.float64]) -> NDArray[np.float64]:
    """x >= 0 with the probability ``tail`` above it, for tails from 0 to 1/2 (Cephes ndtri, mirrored)."""
    found = _central(tail)
    outer = np.flatnonzero(tail <= _CENTRAL)
    found[outer] = _outer(tail[outer])
    return found


def _central(tail: NDArray[np.float64]) -> NDArray[np.float64]:
    off = 0.5 - tail
    square = off * off
    ratio = _polynomial(square, _P0) / _polynomial(square, (1.0, *_Q0))
    found: NDArray[np.float64] = (off + off * (square * ratio)) * _SQRT_2PI
    return found


def _outer(tail: NDArray[np.float64]) -> NDArray[np.float64]:
    root = np.sqrt(-2.0 * np.log(tail))
    inverse = 1.0 / root
    correction = inverse * _polynomial(inverse, _P1) / _polynomial(inverse, (1.0, *_Q1))
    far = np.flatnonzero(root >= _FAR)
    beyond = inverse[far]
    correction[far] = beyond * _polynomial(beyond, _P2) / _polynomial(beyond, (1.0, *_Q2))
    found: NDArray[np.float64] = root - np.log(root) / root - correction
    return found


def _polynomial(at: NDArray[np.float64], coefficients: Sequence[float]) -> NDArray[np.float64]:
    """Horner's scheme, highest power first."""
    first, second, *rest = coefficients
    value = at * first + second
    for coefficient in rest:
        value *= at
        value += coefficient
    return value
