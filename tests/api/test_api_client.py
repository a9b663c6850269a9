"""The vault in another process is asked as the vault itself: the same methods, arguments, answers and errors."""

from __future__ import annotations

import gc
import inspect
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from string import Formatter
from typing import Any, get_type_hints

import pytest

from tui.cli.exit_codes import exit_code
from vault.client.client import RemoteVault
from vault.client.connection import Connection, decode
from vault.client.login import Caller
from vault.daemon.shapes import shape_of
from vault.errors.daemon import ApprovalNotProven, DaemonGone, DaemonUnreachable
from vault.errors.families import InternalError, LockboxError
from vault.sealing.secret import Secret
from vault.vault import Vault
from vault.views.records import FileChoice
from vault.wire import messages
from vault.wire.encoding import to_json
from vault.wire.errors import ErrorBody, error_body, error_from

# Made, opened and renewed where the vault lies; what holds a parsed table; and what the other process asks of its own.
ONLY_HERE = {
    "create", "open", "close", "check_free", "check_there", "check_new_passphrase", "change_passphrase",
    "probe_sandbox", "read_file", "preview", "import_file", "older_because", "check_secret", "renew_passphrase",
    "mark_missing", "trail_size", "end_runs", "token_holder", "take_job", "job_state", "released_files",
}  # fmt: skip
# The session and the process; `change_passphrase` there knows its vault already.
ONLY_THERE = {
    "log_in", "keep_session", "quietly", "token", "pulse", "lock", "lock_after", "start_training", "training_outcome",
    "change_passphrase", "close", "older_because",
}  # fmt: skip
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
WISH = {
    "requester": "Lab", "collection": "nights", "fields": ["good", "steps"], "purpose": "AcademicResearch",
    "not_after": NOW, "not_before": None, "window": (NOW, None), "uses": 2, "epsilon_cap": Decimal("1E+1"),
}  # fmt: skip
BY_NAME: dict[str, Any] = {
    "choice": FileChoice(path=Path("/tmp/a.csv"), name="nights", types={"a": "int"}),
    "key_file": Path("/tmp/key"), "target": Path("/tmp/t"), "folder": Path("/tmp/f"), "job": Path("/tmp/j"),
    "to": Path("/tmp/to"), "optional": frozenset({"b", "a"}), "fields": ["a"], "window": (NOW, None),
    "epsilon": Decimal("0.5"), "first": 7, "limit": 9, "before": 11, "newest": 5, "draft": True,
    "special_confirmed": True,
}  # fmt: skip


def public(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


def shape(kind: type, method: str) -> list[tuple[str, Any, Any, str]]:
    """Names, kinds, defaults and annotations, however a module spells where a type comes from."""
    parameters = inspect.signature(getattr(kind, method)).parameters.values()
    found = [(one.name, one.kind, one.default, _plain(one.annotation)) for one in parameters]
    back = _plain(inspect.signature(getattr(kind, method)).return_annotation)
    return [*(one for one in found if one[0] != "self"), ("return", None, None, back)]


def _plain(annotation: object) -> str:
    return re.sub(r"\b[a-z_]+\.", "", str(annotation))


class Recorder(Caller):
    """Writes down what would be asked, and how it would be read."""

    def call(self, method: str, kind: Any, arguments: Any) -> Any:
        self.asked = (method, kind, {name: to_json(value) for name, value in arguments.items()})
        return _Anything()

    def prove(self, method: str, kind: Any, arguments: Any, *, digest: str = "") -> Any:
        return self.call(method, kind, arguments)


class _Anything:
    def __getattr__(self, name: str) -> Any:
        return _Anything() if name in ("request", "line") else name


def recorder() -> Recorder:
    return Recorder(line=Connection(Path("/nowhere")))


def sample(method: str) -> dict[str, Any]:
    names = [one for one in inspect.signature(getattr(Vault, method)).parameters if one != "self"]
    found = {name: BY_NAME.get(name, f"a {name}") for name in names if name != "wish"}
    return {**found, **(WISH if "wish" in names else {})}


# the same methods ---------------------------------------------------------------------------------------------


def test_every_method_of_the_facade_can_be_asked_there_or_is_named_as_one_of_here() -> None:
    assert public(Vault) - ONLY_HERE == {*messages.ROUTED, "train"}


def test_what_can_be_asked_there_is_a_method_of_the_facade_or_of_the_session() -> None:
    assert public(RemoteVault) - ONLY_THERE == {*messages.ROUTED, "train"}


@pytest.mark.parametrize("method", [*messages.ROUTED, "train"])
def test_a_method_is_called_there_as_it_is_called_here(method: str) -> None:
    assert shape(Vault, method) == shape(RemoteVault, method)


@pytest.mark.parametrize("method", messages.ROUTED)
def test_what_is_sent_fits_the_door_and_says_every_argument_by_its_name(method: str) -> None:
    caller, arguments = recorder(), sample(method)
    getattr(RemoteVault(caller), method)(**arguments)
    asked, kind, said = caller.asked
    assert (method, {name: to_json(value) for name, value in arguments.items()}) == (asked, said)
    body = shape_of(method)
    proof = {"proof": {"approver": "a", "nonce": "n", "mac": "m"}} if method in messages.PROVEN else {}
    body.body.model_validate_json(json.dumps({**said, **proof}))
    assert kind == (dict[str, object] if method == "receipt" else body.answer)


@pytest.mark.parametrize("method", sorted(messages.PROVEN))
def test_what_lets_something_happen_is_proven_and_nothing_else_is(method: str) -> None:
    """Without a passphrase nothing goes over the line."""
    caller = Caller(line=Connection(Path("/nowhere")))
    vault = RemoteVault(caller)
    vault._shown["a request_id"] = "digest"
    vault.release = lambda _id: _Anything()  # type: ignore[method-assign, assignment, return-value]
    with pytest.raises(ApprovalNotProven):
        getattr(vault, method)(**sample(method))


def test_an_approval_is_bound_to_the_manifest_that_was_shown() -> None:
    said: dict[str, str] = {}

    class Prover(Recorder):
        def prove(self, method: str, kind: Any, arguments: Any, *, digest: str = "") -> Any:
            said[method] = digest

    vault = RemoteVault(Prover(line=Connection(Path("/nowhere"))))
    vault.preview_approval("abc", draft=True, optional=frozenset())
    vault._caller.call = None  # type: ignore[assignment, method-assign]  # it does not look again
    vault.approve("abc", draft=True)
    assert said == {"approve": "manifest_digest"}


# the same errors ----------------------------------------------------------------------------------------------


def kinds(kind: type[LockboxError] = LockboxError) -> Iterator[type[LockboxError]]:
    for one in kind.__subclasses__():
        yield one
        yield from kinds(one)


@pytest.mark.parametrize("kind", sorted(set(kinds()), key=lambda one: one.__name__))
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


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # httpcore leaves that socket open
def test_nobody_at_the_socket_is_gone(tmp_path: Path) -> None:
    line = Connection(tmp_path / "s")
    with pytest.raises(DaemonGone):
        line.post("/", b"{}")
    gc.collect()


@pytest.mark.parametrize("status", ["200 OK", "500 no"])
def test_an_answer_of_another_kind_is_no_answer(tmp_path: Path, status: str) -> None:
    with answering(told(status, b"<html>"), tmp_path) as line, pytest.raises(DaemonUnreachable):
        decode(messages.Session, line.post("/", b"{}"))


def test_what_a_session_knows_is_not_shown_in_its_representation() -> None:
    caller = Caller(line=Connection(Path("/x")), token="the token", approver_key=Secret(b"the key"))
    assert "the token" not in repr(caller)
    assert "the key" not in repr(caller)
    hints = get_type_hints(messages.Session)
    assert "token" in hints
    told_ = messages.Session(token="the token", approver="a", approver_key="the key")
    assert "the token" not in repr(told_)
    assert "the key" not in repr(told_)
