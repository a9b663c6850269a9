"""What is refused before any work: pure ASGI around everything else, before the body is read.

A browser cannot connect to a Unix socket, but a program that forwards for one can: so what only browsers say
(Origin, Sec-Fetch) is refused, and a Host other than ours, which a rebound name would bring.
"""

from __future__ import annotations

import time
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vault.daemon.moving_window import MovingWindow
from vault.errors.daemon import BodyTooLarge, NotAtThisDoor, TooManyTries
from vault.errors.families import LockboxError
from vault.wire.addresses import BODY_LIMIT, HOST, JSON_TYPE
from vault.wire.errors import error_body

REQUESTS_PER_SECOND: Final = 100


class _Refused(Exception):
    def __init__(self, status: int, error: LockboxError) -> None:
        super().__init__(status)
        self.status = status
        self.error = error


class Guard:
    """Lets through POSTs of JSON to our own host, of bounded size and number; the rest is answered here."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._recent = MovingWindow(most=REQUESTS_PER_SECOND, seconds=1.0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer an ASGI request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            self._check_rate(scope)
            _check_headers(_headers(scope))
        except _Refused as refused:
            await _answer(refused)(scope, receive, send)
        else:
            await self._app(scope, _bounded(receive), send)

    def _check_rate(self, scope: Scope) -> None:
        _, process = scope.get("client") or ("peer", 0)
        now = time.monotonic()
        if self._recent.wait(process, now):
            raise _Refused(429, TooManyTries(seconds=1))
        self._recent.add(process, now)


def _headers(scope: Scope) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return found


def _check_headers(headers: dict[str, list[str]]) -> None:
    if headers.get("host") != [HOST]:
        raise _Refused(421, NotAtThisDoor(reason="that is not its name"))
    if any(name == "origin" or name.startswith("sec-fetch-") for name in headers):
        raise _Refused(403, NotAtThisDoor(reason="it takes nothing from web pages"))
    if [_media_type(value) for value in headers.get("content-type", [])] != [JSON_TYPE]:
        raise _Refused(415, NotAtThisDoor(reason=f"it reads {JSON_TYPE} alone"))
    if any(_too_long(value) for value in headers.get("content-length", [])):
        raise _Refused(413, _too_large())


def _media_type(value: str) -> str:
    return value.split(";", maxsplit=1)[0].strip().lower()


def _too_long(length: str) -> bool:
    return not (length.isascii() and length.isdigit()) or int(length) > BODY_LIMIT


def _too_large() -> BodyTooLarge:
    return BodyTooLarge(reason=f"what was sent is larger than {BODY_LIMIT // 1024**2} MiB")


def _bounded(receive: Receive) -> Receive:
    """The body, until it is larger than allowed, whatever its length was said to be."""
    size = 0

    async def receive_on() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > BODY_LIMIT:
            raise _too_large()
        return message

    return receive_on


def _answer(refused: _Refused) -> Response:
    body = error_body(refused.error).model_dump_json()
    # the connection ends with it, so that nobody has to read the rest of what was refused
    return Response(body, refused.status, {"connection": "close"}, JSON_TYPE)
