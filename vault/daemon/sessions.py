"""Sessions: who may speak, for how long, and when the vault locks by itself. Everything here is in memory alone."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from typing import Final

from vault.errors.daemon import SessionEnded
from vault.sealing.token import new_token, token_digest

WallClock = Callable[[], float]
"""Seconds since 1970, as `time.time`: it goes on while the computer sleeps."""

CLI_IDLE: Final = 600.0
LONGEST: Final = 12 * 3600.0
"""A session ends so long after the passphrase was typed for it, however much it is used."""
# A clock that is corrected by a little is no reason to lock; one that is set back would keep the vault open.
_SET_BACK: Final = 60.0


class Scope(StrEnum):
    """What a token is for."""

    OWNER = "owner"
    CLI = "cli"


@dataclass(slots=True, kw_only=True)
class _Session:
    digest: str
    scope: Scope
    approver: str
    opened_at: float
    used_at: float


class Sessions:
    """The tokens of the owner's screens and commands; SHA-256 digests are all that is kept of them."""

    def __init__(self, clock: WallClock, *, lock_minutes: int) -> None:
        self._clock = clock
        self._lock_seconds = lock_minutes * 60.0
        self._renewed_at = clock()
        self._sessions: list[_Session] = []
        self._guard = Lock()

    def open(self, scope: Scope, *, approver: str) -> str:
        """A new token of one scope, opened together with this approver."""
        token = new_token()
        now = self._clock()
        with self._guard:
            self._sessions = [one for one in self._sessions if _is_alive(one, now)]
            self._sessions.append(
                _Session(
                    digest=token_digest(token), scope=scope, approver=approver, opened_at=now, used_at=now
                )
            )
            self._renewed_at = now
        return token

    def use(self, token: str, *, in_background: bool) -> Scope:
        """The scope of a token, which a use keeps alive, and with it the vault unless the use is `in_background`.

        Raises `SessionEnded`.
        """
        now = self._clock()
        with self._guard:
            session = None if self._is_due(now) else self._find(token, now)
            if session is None:
                raise SessionEnded
            if not in_background:
                session.used_at = self._renewed_at = now
            return session.scope

    def has_one_of(self, approver: str) -> bool:
        """Whether the session that was opened with this approver still lives."""
        now = self._clock()
        with self._guard:
            alive = [] if self._is_due(now) else [one for one in self._sessions if _is_alive(one, now)]
        return any(one.approver == approver for one in alive)

    def end(self, token: str) -> list[str]:
        """Forget one token and return the approver that was opened with it."""
        digest = token_digest(token)
        with self._guard:
            ended = [one for one in self._sessions if hmac.compare_digest(one.digest, digest)]
            self._sessions = [one for one in self._sessions if one not in ended]
        return [one.approver for one in ended]

    def end_all(self) -> None:
        """Forget every token: the vault is about to lock."""
        with self._guard:
            self._sessions.clear()

    def is_longer(self, minutes: int) -> bool:
        """Whether this would let the vault stay open longer without use than it does now."""
        return minutes * 60.0 > self._lock_seconds

    def lock_after(self, minutes: int) -> None:
        """Lock after so many minutes without use, from now on."""
        with self._guard:
            self._lock_seconds = minutes * 60.0

    def seconds_left(self) -> int:
        """Whole seconds until the vault locks unless it is used; 0 when that is due."""
        now = self._clock()
        with self._guard:
            return 0 if self._is_due(now) else max(1, int(self._renewed_at + self._lock_seconds - now))

    def _is_due(self, now: float) -> bool:
        return not self._renewed_at - _SET_BACK <= now < self._renewed_at + self._lock_seconds

    def _find(self, token: str, now: float) -> _Session | None:
        digest = token_digest(token)
        found = [one for one in self._sessions if hmac.compare_digest(one.digest, digest)]
        return next((one for one in found if _is_alive(one, now)), None)


def _is_alive(session: _Session, now: float) -> bool:
    is_fresh = session.used_at - _SET_BACK <= now < session.used_at + CLI_IDLE
    is_young = session.opened_at - _SET_BACK <= now < session.opened_at + LONGEST
    return is_young and (session.scope is Scope.OWNER or is_fresh)
