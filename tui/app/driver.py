"""A terminal that may go away: Textual's own thread would end at the first failed write, and the program never."""

from __future__ import annotations

from contextlib import suppress
from typing import IO, Any

from textual.drivers.linux_driver import LinuxDriver


class TolerantFile:
    """A file for the screen; what cannot be written any more is let go, so that the program can end."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> None:
        """Write, if anybody is there to see it."""
        with suppress(OSError):
            self._file.write(text)

    def flush(self) -> None:
        """Flush, likewise."""
        with suppress(OSError):
            self._file.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class TolerantDriver(LinuxDriver):
    """Textual's driver for Unix terminals, whose closed window ends the program instead of leaving it without one."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._file: Any = TolerantFile(self._file)
