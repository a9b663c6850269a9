"""One line to the process that has a vault open: bytes there, bytes back, and every failure as one of our errors."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from vault.errors.daemon import DaemonGone, DaemonUnreachable, SessionEnded
from vault.wire.errors import ErrorBody, error_from
from vault.wire.messages import BACKGROUND, BASE_URL, JSON_TYPE

if TYPE_CHECKING:
    from pathlib import Path

Answer = TypeVar("Answer")

# A first connection inside one computer is at once or never; an answer takes as long as the work.
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 3600.0


class Connection:
    """HTTP over the Unix socket of one vault; threads may share it."""

    def __init__(self, socket: Path) -> None:
        # a Unix socket has no TLS, and reading the certificates of the web takes as long as all the rest
        self._transport = httpx.HTTPTransport(uds=str(socket), verify=False)
        self._http = httpx.Client(
            transport=self._transport,
            base_url=BASE_URL,
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            trust_env=False,
        )

    def post(self, path: str, body: bytes, *, token: str = "", is_background: bool = False) -> bytes:
        """Ask once and give back the answer.

        Raises the error that the other side tells, `DaemonGone` and `DaemonUnreachable`.
        """
        headers = {"Content-Type": JSON_TYPE}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if is_background:
            headers[BACKGROUND] = "1"
        try:
            answer = self._http.post(path, content=body, headers=headers)
        except httpx.TimeoutException:
            raise DaemonUnreachable(reason="it takes too long") from None
        # `from None` in all of them: what httpx keeps of a request holds its headers and its body.
        except httpx.TransportError:
            raise DaemonGone() from None
        except RuntimeError:
            if self._http.is_closed:  # by another thread of ours, which has left the vault meanwhile
                raise SessionEnded() from None
            raise
        finally:
            if self._http.is_closed:  # meanwhile: what this call opened after that is closed by nobody else
                self._transport.close()
        if not answer.is_success:
            raise error_from(decode(ErrorBody, answer.content))
        return answer.content

    def close(self) -> None:
        """Close the line."""
        self._http.close()


def decode(kind: type[Answer], data: bytes) -> Answer:
    """An answer as what it stands for; raises `DaemonUnreachable` when it is something else."""
    wanted: Any = kind
    try:
        found: Answer = _adapter(wanted).validate_json(data)
    except ValidationError:
        # `from None`: the original error quotes the answer
        raise DaemonUnreachable(reason="its answer is not understood; it may be another version") from None
    return found


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
