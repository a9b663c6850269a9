"""A line that was given carries one call after another, and what becomes of it is told."""

from __future__ import annotations

import socket
import threading

import pytest

from vault.client.given_line import GivenLine
from vault.errors.daemon import DaemonGone, SessionEnded
from vault.wire.errors import error_body

HEAD = "HTTP/1.1 {status}\r\nContent-Length: {size}\r\n\r\n"


def answered(status: str, body: bytes) -> bytes:
    return HEAD.format(status=status, size=len(body)).encode() + body


def test_calls_follow_each_other_on_one_line_until_it_is_lost() -> None:
    ours, theirs = socket.socketpair()
    said = [
        answered("200 OK", b"{}"),
        answered("401 No", error_body(SessionEnded()).model_dump_json().encode()),
    ]
    heard: list[bytes] = []

    def answer() -> None:
        with theirs:
            for one in said:
                heard.append(theirs.recv(65536))
                theirs.sendall(one)

    thread = threading.Thread(target=answer)
    thread.start()
    with ours:
        line = GivenLine(ours)
        assert line.post("/v1/requester/request", b"{}", token="a token") == b"{}"
        with pytest.raises(SessionEnded):
            line.post("/v1/requester/request", b"{}", token="a token")
        thread.join()
        with pytest.raises(DaemonGone) as caught:
            line.post("/v1/requester/request", b"{}", token="a token")
    assert "a token" not in repr(caught.value)
    assert all(b"Authorization: Bearer a token" in one and b"Connection: close" not in one for one in heard)
