"""Blocks of rows go to lanes in turn, and what each lane adds up is put together at the end.

How many lanes there are follows from the kind of model alone. So a sum has the same bits whether one thread goes
through them one after another or each has a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from learner.dp.books import Network
from learner.dp.clipping import Reduction, clipped_sum
from learner.dp.plan import Plan
from learner.dp.units import Units
from learner.second_thread import SecondThread

Given = TypeVar("Given")


class Lanes:
    """One model, with room of its own for each lane that has a thread."""

    def __init__(self, make: Callable[[], Network], count: int, second: SecondThread) -> None:
        self._networks = [make() for _ in range(min(count, second.threads))]
        self._lanes = [slice(lane, None, count) for lane in range(count)]
        self._second = second

    @property
    def first(self) -> Network:
        """The model that the first thread computes with."""
        return self._networks[0]

    def each(self, work: Callable[[Network], Given]) -> list[Given]:
        """What work gives in each thread, with the model that is computed with there."""
        return self._second.run_all([partial(work, network) for network in self._networks])

    def clipped_sum(
        self,
        units: Units,
        members: NDArray[np.int64],
        theta: NDArray[np.float64],
        *,
        plan: Plan,
        reduction: Reduction,
    ) -> NDArray[np.float64]:
        """The sum (d,) of the bounded gradients of the members at these weights (d,), each other block in a lane."""

        def sums(network: Network, lanes: Sequence[slice]) -> list[NDArray[np.float64]]:
            books = network.books_at(theta)
            return [
                clipped_sum(
                    units, members, books, network=network, plan=plan, reduction=reduction, turns=lane
                )
                for lane in lanes
            ]

        shares = [self._lanes[thread :: len(self._networks)] for thread in range(len(self._networks))]
        tasks = [partial(sums, *each) for each in zip(self._networks, shares, strict=True)]
        total, *others = chain.from_iterable(self._second.run_all(tasks))
        for other in others:
            np.add(total, other, out=total)
        return total
