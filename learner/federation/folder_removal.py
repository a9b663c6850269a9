"""The folders of couriers and meshes: which lie here, and destroying one although a process may still write into it."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import Final

from vault.errors.families import Unavailable

DESTROYED: Final = ".destroyed"
"""How the name of a folder ends that is being removed; nothing is read in it any more."""
_TRIES: Final = 20


def destroy_folder(path: Path) -> None:
    """Remove a folder with everything in it, and what an earlier try left beside it; raises ``Unavailable``.

    It gets a fresh name first, so that nobody who knows the old one writes into it from then on.
    """
    fresh = path.with_name(f"{path.name}.{token_hex(8)}{DESTROYED}")
    try:
        path.rename(fresh)
    except OSError as error:
        raise Unavailable(reason=f"{path} cannot be removed ({error.strerror})") from None
    _remove(fresh)
    remove_destroyed(path.parent)


def folders_in(home: Path) -> list[Path]:
    """The folders that lie here, by name; a link is none, and nor is what is being removed."""
    paths = sorted(home.iterdir()) if home.is_dir() else []
    return [path for path in paths if path.is_dir() and not path.is_symlink() and path.suffix != DESTROYED]


def destroyed_in(home: Path) -> list[Path]:
    """What could not be removed here."""
    return sorted(home.glob(f"*{DESTROYED}"))


def remove_destroyed(home: Path) -> None:
    """Try again to remove what an earlier try left here; what stays is told by ``destroyed_in``."""
    for left in destroyed_in(home):
        with suppress(Unavailable):  # it keeps nobody from leaving another campaign
            _remove(left)


def _remove(path: Path) -> None:
    """Remove a folder; who has it open may put a file there while its files are removed, so this is tried again."""
    trouble: str | None = ""
    for _ in range(_TRIES):
        try:
            shutil.rmtree(path)
        except OSError as error:
            trouble = error.strerror
        if not path.exists():
            return
    raise Unavailable(
        reason=f"{path} cannot be removed ({trouble}): end the process that writes there, then remove that folder"
    )
