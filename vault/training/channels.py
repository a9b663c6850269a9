"""The four descriptors between the vault and a learner, and how bytes go through them without either waiting."""

from __future__ import annotations

import fcntl
import os
import selectors
import stat
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from learner.protocol import Bytes, frame_head, write_all

_CHUNK = 1 << 16

Sink = Callable[[bytes], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """Our ends of a learner's four descriptors, and its own ends (``theirs``) until it has them."""

    job: int
    columns: int
    progress: int
    envelope: int
    theirs: tuple[int, int, int, int]
    open_ends: set[int]

    def hand_over(self, columns: Bytes) -> dict[int, list[memoryview]]:
        """Fill and seal the memory file, or say what has to go through the pipe where there is none."""
        if not _is_memory_file(self.columns):
            return {
                self.columns: [
                    memoryview(frame_head(memoryview(columns).nbytes)),
                    memoryview(columns).cast("B"),
                ]
            }
        write_all(self.columns, columns)
        seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL
        fcntl.fcntl(self.columns, fcntl.F_ADD_SEALS, seals)
        return {}

    def close_theirs(self) -> None:
        """Close the learner's ends here, so that either side sees the end of the other."""
        self._close(set(self.theirs))

    def close(self) -> None:
        """Close what is still open."""
        self._close(set(self.open_ends))

    def _close(self, ends: set[int]) -> None:
        for fd in ends & self.open_ends:
            self.open_ends.discard(fd)
            os.close(fd)


def open_channels() -> Channels:
    """Open everything a learner needs; raises OSError when there are too many descriptors open."""
    ends: set[int] = set()
    try:
        job_end, job = _opened_ends(os.pipe, ends)
        columns_end, columns = _opened_ends(_column_ends, ends)
        progress, progress_end = _opened_ends(os.pipe, ends)
        envelope, envelope_end = _opened_ends(os.pipe, ends)
    except OSError:
        for fd in ends:
            os.close(fd)
        raise
    theirs = (job_end, columns_end, progress_end, envelope_end)
    return Channels(
        job=job, columns=columns, progress=progress, envelope=envelope, theirs=theirs, open_ends=ends
    )


def _opened_ends(make: Callable[[], tuple[int, int]], ends: set[int]) -> tuple[int, int]:
    pair = make()
    ends.update(pair)
    return pair


def _column_ends() -> tuple[int, int]:
    """The reading and the writing end: on Linux one memory file, opened a second time for reading only."""
    if sys.platform != "linux":
        return os.pipe()
    memory = os.memfd_create("columns", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        return os.open(f"/proc/self/fd/{memory}", os.O_RDONLY | os.O_CLOEXEC), memory
    except OSError:
        os.close(memory)
        raise


def _is_memory_file(fd: int) -> bool:
    return stat.S_ISREG(os.fstat(fd).st_mode)


def pump(
    writes: Mapping[int, list[memoryview]],
    reads: Mapping[int, Sink],
    *,
    deadline: float | None = None,
    is_done: Callable[[], bool] = lambda: False,
) -> None:
    """Write and read side by side until every reading end is at its end, or ``is_done``.

    Raises TimeoutError at the ``deadline`` (monotonic clock). A learner that no longer reads is not an error
    here: its exit status tells why.
    """
    with selectors.DefaultSelector() as selector:
        for fd, parts in writes.items():
            os.set_blocking(fd, False)
            selector.register(fd, selectors.EVENT_WRITE, list(parts))
        for fd, sink in reads.items():
            selector.register(fd, selectors.EVENT_READ, sink)
        while not is_done() and not set(reads).isdisjoint(selector.get_map()):
            patience = None if deadline is None else deadline - time.monotonic()
            if patience is not None and patience <= 0:
                raise TimeoutError
            for key, _ in selector.select(patience):
                still_open = _write_some(key) if key.fd in writes else _read_some(key)
                if not still_open:
                    selector.unregister(key.fd)


def _write_some(key: selectors.SelectorKey) -> bool:
    parts: list[memoryview] = key.data
    try:
        sent = os.write(key.fd, parts[0][:_CHUNK])
    except BrokenPipeError:
        return False
    parts[0] = parts[0][sent:]
    if not parts[0]:
        parts.pop(0)
    return bool(parts)


def _read_some(key: selectors.SelectorKey) -> bool:
    data = os.read(key.fd, _CHUNK)
    if data:
        key.data(data)
    return bool(data)


def zero(buffer: Bytes) -> None:
    """Overwrite a buffer that can be written; one that cannot is left as it is."""
    view = memoryview(buffer)
    if not view.readonly:
        flat = view.cast("B")
        for start in range(0, flat.nbytes, _CHUNK):
            part = flat[start : start + _CHUNK]
            part[:] = bytes(part.nbytes)
