"""One job in a process of its own: job and columns in by descriptors 3 and 4, progress and envelope out by 5, 6.

    start -> lock in -> job, weights -> rehearsal on public constants -> ready -> go -> columns -> train -> end

Nothing is ever printed: standard input, output and error lead nowhere, because the text of an error could
hold a record. What the vault learns of a failure is the exit status (``learner.protocol.Exit``).
"""

from __future__ import annotations

import fcntl
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from mmap import ACCESS_COPY, mmap
from threading import Thread
from typing import NoReturn

from learner import probes, sandbox
from learner.protocol import (
    COLUMNS_FD,
    ENVELOPE_FD,
    FDS_VARIABLE,
    GO,
    JOB_FD,
    JOB_LIMIT,
    PROGRESS_FD,
    WEIGHTS_LIMIT,
    ColumnFrame,
    Exit,
    Job,
    ProtocolError,
    SandboxFacts,
    encode_envelope,
    read_frame,
    ready_line,
    step_line,
    write_all,
)

_FDS = (JOB_FD, COLUMNS_FD, PROGRESS_FD, ENVELOPE_FD)
_COLUMNS_LIMIT = 1 << 36
_MOST_FDS = 1 << 20


def main() -> NoReturn:
    """Run one job, or with ``--probe PATH…`` try from inside what must not work."""
    sys.dont_write_bytecode = True
    with _failing_as(Exit.DESCRIPTORS):
        _take_descriptors()
    with _failing_as(Exit.SANDBOX):
        sandbox.harden()
        facts = sandbox.lock_in(readable=sandbox.readable_paths())
    if sys.argv[1:2] == ["--probe"]:
        probes.run(sys.argv[2:], facts)
    else:
        _run(facts)
    os._exit(Exit.DONE)


@contextmanager
def _failing_as(status: Exit) -> Iterator[None]:
    try:
        yield
    except BaseException:  # the boundary of the process: whatever it is, its text may hold a record
        os._exit(status)


def _take_descriptors() -> None:
    """Put the four descriptors the vault names in the environment at 3 to 6, and close all others."""
    named = os.environ.pop(FDS_VARIABLE, None)
    if named is not None:
        # first out of the way of each other, then each to its place
        copies = [fcntl.fcntl(int(fd), fcntl.F_DUPFD_CLOEXEC, 32) for fd in named.split(",")]
        for copy, fd in zip(copies, _FDS, strict=True):
            os.dup2(copy, fd, inheritable=False)
    # the system may name no bound at all, or one that takes minutes to count up to
    bound = os.sysconf("SC_OPEN_MAX")
    os.closerange(max(_FDS) + 1, bound if 0 < bound < _MOST_FDS else _MOST_FDS)


def _leave_gpus_out() -> None:
    """Tell a build of torch for GPUs that there are none of their packages, which it can do without.

    Importing those writes temporary files, which a locked-in process cannot, and torch expects no such refusal.
    """
    sys.modules["cuda"] = None  # type: ignore[assignment]  # Python's own way to say: not to be imported


def _start_torch() -> None:
    """Import torch for a model that needs it, to compute on one thread."""
    _leave_gpus_out()
    import torch

    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)


def _run(facts: SandboxFacts) -> None:
    with _failing_as(Exit.JOB):
        job = Job.from_json(bytes(read_frame(JOB_FD, JOB_LIMIT)))
        weights = bytes(read_frame(JOB_FD, WEIGHTS_LIMIT))
    with _failing_as(Exit.REHEARSAL):
        if job.model.kind == "mlp":
            _start_torch()
        from learner import engine

        engine.rehearse(job, weights)
        os.write(PROGRESS_FD, ready_line(facts))
    with _failing_as(Exit.VAULT_GONE):
        if bytes(read_frame(JOB_FD, len(GO))) != GO:
            raise ProtocolError("this is not the word to go")
        Thread(target=_die_with_the_vault, daemon=True).start()
    with _failing_as(Exit.COLUMNS):
        frame = ColumnFrame.decode(job, _columns())
    with _failing_as(Exit.TRAINING):
        update, private = engine.train(job, weights, frame, progress=_report)
        write_all(ENVELOPE_FD, encode_envelope(job, update, private))


def _columns() -> mmap | bytearray:
    """A private view of the sealed memory file, or what comes through the pipe where there are none."""
    if stat.S_ISREG(os.fstat(COLUMNS_FD).st_mode):
        # writable for torch's sake, but copy on write: the sealed file itself can no longer change
        return mmap(COLUMNS_FD, 0, access=ACCESS_COPY)
    return read_frame(COLUMNS_FD, _COLUMNS_LIMIT)


def _die_with_the_vault() -> None:
    os.read(JOB_FD, 1)  # nothing more is ever sent: this returns when the other end is closed
    os._exit(Exit.VAULT_GONE)


def _report(step: int, of: int) -> None:
    os.write(PROGRESS_FD, step_line(step, of))


if __name__ == "__main__":
    main()
