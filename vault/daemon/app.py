"""The application: its routes, who may use which, and every error as one body."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from vault.daemon.bodies import PlainRequest
from vault.daemon.guard import Guard
from vault.daemon.service import Service
from vault.errors.daemon import NotAtThisDoor, SessionEnded
from vault.errors.exhaustion import truly
from vault.errors.families import Invalid, LockboxError
from vault.wire.addresses import BACKGROUND, JSON_TYPE
from vault.wire.errors import ErrorBody, error_body, status_of, unforeseen

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
DESCRIPTION: Final = "What the process that has a vault open answers on its Unix socket."


class OpenRoute(APIRoute):
    """A route that anybody of this user may try."""

    def get_route_handler(self) -> Handler:
        """Who asks first, then what was sent, then the work; every failure is answered here."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                await self.admit(request)
                plain = PlainRequest(request.scope, request.receive)
                await plain.json()
                return await handle(plain)
            except LockboxError as error:
                return error_response(error)
            except RequestValidationError as error:
                return error_response(Invalid(reason=_faults(error)))
            except Exception as error:
                # the boundary of the process: a text of an unforeseen error could hold anything, so its kind alone
                return error_response(unforeseen(error))

        return answer

    async def admit(self, request: Request) -> None:
        """Let the request in, or raise."""


class OwnerRoute(OpenRoute):
    """A route for the owner's screens and commands."""

    async def admit(self, request: Request) -> None:
        """Ask for a token of the owner, which this use keeps alive unless a screen refreshes itself."""
        service, token = service_of(request), bearer(request)
        in_background = request.headers.get(BACKGROUND) == "1"
        try:
            service.sessions.use(token, in_background=in_background)
        except SessionEnded:
            await service.work(lambda: service.reject(token))


class RequesterRoute(OpenRoute):
    """A route for a requester with a token."""

    async def admit(self, request: Request) -> None:
        """Ask for a requester's token, and remember whose it is."""
        service, token = service_of(request), bearer(request)
        request.state.requester = await service.work(lambda: service.requester_of(token))


def service_of(request: Request) -> Service:
    """The service behind this application."""
    service: Service = request.app.state.service
    return service


def bearer(request: Request) -> str:
    """The token of a request, or empty."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token if kind.lower() == "bearer" else ""


def bare_app() -> FastAPI:
    """The application without its routes; nothing of it is shown over the socket, its document lies in docs/."""
    app = FastAPI(
        title="Lockbox", version="1", description=DESCRIPTION, docs_url=None, redoc_url=None, openapi_url=None,
        redirect_slashes=False,
        responses={"default": {"model": ErrorBody, "description": "An error, with the sentence for a person"}},
    )  # fmt: skip
    app.add_middleware(Guard)
    app.add_exception_handler(HTTPException, _nowhere)
    return app


def error_response(error: LockboxError) -> Response:
    """An error as an answer; one that blames somebody for a resource that ran out names that instead."""
    error = truly(error)
    return Response(error_body(error).model_dump_json(), status_of(error), media_type=JSON_TYPE)


def _nowhere(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    body = error_body(NotAtThisDoor(reason="there is nothing at that path")).model_dump_json()
    return Response(body, status, getattr(error, "headers", None), JSON_TYPE)


def _faults(error: RequestValidationError) -> str:
    """Where and how a body does not fit, without a word of what was sent: it may be a passphrase."""
    faults = sorted({_fault(one["type"], one["loc"]) for one in error.errors()})
    return "these arguments do not fit: " + ", ".join(faults[:5])


def _fault(kind: str, where: tuple[int | str, ...]) -> str:
    # the first part says that it is the body, the second is a name of ours unless nothing of ours has it
    if kind == "extra_forbidden" or len(where) < 2:
        return "something unknown"
    return f"{where[1]} ({kind})"
