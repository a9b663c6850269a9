"""What the process does for those who may speak to it; threads do the work, so that nobody waits for another."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

from vault.daemon.approvers import Approvers
from vault.daemon.moving_window import MovingWindow
from vault.daemon.sessions import Scope, Sessions, WallClock
from vault.daemon.watched import RUN, WatchedActions
from vault.errors.daemon import ApprovalNotProven, NotAtThisDoor, SessionEnded, TooManyTries, TrainingRuns
from vault.errors.families import Locked
from vault.sealing.passphrase import passphrase_secret
from vault.views.runs import Pulse
from vault.wire.messages import LoginRequest, PassphraseChange, Session
from vault.wire.proofs import LOCK_AFTER, LockAfter, Proof

if TYPE_CHECKING:
    from pydantic import SecretStr

    from vault.owner.interface.kinds import Progress
    from vault.sealing.secret import Secret
    from vault.sealing.slots import KdfCost
    from vault.vault import Vault
    from vault.wire.encoding import Json

WRONG_PAUSE: Final = 2.0
TRIES_A_MINUTE: Final = 10
THREADS: Final = 8
PATIENCE: Final = 5.0
"""Seconds that locking gives to what works on the vault."""

AGAIN_AFTER: Final = 600.0
"""Seconds after which a run that nobody has to start, and that could not begin, is tried again."""

Result = TypeVar("Result")


class Service:
    """An open vault with those who speak to it; `finish` ends the process."""

    def __init__(
        self, vault: Vault, *, clock: WallClock, lock_minutes: int, cost: KdfCost, finish: Callable[[], None],
        pause: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self.vault = vault
        self.sessions = Sessions(clock, lock_minutes=lock_minutes)
        self.approvers = Approvers(clock)
        self.watched = WatchedActions(vault)
        self._clock = clock
        self._cost = cost
        self._finish = finish
        self._pause = pause
        self._is_locked = False
        self._begun_rounds: dict[str, float] = {}
        self._tries = MovingWindow(most=TRIES_A_MINUTE, seconds=60.0)
        self._asked: set[Future[Any]] = set()
        self._workers = ThreadPoolExecutor(THREADS, thread_name_prefix="vault")
        # Apart from the others and alone: one key derivation at a time, whose pause holds up nobody else.
        self._authenticator = ThreadPoolExecutor(1, thread_name_prefix="authenticate")

    async def work(self, work: Callable[[], Result]) -> Result:
        """Do something with the vault in a thread."""
        return await self._in(self._workers, work)

    async def authenticate(self, work: Callable[[], Result]) -> Result:
        """Try a passphrase, after whoever came before."""
        return await self._in(self._authenticator, work)

    async def _in(self, pool: Executor, work: Callable[[], Result]) -> Result:
        asked = pool.submit(work)
        self._asked.add(asked)
        asked.add_done_callback(self._asked.discard)
        return await asyncio.wrap_future(asked)

    # who speaks

    def reject(self, token: str) -> NoReturn:
        """Say to who has no token of the owner why: `NotAtThisDoor` to a requester, else `SessionEnded`."""
        self.vault.token_holder(token)
        raise NotAtThisDoor(reason="that is for the vault's owner")

    def requester_of(self, token: str) -> str:
        """The id of the requester whose token this is; raises `SessionEnded`, also for everybody past the deadline.

        Whether a run holds the process up then is not to be heard from an answer.
        """
        if self.sessions.seconds_left() == 0:
            raise SessionEnded
        return self.vault.token_holder(token)

    def open_session(self, request: LoginRequest) -> Session:
        """A token and an approver for who knows the passphrase; raises the family of `Locked` and `TooManyTries`."""
        with _secret(request.passphrase) as secret:
            self._try(lambda: self.vault.check_secret(secret, recovery=request.recovery))
        if self.sessions.seconds_left() == 0:
            self._end_sessions()  # or who comes back in after the deadline would bring the others' tokens back to life
        approver, key = self.approvers.open()
        token = self.sessions.open(Scope(request.scope), approver=approver)
        return Session(token=token, approver=approver, approver_key=key)

    def end_session(self, token: str) -> None:
        """End one session, and with it what it could have approved."""
        for approver in self.sessions.end(token):
            self.approvers.end(approver)

    def change_passphrase(self, request: PassphraseChange) -> None:
        """Give the vault another passphrase; raises the family of `Locked` and `TooManyTries`."""
        with _secret(request.current) as current, _secret(request.new) as new:
            self._try(lambda: self.vault.check_secret(current, recovery=request.recovery))
            self.vault.renew_passphrase(current, new, recovery=request.recovery, cost=self._cost)

    def _try(self, attempt: Callable[[], None]) -> None:
        now = time.monotonic()
        if seconds := self._tries.take("passphrase", now):
            raise TooManyTries(seconds=math.ceil(seconds))
        try:
            attempt()
        except Locked:
            self._pause(WRONG_PAUSE)
            raise
        except BaseException:
            self._tries.give_back("passphrase", now)
            raise
        self._tries.give_back("passphrase", now)

    def new_nonce(self, approver: str) -> str:
        """A nonce for one proof of this approver; raises `ApprovalNotProven`."""
        self._check_session_of(approver)
        return self.approvers.nonce(approver)

    def _check_session_of(self, approver: str) -> None:
        """What a session could approve ends with it, also when it ended because nobody used it."""
        if not self.sessions.has_one_of(approver):
            self.approvers.end(approver)
            raise ApprovalNotProven

    def check_proof(self, proof: Proof, action: str, arguments: Mapping[str, Json]) -> None:
        """Raise `ApprovalNotProven` unless the passphrase stands behind exactly this action."""
        self._check_session_of(proof.approver)
        self.approvers.check(proof, action=action, arguments=arguments)

    def check_lock_after(self, wish: LockAfter, arguments: Mapping[str, Json]) -> None:
        """Raise `ApprovalNotProven` where it would lock later than now and the passphrase does not stand behind it."""
        if self.sessions.is_longer(wish.minutes):
            if wish.proof is None:
                raise ApprovalNotProven
            self.check_proof(wish.proof, LOCK_AFTER, arguments)

    # the process itself

    def begin_round(self) -> None:
        """Begin the next run that nobody has to start, after the one before it.

        One that could not begin, such as on a full disk, still waits: it is tried again after a while.
        """
        if self.watched.has_run or self.sessions.seconds_left() == 0:
            return
        for request in self.vault.rounds_to_run():
            if abs(self._clock() - self._begun_rounds.get(request, math.inf)) >= AGAIN_AFTER:
                self._begun_rounds[request] = self._clock()
                self.watched.begin(RUN, {"request_id": request}, partial(self._run, request))
                return

    def _run(self, request: str, progress: Progress) -> object:
        return self.vault.train(request, progress=progress)

    def lock_after(self, minutes: int) -> None:
        """Lock after so many minutes without use, and record it."""
        if not self.sessions.is_longer(minutes):
            self.sessions.lock_after(minutes)  # what makes it safer waits for nobody
        self.vault.note_lock_minutes(minutes)
        self.sessions.lock_after(minutes)

    def pulse(self) -> Pulse:
        """What changes by itself."""
        return Pulse(
            seconds_to_lock=self.sessions.seconds_left(),
            audit_entries=self.vault.trail_size(),
            runs=tuple(self.vault.runs()),
        )

    def lock(self, *, stop_training: bool) -> None:
        """Lock: everybody's session ends now, and the process with it; raises `TrainingRuns`."""
        if self.watched.has_run and not stop_training:
            raise TrainingRuns
        self._end_sessions()
        self._is_locked = True
        self._finish()

    def lock_if_due(self) -> None:
        """At the deadline every session ends at once; the process ends when what was begun has come to its end."""
        if self.sessions.seconds_left() == 0:
            self._end_sessions()
            if not self.watched.is_busy:
                self._finish()

    def close(self, patience: float = PATIENCE) -> bool:
        """End what was begun, give what works on the vault so many seconds to end, and return whether all of it did.

        What did not waits for something outside, such as a disk that is gone, and is not waited for.
        """
        until = time.monotonic() + patience
        self._end_sessions()
        has_ended = self.watched.end_all(until)
        for pool in (self._authenticator, self._workers):
            pool.shutdown(wait=False, cancel_futures=True)
        _, waiting = wait(self._asked.copy(), timeout=max(0.0, until - time.monotonic()))
        if (
            self._is_locked and has_ended and not waiting
        ):  # last, so that locking waited for nothing being written
            self.vault.note_locked()
        return has_ended and not waiting

    def _end_sessions(self) -> None:
        self.sessions.end_all()
        self.approvers.end_all()


@contextmanager
def _secret(typed: SecretStr) -> Iterator[Secret]:
    """A passphrase that came over the socket, wiped afterwards."""
    secret = passphrase_secret(typed.get_secret_value())
    try:
        yield secret
    finally:
        secret.wipe()
