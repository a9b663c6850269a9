"""The root key of a vault from a passphrase or a recovery key, which may be looked for while the rest is loaded."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from vault.errors.families import Locked
from vault.lifecycle.tries import counted_try
from vault.sealing.header import good_headers, unlock_with_recovery_key
from vault.sealing.header import unlock as unlock_with_passphrase
from vault.sealing.keytree import KeyTree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.sealing.header import Header
    from vault.sealing.secret import Secret
    from vault.settings import Paths


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlocked:
    """The header that a passphrase or recovery key opened, the keys it gave, and the other good copy if it differs."""

    header: Header
    keys: KeyTree
    others: list[Header]


def unlock(paths: Paths, secret: Secret, *, recovery: bool, now: datetime) -> Unlocked:
    """Try a passphrase or a recovery key; a wrong one is counted.

    Raises `WrongPassphrase`, `WrongRecoveryKey`, `TooManyTries`, `DamagedHeader`, and `Unavailable` where there is not
    the memory that a passphrase takes.
    """
    headers = good_headers(paths.vault)
    with counted_try(paths, now):
        return _unlock(headers, secret, recovery=recovery)


class Begun:
    """An unlocking that goes on in another thread; the keys are wiped by whoever takes them."""

    def __init__(self, future: Future[Unlocked]) -> None:
        self._future, self._is_taken = future, False

    def take(self) -> Unlocked:
        """Wait for what it gives; raises what `unlock` does."""
        unlocked = self._future.result()
        self._is_taken = True
        return unlocked

    def end(self, *, is_good: bool) -> None:
        """Wipe the keys, unless somebody has taken them and all went well."""
        if not (is_good and self._is_taken) and self._future.exception() is None:
            self._future.result().keys.wipe()


@contextmanager
def unlocking(paths: Paths, secret: Secret, *, recovery: bool) -> Iterator[Begun]:
    """Begin to unlock in another thread, where most of it is computed outside of Python.

    The keys are wiped where the block fails, whether the vault was opened with them or not, and where nobody took them.
    """
    with ThreadPoolExecutor(max_workers=1) as pool:
        begun = Begun(pool.submit(unlock, paths, secret, recovery=recovery, now=datetime.now(UTC)))
        is_good = False
        try:
            yield begun
            is_good = True
        finally:
            begun.end(is_good=is_good)


def root_secret(header: Header, secret: Secret, *, recovery: bool) -> Secret:
    """The root key of a vault, opened by the passphrase or by the recovery key."""
    if recovery:
        return unlock_with_recovery_key(header, secret.reveal().decode())
    return unlock_with_passphrase(header, secret)


def _unlock(headers: list[Header], secret: Secret, *, recovery: bool) -> Unlocked:
    """Two different copies are two doors: after a change that was not finished either may be the vault's own."""
    for number, header in enumerate(headers):
        try:
            root = root_secret(header, secret, recovery=recovery)
        except Locked:
            if number == len(headers) - 1:
                raise
        else:
            others = [other for other in headers if other != header]
            return Unlocked(header=header, keys=KeyTree(root), others=others)
    raise AssertionError("there is at least one good copy, or its reading had failed")
