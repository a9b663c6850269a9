"""Decide → charge → project → run the learner → hold the update.

The order is the privacy argument: the learner is locked in and rehearsed on public constants first, then the budget is
charged durably, and only then the first record is read. What fails before the charge costs nothing; after it, all.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from vault.acts import trusted_now
from vault.audit.entries import EntryType
from vault.budget import ledger, pricing
from vault.consent.decide import decide
from vault.consent.receipts import ledger_view, load_grants, spend_use
from vault.errors import ConsentRefused, Exhausted, LearnerFailed, LockboxError, UnknownRequest, WrongState
from vault.learner_process import LearnerProcess
from vault.projection import project
from vault.records.collections import find_collection
from vault.records.reading import ColumnReader
from vault.records.schema import TIME_FIELD, UNIT_FIELD
from vault.release import hold
from vault.requests import asks, requesters
from vault.requests.manifest import Manifest, parse_manifest
from vault.requests.release_manifest import build_release_manifest
from vault.requests.shapes import shapes
from vault.requests.states import RequestState, in_words, move
from vault.requests.weights import NotTheTensors, check_shapes, read_tensors, write_tensors
from vault.store.tables import GrantRow, RequesterRow, RequestRow

if TYPE_CHECKING:
    from learner.protocol import Envelope, Job
    from vault.acts import Act
    from vault.audit.entries import Json
    from vault.budget.pricing import Mechanism, Price
    from vault.consent.decide import Decision
    from vault.opening import OpenVault
    from vault.requests.inbox import Policy
    from vault.store.unit_of_work import UnitOfWork

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A job, who sends it, and its price."""

    manifest: Manifest
    requester: RequesterRow
    price: Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(Ask):
    """A job that is stored as a request."""

    row: RequestRow


def load(uow: UnitOfWork, request_id: str) -> Asked:
    """The request of this id; raises `UnknownRequest`."""
    row = uow.get(RequestRow, request_id)
    requester = uow.get(RequesterRow, row.requester_id) if row else None
    if row is None or requester is None:
        raise UnknownRequest(request=request_id)
    manifest = parse_manifest(row.manifest)
    return Asked(row=row, manifest=manifest, requester=requester, price=price_of(manifest))


def priced(manifest: Manifest, requester: RequesterRow) -> Ask:
    """A job that is not stored, with its price."""
    return Ask(manifest=manifest, requester=requester, price=price_of(manifest))


def policy(uow: UnitOfWork) -> Policy:
    """What refuses a job at the door: a price that no cap can pay, now or ever, as budgets only shrink."""

    def refusal(manifest: Manifest) -> LockboxError | None:
        requester = requesters.find_by_key(uow, bytes.fromhex(manifest.requester.key))
        try:
            precheck(uow, priced(manifest, requester))
        except Exhausted as error:
            return error
        return None

    return refusal


def price_of(manifest: Manifest) -> Price:
    """What this job costs, from the manifest alone."""
    return _price(asks.mechanism(manifest))


@lru_cache(maxsize=256)
def _price(mechanism: Mechanism) -> Price:
    return pricing.price(mechanism, ledger.DELTA)


def decision_for(act: Act, asked: Asked) -> Decision:
    """What the stored consents say about this job, at the trusted time of the act."""
    return decision_at(act.uow, asked, act.now)


def decision_at(uow: UnitOfWork, asked: Ask, now: datetime) -> Decision:
    """What the stored consents say about this job at a moment."""
    question = asks.question(
        asked.manifest,
        requester_id=asked.requester.id,
        requester_status=asked.requester.status,
        epsilon=asked.price.epsilon,
    )
    return decide(load_grants(uow), question, now, ledger_view(uow))


def record_decision(act: Act, request_id: str, decision: Decision) -> None:
    """One audit entry for every field asked."""
    for field in decision.fields:
        outcome = "permit" if field.permitted else "deny"
        hidden: dict[str, Json] = {
            "field": field.field,
            "consent": decision.grant_id or "",
            "rule": "; ".join(reason.sentence for reason in field.reasons),
        }
        reason = field.reasons[0].code.value if field.reasons else "granted"
        clear: dict[str, Json] = {"request": request_id, "outcome": outcome, "reason": reason}
        act.record(EntryType.DECISION, clear=clear, hidden=hidden)


def run(vault: OpenVault, request_id: str, progress: Progress) -> None:
    """Run one approved request; its result is held in the vault.

    Raises `WrongState`, `ConsentRefused`, `BudgetExhausted`, `MarkUnwritable` or `SandboxMissing` before anything is
    charged, and `LearnerFailed` after; `ConsentRefused` also when the consent is withdrawn meanwhile.
    """
    asked, allowed = _planned(vault, request_id)
    vault.require_mark()
    job = asks.learner_job(asked.manifest, allowed)
    with LearnerProcess.start(job, asked.row.weights) as learner, vault.run(request_id, learner.stop):
        try:
            _mark(vault, request_id, RequestState.READY)
            with vault.act() as act:
                _charge(act, load(act.uow, request_id), allowed)
            _mark(vault, request_id, RequestState.TRAINING)
            envelope = learner.train(_columns(vault, asked, allowed, job), progress)
            check_update(envelope.update, asked.manifest)
            _hold(vault, request_id, allowed, envelope)
        except BaseException:
            # Before the charge nothing is spent, after it all is, whatever ended the run. If even this cannot be
            # written, the next settling does it.
            with suppress(LockboxError):
                vault.settle(lambda act: _settle(act, load(act.uow, request_id).row))
            raise


def stop_under(vault: OpenVault, grant_id: str) -> None:
    """End the learners that run under a consent; what they would hand in is not held anyway."""
    with vault.read() as uow:
        under = [row.id for row in uow.find(RequestRow, grant_id=grant_id)]
    for request_id in under:
        if stop := vault.running.get(request_id):
            stop()


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


def _settle(act: Act, row: RequestRow) -> None:
    state = RequestState(row.state)
    if state in _AFTER_CRASH:
        row.state = move(state, _AFTER_CRASH[state])
        _record_run(act, row, _AFTER_CRASH[state])


_AFTER_CRASH = {
    RequestState.READY: RequestState.APPROVED,
    RequestState.CHARGED: RequestState.FAILED,
    RequestState.TRAINING: RequestState.FAILED,
}


def _planned(vault: OpenVault, request_id: str) -> tuple[Asked, frozenset[str]]:
    """The request and the fields it may read, or the refusal, before a process is started."""
    with vault.read() as uow:
        asked = load(uow, request_id)
        if asked.row.state != RequestState.APPROVED.value:
            raise WrongState(state=in_words(RequestState(asked.row.state)))
        decision = decision_at(uow, asked, trusted_now(uow, vault.clock))
        _refuse_unless(decision)
        precheck(uow, asked)
    return asked, decision.allowed


def _refuse_unless(decision: Decision) -> None:
    if not decision.permitted:
        raise ConsentRefused(reason="; ".join(reason.sentence for reason in decision.reasons))


def precheck(uow: UnitOfWork, asked: Ask) -> None:
    """Raise `BudgetExhausted` when no filter of the job can pay for it."""
    facts = find_collection(uow, asked.manifest.collection)
    ledger.precheck(
        uow,
        collection_id=facts.id,
        requester_id=asked.requester.id,
        lifetime_epsilon=facts.lifetime_epsilon,
        price=asked.price,
    )


def _mark(vault: OpenVault, request_id: str, state: RequestState) -> None:
    with vault.act() as act:
        row = load(act.uow, request_id).row
        row.state = move(RequestState(row.state), state)
        _record_run(act, row, state)


def _charge(act: Act, asked: Asked, allowed: frozenset[str]) -> None:
    """Decide once more, spend one use and charge every filter, in one transaction; no refund from here on."""
    decision = decision_for(act, asked)
    _refuse_unless(decision)
    if decision.allowed != allowed or decision.grant_id is None:
        raise ConsentRefused(reason="the consents changed while the learner was getting ready")
    record_decision(act, asked.row.id, decision)
    spend_use(act, decision.grant_id)
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
    asked.row.grant_id = decision.grant_id
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
    if state is RequestState.FAILED:
        act.record(EntryType.RUN_FAILED, clear={"run": row.id, "reason": "interrupted", "charged": True})
        return
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
