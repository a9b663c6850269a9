"""A witness as a small HTTP service: C2SP tlog-witness, add-checkpoint and the checkpoint that was cosigned last.

Plain HTTP is for the same computer alone; beyond it the service speaks TLS. Nobody is asked who they are: what is
cosigned is a checkpoint that the log's own key signed.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from learner.federation.connections import listener, os_words, waiting_for
from learner.federation.limits import bounded_body
from vault.daemon.quiet_server import QuietServer, quiet_config, signals_to, silence
from vault.errors.families import Invalid, LockboxError
from vault.errors.federation import PortTaken, UploadTooLarge, UploadTooSlow
from vault.errors.records import FileMissing
from vault.errors.witness import (
    CheckpointElsewhere,
    CheckpointInconsistent,
    CheckpointMalformed,
    CheckpointUnsigned,
    UnknownLog,
)
from vault.requester.witness import REQUEST_LIMIT, Witness

if TYPE_CHECKING:
    import socket

BODY_SECONDS: Final = 20.0
HEAD_SECONDS: Final = 20.0
CONNECTIONS: Final = 200
OF_ADDRESS: Final = 20
SIZE_TYPE: Final = "text/x.tlog.size"
_STATUS: Final[dict[type[LockboxError], int]] = {
    CheckpointMalformed: 400,
    CheckpointUnsigned: 403,
    UnknownLog: 404,
    CheckpointInconsistent: 422,
}


def application(witness: Witness, clock: Callable[[], float] = time.time) -> Starlette:
    """The two paths of a witness."""

    async def add_checkpoint(request: Request) -> Response:
        try:
            body = await _body(request)
            line = await run_in_threadpool(witness.add_checkpoint, body, int(clock()))
        except CheckpointElsewhere as error:
            return Response(f"{error.facts['size']}\n", status_code=409, media_type=SIZE_TYPE)
        except LockboxError as error:
            return _refused(error)
        return Response(line, media_type="text/plain")

    async def checkpoint(request: Request) -> Response:
        try:
            note = await run_in_threadpool(witness.kept, request.path_params["origin_hash"])
        except LockboxError as error:
            return _refused(error)
        return Response(note, media_type="text/plain")

    return Starlette(
        routes=[
            Route("/add-checkpoint", add_checkpoint, methods=["POST"]),
            Route("/{origin_hash}/checkpoint", checkpoint),
        ]
    )


def serve(
    folder: Path, *, host: str, port: int, certificate: Path | None = None, key: Path | None = None,
    announce: Callable[[int], None] = lambda _port: None,
) -> None:  # fmt: skip
    """Serve the witness in a folder until a signal ends it; `announce` is told the port.

    Raises ``NoWitnessHere``, ``PortTaken``, and ``Invalid`` for plain HTTP beyond this computer.
    """
    check_address(host, has_tls=certificate is not None and key is not None)
    for file in (certificate, key):
        if file is not None and not file.is_file():
            raise FileMissing(path=file)
    app = application(Witness.open(folder))
    server = WitnessServer(server_config(app, host, port, certificate, key), announce)
    with signals_to(server.end):
        server.run()


def check_address(host: str, *, has_tls: bool) -> None:
    """Refuse plain HTTP on an address that others reach."""
    if not has_tls and not _is_this_computer(host):
        raise Invalid(reason="without TLS a witness serves this computer alone: give --certificate and --key")


def _is_this_computer(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class WitnessServer(QuietServer):
    """A server that says on which port it listens."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[int], None]) -> None:
        super().__init__(config)
        self._announce = announce

    def end(self) -> None:
        """Stop serving."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say where; raises ``PortTaken`` for an address that is taken or none."""
        host, port = self.config.host, self.config.port
        try:
            bound = listener(host, port, most=CONNECTIONS, of_address=OF_ADDRESS)
        except OSError as error:
            raise PortTaken(address=f"{host}:{port}", reason=os_words(error)) from None
        await super().startup(sockets=[bound])
        if self.started:
            self._announce(self.servers[0].sockets[0].getsockname()[1])


def server_config(
    app: Starlette, host: str, port: int, certificate: Path | None = None, key: Path | None = None,
    *, head_seconds: float = HEAD_SECONDS,
) -> uvicorn.Config:  # fmt: skip
    """How it is served: few connections, none that is silent for long, nothing logged."""
    silence()
    return quiet_config(
        app,
        host=host,
        port=port,
        http=waiting_for(head_seconds),
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=20,
        timeout_graceful_shutdown=5,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )


async def _body(request: Request) -> bytes:
    """The body, of so many bytes and seconds; raises ``CheckpointMalformed``."""
    try:
        return await bounded_body(request, REQUEST_LIMIT, BODY_SECONDS)
    except UploadTooLarge:
        raise CheckpointMalformed(reason="it is too long") from None
    except UploadTooSlow:
        raise CheckpointMalformed(reason="it took too long to come") from None


def _refused(error: LockboxError) -> Response:
    return Response(f"{error}\n", status_code=_STATUS.get(type(error), 500), media_type="text/plain")
