"""Every path of the socket, by one table for the façade's methods and by hand for what only this process has."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.security import HTTPBearer

from vault.api import wire
from vault.api.app import Door, OwnerDoor, RequesterDoor, bare_app, bearer, service_of
from vault.api.service import Service
from vault.api.shapes import Shape, arguments_of, shape_of
from vault.errors.families import Invalid
from vault.requests.bundle import JobFiles, parse_signature_line
from vault.views.runs import Pulse

# for the document alone: who may pass is decided by the doors
_BEARER = [Depends(HTTPBearer(auto_error=False))]


def application(service: Service | None = None) -> FastAPI:
    """The whole application; without a service it can only be described."""
    app = bare_app()
    app.state.service = service
    open_to_all = APIRouter(route_class=Door)
    owner = APIRouter(route_class=OwnerDoor, dependencies=_BEARER)
    requester = APIRouter(route_class=RequesterDoor, dependencies=_BEARER)
    open_to_all.post(wire.SESSION)(open_session)
    owner.post(wire.END_SESSION)(end_session)
    owner.post(wire.NONCE)(new_nonce)
    owner.post(wire.PASSPHRASE)(change_passphrase)
    owner.post(wire.START_TRAINING)(start_training)
    owner.post(wire.TRAINING_OUTCOME)(training_outcome)
    owner.post(wire.PULSE, response_model=Pulse)(pulse)
    owner.post(wire.LOCK)(lock)
    owner.post(wire.LOCK_AFTER)(lock_after)
    for method in wire.ROUTED:
        _add(owner, shape_of(method))
    requester.post(wire.SUBMIT_JOB)(submit_job)
    requester.post(wire.ASK_JOB)(ask_job)
    requester.post(wire.FETCH_JOB)(fetch_job)
    for router in (open_to_all, owner, requester):
        app.include_router(router)
    return app


def _add(router: APIRouter, shape: Shape) -> None:
    async def endpoint(request: Request, body: Any) -> Response:
        service, said = service_of(request), await request.json()
        return await service.work(lambda: _answer(service, shape, said, body))

    endpoint.__annotations__["body"] = shape.body
    router.post(
        wire.owner_path(shape.method), name=shape.method, summary=shape.summary, response_model=shape.answer
    )(endpoint)


def _answer(service: Service, shape: Shape, said: dict[str, wire.Json], body: Any) -> Response:
    arguments = arguments_of(body)
    if shape.method in wire.PROVEN:
        rest = {name: value for name, value in said.items() if name != "proof"}
        service.check_proof(body.proof, shape.method, rest)
    answer = getattr(service.vault, shape.method)(**arguments)
    return Response(shape.adapter.dump_json(answer), media_type=wire.JSON_TYPE)


# sessions and the process


async def open_session(request: Request, body: wire.SessionWish) -> wire.Session:
    """Open a session with the vault's passphrase or recovery key."""
    service = service_of(request)
    return await service.at_the_door(lambda: service.open_session(body))


async def end_session(request: Request, _body: wire.Empty) -> None:
    """End the session of this token."""
    service_of(request).end_session(bearer(request))


async def new_nonce(request: Request, body: wire.NonceWish) -> wire.Nonce:
    """A nonce for one proof of an approver."""
    return wire.Nonce(nonce=service_of(request).new_nonce(body.approver))


async def change_passphrase(request: Request, body: wire.PassphraseWish) -> None:
    """Give the vault another passphrase."""
    service = service_of(request)
    await service.at_the_door(lambda: service.change_passphrase(body))


async def start_training(request: Request, body: wire.RequestId) -> None:
    """Begin an approved run and return at once."""
    service = service_of(request)
    await service.work(lambda: service.trainings.start(body.request_id))


async def training_outcome(request: Request, body: wire.RequestId) -> wire.Outcome:
    """What became of a run that was begun here."""
    return service_of(request).trainings.outcome(body.request_id)


async def pulse(request: Request, _body: wire.Empty) -> Pulse:
    """What changes by itself."""
    service = service_of(request)
    return await service.work(service.pulse)


async def lock(request: Request, body: wire.LockWish) -> None:
    """Lock the vault: every session ends, and the process with it."""
    # At once and not in turn: what works on the vault may take its time, and locking must not wait for it.
    service_of(request).lock(stop_training=body.stop_training)


async def lock_after(request: Request, body: wire.LockAfter) -> None:
    """Lock after so many minutes without use."""
    service_of(request).sessions.lock_after(body.minutes)


# requesters


async def submit_job(request: Request, body: wire.JobFiles) -> wire.JobState:
    """Hand in a signed job."""
    service, requester = service_of(request), request.state.requester

    def take() -> wire.JobState:
        job_id = service.vault.take_job(requester, _files(body))
        return _state(service, requester, job_id)

    return await service.work(take)


async def ask_job(request: Request, body: wire.JobId) -> wire.JobState:
    """Where an own job stands."""
    service, requester = service_of(request), request.state.requester
    return await service.work(lambda: _state(service, requester, body.job_id))


async def fetch_job(request: Request, body: wire.JobId) -> wire.ReleasedFiles:
    """What was released for an own job."""
    service, requester = service_of(request), request.state.requester
    files = await service.work(lambda: service.vault.released_files(requester, body.job_id))
    spelled = {name: base64.b64encode(data).decode() for name, data in files.items()}
    return wire.ReleasedFiles(job_id=body.job_id, files=spelled)


def _state(service: Service, requester: str, job_id: str) -> wire.JobState:
    return wire.JobState.model_validate(
        {"job_id": job_id, "state": service.vault.job_state(requester, job_id)}
    )


def _files(body: wire.JobFiles) -> JobFiles:
    manifest, line, weights = (
        _decoded(name, getattr(body, name)) for name in ("manifest", "signature", "weights")
    )
    try:
        signature = parse_signature_line(line)
    except ValueError:
        raise Invalid(reason="the signature is not one line of base64") from None
    return JobFiles(manifest=manifest, signature=signature, weights=weights)


def _decoded(name: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid(reason=f"the {name} is not base64") from None
