"""Decide → charge → project → run the learner → hold the update.

The order is the privacy argument: the learner is locked in and rehearsed on public constants first, then the budget is
charged durably, and only then the first record is read. What fails before the charge costs nothing; after it, all.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime
from typing import TYPE_CHECKING

from vault.audit.entries import EntryType
from vault.audit.vault_date import vault_date
from vault.budget import ledger
from vault.consent.receipts import spend_use
from vault.errors.budget import BudgetExhausted
from vault.errors.consent import ConsentRefused
from vault.errors.families import LockboxError, Unavailable
from vault.errors.training import LearnerFailed, RunLost
from vault.lifecycle.runs import Run
from vault.records.collections import find_collection
from vault.records.reading import ColumnReader
from vault.release import hold
from vault.requests import inbox, requesters, translate
from vault.requests.evaluate import (
    StoredJob,
    decision_as_approved,
    load,
    precheck,
    raise_unless_permitted,
    record_decision,
    reload,
)
from vault.requests.lapsed import return_lapsed, return_one
from vault.requests.manifest import Manifest
from vault.requests.release_manifest import build_release_manifest
from vault.requests.shapes import shapes
from vault.requests.states import move, wrong_state
from vault.requests.weights import check_weights
from vault.store.tables import ChargeRow, GrantRow, HeldRow, RequestRow
from vault.training.columns import project
from vault.training.process import Failure, LearnerProcess
from vault.views.field_types import TIME_FIELD, UNIT_FIELD
from vault.views.states import RequestState

if TYPE_CHECKING:
    from learner.protocol import Envelope, Job
    from vault.audit.entries import Json
    from vault.audit.transaction import AuditedTransaction
    from vault.consent.verdict import Decision
    from vault.lifecycle.opened import OpenVault
    from vault.store.unit_of_work import UnitOfWork
from vault.training.interrupted import reason_of, settle_one
from vault.training.update import check_update

Progress = Callable[[int, int], None]


def run_job(vault: OpenVault, request_id: str, progress: Progress) -> None:
    """Run one approved request; its result is held in the vault.

    Raises `WrongState`, `ConsentRefused`, `BudgetExhausted`, `WeightsTampered`, `MarkUnwritable` or `SandboxMissing`
    before anything is charged, and `LearnerFailed` after; `ConsentRefused` also when the consent is withdrawn.
    """
    asked, allowed = _planned(vault, request_id)
    job = translate.learner_job(asked.manifest, allowed)
    with (
        LearnerProcess.start(job, asked.row.weights) as learner,
        vault.run(request_id, _here(vault, learner, job)),
    ):
        try:
            _mark(vault, asked, RequestState.READY)
            told = counted(vault.running[request_id], progress)
            told(0, job.steps)  # the last moment at which who stops it loses nothing
            _raise_if_stopped(vault.running[request_id])
            _charge(vault, asked, allowed)
            _mark(vault, asked, RequestState.TRAINING)
            envelope = learner.train(_columns(vault, asked, allowed, job), told)
            check_update(envelope.update, asked.manifest)
            _raise_if_stopped(vault.running[request_id])
            _hold(vault, asked, allowed, envelope)
        except BaseException as error:
            # Before the charge nothing is spent, after it all is, whatever ended the run. If even this cannot be
            # written, the next settling does it.
            reason = vault.running[request_id].stopped_because or reason_of(error)
            with suppress(LockboxError):
                vault.settle(lambda act: _bring_back(act, request_id, reason))
            if isinstance(error, Unavailable) and _is_lost(vault, request_id):
                raise RunLost(reason=str(error).rstrip(".")) from error
            raise


def _bring_back(act: AuditedTransaction, request_id: str, reason: str) -> None:
    """The true state of a run that ended early; without its consent it is not even approved any more."""
    settle_one(act, inbox.show(act.uow, request_id), reason=reason)
    return_lapsed(act)


def _here(vault: OpenVault, learner: LearnerProcess, job: Job) -> Run:
    return Run(end_learner=learner.stop, of=job.steps, started_at=vault.clock(), sandbox=learner.sandbox)


def _raise_if_stopped(run: Run) -> None:
    """A run that was stopped while it got ready is not charged, and one stopped at its very end is not held."""
    if run.is_stopped:
        raise LearnerFailed(reason=str(Failure.STOPPED))


def counted(run: Run, progress: Progress) -> Progress:
    """The same progress, which the run itself remembers as well."""

    def told(step: int, of: int) -> None:
        run.step = step
        progress(step, of)

    return told


def _is_lost(vault: OpenVault, request_id: str) -> bool:
    """Whether the run is paid for and has no result; what was raised may have come after the result was stored."""
    with vault.read() as uow:
        return uow.count(ChargeRow, request_id=request_id) > 0 and uow.get(HeldRow, request_id) is None


def _planned(vault: OpenVault, request_id: str) -> tuple[StoredJob, frozenset[str]]:
    """The request and the fields it may read, or the refusal, before a process is started.

    A refusal is recorded and ends the approval: the request waits again. The mark outside the vault has to be
    writable before anything is spent.
    """
    with vault.read() as uow:
        vault_date(uow, vault.clock).require()
        asked = load(uow, request_id)
        _check_runnable(asked.row, RequestState.APPROVED, vault.now(uow))
        decision = decision_as_approved(uow, asked, vault.now(uow))
        poor = _poverty(uow, asked)
    check_weights(asked.row.weights, shapes(asked.manifest), asked.manifest.model.weights)
    vault.require_mark()
    if poor is not None or not decision.permitted:
        with vault.act() as act:
            record_decision(act, request_id, decision)
            _take_back(act, request_id, decision, poor)
    raise_unless_permitted(decision)
    if poor is not None:
        raise poor
    return asked, decision.allowed


def _poverty(uow: UnitOfWork, asked: StoredJob) -> BudgetExhausted | None:
    try:
        precheck(uow, asked)
    except BudgetExhausted as error:
        return error
    return None


def _take_back(
    act: AuditedTransaction, request_id: str, decision: Decision, poor: BudgetExhausted | None
) -> None:
    """What was approved and cannot run waits again, with the reason; raises `WrongState` if it did meanwhile."""
    said = [reason.sentence for reason in decision.reasons] if not decision.permitted else [str(poor)]
    return_one(act, inbox.show(act.uow, request_id), reason="; ".join(said).rstrip("."))


def _check_runnable(row: RequestRow, state: RequestState, now: datetime) -> None:
    """Refuse a request in another state, or past the end its requester gave it; raises `WrongState`."""
    if row.state is not state:
        raise wrong_state(row.state)
    if now >= row.expires_at:
        raise wrong_state(RequestState.EXPIRED)


def _mark(vault: OpenVault, planned: StoredJob, state: RequestState) -> None:
    with vault.act() as act:
        asked = reload(act.uow, planned)
        asked.row.state, asked.row.reason = move(asked.row.state, state), None
        _record_run(act, asked, state)


def _charge(vault: OpenVault, planned: StoredJob, allowed: frozenset[str]) -> None:
    """Decide once more, spend one use and charge every filter, in one transaction; no refund from here on."""
    with vault.act() as act:
        asked = reload(act.uow, planned)
        _check_runnable(asked.row, RequestState.READY, act.now)
        decision = decision_as_approved(act.uow, asked, act.now)
        record_decision(act, asked.row.id, decision)
        if is_unchanged := decision.permitted and decision.allowed == allowed:
            _pay(act, asked)
    raise_unless_permitted(decision)
    if not is_unchanged:
        raise ConsentRefused(reason="the consents changed while the learner was getting ready")


def _pay(act: AuditedTransaction, asked: StoredJob) -> None:
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
    asked.row.state = move(asked.row.state, RequestState.CHARGED)


def _columns(vault: OpenVault, asked: StoredJob, allowed: frozenset[str], job: Job) -> bytearray:
    """The first and only reading of records: the allowed fields and the two system columns every grant names."""
    with vault.read() as uow:
        refuse_withdrawn(uow, reload(uow, asked).row)
        facts = find_collection(uow, asked.manifest.collection)
        with closing(
            ColumnReader(uow, vault.keys, facts.id, allowed | _system_columns(asked.manifest))
        ) as reader:
            return project(reader, asked.manifest, allowed, job)


def _system_columns(manifest: Manifest) -> frozenset[str]:
    """The unit of every row, and its time when the job asks for a window."""
    has_window = manifest.where.start is not None or manifest.where.end is not None
    return frozenset({UNIT_FIELD, TIME_FIELD} if has_window else {UNIT_FIELD})


def _hold(vault: OpenVault, planned: StoredJob, allowed: frozenset[str], envelope: Envelope) -> None:
    with vault.act() as act:
        asked = reload(act.uow, planned)
        refuse_withdrawn(act.uow, asked.row)
        manifest = build_release_manifest(
            asked.manifest,
            request_id=asked.row.id,
            job_digest=asked.row.manifest_digest,
            allowed=allowed,
            price=asked.price,
            update=envelope.update,
            vault_key=requesters.vault_key(act.keys, asked.requester.id).public,
        )
        hold(
            act,
            asked.row,
            envelope,
            manifest=manifest,
            minutes=asked.manifest.slot_minutes,
        )
        _record_run(act, asked, RequestState.HELD)


def refuse_withdrawn(uow: UnitOfWork, row: RequestRow) -> None:
    """Raise `ConsentRefused` when the consent was withdrawn while the job ran."""
    grant = uow.get(GrantRow, row.grant_id or "")
    if grant is None or grant.withdrawn_at is not None:
        raise ConsentRefused(reason="it was withdrawn while the job ran")


def _record_run(act: AuditedTransaction, asked: StoredJob, state: RequestState) -> None:
    clear: dict[str, Json] = {
        "run": asked.row.id,
        "request": asked.row.id,
        "status": state.value,
        "epsilon": f"{asked.price.epsilon:f}",
        "delta": f"{ledger.DELTA:f}",
        "steps": asked.manifest.dp.steps,
    }
    act.record(EntryType.TRAINING_RUN, clear=clear, hidden={"requester": asked.requester.name})
