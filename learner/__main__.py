"""One job in a process of its own: job and columns in by descriptors 3 and 4, progress and envelope out by 5, 6.

    start -> warm up -> lock in -> job, weights -> rehearsal -> ready -> go -> columns -> train -> end

All code is loaded and has run once, on constants of its own, before the lock-in: from then on no file is opened.

Nothing is ever printed: standard input, output and error lead nowhere, because the text of an error could
hold a record. What the vault learns of a failure is the exit status (``learner.protocol.Exit``).
"""

from __future__ import annotations

import fcntl
import gc
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from mmap import ACCESS_COPY, mmap
from pathlib import Path
from typing import NoReturn

from learner import probes, sandbox
from learner.protocol import (
    COLUMNS_FD,
    ENVELOPE_FD,
    FDS_VARIABLE,
    GO,
    JOB_FD,
    JOB_LIMIT,
    MODEL_VARIABLE,
    NETWORKS,
    OWN,
    PROGRESS_FD,
    WEIGHTS_LIMIT,
    ColumnFrame,
    Exit,
    Job,
    OwnJob,
    ProtocolError,
    SandboxFacts,
    StandInJob,
    encode_answer,
    encode_envelope,
    encode_updates,
    frames_of,
    parse_job,
    read_frame,
    ready_line,
    step_line,
    write_all,
)
from learner.second_thread import SecondThread, processors

_FDS = (JOB_FD, COLUMNS_FD, PROGRESS_FD, ENVELOPE_FD)
_COLUMNS_LIMIT = 1 << 36
_MOST_FDS = 1 << 20
_JOB_END = select.poll()
_JOB_END.register(JOB_FD)


def main() -> NoReturn:
    """Run one job, or with ``--probe PATH…`` try from inside what must not work."""
    sys.dont_write_bytecode = True
    with _failing_as(Exit.DESCRIPTORS):
        _take_descriptors()
    with _failing_as(Exit.SANDBOX):
        sandbox.harden()
    second = SecondThread()
    if sys.argv[1:2] == ["--probe"]:
        second.load()
        tried = probes.attempts([Path(path) for path in sys.argv[2:]])
        probes.run(tried, sandbox.lock_in(second.start), second)
    else:
        with _failing_as(Exit.REHEARSAL):
            _warm_up(second)
        with _failing_as(Exit.SANDBOX):
            facts = sandbox.lock_in(second.start)
        _run(facts, second)
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

    Importing those writes temporary files, for which a learner has no place.
    """
    sys.modules["cuda"] = None  # type: ignore[assignment]  # Python's own way to say: not to be imported


def _warm_up(second: SecondThread) -> None:
    """Load what a model of this kind needs and let it compute once, so that nothing is left to be read from a file."""
    named = os.environ.pop(MODEL_VARIABLE, "")
    kind, is_own = named.removeprefix(OWN), named.startswith(OWN)
    if kind in NETWORKS:
        _start_torch()
        if not is_own and processors() > 1:
            second.load(_compute_on_one_thread)
    from learner.warm_up import warm_up, warm_up_own

    (warm_up_own if is_own else warm_up)(kind)
    gc.freeze()  # a tenth of a step was spent on looking through what a library loads, which stays all the same


def _start_torch() -> None:
    """Import torch, which takes longer than many a job."""
    _leave_gpus_out()
    import torch

    _compute_on_one_thread()
    torch.set_num_interop_threads(1)


def _compute_on_one_thread() -> None:
    """A product is not shared out among threads, by this one: its sums would depend on how."""
    import torch

    torch.set_num_threads(1)


def _run(facts: SandboxFacts, second: SecondThread) -> None:
    with _failing_as(Exit.JOB):
        asked = parse_job(bytes(read_frame(JOB_FD, JOB_LIMIT)))
        weights = bytes(read_frame(JOB_FD, WEIGHTS_LIMIT))
    with _failing_as(Exit.REHEARSAL):
        _rehearse(asked, weights, second)
        os.write(PROGRESS_FD, ready_line(facts))
    with _failing_as(Exit.VAULT_GONE):
        if bytes(read_frame(JOB_FD, len(GO))) != GO:
            raise ProtocolError("this is not the word to go")
    with _failing_as(Exit.COLUMNS):
        frames = _frames(asked)
    with _failing_as(Exit.TRAINING):
        write_all(ENVELOPE_FD, _result(asked, weights, frames, second))


def _frames(asked: Job | OwnJob | StandInJob) -> list[ColumnFrame]:
    """The columns, or those of each run on made-up units."""
    columns = _columns()
    if isinstance(asked, StandInJob):
        return [ColumnFrame.decode(asked.job, part) for part in frames_of(asked, columns)]
    return [ColumnFrame.decode(asked.job if isinstance(asked, OwnJob) else asked, columns)]


def _rehearse(asked: Job | OwnJob | StandInJob, weights: bytes, second: SecondThread) -> None:
    if isinstance(asked, OwnJob):
        from learner import own

        own.rehearse(asked, weights)
    else:
        from learner import engine

        engine.rehearse(asked.job if isinstance(asked, StandInJob) else asked, weights, second)


def _result(
    asked: Job | OwnJob | StandInJob, weights: bytes, frames: list[ColumnFrame], second: SecondThread
) -> bytes:
    """An envelope for a job of somebody's; for one of the owner's own or on made-up units what no envelope is."""
    if isinstance(asked, OwnJob):
        from learner import own

        return encode_answer(asked, own.answer(asked, weights, frames[0], progress=_report))
    from learner import engine

    if isinstance(asked, StandInJob):
        return encode_updates(asked, _updates(asked, weights, frames, second))
    update, private = engine.train(asked, weights, frames[0], progress=_report, second=second)
    return encode_envelope(asked, update, private)


def _updates(
    asked: StandInJob, weights: bytes, frames: list[ColumnFrame], second: SecondThread
) -> list[bytes]:
    """What each run gives, by the same training as any other."""
    from learner import engine

    updates = []
    for frame in frames:
        update, _ = engine.train(
            asked.job, weights, frame, progress=lambda _step, _steps: None, second=second
        )
        updates.append(update)
        _report(len(updates), asked.runs)
    return updates


def _columns() -> mmap | bytearray:
    """A private view of the sealed memory file, or what comes through the pipe where there are none."""
    try:
        size = os.lseek(COLUMNS_FD, 0, os.SEEK_END)
    except OSError:  # a pipe
        return read_frame(COLUMNS_FD, _COLUMNS_LIMIT)
    # writable for torch's sake, but copy on write: the sealed file itself can no longer change
    return mmap(COLUMNS_FD, size, access=ACCESS_COPY)


def _report(step: int, of: int) -> None:
    with _failing_as(Exit.VAULT_GONE):
        # nothing more is ever sent: there is something to read when the other end is closed
        if _JOB_END.poll(0):
            raise ProtocolError("the vault is gone")
        os.write(PROGRESS_FD, step_line(step, of))


if __name__ == "__main__":
    main()
