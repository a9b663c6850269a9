"""The vault's side of the learner: starts it, charges nothing, hands it columns once, takes one envelope.

The learner is not trusted with anything but the columns: what it says is read with bounds, by a closed schema,
and a failure is told by a closed list of sentences. Nothing it prints is kept or shown.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self, TypeVar

from learner.protocol import (
    ENVIRONMENT,
    FDS_VARIABLE,
    GO,
    MODEL_VARIABLE,
    OWN,
    PROGRESS_LINE_LIMIT,
    Answer,
    Bytes,
    Envelope,
    Exit,
    Job,
    OwnJob,
    ProbeResult,
    Progress,
    ProtocolError,
    SandboxFacts,
    StandInJob,
    Step,
    answer_limit,
    decode_answer,
    decode_envelope,
    decode_updates,
    envelope_size,
    frame_head,
    parse_probe,
    parse_progress,
    updates_limit,
)
from vault.errors.training import LearnerFailed, SandboxMissing
from vault.training import living
from vault.training.channels import Channels, open_channels, pump, zero

COMMAND: tuple[str, ...] = (sys.executable, "-I", "-m", "learner")
READY_TIMEOUT = 60.0
END_TIMEOUT = 10.0
_PROBE_TIMEOUT = 30.0

_Asked = Job | OwnJob | StandInJob
_Result = TypeVar("_Result", Envelope, Answer, tuple[bytes, ...])


class Failure(StrEnum):
    """Why there is no envelope: the closed list of reasons in LearnerFailed."""

    NOT_STARTED = "it could not be started"
    NOT_READY = "it was not ready in time"
    STOPPED = "it was stopped"
    BUSY = "it trains already"
    OTHER_KIND = "its job is of another kind"
    NO_MEMORY = "there is no room to hand the columns over"
    BROKE_PROTOCOL = "it broke the protocol"
    KILLED = "the system ended it"
    ENDED = "it ended without a reason it knows"
    NOT_ENDED = "it did not end after its envelope"
    DESCRIPTORS = "it did not get its descriptors"
    SANDBOX = "it could not confine itself"
    JOB = "it could not read the job"
    REHEARSAL = "the rehearsal on public constants failed"
    COLUMNS = "it could not read the columns"
    TRAINING = "the training failed"
    VAULT_GONE = "it lost the vault"


_BY_STATUS: Mapping[int, Failure] = {
    Exit.DESCRIPTORS: Failure.DESCRIPTORS,
    Exit.SANDBOX: Failure.SANDBOX,
    Exit.JOB: Failure.JOB,
    Exit.REHEARSAL: Failure.REHEARSAL,
    Exit.COLUMNS: Failure.COLUMNS,
    Exit.TRAINING: Failure.TRAINING,
    Exit.VAULT_GONE: Failure.VAULT_GONE,
}


class LearnerProcess:
    """One learner for one job: ``start``, then once ``train``.

    For one of the owner's own ``answer`` stands in its place, for one on made-up units ``repeat``.

    Leaving the ``with`` block ends the process.

    Start and train on one thread and keep that thread alive: on Linux the learner dies with the thread that
    started it. ``stop`` may be called from any thread, while it gets ready and from the progress of a training.
    """

    def __init__(self, job: _Asked, process: subprocess.Popen[bytes], channels: Channels) -> None:
        self._job = job
        self._process = process
        self._channels = channels
        self._in_use = Lock()
        self._is_stopped = False
        self._progress = bytearray()
        self._thread = living.note(self)
        self.sandbox = SandboxFacts(landlock_abi=0, seccomp=False, confined=False, missing=())

    @classmethod
    def start(
        cls,
        job: _Asked,
        weights: bytes,
        *,
        allow_unconfined: bool = False,
        ready_timeout: float = READY_TIMEOUT,
    ) -> Self:
        """Start a learner and wait until it is locked in and has rehearsed; no record is read, nothing charged.

        Raises LearnerFailed, or SandboxMissing when the learner is not confined and that was not allowed.
        """
        channels = _channels()
        kind = f"{OWN}{job.model.kind}" if isinstance(job, OwnJob) else job.model.kind
        learner = cls(job, _spawn((), channels, subprocess.DEVNULL, kind), channels)
        try:
            with learner._in_use:  # who stops it meanwhile leaves the descriptors to this thread
                learner._get_ready(weights, time.monotonic() + ready_timeout)
            learner._raise_unless_confined(allow_unconfined)
        except BaseException:
            learner.stop()
            raise
        return learner

    def train(self, columns: Bytes, progress: Progress) -> Envelope:
        """Hand over the columns, once and after the charge, and wait for the envelope.

        ``progress`` is called with (step, steps) on this thread. A writable ``columns`` is zeroed. Raises
        LearnerFailed; whatever happens, the process has ended when this returns.
        """
        job = self._job
        if not isinstance(job, Job):
            raise self._failed(Failure.OTHER_KIND)
        return self._once(columns, progress, lambda data: decode_envelope(job, data))

    def answer(self, columns: Bytes, progress: Progress) -> Answer:
        """The same for a job of the owner's own, whose answer is no envelope."""
        job = self._job
        if not isinstance(job, OwnJob):
            raise self._failed(Failure.OTHER_KIND)
        return self._once(columns, progress, lambda data: decode_answer(job, data))

    def repeat(self, columns: Bytes, progress: Progress) -> tuple[bytes, ...]:
        """The same for a job on made-up units: the update of every run; ``progress`` hears (run, runs)."""
        job = self._job
        if not isinstance(job, StandInJob):
            raise self._failed(Failure.OTHER_KIND)
        return self._once(columns, progress, lambda data: decode_updates(job, data))

    def _once(self, columns: Bytes, progress: Progress, decode: Callable[[Bytes], _Result]) -> _Result:
        if not self._in_use.acquire(blocking=False):
            raise self._failed(Failure.BUSY)
        try:
            return self._handed_over(columns, progress, decode)
        finally:
            self._in_use.release()

    def stop(self) -> None:
        """End the process at once; a ``train`` that runs, on whichever thread, raises LearnerFailed."""
        self._end()
        # whoever trains reads from the descriptors until it notices, and closes them itself
        if self._in_use.acquire(blocking=False):
            self._channels.close()
            self._in_use.release()

    def _handed_over(self, columns: Bytes, progress: Progress, decode: Callable[[Bytes], _Result]) -> _Result:
        result = bytearray()
        try:
            self._converse(columns, result, progress)
            self._raise_unless_finished()
            return decode(result)
        except ProtocolError:
            raise self._failed(Failure.BROKE_PROTOCOL) from None
        finally:
            self._end()
            self._channels.close()
            zero(result)
            zero(columns)

    def _end(self) -> None:
        self._is_stopped = True
        self._process.kill()
        self._process.wait()
        living.forget(self, self._thread)

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _get_ready(self, weights: bytes, deadline: float) -> None:
        facts: list[SandboxFacts] = []

        def hear(data: bytes) -> None:
            for message in self._messages(data):
                if not isinstance(message, SandboxFacts) or facts:
                    raise ProtocolError("a learner says only that it is ready")
                facts.append(message)

        job = self._job.to_json()
        parts = [frame_head(len(job)), job, frame_head(len(weights)), weights]
        writes = {self._channels.job: [memoryview(part) for part in parts]}
        try:
            pump(writes, {self._channels.progress: hear}, deadline=deadline, is_done=lambda: bool(facts))
        except ProtocolError:
            raise self._failed(Failure.BROKE_PROTOCOL) from None
        except TimeoutError:
            raise self._failed(Failure.NOT_READY) from None
        if not facts:
            self._raise_unless_ended_well()
            raise self._failed(Failure.BROKE_PROTOCOL)
        self.sandbox = facts[0]

    def _raise_unless_confined(self, allow_unconfined: bool) -> None:
        if not (self.sandbox.confined or allow_unconfined):
            raise SandboxMissing(reason="missing: " + ", ".join(self.sandbox.missing))

    def _converse(self, columns: Bytes, result: bytearray, progress: Progress) -> None:
        self._raise_if_stopped()
        most = _most_bytes(self._job)
        last = 0

        def hear(data: bytes) -> None:
            nonlocal last
            for message in self._messages(data):
                if not isinstance(message, Step) or message.of != self._job.steps or message.step <= last:
                    raise ProtocolError("a learner counts its steps upwards")
                last = message.step
                progress(message.step, message.of)
                self._raise_if_stopped()

        def take(data: bytes) -> None:
            result.extend(data)
            if len(result) > most:
                raise ProtocolError("the envelope is too long")

        channels = self._channels
        try:
            writes = channels.hand_over(columns)
        except OSError:
            raise self._failed(Failure.NO_MEMORY) from None
        go = memoryview(frame_head(len(GO)) + GO)
        pump({channels.job: [go], **writes}, {channels.progress: hear, channels.envelope: take})

    def _raise_unless_finished(self) -> None:
        self._raise_unless_ended_well()
        if self._progress:
            raise ProtocolError("a line is not finished")

    def _messages(self, data: bytes) -> list[SandboxFacts | Step]:
        *lines, rest = (bytes(self._progress) + data).split(b"\n")
        self._progress[:] = rest
        if len(rest) > PROGRESS_LINE_LIMIT:
            raise ProtocolError("a line is too long")
        return [parse_progress(line) for line in lines]

    def _raise_if_stopped(self) -> None:
        if self._is_stopped:
            raise self._failed(Failure.STOPPED)

    def _raise_unless_ended_well(self) -> None:
        try:
            status = self._process.wait(END_TIMEOUT)
        except subprocess.TimeoutExpired:
            raise self._failed(Failure.NOT_ENDED) from None
        self._raise_if_stopped()
        if status != Exit.DONE:
            known = Failure.KILLED if status < 0 else Failure.ENDED
            raise self._failed(_BY_STATUS.get(status, known))

    def _failed(self, failure: Failure) -> LearnerFailed:
        return LearnerFailed(reason=str(Failure.STOPPED if self._is_stopped else failure))


def _most_bytes(asked: _Asked) -> int:
    """The most that its result may have."""
    match asked:
        case OwnJob():
            return answer_limit(asked)
        case StandInJob():
            return updates_limit(asked)
    return envelope_size(asked)


def probe_sandbox(paths: Sequence[Path]) -> list[ProbeResult]:
    """Lock a learner in without any job and let it try to reach ``paths`` and everything else it must not.

    ``paths`` are existing files and folders, such as the vault and a file of the person; results on the first
    one end in " 1". Raises LearnerFailed when the learner does not answer.
    """
    return _examine(paths)[1]


def _examine(paths: Sequence[Path]) -> tuple[SandboxFacts, list[ProbeResult]]:
    channels = _channels()
    try:
        channels.hand_over(bytes(64))
        arguments = ("--probe", *(str(path.absolute()) for path in paths))
        with _spawn(arguments, channels, subprocess.PIPE) as process:
            try:
                output, _ = process.communicate(timeout=_PROBE_TIMEOUT)
            finally:
                process.kill()
        first, *lines = output.splitlines()
        facts = parse_progress(first)
        if process.returncode != Exit.DONE or not isinstance(facts, SandboxFacts):
            raise LearnerFailed(reason=str(Failure.BROKE_PROTOCOL))
        return facts, [parse_probe(line) for line in lines]
    except (ValueError, OSError, subprocess.TimeoutExpired):
        raise LearnerFailed(reason=str(Failure.BROKE_PROTOCOL)) from None
    finally:
        channels.close()


def _channels() -> Channels:
    try:
        return open_channels()
    except OSError:
        raise LearnerFailed(reason=str(Failure.NOT_STARTED)) from None


def _spawn(
    arguments: Sequence[str], channels: Channels, output: int, model: str = ""
) -> subprocess.Popen[bytes]:
    theirs = ",".join(map(str, channels.theirs))
    environment = {**ENVIRONMENT, FDS_VARIABLE: theirs, MODEL_VARIABLE: model}
    try:
        return subprocess.Popen(  # noqa: S603 (our own interpreter and module)
            (*COMMAND, *arguments),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=environment,
            pass_fds=channels.theirs,
            start_new_session=True,
        )
    except OSError:
        channels.close()
        raise LearnerFailed(reason=str(Failure.NOT_STARTED)) from None
    finally:
        channels.close_theirs()
