"""How much anybody may ask of a coordinator: bytes, seconds, and requests in a while."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vault.errors.federation import TooManyRequests, UploadTooLarge, UploadTooSlow

if TYPE_CHECKING:
    from starlette.requests import Request

MOST_REMEMBERED: Final = 10_000
"""Askers whose requests are counted at once; of more, those that asked longest ago are forgotten."""


DISCARDED: Final = 16 << 20
"""Bytes of a body that says it is too large which are read and forgotten: who still sends does not hear why it ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds for the head of a request and for its body; connections at once, in all and ``of_address``; requests in a
    row and a minute, of a key and of strangers.
    """

    head_seconds: float = 20
    body_seconds: float = 120
    idle_seconds: int = 60
    connections: int = 1000
    of_address: int = 250
    of_key: int = 300
    of_stranger: int = 30


class Allowance:
    """So many requests in a row, which come back over a minute; raises ``TooManyRequests``."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = most, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, who: str) -> None:
        """Count one request."""
        left = self._left_of(who)
        if left < 1:
            raise TooManyRequests(seconds=max(1, round(60 / self._most)))
        self._left[who] = (left - 1, self._clock())
        self._left.move_to_end(who)
        if len(self._left) > MOST_REMEMBERED:
            self._left.popitem(last=False)

    def check(self, who: str) -> None:
        """Refuse who has none left, counting nothing."""
        if self._left_of(who) < 1:
            raise TooManyRequests(seconds=max(1, round(60 / self._most)))

    def _left_of(self, who: str) -> float:
        left, since = self._left.get(who, (float(self._most), self._clock()))
        return min(self._most, left + (self._clock() - since) * self._most / 60)


async def bounded_body(request: Request, most: int, seconds: float) -> bytes:
    """The body, as long as it is no larger and comes in time; raises ``UploadTooLarge`` and ``UploadTooSlow``."""
    said = request.headers.get("content-length", "0")
    is_too_large = not said.isdecimal() or int(said) > most
    parts, size = list[bytes](), 0
    try:
        async with asyncio.timeout(seconds):
            async for part in request.stream():
                size += len(part)
                if size > (DISCARDED if is_too_large else most):
                    raise UploadTooLarge(most=most)
                if not is_too_large:
                    parts.append(part)
    except TimeoutError:
        raise UploadTooSlow(seconds=f"{seconds:g}") from None
    if is_too_large:
        raise UploadTooLarge(most=most)
    return b"".join(parts)
