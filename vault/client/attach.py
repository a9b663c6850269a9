"""Whether a process has this vault open, how to attach to it, and how to start one.

Loaded in a blink: what speaks HTTP is imported when there is somebody to speak to, and the vault itself never is.
"""

from __future__ import annotations

import json
import os
import socket
import stat
import struct
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vault.errors.daemon import DaemonElsewhere, DaemonUnreachable, SessionEnded
from vault.errors.storage import NoVault, UnsafePermissions
from vault.lifecycle.passphrase import check_new_passphrase
from vault.sealing.memory import harden_process
from vault.sealing.passphrase import passphrase_secret
from vault.sealing.random import generate_passphrase
from vault.sealing.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vault.client.client import RemoteVault
    from vault.client.login import AskSecret
    from vault.settings import Paths

__all__ = [
    "Secret", "attach", "attach_by_session", "check_new_passphrase", "check_there", "end_session", "facts_of",
    "forget_facts", "generate_passphrase", "harden_process", "is_served", "keep_facts", "passphrase_secret",
    "patiently", "save_session", "served_by",
]  # fmt: skip

DATABASE = "vault.db"
ASK_SECONDS = 5.0
POLL_SECONDS = 0.05


def check_there(paths: Paths) -> None:
    """Refuse, before a passphrase is asked, a folder that is no vault or that others can enter.

    Raises `NoVault` and `UnsafePermissions`, as opening the vault would.
    """
    if not (paths.vault / DATABASE).exists():
        raise NoVault(path=paths.vault)
    if stat.S_IMODE(paths.vault.stat().st_mode) & 0o077:
        raise UnsafePermissions(path=paths.vault)


# is there one, and is it the right one --------------------------------------------------------------------


def is_served(paths: Paths) -> bool:
    """Whether a process of ours has this vault open; raises `DaemonUnreachable` and `DaemonElsewhere`."""
    found = served_by(paths)
    if found is not None:
        _check_same(paths, found)
    return found is not None


def served_by(paths: Paths) -> int | None:
    """The id of the process that listens for this vault, 0 where the system does not tell; None for nobody.

    A folder that others could have made or changed is passed by: what listens there could be anybody.
    Raises `DaemonUnreachable` when something listens and does not let us in.
    """
    if not _is_ours(paths.runtime):
        return None
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(ASK_SECONDS)
            line.connect(str(paths.socket))
            return _peer(line)
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        return None  # nobody, or what a process left that was killed
    except TimeoutError:
        raise DaemonUnreachable(reason="it takes nobody in") from None
    except OSError as error:
        if error.errno is None:
            return None  # the path is too long for a socket, so nobody can listen there either
        raise DaemonUnreachable(reason=error.strerror or "its socket cannot be used") from None


def _is_ours(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    is_private = not stat.S_IMODE(found.st_mode) & 0o077
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and is_private


def _peer(line: socket.socket) -> int:
    if sys.platform != "linux":
        return 0
    told = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, uid, _ = struct.unpack("3i", told)
    if uid != os.getuid():
        raise DaemonUnreachable(reason="it belongs to somebody else")
    return int(pid)


def facts_of(paths: Paths) -> dict[str, object]:
    """What tells one opening of a vault from another: its folders, and the very file that is open."""
    database = (paths.vault / DATABASE).stat()
    return {
        "v": 1,
        "vault": str(paths.vault.resolve()),
        "state": str(paths.state.resolve()),
        "file": [database.st_dev, database.st_ino],
    }


def keep_facts(paths: Paths) -> None:
    """Write, beside the socket, which vault this process serves there."""
    _write_private(_facts_file(paths), json.dumps({**facts_of(paths), "pid": os.getpid()}))


def forget_facts(paths: Paths) -> None:
    """Take that away when the vault is locked, unless it is of another process by now."""
    if _told(paths).get("pid") == os.getpid():
        with suppress(OSError):
            _facts_file(paths).unlink()


def _facts_file(paths: Paths) -> Path:
    return paths.socket.with_suffix(".json")


def _told(paths: Paths) -> dict[str, Any]:
    try:
        told = json.loads(_facts_file(paths).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _check_same(paths: Paths, pid: int) -> None:
    """Refuse a process that opened another state folder, or another file than the one that lies here now."""
    served, ours = _told_by(paths, pid), facts_of(paths)
    if served.get("state") != ours["state"]:
        raise DaemonElsewhere(what=f"this vault with another state folder, {served.get('state')}")
    if any(served.get(name) != fact for name, fact in ours.items()):
        raise DaemonElsewhere(what="another copy of this vault, which lay here before")


def _told_by(paths: Paths, pid: int) -> dict[str, Any]:
    """What this process says it serves; a moment after it listens it has said it."""
    for _ in poll(ASK_SECONDS):
        told = _told(paths)
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


def attach(paths: Paths, secret: Secret, *, recovery: bool = False, is_owner: bool = False) -> RemoteVault:
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


def attach_by_session(paths: Paths, *, ask: AskSecret | None = None) -> RemoteVault | None:
    """The session that `lockbox unlock` left, or None when there is none any more.

    `ask` gives the passphrase where an act needs it; without, such acts raise `ApprovalNotProven`.
    """
    token = _saved(paths.session)
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


def _line(paths: Paths, *, token: str = "", ask: AskSecret | None = None) -> RemoteVault:
    from vault.client.client import RemoteVault
    from vault.client.connection import Connection
    from vault.client.login import Caller

    return RemoteVault(Caller(line=Connection(paths.socket), token=token, ask=ask))


def save_session(paths: Paths, token: str) -> None:
    """Leave a session for the commands that follow."""
    _write_private(paths.session, token)


def end_session(paths: Paths) -> None:
    """Forget the session that was left."""
    with suppress(OSError):
        paths.session.unlink()


def _saved(file: Path) -> str:
    """What stands in a file that is ours alone, or nothing."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return ""
    with os.fdopen(descriptor, encoding="ascii", errors="replace") as opened:
        found = os.fstat(descriptor)
        is_ours = found.st_uid == os.getuid() and not stat.S_IMODE(found.st_mode) & 0o077
        return opened.read(256).strip() if is_ours else ""


def _write_private(file: Path, text: str) -> None:
    """Put a file (0600) there whole; it need not outlive the computer's next start."""
    descriptor, draft = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)
    Path(draft).replace(file)
