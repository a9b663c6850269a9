"""Whether a process has this vault open, how to attach to it, and how to start one.

Loaded in a blink: what speaks HTTP is imported when there is somebody to speak to, and the vault itself never is.
"""

from __future__ import annotations

import os
import socket
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vault.client.liveness import connect, is_answering, own_peer
from vault.client.saved_session import end_session, read_session, save_session
from vault.errors.daemon import DaemonElsewhere, DaemonHung, DaemonUnreachable, SessionEnded
from vault.lifecycle.folder import check_folder
from vault.lifecycle.passphrase import check_new_passphrase
from vault.lifecycle.unlocking import unlocking
from vault.requests.text import check_name_of, check_reason
from vault.sealing.memory import harden_process
from vault.sealing.passphrase import passphrase_secret
from vault.sealing.random import generate_passphrase
from vault.sealing.secret import Secret
from vault.store.destination import check_destination
from vault.wire.served_vault import facts_of, read_facts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vault.client.login import AskSecret
    from vault.owner.interface.session import OwnerSession
    from vault.settings import Paths

__all__ = [
    "Secret", "attach", "attach_by_session", "check_destination", "check_name_of", "check_new_passphrase",
    "check_reason", "check_there", "end_session", "generate_passphrase", "harden_process", "is_served",
    "passphrase_secret", "poll", "save_session", "served_by", "unlocking",
]  # fmt: skip

ASK_SECONDS = 5.0
POLL_SECONDS = 0.05


def check_there(paths: Paths) -> None:
    """Refuse, before a passphrase is asked, a folder that is no vault, is not whole or that others can enter.

    Raises `NoVault`, `VaultIncomplete` and `UnsafePermissions`, as opening the vault would.
    """
    check_folder(paths.vault)


# is there one, and is it the right one --------------------------------------------------------------------


def is_served(paths: Paths) -> bool:
    """Whether a process of ours has this vault open; raises `DaemonHung`, `DaemonUnreachable`, `DaemonElsewhere`."""
    found = served_by(paths)
    if found is not None:
        check_answering(paths, found)
        _check_same(paths, found)
    return found is not None


def check_answering(paths: Paths, pid: int) -> None:
    """Raise `DaemonHung` unless this process, which listens for the vault, answers within seconds."""
    try:
        is_alive = is_answering(paths.socket)
    except OSError:
        return  # it has ended meanwhile, and whoever attaches is told
    if not is_alive:
        raise DaemonHung(pid=pid)


def served_by(paths: Paths) -> int | None:
    """The id of the process that listens for this vault, 0 where the system does not tell; None for nobody.

    A folder that others could have made or changed is passed by: what listens there could be anybody.
    Raises `DaemonUnreachable` when something listens and does not let us in, `DaemonHung` when so many wait for it that
    nobody else can.
    """
    line = line_to(paths)
    if line is None:
        return None
    with line:
        return own_peer(line)


def line_to(paths: Paths) -> socket.socket | None:
    """A connected line to the process that listens for this vault, one of this user; None for nobody.

    Raises as `served_by`, which has the rest.
    """
    if not _is_ours(paths.runtime):
        return None
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connect(line, paths.socket, ASK_SECONDS)
        own_peer(line)
    except BaseException as error:
        line.close()
        if not isinstance(error, OSError):
            raise
        _check_nobody(paths, error)
        return None
    return line


def _check_nobody(paths: Paths, error: OSError) -> None:
    """Come back where nobody listens; raises what it means where somebody does."""
    if isinstance(error, FileNotFoundError | ConnectionRefusedError | NotADirectoryError):
        return  # nobody, or what a process left that was killed
    if isinstance(error, TimeoutError):
        raise DaemonHung(pid=read_facts(paths).get("pid", 0)) from None
    if error.errno is not None:
        raise DaemonUnreachable(reason=error.strerror or "its socket cannot be used") from None
    # the path is too long for a socket, so nobody can listen there either


def _is_ours(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    is_private = not stat.S_IMODE(found.st_mode) & 0o077
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and is_private


def _check_same(paths: Paths, pid: int) -> None:
    """Refuse a process that opened another state folder, or another file than the one that lies here now."""
    served, ours = _facts_by(paths, pid), facts_of(paths)
    if served.get("state") != ours["state"]:
        raise DaemonElsewhere(what=f"this vault with another state folder, {served.get('state')}")
    if any(served.get(name) != fact for name, fact in ours.items()):
        raise DaemonElsewhere(what="another copy of this vault, which lay here before")


def _facts_by(paths: Paths, pid: int) -> dict[str, Any]:
    """What this process says it serves; a moment after it listens it has said it."""
    for _ in poll(ASK_SECONDS):
        told = read_facts(paths)
        if told and pid in (0, told.get("pid")):
            return told
    raise DaemonUnreachable(reason="it does not say which vault it serves")


def poll(seconds: float) -> Iterator[None]:
    """Turns, a little apart, until this time is over."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        yield
        time.sleep(POLL_SECONDS)


# attaching ------------------------------------------------------------------------------------------------


def attach(paths: Paths, secret: Secret, *, recovery: bool = False, is_owner: bool = False) -> OwnerSession:
    """A session by the passphrase or, with `recovery`, by the recovery key; it can prove approvals.

    `is_owner` is for the screens: such a session lives until the vault locks, any other ends after ten minutes
    without use. Raises `WrongPassphrase`, `WrongRecoveryKey`, `TooManyTries` and the errors of `is_served`.
    """
    vault = _line(paths)
    try:
        vault.log_in(secret, recovery=recovery, is_owner=is_owner)
    except BaseException:
        vault.close()
        raise
    return vault


def attach_by_session(paths: Paths, *, ask: AskSecret | None = None) -> OwnerSession | None:
    """The session that `lockbox unlock` left, or None when there is none any more.

    `ask` gives the passphrase where an act needs it; without, such acts raise `ApprovalNotProven`.
    """
    token = read_session(paths.session)
    if not token:
        return None
    vault = _line(paths, token=token, ask=ask)
    try:
        vault.status()
    except SessionEnded:
        vault.close()
        end_session(paths)
        return None
    except BaseException:
        vault.close()
        raise
    return vault


def _line(paths: Paths, *, token: str = "", ask: AskSecret | None = None) -> OwnerSession:
    from vault.client.client import Client
    from vault.client.connection import Connection
    from vault.client.login import Login

    return Client(Login(line=Connection(paths.socket), token=token, ask=ask))
