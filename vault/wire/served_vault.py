"""The file beside the socket that says which vault is served there: its folders, and the very file that is open."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vault.regular_file import read_regular

if TYPE_CHECKING:
    from vault.settings import Paths

_LARGEST: Final = 64 * 1024


def facts_of(paths: Paths) -> dict[str, object]:
    """What tells one opening of a vault from another: its folders, and the very file that is open."""
    database = paths.database.stat()
    return {
        "v": 1,
        "vault": str(paths.vault.resolve()),
        "state": str(paths.state.resolve()),
        "file": [database.st_dev, database.st_ino],
    }


def write_facts(paths: Paths) -> None:
    """Write, beside the socket, which vault this process serves there."""
    own = {"pid": os.getpid(), "started": start_of(os.getpid())}
    write_private(_facts_file(paths), json.dumps({**facts_of(paths), **own}))


def remove_facts(paths: Paths) -> None:
    """Remove that file when the vault is locked, unless it is of another process by now."""
    if read_facts(paths).get("pid") == os.getpid():
        with suppress(OSError):
            _facts_file(paths).unlink()


def start_of(pid: int) -> int:
    """When a process started, in ticks since the computer did (proc_pid_stat(5), field 22); 0 where none is told."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    return int(told.rpartition(")")[2].split()[19])


def _facts_file(paths: Paths) -> Path:
    return paths.socket.with_suffix(".json")


def read_facts(paths: Paths) -> dict[str, Any]:
    """What stands in that file, or nothing."""
    try:
        told = json.loads(read_regular(_facts_file(paths), _LARGEST))
    except (OSError, ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def write_private(file: Path, text: str) -> None:
    """Put a file (0600) there whole; it need not outlive the computer's next start."""
    from tempfile import mkstemp

    descriptor, draft = mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(text)
        Path(draft).replace(file)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
