"""A process of ours that confines itself: how it is started, what it tells line by line, and how it is ended.

Its own side is `learner.federation.confined_task`.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from learner.federation import confined_task
from learner.protocol import ENVIRONMENT
from vault.errors.families import LockboxError

Event = Mapping[str, Any]

_LONGEST_LINE: Final = 64 << 10
_MOST_EVENTS: Final = 10_000
"""What one errand may tell: some words on each round of a campaign, of which there are at most a thousand."""
_TO_END: Final = 10.0
"""Seconds that a process has to end in once it tells nothing any more."""
# from where this very code was loaded, whatever the interpreter would find by itself
_ROOT: Final = str(Path(confined_task.__file__).parents[2])
_PATH: Final = "import sys; sys.path.insert(0, sys.argv.pop(1)); "


@contextmanager
def started(
    program: str,
    *arguments: str,
    line: int | None = None,
    takes_input: bool = False,
    environment: Mapping[str, str] = ENVIRONMENT,
    within: float | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs a program of ours, ended with this block; it has no file but ``line`` and what it tells.

    ``program`` is Python, ``line`` the number of a connected descriptor. What is not over ``within`` so many seconds is
    killed.
    """
    process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
        (sys.executable, "-I", "-c", _PATH + program, _ROOT, *arguments),
        stdin=subprocess.PIPE if takes_input else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=dict(environment),
        pass_fds=() if line is None else (line,),
    )
    assert process.stdout is not None
    end = threading.Timer(within or 0, process.kill)
    end.daemon = True
    if within is not None:
        end.start()
    try:
        with process.stdout:
            yield process
    finally:
        end.cancel()
        process.kill()
        process.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """Whether the kernel refused a confined process an attempt, and how: an errno's name, or "allowed"."""

    name: str
    refused: bool
    how: str


def tried(told: Event, called: Sequence[str], *, who: str) -> Tried:
    """An attempt that a process told: one on "file 1" as one on what the first path is called."""
    name = str(told["name"])
    attempt, _, number = name.rpartition(" ")
    if number.isdecimal() and 1 <= int(number) <= len(called):
        name = f"{attempt}: {called[int(number) - 1]}"
    return Tried(name=f"{who}: {name}", refused=bool(told["refused"]), how=str(told["how"]))


class Lines:
    """What a process tells, line by line; ``failed`` wants a reason, and is raised for what is none of its events."""

    def __init__(
        self, process: subprocess.Popen[bytes], failed: type[LockboxError], events: frozenset[str]
    ) -> None:
        assert process.stdout is not None
        self._descriptor, self._failed, self._events = process.stdout.fileno(), failed, events
        self._process = process
        self._data = b""
        self.is_over = False

    def within(self, seconds: float) -> list[Event]:
        """What it tells next, or nothing within that time."""
        ready, _, _ = select.select([self._descriptor], [], [], max(0.0, seconds))
        if not ready:
            return []
        more = os.read(self._descriptor, _LONGEST_LINE)
        self.is_over = not more
        *lines, self._data = (self._data + more).split(b"\n")
        if len(self._data) > _LONGEST_LINE:
            raise self._not_understood()
        return [self._parsed(one) for one in lines]

    def until_over(self, patience: float) -> Iterator[Event]:
        """All that it tells; raises what it ``failed`` with where that is endless, or takes over so many seconds."""
        until, count = time.monotonic() + patience, 0
        while not self.is_over:
            if time.monotonic() >= until:
                raise self._failed(reason="it took too long")
            told = self.within(until - time.monotonic())
            count += len(told)
            if count > _MOST_EVENTS:
                raise self._failed(reason="it tells more than an errand can")
            yield from told

    def exit_code(self) -> int:
        """How it ended, once it tells nothing any more; raises what it ``failed`` with where it goes on."""
        try:
            return self._process.wait(_TO_END)
        except subprocess.TimeoutExpired:
            raise self._failed(reason="it did not end") from None

    def _parsed(self, line: bytes) -> Event:
        from learner.federation.confined_events import read_line

        told = read_line(line, self._events)
        if told is None:
            raise self._not_understood()
        return told

    def _not_understood(self) -> LockboxError:
        return self._failed(reason="it says what nobody understands")


def error_in(event: Event) -> LockboxError:
    """The error that a process told."""
    from vault.wire.errors import ErrorBody, error_from

    return error_from(ErrorBody.model_validate(dict(event)))
