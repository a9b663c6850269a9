"""Switch off what Textual would show, log, copy or save by itself.

A crash prints no variables, no key is logged while a vault is open, nothing is copied, no picture of the screen is
saved, and a terminal that goes away ends the program.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from typing import TYPE_CHECKING, Any, Final

from textual.app import App

from tui.cli.exit_codes import ExitCode
from vault.errors.daemon import KeysLogged
from vault.errors.families import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.driver import Driver

LOG_SETTINGS: Final = ("TEXTUAL_LOG", "TEXTUAL_SCREENSHOT", "TEXTUAL_DEBUG")


def key_log_setting(environ: Mapping[str, str]) -> str:
    """The environment variable that makes Textual log what is typed or shown, or empty."""
    features = {one.strip().lower() for one in environ.get("TEXTUAL", "").split(",")}
    found = ["TEXTUAL"] if features & {"debug", "devtools"} else []
    return next(iter([*found, *(name for name in LOG_SETTINGS if environ.get(name))]), "")


class HardenedApp(App[int]):
    """A Textual program that logs, copies and saves nothing; `exit_message` is written when it has ended."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self.environ = dict(os.environ if environ is None else environ)
        super().__init__()
        self.exit_message = ""
        self.has_crashed = False
        self.goes_on_in_lines = False

    def talk_instead(self) -> None:
        """End the screens; what follows is a conversation in lines, for a screen reader."""
        self.goes_on_in_lines = True
        self.exit(ExitCode.OK)

    def on_load(self) -> None:
        """End on SIGTERM, SIGHUP and SIGINT, so that the terminal is given back as it was."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, self._on_end_signal)

    def _on_end_signal(self) -> None:
        self.exit(ExitCode.INTERRUPTED)

    def tell(self, sentence: str, *, title: str = "") -> None:
        """Show a sentence about what happened."""
        raise NotImplementedError

    def may_open_real_vault(self) -> bool:
        """Whether a vault other than the sample may be opened; where keys are logged, end with the reason."""
        why = key_log_setting(self.environ)
        if why or self.devtools is not None or "debug" in self.features:
            error = KeysLogged(what=why or "TEXTUAL")
            self.exit_message = f"{error}\n{error.hint}"
            self.exit(ExitCode.UNAVAILABLE)
            return False
        return True

    def get_driver_class(self) -> type[Driver]:
        """The driver that survives a terminal that goes away."""
        from tui.app.driver import TolerantDriver

        found = super().get_driver_class()
        return TolerantDriver if issubclass(TolerantDriver, found) else found

    def _fatal_error(self) -> None:
        """End after an unforeseen error without its traceback, which would print variables, secrets among them."""
        self.has_crashed = True
        kind = type(self._exception).__name__
        self.exit_message = f"lockbox made a mistake of its own ({kind}); the terminal UI has ended"
        self._exit_renderables.clear()
        self._close_messages_no_wait()

    def panic(self, *_renderables: Any) -> None:
        """End after an error without drawing it."""
        self._fatal_error()

    def deliver_screenshot(self, *_given: Any, **_named: Any) -> str | None:
        """Save no picture of the screen: it would show values in clear."""
        self.tell("Pictures of the screen are not saved: they would show what stands on it in clear.")
        return None

    def copy_to_clipboard(self, text: str) -> None:
        """Copy nothing; `lockbox data export` is the way to take values out."""

    def save_screenshot(self, *_given: Any, **_named: Any) -> str:
        """See `deliver_screenshot`."""
        raise Unavailable(reason="pictures of the screen are not saved")
