"""Whether a process has a vault open, and whether it is the right one: nothing is said to anybody else."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from vault.client import attach, launch, saved_session
from vault.errors.daemon import DaemonElsewhere, DaemonNotStarted, DaemonUnreachable
from vault.errors.keys import WrongPassphrase
from vault.errors.storage import NoVault, UnsafePermissions
from vault.settings import Paths
from vault.wire import served_vault


@pytest.fixture
def paths(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """A folder that looks like a vault, and a runtime folder of its own with a short name."""
    vault = tmp_path / "vault"
    vault.mkdir(mode=0o700)
    for name in ("vault.db", "keys.lockbox"):
        (vault / name).write_bytes(b"sealed")
    runtime = tmp_path_factory.mktemp("r")
    runtime.chmod(0o700)
    return Paths(vault=vault, state=tmp_path / "state", runtime=runtime)


@contextmanager
def listening(paths: Paths) -> Iterator[None]:
    """Something at the socket that takes connections and says nothing."""
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(paths.socket))
        bound.listen()
        yield


@contextmanager
def answering(paths: Paths) -> Iterator[None]:
    """Something at the socket that takes connections and answers with one byte."""
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(paths.socket))
        bound.listen()

        def serve() -> None:
            with suppress(OSError):  # of the end
                while True:
                    line, _ = bound.accept()
                    with line, suppress(OSError):
                        line.sendall(b"!")

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        bound.shutdown(socket.SHUT_RDWR)
        thread.join()


def elsewhere(paths: Paths, name: str) -> Paths:
    return Paths(vault=paths.vault, state=paths.vault.parent / name, runtime=paths.runtime)


# is there one -------------------------------------------------------------------------------------------------


def test_nobody_serves_a_vault_without_a_socket_or_with_one_that_was_left(paths: Paths) -> None:
    assert not attach.is_served(paths)
    with listening(paths):
        pass
    assert paths.socket.exists()
    assert not attach.is_served(paths)


def test_where_no_socket_fits_nobody_listens(paths: Paths) -> None:
    deep = paths.runtime / ("long" * 30)
    deep.mkdir(mode=0o700)
    assert attach.served_by(Paths(vault=paths.vault, state=paths.state, runtime=deep)) is None


def test_the_process_at_the_socket_is_known_by_its_id(paths: Paths) -> None:
    with listening(paths):
        assert os.getpid() == attach.served_by(paths)


def test_a_folder_that_others_can_enter_or_that_is_a_link_is_passed_by(paths: Paths, tmp_path: Path) -> None:
    """In a shared temporary folder anybody could listen there and wait for a passphrase."""
    with listening(paths):
        paths.runtime.chmod(0o770)
        assert attach.served_by(paths) is None
        paths.runtime.chmod(0o700)
        (tmp_path / "way").symlink_to(paths.runtime)
        aside = Paths(vault=paths.vault, state=paths.state, runtime=tmp_path / "way")
        assert attach.served_by(aside) is None
        assert attach.served_by(paths) is not None


def test_a_process_that_does_not_say_what_it_serves_is_not_used(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attach, "ASK_SECONDS", 0.1)
    with answering(paths):
        with pytest.raises(DaemonUnreachable):
            attach.is_served(paths)
        served_vault.write_facts(paths)
        assert attach.is_served(paths)
        facts = paths.socket.with_suffix(".json")
        facts.write_text(json.dumps({**json.loads(facts.read_text()), "pid": 1}))
        with pytest.raises(DaemonUnreachable):
            attach.is_served(paths)


def test_a_process_with_another_state_folder_is_not_used(paths: Paths) -> None:
    with answering(paths):
        served_vault.write_facts(elsewhere(paths, "other"))
        with pytest.raises(DaemonElsewhere) as caught:
            attach.is_served(paths)
    assert "another state folder" in str(caught.value)


def test_a_process_that_has_the_copy_open_that_lay_here_before_is_not_used(paths: Paths) -> None:
    with answering(paths):
        served_vault.write_facts(paths)
        (paths.vault / "copy").write_bytes(b"older")
        (paths.vault / "copy").replace(paths.vault / "vault.db")
        with pytest.raises(DaemonElsewhere) as caught:
            attach.is_served(paths)
    assert "another copy" in str(caught.value)


def test_what_a_process_wrote_of_itself_goes_with_it_and_with_no_other(paths: Paths) -> None:
    served_vault.write_facts(paths)
    facts = paths.socket.with_suffix(".json")
    told = json.loads(facts.read_text())
    facts.write_text(json.dumps({**told, "pid": 1}))
    served_vault.remove_facts(paths)
    assert facts.exists()
    facts.write_text(json.dumps(told))
    served_vault.remove_facts(paths)
    assert not facts.exists()


def test_a_folder_that_is_no_vault_or_is_open_to_others_is_refused_before_anything_is_asked(
    paths: Paths,
) -> None:
    attach.check_there(paths)
    paths.vault.chmod(0o750)
    with pytest.raises(UnsafePermissions):
        attach.check_there(paths)
    for part in paths.vault.iterdir():
        part.unlink()
    with pytest.raises(NoVault):
        attach.check_there(paths)


# the session that is left -------------------------------------------------------------------------------------


def test_a_session_is_left_for_this_user_alone_and_can_be_forgotten(paths: Paths) -> None:
    attach.save_session(paths, "a token")
    assert saved_session.read_session(paths.session) == "a token"
    assert paths.session.stat().st_mode & 0o777 == 0o600
    attach.end_session(paths)
    assert attach.attach_by_session(paths) is None


def test_a_session_that_others_could_read_or_that_is_a_link_is_not_used(paths: Paths, tmp_path: Path) -> None:
    attach.save_session(paths, "a token")
    paths.session.chmod(0o640)
    assert not saved_session.read_session(paths.session)
    paths.session.unlink()
    for said in (b"\xff\xfe a token", "töken".encode(), b"a\ntoken", b"a\0token"):
        paths.session.touch(0o600)
        paths.session.write_bytes(said)
        assert not saved_session.read_session(paths.session)
    paths.session.unlink()
    (tmp_path / "token").touch(0o600)
    (tmp_path / "token").write_text("a token")
    paths.session.symlink_to(tmp_path / "token")
    assert not saved_session.read_session(paths.session)


# starting one -------------------------------------------------------------------------------------------------


def child(code: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-c", code)


def test_what_is_started_gets_the_secret_through_a_pipe_and_nowhere_else(
    paths: Paths, tmp_path: Path
) -> None:
    code = f"""
import json, os, sys
told = [os.read(int(sys.argv[sys.argv.index("--passphrase-fd") + 1]), 99).decode(), sys.argv, dict(os.environ)]
open({str(tmp_path / "told")!r}, "w").write(json.dumps([*told, os.getsid(0) == os.getpid(), os.getcwd()]))
print("{{}}", flush=True)
"""
    launch.start(paths, attach.Secret(b"the secret"), command=child(code))
    secret, words, environment, has_own_session, folder = json.loads((tmp_path / "told").read_text())
    assert (secret, has_own_session, folder) == ("the secret\n", True, "/")
    assert words[-2:] == ["serve", "--json"]
    assert str(paths.state) == environment["LOCKBOX_STATE"]
    assert "the secret" not in json.dumps([words, environment])


def test_the_error_that_ends_it_is_raised_here_as_the_same_error(paths: Paths) -> None:
    said = json.dumps({"v": 1, "error": "WrongPassphrase", "facts": {}, "sentence": "s", "hint": "h"})
    with pytest.raises(WrongPassphrase):
        launch.start(paths, attach.Secret(b"x"), command=child(f"print({said!r})"))


@pytest.mark.parametrize("code", ["", "print('hello')", "print('[]')", "raise SystemExit(1)"])
def test_one_that_ends_without_a_word_did_not_start(paths: Paths, code: str) -> None:
    with pytest.raises(DaemonNotStarted):
        launch.start(paths, attach.Secret(b"x"), command=child(code))


def test_a_program_that_is_not_there_did_not_start(paths: Paths) -> None:
    with pytest.raises(DaemonNotStarted):
        launch.start(paths, attach.Secret(b"x"), command=("/nowhere/lockbox",))


def test_the_end_of_a_process_is_waited_for(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen([*child("input()")], stdin=subprocess.PIPE) as process:
        monkeypatch.setattr(launch, "END_SECONDS", 0.1)
        with pytest.raises(DaemonUnreachable):
            launch.wait_until_locked(paths, process.pid)
        monkeypatch.setattr(launch, "END_SECONDS", 10.0)
        process.communicate(b"\n")
        launch.wait_until_locked(paths, process.pid)


def test_asking_whether_a_vault_is_open_loads_nothing_heavy() -> None:
    """The screens are drawn before anything is attached to."""
    code = """
import sys
import vault.client.attach, vault.client.launch, tui.cli.vault_access
print([name for name in ("httpx", "pydantic", "pyarrow", "sqlalchemy", "vault.vault") if name in sys.modules])
"""
    assert subprocess.run(child(code), capture_output=True, text=True, check=True).stdout == "[]\n"
