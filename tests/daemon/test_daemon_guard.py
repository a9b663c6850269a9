"""What is refused before any work, over a real socket."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from tests.worlds.served import Daemon, error_of, token_of
from vault.daemon import guard
from vault.daemon.service import Service
from vault.sealing.random import random_bytes
from vault.wire import addresses


@pytest.fixture(autouse=True)
def _no_crowd() -> None:
    """What one test asked in this second does not count against the next."""
    time.sleep(0.05)


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (403, {"Origin": "http://lockbox"}),
        (403, {"Origin": "null"}),
        (403, {"Sec-Fetch-Site": "same-origin"}),
        (403, {"Sec-Fetch-Mode": "cors"}),
        (421, {"Host": "localhost"}),
        (421, {"Host": "lockbox.example.org"}),
        (421, {"Host": "lockbox:80"}),
        (415, {"Content-Type": "text/plain"}),
        (415, {"Content-Type": "application/x-www-form-urlencoded"}),
        (415, {"Content-Type": "text/plain; application/json"}),
    ],
)
def test_what_a_browser_or_a_rebound_name_would_say_is_refused_even_with_a_good_token(
    shared: Daemon, status: int, headers: dict[str, str]
) -> None:
    token = token_of(shared)

    assert shared.ask(addresses.PULSE, token=token).status_code == 200
    assert (status, "NotAtThisDoor") == error_of(shared.ask(addresses.PULSE, token=token, headers=headers))


def test_a_forged_origin_is_refused_before_a_passphrase_is_tried(
    shared: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[object] = []
    monkeypatch.setattr(Service, "open_session", lambda _self, wish: tried.append(wish))
    answer = shared.ask(
        addresses.SESSION, {"passphrase": "wrong", "scope": "owner"}, headers={"Origin": "http://a"}
    )

    assert error_of(answer) == (403, "NotAtThisDoor")
    assert tried == []


def test_a_request_without_a_content_type_or_with_two_hosts_is_refused(shared: Daemon) -> None:
    assert b" 415 " in raw(
        shared, b"POST /v1/owner/pulse HTTP/1.1\r\nHost: lockbox\r\nContent-Length: 2\r\n\r\n{}"
    )
    two = b"POST /v1/owner/pulse HTTP/1.1\r\nHost: lockbox\r\nHost: evil\r\nContent-Length: 2\r\n\r\n{}"
    assert b"HTTP/1.1 4" in raw(shared, two)


def test_a_body_that_says_it_is_too_long_is_refused_before_it_is_sent(shared: Daemon) -> None:
    head = (
        b"POST /v1/session HTTP/1.1\r\nHost: lockbox\r\nContent-Type: application/json\r\n"
        b"Content-Length: " + str(addresses.BODY_LIMIT + 1).encode() + b"\r\n\r\n"
    )

    assert b" 413 " in raw(shared, head)


def test_a_body_that_is_streamed_too_long_is_refused_on_its_way(shared: Daemon) -> None:
    piece = b" " * 65536

    def body() -> Iterator[bytes]:
        for _ in range(addresses.BODY_LIMIT // len(piece) + 1):
            yield piece

    answer = shared.http.post(
        addresses.SESSION, content=body(), headers={"Content-Type": addresses.JSON_TYPE}
    )

    assert error_of(answer) == (413, "BodyTooLarge")


def test_a_body_of_the_very_limit_is_read(shared: Daemon) -> None:
    body = b"{}" + b" " * (addresses.BODY_LIMIT - 2)
    answer = shared.http.post(addresses.SESSION, content=body, headers={"Content-Type": addresses.JSON_TYPE})

    assert error_of(answer) == (400, "Invalid")


def test_too_many_requests_of_one_process_are_refused_and_a_second_later_they_are_not(
    shared: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = token_of(shared)
    now = time.monotonic() + 10
    monkeypatch.setattr(guard, "time", SimpleNamespace(monotonic=lambda: now))
    statuses = [
        shared.ask("/nowhere", token=token).status_code for _ in range(guard.REQUESTS_PER_SECOND + 30)
    ]

    assert statuses == [404] * guard.REQUESTS_PER_SECOND + [429] * 30
    now += 1.1
    assert shared.ask(addresses.PULSE, token=token).status_code == 200


@pytest.mark.parametrize(
    "path", ["/docs", "/openapi.json", "/redoc", "/", "/v1/owner/trains", "/v1/owner/pulse/"]
)
def test_nothing_shows_what_is_behind_the_socket(shared: Daemon, path: str) -> None:
    assert error_of(shared.ask(path, token=token_of(shared))) == (404, "NotAtThisDoor")


def test_only_posts_are_answered(shared: Daemon) -> None:
    headers = {"Authorization": f"Bearer {token_of(shared)}", "Content-Type": addresses.JSON_TYPE}
    for method in ("GET", "PUT", "DELETE", "OPTIONS", "PATCH"):
        answer = shared.http.request(method, addresses.PULSE, headers=headers, content=b"{}")
        assert error_of(answer) == (405, "NotAtThisDoor"), method


def test_bytes_that_are_no_http_end_the_connection_and_nothing_else(shared: Daemon) -> None:
    raw(shared, random_bytes(4096) + b"\r\n\r\n")

    assert shared.ask(addresses.PULSE).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"null", b'"x"', b"{", b"\xff", b"[" * 200_000, b'{"first": NaN}', b'{"name": "\\ud800"}',
        b'{"name": "a\\u0000b"}', b'{"name": "a", "name": "b"}', b'{"first": 1e999}',
        b'{"first": 99999999999999999999}',
    ],
    ids=[str(number) for number in range(13)],
)  # fmt: skip
def test_what_is_not_one_plain_object_is_refused_in_one_sentence(shared: Daemon, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {token_of(shared)}", "Content-Type": addresses.JSON_TYPE}
    answer = shared.http.post(addresses.owner_path("browse"), content=body, headers=headers)

    assert error_of(answer) == (400, "Invalid")
    assert "not one plain JSON object" in answer.json()["sentence"]


def raw(daemon: Daemon, data: bytes) -> bytes:
    """What comes back for these bytes until the other side closes."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(5)
        line.connect(str(daemon.world.paths.socket))
        line.sendall(data)
        answer = b""
        try:
            while piece := line.recv(65536):
                answer += piece
                if b"\r\n\r\n" in answer:
                    break
        except (ConnectionError, TimeoutError):
            pass
        return answer
