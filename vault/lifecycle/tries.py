"""Wrong passphrases, counted outside the vault: who has no key can write nothing into it.

One file of a fixed length, so that no number of tries fills a disk. It stands under no key, so whoever can write to the
state folder can also remove it: what the trail says of it are at least so many tries, not at most.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from vault.errors.daemon import TooManyTries
from vault.errors.keys import WrongPassphrase, WrongRecoveryKey
from vault.regular_file import lies_there
from vault.sealing.durable import make_folders

if TYPE_CHECKING:
    from vault.settings import Paths

MOST_A_MINUTE: Final = 10
MINUTE: Final = 60
_LENGTH: Final = 160
_LATEST: Final = 253_402_300_799
"""The last second of the year 9999, after which no moment can be told."""
_MOST: Final = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """How many wrong passphrases there were, the first and the last of them, and how many tries `within` the minute
    `since`.

    A try that goes on counts within the minute. Moments are whole seconds since 1970.
    """

    count: int = 0
    first: int = 0
    last: int = 0
    since: int = 0
    within: int = 0

    def begun(self, now: int) -> Tries:
        """The same with a try more in the minute; raises `TooManyTries` where it has ten."""
        if not self.since <= now < self.since + MINUTE:
            return replace(self, since=now, within=1)
        if self.within >= MOST_A_MINUTE:
            raise TooManyTries(seconds=self.since + MINUTE - now)
        return replace(self, within=self.within + 1)

    def taken_back(self, since: int) -> Tries:
        """The same with a try less in the minute that began at `since`, if it goes on."""
        return replace(self, within=max(self.within - 1, 0)) if self.since == since else self

    def found_wrong(self, now: int) -> Tries:
        """The same with one more that was wrong."""
        first = self.first if self.count else now
        return replace(self, count=min(self.count + 1, _MOST), first=first, last=now)


@contextmanager
def counted_try(paths: Paths, now: datetime) -> Iterator[None]:
    """Count a try before the block makes it; it is taken back where the block ends without an error.

    So what is tried at once is no more than what is tried in turn. One that a crash cuts short stays in the count of
    its minute, which is safe, and is not called wrong. Where nothing can be counted, because the disk is full or
    read-only, the passphrase is tried all the same. Raises `TooManyTries`.
    """
    seconds, since = int(now.timestamp()), None
    with suppress(OSError), _changing(paths) as file:
        begun = _read(file).begun(seconds)
        _write(file, begun)
        since = begun.since
    try:
        yield
    except (WrongPassphrase, WrongRecoveryKey):
        with suppress(OSError), _changing(paths) as file:
            _write(file, _read(file).found_wrong(seconds))
        raise
    if since is not None:
        with suppress(OSError), _changing(paths) as file:
            left = _read(file).taken_back(since)
            _write(file, left)
            if not (left.count or left.within):
                paths.tries.unlink()


@contextmanager
def wrong_tries(paths: Paths) -> Iterator[Tries]:
    """What was counted so far; it is forgotten when the block ends without an error."""
    with ExitStack() as stack:
        try:
            file = stack.enter_context(_opened(paths, create=False))
        except FileNotFoundError:
            file = None
        tries = Tries() if file is None else _read(file)
        yield tries
        if file is not None and tries.count:
            # the minute goes on: who knows the passphrase does not let another one try ten more
            _write(file, replace(tries, count=0, first=0, last=0))


def moment(seconds: int) -> str:
    """A moment as an entry of the trail tells it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


@contextmanager
def _changing(paths: Paths) -> Iterator[int]:
    make_folders(paths.state)
    with _opened(paths, create=True) as file:
        yield file


@contextmanager
def _opened(paths: Paths, *, create: bool) -> Iterator[int]:
    """The file while nobody else has it; one that was taken away while it was waited for is opened anew."""
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | (os.O_CREAT if create else 0)
    is_there = False
    while not is_there:
        file = os.open(paths.tries, flags, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            is_there = lies_there(file, paths.tries)
            if is_there:
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
    is_whole = all(type(one) is int and 0 <= one <= _LATEST for one in asdict(tries).values())
    return tries if is_whole else Tries()


def _write(file: int, tries: Tries) -> None:
    os.pwrite(file, json.dumps(asdict(tries)).ljust(_LENGTH).encode(), 0)
    os.fsync(file)
