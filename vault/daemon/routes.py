"""Every path of the socket: the owner's actions as they are declared, and by hand what only this process has."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, Request, Response
from fastapi.security import HTTPBearer

from vault.daemon.app import OpenRoute, OwnerRoute, RequesterRoute, bare_app, bearer, service_of
from vault.daemon.operations import Operation, arguments_of, only_arguments, operation_of
from vault.daemon.service import Service
from vault.errors.families import Invalid
from vault.owner.interface.actions import ACTIONS, PROGRESS, Action
from vault.owner.interface.kinds import Kind
from vault.portal import CampaignTold, Told
from vault.requests.bundle import JobFiles, parse_signature_line
from vault.requests.campaign import campaign_signature
from vault.requests.campaign_log import LogPart
from vault.requests.campaign_model import ModelFiles
from vault.strict_base64 import from_base64
from vault.views.runs import BegunAction, Pulse
from vault.wire import addresses, messages
from vault.wire.addresses import JSON_TYPE, outcome_path, owner_path
from vault.wire.encoding import Json
from vault.wire.messages import ActionId, Begun
from vault.wire.proofs import LockAfter

# for the document alone: who may pass is decided by the classes of the routes
_BEARER = [Depends(HTTPBearer(auto_error=False))]


def application(service: Service | None = None, actions: Mapping[str, Action] = ACTIONS) -> FastAPI:
    """The whole application; without a service it can only be described."""
    app = bare_app()
    app.state.service = service
    open_to_all = APIRouter(route_class=OpenRoute)
    owner = APIRouter(route_class=OwnerRoute, dependencies=_BEARER)
    requester = APIRouter(route_class=RequesterRoute, dependencies=_BEARER)
    open_to_all.post(addresses.SESSION)(open_session)
    owner.post(addresses.END_SESSION)(end_session)
    owner.post(addresses.NONCE)(new_nonce)
    owner.post(addresses.PASSPHRASE)(change_passphrase)
    owner.post(addresses.BEGUN, response_model=list[BegunAction])(begun_actions)
    owner.post(addresses.STOP)(stop_action)
    owner.post(addresses.PULSE, response_model=Pulse)(pulse)
    owner.post(addresses.LOCK)(lock)
    owner.post(addresses.LOCK_AFTER)(lock_after)
    for action in actions.values():
        _add(owner, operation_of(action))
    requester.post(addresses.SUBMIT_JOB)(submit_job)
    requester.post(addresses.ASK_JOB)(ask_job)
    requester.post(addresses.FETCH_JOB)(fetch_job)
    requester.post(addresses.SUBMIT_CAMPAIGN)(submit_campaign)
    requester.post(addresses.ASK_CAMPAIGN)(ask_campaign)
    requester.post(addresses.SUBMIT_MODEL)(submit_model)
    for router in (open_to_all, owner, requester):
        app.include_router(router)
    return app


def _add(router: APIRouter, operation: Operation) -> None:
    """The route of an action, or the two of a watched one."""
    action = operation.action
    if Kind.WATCHED in action.kind:
        answer, endpoint = Begun, _begin
        _post(router, outcome_path(action.name), _outcome, operation, operation.outcome, ActionId)
    else:
        answer, endpoint = operation.answer, _answer
    _post(router, owner_path(action.name), endpoint, operation, answer, operation.body)


def _post(
    router: APIRouter, path: str, work: Callable[..., Response], operation: Operation, answer: Any, body: Any
) -> None:
    async def endpoint(request: Request, body: Any) -> Response:
        service, said = service_of(request), await request.json()
        return await service.work(lambda: work(service, operation, said, body))

    endpoint.__annotations__["body"] = body
    name = path.rpartition("/v1/owner/")[2].replace("-", "_").replace("/", "_")
    router.post(path, name=name, summary=operation.action.sentence, response_model=answer)(endpoint)


def _check_proof(service: Service, operation: Operation, said: dict[str, Json], body: Any) -> None:
    if Kind.PROVEN in operation.action.kind:
        service.check_proof(body.proof, operation.action.name, only_arguments(said))


def _answer(service: Service, operation: Operation, said: dict[str, Json], body: Any) -> Response:
    _check_proof(service, operation, said, body)
    answer = operation.carry_out(service.vault, arguments_of(body))
    return Response(operation.adapter.dump_json(answer), media_type=JSON_TYPE)


def _begin(service: Service, operation: Operation, said: dict[str, Json], body: Any) -> Response:
    _check_proof(service, operation, said, body)
    arguments = arguments_of(body)
    action_id = service.watched.begin(
        operation.action.name, only_arguments(said),
        lambda follow: operation.carry_out(service.vault, {**arguments, PROGRESS: follow}),
        action_id=body.action_id,
    )  # fmt: skip
    return Response(Begun(id=action_id).model_dump_json(), media_type=JSON_TYPE)


def _outcome(service: Service, operation: Operation, _said: dict[str, Json], body: ActionId) -> Response:
    found = service.watched.find(body.id, operation.action.name).outcome(operation.outcome)
    return Response(found.model_dump_json(), media_type=JSON_TYPE)


# sessions and the process


async def open_session(request: Request, body: messages.LoginRequest) -> messages.Session:
    """Open a session with the vault's passphrase or recovery key."""
    service = service_of(request)
    return await service.authenticate(lambda: service.open_session(body))


async def end_session(request: Request, _body: messages.Empty) -> None:
    """End the session of this token."""
    service_of(request).end_session(bearer(request))


async def new_nonce(request: Request, body: messages.NonceRequest) -> messages.Nonce:
    """A nonce for one proof of an approver."""
    return messages.Nonce(nonce=service_of(request).new_nonce(body.approver))


async def change_passphrase(request: Request, body: messages.PassphraseChange) -> None:
    """Give the vault another passphrase."""
    service = service_of(request)
    await service.authenticate(lambda: service.change_passphrase(body))


async def begun_actions(request: Request, _body: messages.Empty) -> list[BegunAction]:
    """The watched actions that were begun here, the oldest first."""
    return service_of(request).watched.views()


async def stop_action(request: Request, body: ActionId) -> None:
    """End a watched action as soon as it can be."""
    service_of(request).watched.stop(body.id)


async def pulse(request: Request, _body: messages.Empty) -> Pulse:
    """What changes by itself."""
    service = service_of(request)
    return await service.work(service.pulse)


async def lock(request: Request, body: messages.LockRequest) -> None:
    """Lock the vault: every session ends, and the process with it."""
    # At once and not in turn: what works on the vault may take its time, and locking must not wait for it.
    service_of(request).lock(stop_training=body.stop_training)


async def lock_after(request: Request, body: LockAfter) -> None:
    """Lock after so many minutes without use; longer than now has to be proven."""
    service, said = service_of(request), await request.json()
    service.check_lock_after(body, only_arguments(said))
    await service.work(lambda: service.lock_after(body.minutes))


# requesters


async def submit_job(request: Request, body: messages.JobFiles, after: BackgroundTasks) -> messages.JobState:
    """Hand in a signed job."""
    service, requester = service_of(request), request.state.requester
    log = None if body.log is None else _log(body.log)
    told = await service.work(lambda: service.vault.take_job(requester, _files(body), log))
    after.add_task(service.work, service.vault.raise_mark)  # once the answer is on its way
    after.add_task(service.work, service.vault.take_up)
    return _state(told)


async def submit_campaign(
    request: Request, body: messages.CampaignFiles, after: BackgroundTasks
) -> messages.CampaignState:
    """Hand in a signed campaign."""
    service, requester = service_of(request), request.state.requester
    data, line = _decoded("campaign", body.campaign), _decoded("signature", body.signature)
    told = await service.work(
        lambda: service.vault.take_campaign(requester, data, campaign_signature(line), body.tier)
    )
    after.add_task(service.work, service.vault.raise_mark)
    after.add_task(service.work, service.vault.take_up)
    return _campaign(told)


async def submit_model(
    request: Request, body: messages.FinalModel, after: BackgroundTasks
) -> messages.CampaignState:
    """Hand in the final model of an own campaign."""
    service, requester = service_of(request), request.state.requester
    files = ModelFiles(
        document=_decoded("model", body.model),
        signature=_signature(_decoded("signature", body.signature)),
        weights=_decoded("weights", body.weights),
    )
    told = await service.work(lambda: service.vault.take_model(requester, body.digest, files, _log(body.log)))
    after.add_task(service.work, service.vault.raise_mark)
    after.add_task(service.work, service.vault.take_up)
    return _campaign(told)


async def ask_campaign(request: Request, body: messages.CampaignDigest) -> messages.CampaignState:
    """What is heard of an own campaign."""
    service, requester = service_of(request), request.state.requester
    return _campaign(await service.work(lambda: service.vault.campaign_state(requester, body.digest)))


async def ask_job(request: Request, body: messages.JobId) -> messages.JobState:
    """Where an own job stands."""
    service, requester = service_of(request), request.state.requester
    return _state(await service.work(lambda: service.vault.job_state(requester, body.job_id)))


async def fetch_job(request: Request, body: messages.JobId) -> messages.ReleasedFiles:
    """What was released for an own job."""
    service, requester = service_of(request), request.state.requester
    files = await service.work(lambda: service.vault.released_files(requester, body.job_id))
    spelled = {name: base64.b64encode(data).decode() for name, data in files.items()}
    return messages.ReleasedFiles(job_id=body.job_id, files=spelled)


def _state(told: Told) -> messages.JobState:
    return messages.JobState.model_validate(
        {"job_id": told.job_id, "state": told.word.value, "until": told.until}
    )


def _campaign(told: CampaignTold) -> messages.CampaignState:
    return messages.CampaignState.model_validate(
        {
            "digest": told.digest,
            "state": told.word.value,
            "checkpoint_size": told.log_size,
            "has_model": told.has_model,
        }
    )


def _log(body: messages.CampaignLog) -> LogPart:
    return LogPart(
        checkpoint=body.checkpoint.encode(),
        leaves=tuple(line.encode() for line in body.leaves),
        root=bytes.fromhex(body.root),
        consistency=tuple(map(bytes.fromhex, body.consistency)),
    )


def _files(body: messages.JobFiles) -> JobFiles:
    manifest, line, weights = (
        _decoded(name, getattr(body, name)) for name in ("manifest", "signature", "weights")
    )
    return JobFiles(manifest=manifest, signature=_signature(line), weights=weights)


def _signature(line: bytes) -> bytes:
    try:
        return parse_signature_line(line)
    except ValueError:
        raise Invalid(reason="the signature is not one line of base64") from None


def _decoded(name: str, text: str) -> bytes:
    try:
        return from_base64(text)
    except ValueError:
        raise Invalid(reason=f"the {name} is not base64") from None
