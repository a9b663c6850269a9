"""The session that `lockbox unlock` leaves in a file, for the commands that follow."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from vault.wire.served_vault import write_private

if TYPE_CHECKING:
    from pathlib import Path

    from vault.settings import Paths


def save_session(paths: Paths, token: str) -> None:
    """Leave a session for the commands that follow."""
    write_private(paths.session, token)


def end_session(paths: Paths) -> None:
    """Forget the session that was left."""
    with suppress(OSError):
        paths.session.unlink()


def read_session(file: Path) -> str:
    """What stands in a file that is ours alone, or nothing."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return ""
    with os.fdopen(descriptor, encoding="ascii", errors="replace") as opened:
        found = os.fstat(descriptor)
        is_ours = found.st_uid == os.getuid() and not stat.S_IMODE(found.st_mode) & 0o077
        is_ours = is_ours and stat.S_ISREG(found.st_mode)
        said = opened.read(256).strip() if is_ours else ""
    return said if said.isascii() and said.isprintable() else ""
