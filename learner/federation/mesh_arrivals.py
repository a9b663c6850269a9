"""What a peer of a mesh asks others for, and what of that which came waits to be judged.

Whoever has a certificate can send without end, so all that waits is bounded: what each peer put under its own key by
itself, so that none crowds out another, and all answers together, since an answer can carry any key.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from math import prod
from typing import TYPE_CHECKING, Final

from learner.federation.mesh_forms import SHARED_LIMIT
from vault.requester.coordinating import update_shapes
from vault.requester.forms import MANIFEST_LIMIT, RELEASE_LIMIT, SIGNATURE_LIMIT

if TYPE_CHECKING:
    from vault.requester.coordinating import CampaignDocument

MOST_ASKED: Final = 128
"""Models that are asked for at one time."""
MOST_OF_A_PEER: Final = 2 << 20
"""Bytes of a peer that may wait, or its largest model where that is larger."""
MOST_ANSWERS: Final = 64 << 20
"""Bytes of answers that may wait, whoever sent them."""
MOST_OF_A_KIND: Final = 256
"""How many of a peer may wait, and how many answers."""
_ANSWERS: Final = "answers"
_WEIGHT, _NUMBER = 4, 8
_HEADERS: Final = 64 << 10
_HEADER: Final = 1 << 10


def largest_release(document: CampaignDocument) -> int:
    """Bytes of the largest released model that this campaign can have, with the round that it answers."""
    shapes = update_shapes(document.job).values()
    tensors = sum((_WEIGHT + _NUMBER) * prod(one) + 2 * _HEADER for one in shapes) + _HEADERS
    parts = MANIFEST_LIMIT + RELEASE_LIMIT + 2 * SIGNATURE_LIMIT + tensors
    return min(SHARED_LIMIT, 4 * parts // 3 + _HEADER)


def missing_models(
    document: CampaignDocument, here: Iterable[tuple[int, str]], now: datetime
) -> list[tuple[int, str]]:
    """The models, by round and key, that others may have and are not here; the latest rounds come first.

    A round begins with the deadline of the one before, or as soon as all models of that are here.
    """
    found, keys = set(here), [one.key for one in document.peers]
    numbers = range(1, document.rounds + 1)
    over = [
        number
        for number in numbers
        if now >= document.deadline(number) or all((number, key) in found for key in keys)
    ]
    latest = min(max(over, default=0) + 1, document.rounds)
    wanted = [(number, key) for number in range(latest, 0, -1) for key in keys if (number, key) not in found]
    return wanted[:MOST_ASKED]


def round_and_key(name: str) -> tuple[int, str] | None:
    """The round and the key in the name of something on the network, or None where it is none of ours."""
    *_, number, key = name.split("/")
    is_number = number.isascii() and number.isdecimal() and len(number) <= 4 and number[0] != "0"
    is_key = len(key) == 64 and set(key) <= set("0123456789abcdef")
    return (int(number), key) if is_number and is_key else None


@dataclass(slots=True, kw_only=True)
class Arrivals:
    """What waits to be judged, from several threads; ``largest`` is in bytes, ``keys`` are those of the peers."""

    largest: int
    rounds: int
    keys: frozenset[str]
    _waiting: dict[tuple[str, str, str], bytes] = field(default_factory=dict)
    _bytes: Counter[str] = field(default_factory=Counter)
    _number: Counter[str] = field(default_factory=Counter)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def takes(self, name: str, size: int) -> bool:
        """Whether so many bytes under this name can be a released model of this campaign."""
        wanted = round_and_key(name)
        return (
            size <= self.largest
            and wanted is not None
            and wanted[0] <= self.rounds
            and wanted[1] in self.keys
        )

    def put(self, name: str, data: bytes) -> bool:
        """Let wait what a peer put under its own key; False where there is no room for more of it."""
        return self._add(name.rpartition("/")[2], "", name, data, max(MOST_OF_A_PEER, self.largest))

    def answer(self, name: str, data: bytes, sender: str) -> bool:
        """Let wait what somebody answered; False where there is no room for more answers."""
        return self._add(_ANSWERS, sender, name, data, MOST_ANSWERS)

    def next(self, within: float) -> tuple[str, bytes] | None:
        """The name and the bytes of what waits longest, or None where nothing comes within these seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: bool(self._waiting), within):
                return None
            kind, _, name = first = next(iter(self._waiting))
            data = self._waiting.pop(first)
            self._count(kind, -1, -len(data))
            return name, data

    def _add(self, kind: str, sender: str, name: str, data: bytes, most: int) -> bool:
        with self._changed:
            is_there = (kind, sender, name) in self._waiting
            has_room = self._bytes[kind] + len(data) <= most and self._number[kind] < MOST_OF_A_KIND
            if is_there or not has_room:
                return False
            self._waiting[kind, sender, name] = data
            self._count(kind, 1, len(data))
            self._changed.notify()
            return True

    def _count(self, kind: str, number: int, size: int) -> None:
        self._number[kind] += number
        self._bytes[kind] += size
