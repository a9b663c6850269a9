"""Decide → charge → project → run the learner → hold the update.

The order is the privacy argument: the learner is locked in and rehearsed on public constants first, then the budget is
charged durably, and only then the first record is read. What fails before the charge costs nothing; after it, all.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from contextlib import closing, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Final

from vault.acts import parse_stamp, stamp
from vault.asking import Asked, decision_as_approved, load, precheck, record_decision, refuse_unless
from vault.audit.entries import EntryType
from vault.budget import ledger
from vault.consent.grants import RequesterStatus
from vault.consent.receipts import spend_use
from vault.errors import (
    Broken,
    ConsentRefused,
    Exhausted,
    LearnerFailed,
    LockboxError,
    RunLost,
    Unavailable,
    WrongState,
)
from vault.learner_process import Failure, LearnerProcess
from vault.projection import project
from vault.records.collections import find_collection
from vault.records.reading import ColumnReader
from vault.records.schema import TIME_FIELD, UNIT_FIELD
from vault.release import hold
from vault.requests import asks, requesters
from vault.requests.manifest import Manifest
from vault.requests.release_manifest import build_release_manifest
from vault.requests.shapes import shapes
from vault.requests.states import RequestState, in_words, move
from vault.requests.weights import NotTheTensors, check_shapes, read_tensors, write_tensors
from vault.running import Run
from vault.store.tables import ChargeRow, GrantRow, HeldRow, RequesterRow, RequestRow
from vault.trail_views import RunView

if TYPE_CHECKING:
    from learner.protocol import Envelope, Job
    from vault.acts import Act
    from vault.audit.entries import Json
    from vault.opening import OpenVault
    from vault.store.unit_of_work import UnitOfWork

Progress = Callable[[int, int], None]


def run(vault: OpenVault, request_id: str, progress: Progress) -> None:
    """Run one approved request; its result is held in the vault.

    Raises `WrongState`, `ConsentRefused`, `BudgetExhausted`, `MarkUnwritable` or `SandboxMissing` before anything is
    charged, and `LearnerFailed` after; `ConsentRefused` also when the consent is withdrawn meanwhile.
    """
    asked, allowed = _planned(vault, request_id)
    job = asks.learner_job(asked.manifest, allowed)
    with (
        LearnerProcess.start(job, asked.row.weights) as learner,
        vault.run(request_id, _here(vault, learner, job)),
    ):
        try:
            _mark(vault, request_id, RequestState.READY)
            _raise_if_stopped(vault.running[request_id])
            _charge(vault, request_id, allowed)
            _mark(vault, request_id, RequestState.TRAINING)
            told = _counted(vault.running[request_id], progress)
            envelope = learner.train(_columns(vault, asked, allowed, job), told)
            check_update(envelope.update, asked.manifest)
            _raise_if_stopped(vault.running[request_id])
            _hold(vault, request_id, allowed, envelope)
        except BaseException as error:
            # Before the charge nothing is spent, after it all is, whatever ended the run. If even this cannot be
            # written, the next settling does it.
            reason = vault.running[request_id].stopped_because or _reason(error)
            with suppress(LockboxError):
                vault.settle(lambda act: _settle(act, load(act.uow, request_id).row, reason=reason))
            if isinstance(error, Unavailable) and _is_lost(vault, request_id):
                raise RunLost(reason=str(error).rstrip(".")) from error
            raise


def _here(vault: OpenVault, learner: LearnerProcess, job: Job) -> Run:
    return Run(end_learner=learner.stop, of=job.steps, started_at=vault.clock(), sandbox=learner.sandbox)


def _raise_if_stopped(run: Run) -> None:
    """A run that was stopped while it got ready is not charged, and one stopped at its very end is not held."""
    if run.is_stopped:
        raise LearnerFailed(reason=str(Failure.STOPPED))


def _counted(run: Run, progress: Progress) -> Progress:
    """The same progress, which the run itself remembers as well."""

    def told(step: int, of: int) -> None:
        run.step = step
        progress(step, of)

    return told


def _is_lost(vault: OpenVault, request_id: str) -> bool:
    """Whether the run is paid for and has no result; what was raised may have come after the result was stored."""
    with vault.read() as uow:
        return uow.count(ChargeRow, request_id=request_id) > 0 and uow.get(HeldRow, request_id) is None


def stop_under_withdrawn(vault: OpenVault, grant_id: str) -> None:
    """End the learners that run under a consent, if it is withdrawn; what they would hand in is not held anyway."""
    with vault.read() as uow:
        grant = uow.get(GrantRow, grant_id)
        if grant is not None and grant.withdrawn_at is not None:
            _stop(vault, uow.find(RequestRow, grant_id=grant_id))


def stop_for_blocked(vault: OpenVault, requester_id: str) -> None:
    """End the learners that run for a requester, if they are blocked."""
    with vault.read() as uow:
        asker = uow.get(RequesterRow, requester_id)
        if asker is not None and asker.status == RequesterStatus.BLOCKED.value:
            _stop(vault, uow.find(RequestRow, requester_id=requester_id))


def stop(vault: OpenVault, request_id: str) -> None:
    """End a run of this process and wait until it is written down; its result is discarded, its budget spent.

    Raises `UnknownRequest`, and `WrongState` when the request does not run in this process.
    """
    run = vault.running.get(request_id)
    if run is None:
        with vault.read() as uow:
            state = RequestState(load(uow, request_id).row.state)
        raise WrongState(state="not running here" if state in _AFTER_CRASH else in_words(state))
    run.stop(because="interrupted")
    run.wait()


def runs(uow: UnitOfWork, vault: OpenVault) -> list[RunView]:
    """What runs in this process now, the longest running first."""
    return [_run_view(load(uow, request_id), run) for request_id, run in list(vault.running.items())]


def _run_view(asked: Asked, run: Run) -> RunView:
    return RunView(
        request=asked.row.id,
        requester=asked.requester.name,
        collection=asked.manifest.collection,
        step=run.step,
        of=run.of,
        started_at=stamp(run.started_at),
        epsilon=asked.price.epsilon,
        confined=run.sandbox.confined,
        landlock_abi=run.sandbox.landlock_abi,
        seccomp=run.sandbox.seccomp,
        missing=run.sandbox.missing,
    )


def _stop(vault: OpenVault, rows: Sequence[RequestRow]) -> None:
    for row in rows:
        if run := vault.running.get(row.id):
            run.stop()


def check_update(update: bytes, manifest: Manifest) -> None:
    """Raise `LearnerFailed` unless these are exactly the int64 tensors of the model, canonically written.

    The learner read records, so its bytes are not trusted: what is not a number of the model has no place in them.
    """
    try:
        tensors = read_tensors(update, dtype="I64")
        check_shapes(tensors, shapes(manifest))
    except NotTheTensors as error:
        raise LearnerFailed(reason=str(error)) from None
    if write_tensors(tensors) != update:
        raise LearnerFailed(reason="its update is not written the one way it can be")


def settle_interrupted(act: Act, running: Container[str] = ()) -> list[str]:
    """Bring requests that a crash left half-way to a true state: before the charge back, after it to failed.

    Those `running` in this process are left alone.
    """
    found = [row for state in _AFTER_CRASH for row in act.uow.find(RequestRow, state=state.value)]
    interrupted = [row for row in found if row.id not in running]
    for row in interrupted:
        _settle(act, row)
    return [row.id for row in interrupted]


def _settle(act: Act, row: RequestRow, *, reason: str = "interrupted") -> None:
    state = RequestState(row.state)
    if state in _AFTER_CRASH:
        after = row.state = move(state, _AFTER_CRASH[state])
        is_charged = after is RequestState.FAILED
        act.record(EntryType.RUN_FAILED, clear={"run": row.id, "reason": reason, "charged": is_charged})


def _reason(error: BaseException) -> str:
    """The closed code that the end of a run gets on the trail; texts stay out of it."""
    return next((code for kind, code in _REASONS.items() if isinstance(error, kind)), "internal")


_REASONS: Final[Mapping[type[BaseException], str]] = {
    ConsentRefused: "consent",
    Exhausted: "budget",
    LearnerFailed: "learner",
    Broken: "damaged",
    KeyboardInterrupt: "interrupted",
    Unavailable: "interrupted",
}


_AFTER_CRASH = {
    RequestState.READY: RequestState.APPROVED,
    RequestState.CHARGED: RequestState.FAILED,
    RequestState.TRAINING: RequestState.FAILED,
}


def _planned(vault: OpenVault, request_id: str) -> tuple[Asked, frozenset[str]]:
    """The request and the fields it may read, or the refusal, before a process is started.

    A refusal by consent is recorded; the mark outside the vault has to be writable before anything is spent.
    """
    with vault.read() as uow:
        asked = load(uow, request_id)
        _check_runnable(asked.row, RequestState.APPROVED, vault.now(uow))
        decision = decision_as_approved(uow, asked, vault.now(uow))
        precheck(uow, asked)
    vault.require_mark()
    if not decision.permitted:
        with vault.act() as act:
            record_decision(act, request_id, decision)
    refuse_unless(decision)
    return asked, decision.allowed


def _check_runnable(row: RequestRow, state: RequestState, now: datetime) -> None:
    """Refuse a request in another state, or past the end its requester gave it; raises `WrongState`."""
    if row.state != state.value:
        raise WrongState(state=in_words(RequestState(row.state)))
    if now >= parse_stamp(row.expires_at):
        raise WrongState(state=in_words(RequestState.EXPIRED))


def _mark(vault: OpenVault, request_id: str, state: RequestState) -> None:
    with vault.act() as act:
        row = load(act.uow, request_id).row
        row.state = move(RequestState(row.state), state)
        _record_run(act, row, state)


def _charge(vault: OpenVault, request_id: str, allowed: frozenset[str]) -> None:
    """Decide once more, spend one use and charge every filter, in one transaction; no refund from here on."""
    with vault.act() as act:
        asked = load(act.uow, request_id)
        _check_runnable(asked.row, RequestState.READY, act.now)
        decision = decision_as_approved(act.uow, asked, act.now)
        record_decision(act, request_id, decision)
        if is_unchanged := decision.permitted and decision.allowed == allowed:
            _pay(act, asked)
    refuse_unless(decision)
    if not is_unchanged:
        raise ConsentRefused(reason="the consents changed while the learner was getting ready")


def _pay(act: Act, asked: Asked) -> None:
    spend_use(act, asked.row.grant_id or "")
    facts = find_collection(act.uow, asked.manifest.collection)
    ledger.charge_job(
        act,
        request_id=asked.row.id,
        collection_id=facts.id,
        requester_id=asked.requester.id,
        lifetime_epsilon=facts.lifetime_epsilon,
        price=asked.price,
        run_id=asked.row.id,
    )
    asked.row.state = move(RequestState(asked.row.state), RequestState.CHARGED)


def _columns(vault: OpenVault, asked: Asked, allowed: frozenset[str], job: Job) -> bytearray:
    """The first and only reading of records: the allowed fields and the two system columns every grant names."""
    with vault.read() as uow:
        _refuse_withdrawn(uow, load(uow, asked.row.id).row)
        facts = find_collection(uow, asked.manifest.collection)
        with closing(
            ColumnReader(uow, vault.keys, facts.id, allowed | _system_columns(asked.manifest))
        ) as reader:
            return project(reader, asked.manifest, allowed, job)


def _system_columns(manifest: Manifest) -> frozenset[str]:
    """The unit of every row, and its time when the job asks for a window."""
    has_window = manifest.where.start is not None or manifest.where.end is not None
    return frozenset({UNIT_FIELD, TIME_FIELD} if has_window else {UNIT_FIELD})


def _hold(vault: OpenVault, request_id: str, allowed: frozenset[str], envelope: Envelope) -> None:
    with vault.act() as act:
        asked = load(act.uow, request_id)
        _refuse_withdrawn(act.uow, asked.row)
        manifest = build_release_manifest(
            asked.manifest,
            request_id=request_id,
            job_digest=asked.row.manifest_digest,
            allowed=allowed,
            price=asked.price,
            update=envelope.update,
            held_at=act.now,
            vault_key=requesters.vault_key(act.keys, asked.requester.id).public,
        )
        hold(
            act,
            asked.row,
            update=envelope.update,
            private=envelope.private,
            manifest=manifest,
            minutes=asked.manifest.slot_minutes,
        )
        _record_run(act, asked.row, RequestState.HELD)


def _refuse_withdrawn(uow: UnitOfWork, row: RequestRow) -> None:
    grant = uow.get(GrantRow, row.grant_id or "")
    if grant is None or grant.withdrawn_at is not None:
        raise ConsentRefused(reason="it was withdrawn while the job ran")


def _record_run(act: Act, row: RequestRow, state: RequestState) -> None:
    asked = load(act.uow, row.id)
    clear: dict[str, Json] = {
        "run": row.id,
        "request": row.id,
        "status": state.value,
        "epsilon": f"{asked.price.epsilon:f}",
        "delta": f"{ledger.DELTA:f}",
        "steps": asked.manifest.dp.steps,
    }
    act.record(EntryType.TRAINING_RUN, clear=clear, hidden={"requester": asked.requester.name})
