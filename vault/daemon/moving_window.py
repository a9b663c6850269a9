"""At most so many of something within so many seconds, for each key; in memory alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from threading import Lock


class MovingWindow:
    """Counts what happened within the last `seconds`; times are of a clock that only goes forward."""

    def __init__(self, *, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._taking = Lock()
        self._seen: dict[Hashable, deque[float]] = {}

    def wait(self, key: Hashable, now: float) -> float:
        """How many seconds until one more is within the limit; 0 when it is now."""
        self._forget(now)
        seen = self._seen.get(key)
        return seen[0] + self._seconds - now if seen and len(seen) >= self._most else 0.0

    def take(self, key: Hashable, now: float) -> float:
        """Count one unless there are too many: how many seconds until one more is within the limit, 0 when it was."""
        with self._taking:
            seconds = self.wait(key, now)
            if not seconds:
                self.add(key, now)
            return seconds

    def give_back(self, key: Hashable, then: float) -> None:
        """Count one less that was taken then."""
        with self._taking:
            seen = self._seen.get(key, deque())
            if then in seen:
                seen.remove(then)

    def add(self, key: Hashable, now: float) -> None:
        """Count one."""
        self._seen.setdefault(key, deque(maxlen=self._most)).append(now)

    def _forget(self, now: float) -> None:
        for key, seen in list(self._seen.items()):
            while seen and seen[0] <= now - self._seconds:
                seen.popleft()
            if not seen:
                del self._seen[key]
