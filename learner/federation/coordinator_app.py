"""What a coordinator answers over HTTPS: files that never change, its log, enrolments, and answers."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Final, TypeAlias

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from learner.federation.coordinator import Coordinator, sha256
from learner.federation.exchange import (
    ENROLMENT_LIMIT,
    Enrolment,
    EnrolmentAsk,
    answer_limit,
    error_bytes,
)
from learner.federation.limits import Allowance, Limits, bounded_body
from learner.federation.overview import overview
from learner.federation.stored import Stored
from vault.errors.families import Invalid, LockboxError, Unavailable
from vault.errors.federation import (
    AnswerInvalid,
    CodeRefused,
    EnrolledInOtherTier,
    EnrolmentNotProven,
    NotEnrolled,
    NothingThere,
    OtherAnswer,
    RoundClosed,
    TooManyRequests,
    UploadTooLarge,
    UploadTooSlow,
)
from vault.requester.coordinating import dimension, signature_line
from vault.requester.forms import NotCanonical, dump, parse_as

JSON: Final = "application/json"
LINES: Final = "application/jsonl"
BYTES: Final = "application/octet-stream"
TEXT: Final = "text/plain; charset=utf-8"
UNFORESEEN: Final = "The coordinator made a mistake of its own."

STATUS: Final[dict[type[LockboxError], int]] = {
    NotEnrolled: 403,
    CodeRefused: 403,
    EnrolledInOtherTier: 403,
    EnrolmentNotProven: 403,
    NothingThere: 404,
    UploadTooSlow: 408,
    OtherAnswer: 409,
    RoundClosed: 410,
    UploadTooLarge: 413,
    AnswerInvalid: 422,
    TooManyRequests: 429,
    Invalid: 422,
    Unavailable: 503,
}

Answering: TypeAlias = Callable[..., Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Doors:
    """What every route asks before it does anything."""

    coordinator: Coordinator
    limits: Limits
    of_key: Allowance
    of_stranger: Allowance

    async def key(self, request: Request, campaign: str) -> str:
        """The enrolled key that a token stands for; raises ``NothingThere``, ``NotEnrolled``, ``TooManyRequests``."""
        stranger = request.client.host if request.client else ""
        self.of_stranger.check(stranger)
        if campaign != self.coordinator.digest:
            self.of_stranger.take(stranger)
            raise NothingThere(what="such campaign")
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        is_token = kind.lower() == "bearer" and re.fullmatch("[0-9a-f]{64}", token)
        key = await run_in_threadpool(self.coordinator.key_of, token) if is_token else None
        if key is None:
            self.of_stranger.take(stranger)
            raise NotEnrolled()
        self.of_key.take(key)
        return key

    async def invited(self, request: Request, campaign: str) -> None:
        """Let in whoever has an invitation, used or not, or is enrolled; raises what ``key`` does.

        A courier checks by whom it is invited before it says any vault's key. Who has an invitation is no stranger:
        the vaults of one house, which share an address, do not keep each other out.
        """
        kind, _, code = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "invitation" or campaign != self.coordinator.digest:
            await self.key(request, campaign)
            return
        stranger = request.client.host if request.client else ""
        self.of_stranger.check(stranger)
        is_code = re.fullmatch("[0-9a-f]{64}", code) is not None
        if not is_code or not await run_in_threadpool(self.coordinator.is_invited, code):
            self.of_stranger.take(stranger)
            raise NotEnrolled()
        self.of_key.take(code)


def application(coordinator: Coordinator, limits: Limits | None = None) -> Starlette:
    """The application of a coordinator; it documents itself to nobody."""
    limits = limits or Limits()
    doors = _Doors(
        coordinator=coordinator,
        limits=limits,
        of_key=Allowance(limits.of_key),
        of_stranger=Allowance(limits.of_stranger),
    )
    routes = [
        Route(path, _guarded(doors, answering), methods=[method]) for path, method, answering in _routes()
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _no_such_place})


def _routes() -> list[tuple[str, str, Answering]]:
    place = "/campaigns/{campaign}"
    return [
        (place + "/enrolments", "POST", _enrol),
        (place + "/rounds/{number}/releases/{release}", "PUT", _answer),
        (place + "/overview", "GET", _overview),
        (place + "/log/checkpoint", "GET", _checkpoint),
        (place + "/log/leaves", "GET", _leaves),
        (place + "/rounds/{number}/{file}", "GET", _round_file),
        (place + "/rounds/{number}/tiers/{tier}/{file}", "GET", _round_file),
        (place + "/model/{file}", "GET", _model_file),
        (place + "/{file}", "GET", _campaign_file),
    ]


def _guarded(doors: _Doors, answering: Answering) -> Answering:
    async def handle(request: Request) -> Response:
        try:
            return await answering(doors, request, **request.path_params)
        except LockboxError as error:
            return _refusal(error)
        except Exception:
            # the boundary of the process: a text of an unforeseen error could hold anything
            return _error(500, UNFORESEEN)

    return handle


# enrolments and answers -----------------------------------------------------------------------------------


async def _enrol(doors: _Doors, request: Request, campaign: str) -> Response:
    stranger = request.client.host if request.client else ""
    doors.of_stranger.check(stranger)
    if campaign != doors.coordinator.digest:
        doors.of_stranger.take(stranger)
        raise NothingThere(what="such campaign")
    body = await bounded_body(request, ENROLMENT_LIMIT, doors.limits.body_seconds)
    try:
        asked = parse_as(EnrolmentAsk, body)
    except NotCanonical as error:
        doors.of_stranger.take(stranger)
        raise Invalid(reason=str(error)) from error
    doors.of_key.check(asked.code)
    try:
        token, is_new = await run_in_threadpool(doors.coordinator.enrol, asked.code, asked.key, asked.proof)
    except (CodeRefused, EnrolmentNotProven):
        doors.of_stranger.take(stranger)
        raise
    doors.of_key.take(asked.code)  # the same again is answered the same, and not without end
    return Response(dump(Enrolment(v=1, token=token)), 201 if is_new else 200, media_type=JSON)


async def _answer(doors: _Doors, request: Request, campaign: str, number: str, release: str) -> Response:
    key = await doors.key(request, campaign)
    place = _number(number)
    await run_in_threadpool(doors.coordinator.job, place)
    most = answer_limit(dimension(doors.coordinator.document.job))
    body = await bounded_body(request, most, doors.limits.body_seconds)
    work = partial(doors.coordinator.answer, place, release, key=key, body=body)
    found = await run_in_threadpool(work)
    return Response(b"", 201 if found is Stored.NEW else 200)


# files ----------------------------------------------------------------------------------------------------


async def _campaign_file(doors: _Doors, request: Request, campaign: str, file: str) -> Response:
    await doors.invited(request, campaign)
    files = doors.coordinator.campaign
    kept = {"campaign.json": (files.data, JSON), "campaign.sig": (files.signature, TEXT)}
    return _file(request, _picked(kept, file))


async def _round_file(
    doors: _Doors, request: Request, campaign: str, number: str, file: str, tier: str | None = None
) -> Response:
    """A file of a round's job, in a noise tier at a place of its own: each stays the same for everybody."""
    await doors.key(request, campaign)
    job = await run_in_threadpool(doors.coordinator.job, _number(number), tier)
    kept = {
        "manifest.json": (job.manifest, JSON),
        "manifest.sig": (signature_line(job.signature), TEXT),
        "weights.safetensors": (job.weights, BYTES),
    }
    return _file(request, _picked(kept, file))


async def _model_file(doors: _Doors, request: Request, campaign: str, file: str) -> Response:
    await doors.key(request, campaign)
    found = await run_in_threadpool(doors.coordinator.returned_model)
    kept = {
        "model.json": (found.document, JSON),
        "model.sig": (found.signature, TEXT),
        "model.safetensors": (found.weights, BYTES),
    }
    return _file(request, _picked(kept, file))


async def _checkpoint(doors: _Doors, request: Request, campaign: str) -> Response:
    await doors.key(request, campaign)
    note = await run_in_threadpool(doors.coordinator.checkpoint)
    return _file(request, (note, TEXT), changes=True)


async def _leaves(doors: _Doors, request: Request, campaign: str) -> Response:
    await doors.key(request, campaign)
    said = request.query_params.get("from", "0")
    start = _number(said) if said != "0" else 0
    lines = await run_in_threadpool(doors.coordinator.state.leaves, start)
    return _file(request, (b"".join(line + b"\n" for line in lines), LINES), changes=True)


async def _overview(doors: _Doors, request: Request, campaign: str) -> Response:
    """How the campaign stands, for its requester alone."""
    stranger = request.client.host if request.client else ""
    doors.of_stranger.check(stranger)
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    is_theirs = hmac.compare_digest(token.encode(), doors.coordinator.access_token.encode())
    if campaign != doors.coordinator.digest or not is_theirs:
        doors.of_stranger.take(stranger)
        raise NotEnrolled()
    found = await run_in_threadpool(overview, doors.coordinator)
    return Response(json.dumps(asdict(found)), media_type=JSON)


def _file(request: Request, found: tuple[bytes, str], *, changes: bool = False) -> Response:
    """A file with its digest as ETag, or that it is the one that is known already (RFC 9110 section 13.1.2)."""
    data, kind = found
    tag = f'"{sha256(data)}"'
    headers = {
        "ETag": tag,
        "Cache-Control": "no-cache" if changes else "private, max-age=31536000, immutable",
    }
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    if tag in known:
        return Response(b"", 304, headers)
    return Response(data, 200, headers, media_type=kind)


def _picked(kept: dict[str, tuple[bytes, str]], file: str) -> tuple[bytes, str]:
    if file not in kept:
        raise NothingThere(what="such file")
    return kept[file]


def _number(text: str) -> int:
    if not re.fullmatch("[1-9][0-9]{0,8}", text):
        raise NothingThere(what="such place")
    return int(text)


# errors ---------------------------------------------------------------------------------------------------


def _refusal(error: LockboxError) -> Response:
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
    more = {"Retry-After": str(error.facts["seconds"])} if isinstance(error, TooManyRequests) else {}
    return _error(status, str(error) if status != 500 else UNFORESEEN, more)


def _error(status: int, sentence: str, more: dict[str, str] | None = None) -> Response:
    # what was not read of a body is not read any more
    headers = {"Connection": "close", **(more or {})} if status in (408, 413) else more
    return Response(error_bytes(sentence), status, headers, media_type=JSON)


async def _no_such_place(_request: Request, error: Any) -> Response:
    return _error(error.status_code, str(NothingThere(what="such place")))
