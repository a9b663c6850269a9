"""A driver that survives a terminal that goes away: Textual's own would leave the program running for ever."""

from __future__ import annotations

from contextlib import suppress
from typing import IO, Any

from textual.drivers.linux_driver import LinuxDriver


class TolerantFile:
    """The file of the screen; what cannot be written any more is dropped, so that the program can end."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> None:
        """Write, unless the terminal is gone."""
        with suppress(OSError):
            self._file.write(text)

    def flush(self) -> None:
        """Flush, unless the terminal is gone."""
        with suppress(OSError):
            self._file.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class TolerantDriver(LinuxDriver):
    """Textual's driver for Unix terminals, whose closed window ends the program."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._file: Any = TolerantFile(self._file)
