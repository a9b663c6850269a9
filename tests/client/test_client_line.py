"""The line to a vault in another process: the same errors on both sides, and what happens when it breaks."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from string import Formatter
from typing import get_type_hints

import pytest

from tui.cli.exit_codes import exit_code
from vault.client.connection import Connection, decode
from vault.client.login import Login
from vault.errors.catalogue import error_classes
from vault.errors.daemon import DaemonGone, DaemonUnreachable
from vault.errors.families import InternalError, LockboxError
from vault.sealing.secret import Secret
from vault.wire import messages
from vault.wire.errors import ErrorBody, error_body, error_from

# the same errors ----------------------------------------------------------------------------------------------


# The demonstration has errors of its own.
KINDS = [one for one in error_classes().values() if one.__module__.startswith("vault.")]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_is_the_same_on_both_sides(kind: type[LockboxError]) -> None:
    names = [name for _, name, _, _ in Formatter().parse(kind.template()) if name]
    there = kind(**{name: Path(f"/a {name}") for name in names})
    here = error_from(decode(ErrorBody, error_body(there).model_dump_json().encode()))
    assert (kind, str(there), there.hint, exit_code(there)) == (
        type(here),
        str(here),
        here.hint,
        exit_code(here),
    )


def test_an_error_that_only_a_newer_program_knows_is_told_as_one_of_ours() -> None:
    body = ErrorBody(error="FromTheFuture", facts={}, sentence="s", hint="")
    assert isinstance(error_from(body), InternalError)


# a line that breaks -------------------------------------------------------------------------------------------


@contextmanager
def answering(answer: Callable[[socket.socket], None], folder: Path) -> Iterator[Connection]:
    """A line to something that takes one connection."""
    path = folder / "s"
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(path))
        bound.listen()

        def serve() -> None:
            line, _ = bound.accept()
            with line:
                line.recv(65536)
                answer(line)

        thread = threading.Thread(target=serve)
        thread.start()
        line = Connection(path)
        yield line
        line.close()
        thread.join()


def told(status: str, body: bytes) -> Callable[[socket.socket], None]:
    head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return lambda line: line.sendall(head.encode() + body)


def test_a_process_that_ends_before_or_within_its_answer_is_gone(tmp_path: Path) -> None:
    for answer in (
        lambda _line: None,
        lambda line: line.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"),
    ):
        with answering(answer, tmp_path) as line, pytest.raises(DaemonGone) as caught:
            line.post("/", b"{}", token="secret")
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__
        (tmp_path / "s").unlink()


def test_nobody_at_the_socket_is_gone(tmp_path: Path) -> None:
    line = Connection(tmp_path / "s")
    with pytest.raises(DaemonGone):
        line.post("/", b"{}")


@pytest.mark.parametrize("status", ["200 OK", "500 no"])
def test_an_answer_of_another_kind_is_no_answer(tmp_path: Path, status: str) -> None:
    with answering(told(status, b"<html>"), tmp_path) as line, pytest.raises(DaemonUnreachable):
        decode(messages.Session, line.post("/", b"{}"))


def test_what_a_session_knows_is_not_shown_in_its_representation() -> None:
    caller = Login(line=Connection(Path("/x")), token="the token", approver_key=Secret(b"the key"))
    assert "the token" not in repr(caller)
    assert "the key" not in repr(caller)
    hints = get_type_hints(messages.Session)
    assert "token" in hints
    told_ = messages.Session(token="the token", approver="a", approver_key="the key")
    assert "the token" not in repr(told_)
    assert "the key" not in repr(told_)
