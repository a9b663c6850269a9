"""A file for somebody that is either wholly there or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from vault.sealing.durable import sync
from vault.store.destination import writing_to


@contextmanager
def new_file(target: Path) -> Iterator[TextIO]:
    """A file (0600) that was not there before; removed again when the block fails. Raises as `writing_to`."""
    with writing_to(target):
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with writing_to(target), os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            sync(target.parent)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
