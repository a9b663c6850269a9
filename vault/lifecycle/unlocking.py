"""The root key of a vault from a passphrase or a recovery key, which may be looked for while the rest is loaded."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from vault.errors.families import Locked
from vault.errors.keys import WrongPassphrase, WrongRecoveryKey
from vault.lifecycle.tries import check_rate, note_wrong
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
    check_rate(paths, now)
    try:
        return _unlock(paths, secret, recovery=recovery)
    except (WrongPassphrase, WrongRecoveryKey):
        note_wrong(paths, now)
        raise


@contextmanager
def unlocking(paths: Paths, secret: Secret, *, recovery: bool) -> Iterator[Future[Unlocked]]:
    """Begin to unlock in another thread, where most of it is computed outside of Python.

    The keys are wiped where the block fails, whether the vault was opened with them or not.
    """
    with ThreadPoolExecutor(max_workers=1) as pool:
        begun = pool.submit(unlock, paths, secret, recovery=recovery, now=datetime.now(UTC))
        try:
            yield begun
        except BaseException:
            if begun.exception() is None:
                begun.result().keys.wipe()
            raise


def root_secret(header: Header, secret: Secret, *, recovery: bool) -> Secret:
    """The root key of a vault, opened by the passphrase or by the recovery key."""
    if recovery:
        return unlock_with_recovery_key(header, secret.reveal().decode())
    return unlock_with_passphrase(header, secret)


def _unlock(paths: Paths, secret: Secret, *, recovery: bool) -> Unlocked:
    """Two different copies are two doors: after a change that was not finished either may be the vault's own."""
    headers = good_headers(paths.vault)
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
