"""What Textual would show, write or copy by itself, and this program does not.

A crash prints no variables, no key is logged while a vault is open, nothing is copied, no picture of the screen is
saved, and a terminal that goes away ends the program.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from textual.app import App

from tui.cli.exit_codes import ExitCode
from vault.errors.daemon import KeysLogged
from vault.errors.families import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.driver import Driver

LOGGING: Final = ("TEXTUAL_LOG", "TEXTUAL_SCREENSHOT", "TEXTUAL_DEBUG")


def key_log_setting(environ: Mapping[str, str]) -> str:
    """The variable that makes Textual write down what is typed or shown, or nothing."""
    features = {one.strip().lower() for one in environ.get("TEXTUAL", "").split(",")}
    found = ["TEXTUAL"] if features & {"debug", "devtools"} else []
    return next(iter([*found, *(name for name in LOGGING if environ.get(name))]), "")


class HardenedApp(App[int]):
    """A program that keeps to itself; `last_words` are written when it has ended."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self.environ = dict(os.environ if environ is None else environ)
        super().__init__()
        self.last_words = ""

    def tell(self, sentence: str, *, title: str = "") -> None:
        """Say what happened."""
        raise NotImplementedError

    def may_open_real_vault(self) -> bool:
        """Whether a vault that is not the sample may be opened here; where keys are logged it says so and ends."""
        why = key_log_setting(self.environ)
        if why or self.devtools is not None or "debug" in self.features:
            error = KeysLogged(what=why or "TEXTUAL")
            self.last_words = f"{error}\n{error.hint}"
            self.exit(ExitCode.UNAVAILABLE)
            return False
        return True

    def get_driver_class(self) -> type[Driver]:
        """The terminal; one that goes away does not keep this program."""
        from tui.app.driver import TolerantDriver

        found = super().get_driver_class()
        return TolerantDriver if issubclass(TolerantDriver, found) else found

    def _fatal_error(self) -> None:
        """End after an error nobody foresaw: its traceback would print the variables around it, secrets among them."""
        kind = type(self._exception).__name__
        self.last_words = f"lockbox made a mistake of its own ({kind}); the terminal UI has ended"
        self._exit_renderables.clear()
        self._close_messages_no_wait()

    def panic(self, *_renderables: Any) -> None:
        """The same for errors that bring a picture of themselves."""
        self._fatal_error()

    def deliver_screenshot(self, *_given: Any, **_named: Any) -> str | None:
        """No picture of the screen is saved: it would show in clear what stands on it."""
        self.tell("Pictures of the screen are not saved: they would show what stands on it in clear.")
        return None

    def copy_to_clipboard(self, text: str) -> None:
        """Nothing is copied by itself; `lockbox data export` is the way to take values out."""

    def save_screenshot(self, *_given: Any, **_named: Any) -> str:
        """See `deliver_screenshot`."""
        raise Unavailable(reason="pictures of the screen are not saved")
