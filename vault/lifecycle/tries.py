"""Wrong passphrases, counted outside the vault: who has no key can write nothing into it.

One file of a fixed length, so that no number of tries fills a disk. It stands under no key, so whoever can write to the
state folder can also remove it: what the trail says of it are at least so many tries, not at most.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from vault.errors.daemon import TooManyTries
from vault.sealing.durable import make_folders

if TYPE_CHECKING:
    from vault.settings import Paths

MOST_A_MINUTE: Final = 10
MINUTE: Final = 60
_LENGTH: Final = 160
_MOST: Final = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """How many wrong passphrases there were, the first and the last of them, and how many `within` the minute `since`.

    Moments are whole seconds since 1970.
    """

    count: int = 0
    first: int = 0
    last: int = 0
    since: int = 0
    within: int = 0

    def with_another(self, now: int) -> Tries:
        """The same with one more."""
        is_new = not self.since <= now < self.since + MINUTE
        since, within = (now, 1) if is_new else (self.since, min(self.within + 1, MOST_A_MINUTE))
        first = self.first if self.count else now
        count = min(self.count + 1, _MOST)
        return replace(self, count=count, first=first, last=now, since=since, within=within)


def check_rate(paths: Paths, now: datetime) -> None:
    """Raise `TooManyTries` when there were ten wrong passphrases within the last minute."""
    with suppress(OSError), _opened(paths, create=False) as file:
        tries, seconds = _read(file), int(now.timestamp())
        if tries.within >= MOST_A_MINUTE and tries.since <= seconds < tries.since + MINUTE:
            raise TooManyTries(seconds=tries.since + MINUTE - seconds)


def note_wrong(paths: Paths, now: datetime) -> None:
    """Count a wrong passphrase, where it can be counted: nobody is told that one was right because of a full disk."""
    with suppress(OSError):
        make_folders(paths.state)
        with _opened(paths, create=True) as file:
            _write(file, _read(file).with_another(int(now.timestamp())))


@contextmanager
def wrong_tries(paths: Paths) -> Iterator[Tries]:
    """What was counted so far; it is forgotten when the block ends without an error."""
    if not paths.tries.exists():
        yield Tries()
        return
    with _opened(paths, create=False) as file:
        tries = _read(file)
        yield tries
        if tries.count:
            # the minute goes on: who knows the passphrase does not let another one try ten more
            _write(file, replace(tries, count=0, first=0, last=0))


def moment(seconds: int) -> str:
    """A moment as an entry of the trail tells it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


@contextmanager
def _opened(paths: Paths, *, create: bool) -> Iterator[int]:
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | (os.O_CREAT if create else 0)
    file = os.open(paths.tries, flags, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)


def _read(file: int) -> Tries:
    """What stands in the file; nothing where something else stands there."""
    try:
        said = json.loads(os.pread(file, _LENGTH, 0))
        tries = Tries(**said)
    except (ValueError, TypeError):
        return Tries()
    is_whole = all(type(one) is int and 0 <= one < 2**40 for one in asdict(tries).values())
    return tries if is_whole else Tries()


def _write(file: int, tries: Tries) -> None:
    os.pwrite(file, json.dumps(asdict(tries)).ljust(_LENGTH).encode(), 0)
