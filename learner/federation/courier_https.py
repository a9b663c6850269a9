"""A coordinator as a courier speaks to it: HTTPS to the one certificate that the invitation pins, no authority asked.

Names are resolved once, before the courier locks itself in. Nothing is sent before the certificate was compared.
"""

from __future__ import annotations

import hashlib
import hmac
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, Literal

import h11

from learner.federation.folder_forms import YEARS
from vault.errors.federation import CoordinatorIsAnother, CoordinatorOdd, CoordinatorUnreachable

SILENT_SECONDS: Final = 30.0
LONGEST_SECONDS: Final = 300.0
"""How long one question may take, however many bytes trickle in."""
_AT_ONCE: Final = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back: the status, the headers by their lower-case names, and the body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def date(self) -> datetime | None:
        """The time by the coordinator's clock, or None where it tells none."""
        try:
            told = parsedate_to_datetime(self.headers.get("date", ""))
            told = told.astimezone(UTC) if told.tzinfo else told.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            return None
        return told if told.year in YEARS else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordinator:
    """One coordinator: its address as it was resolved, and the digest of its certificate.

    ``scheme`` is what is sent before a token: an enrolled key's, or the code of an invitation.
    """

    url: str
    certificate_sha256: str
    addresses: tuple[tuple[Any, ...], ...]
    scheme: Literal["Bearer", "Invitation"] = "Bearer"

    @classmethod
    def resolved(cls, url: str, certificate_sha256: str) -> Coordinator:
        """Look its name up; raises ``CoordinatorUnreachable``."""
        host, port = host_and_port(url)
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
        except (OSError, UnicodeError):
            raise CoordinatorUnreachable(url=url, reason="its name is not known") from None
        addresses = tuple((family, address) for family, _, _, _, address in found)
        return cls(url=url, certificate_sha256=certificate_sha256, addresses=addresses)

    def ask(
        self,
        method: str,
        path: str,
        *,
        token: str = "",
        body: bytes | None = None,
        etag: str = "",
        limit: int,
    ) -> Reply:
        """Ask once over a connection of its own; an answer has at most ``limit`` bytes.

        Raises ``CoordinatorUnreachable``, ``CoordinatorIsAnother`` and ``CoordinatorOdd``.
        """
        until = time.monotonic() + LONGEST_SECONDS
        try:
            with self._connected() as plain, self._secured(plain) as line:
                self._check_pinned(line)
                return _exchange(line, self._request(method, path, token, body, etag), body, limit, until)
        # `from None` in all of them: what is kept of a request holds its headers
        except TimeoutError:
            raise CoordinatorUnreachable(url=self.url, reason="it does not answer in time") from None
        except ssl.SSLError:
            raise CoordinatorUnreachable(url=self.url, reason="no secure connection comes about") from None
        except h11.ProtocolError:
            raise CoordinatorOdd(reason="it does not speak HTTP as it should") from None
        except OSError as error:
            reason = error.strerror or "the connection was lost"
            raise CoordinatorUnreachable(url=self.url, reason=reason.lower()) from None

    def _connected(self) -> socket.socket:
        failed: OSError = TimeoutError()
        for family, address in self.addresses:
            line = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            line.settimeout(SILENT_SECONDS)
            try:
                line.connect(address)
            except OSError as error:
                line.close()
                failed = error
            else:
                return line
        raise failed

    def _secured(self, plain: socket.socket) -> ssl.SSLSocket:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # names and authorities say nothing here: the certificate itself is compared, whose key signed the handshake
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context.wrap_socket(plain, server_hostname=host_and_port(self.url)[0])

    def _check_pinned(self, line: ssl.SSLSocket) -> None:
        shown = hashlib.sha256(line.getpeercert(binary_form=True) or b"").hexdigest()
        if not hmac.compare_digest(shown, self.certificate_sha256):
            raise CoordinatorIsAnother(url=self.url)

    def _request(self, method: str, path: str, token: str, body: bytes | None, etag: str) -> h11.Request:
        headers = [("Host", self.url.removeprefix("https://")), ("Connection", "close")]
        if token:
            headers.append(("Authorization", f"{self.scheme} {token}"))
        if etag:
            headers.append(("If-None-Match", etag))
        if body is not None:
            headers += [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        return h11.Request(method=method, target=path, headers=headers)


def host_and_port(url: str) -> tuple[str, int]:
    """Where a coordinator listens, from an address like https://host:port."""
    host, _, port = url.removeprefix("https://").rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _exchange(
    line: ssl.SSLSocket, request: h11.Request, body: bytes | None, limit: int, until: float
) -> Reply:
    http = h11.Connection(h11.CLIENT)
    events: list[h11.Event] = [request, *([h11.Data(data=body)] if body else []), h11.EndOfMessage()]
    line.settimeout(LONGEST_SECONDS)
    line.sendall(b"".join(http.send(event) or b"" for event in events))
    return _reply(http, lambda: _received(line, until), limit)


def _received(line: ssl.SSLSocket, until: float) -> bytes:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    line.settimeout(min(SILENT_SECONDS, left))
    return line.recv(_AT_ONCE)


def _reply(http: h11.Connection, receive: Callable[[], bytes], limit: int) -> Reply:
    status, headers, body = 0, dict[str, str](), bytearray()
    while True:
        event = http.next_event()
        match event:
            case h11.Response():
                status = event.status_code
                headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
            case h11.Data():
                body += event.data
                if len(body) > limit:
                    raise CoordinatorOdd(reason=f"an answer has more than {limit:,} bytes")
            case h11.EndOfMessage():
                return Reply(status=status, headers=headers, body=bytes(body))
            case h11.NEED_DATA:
                http.receive_data(receive())
            case h11.ConnectionClosed():
                raise h11.RemoteProtocolError("it ended before its answer")
