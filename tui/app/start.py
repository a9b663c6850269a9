"""Start the terminal UI, and end it with its exit code and its last sentence."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Final

from tui.cli.exit_codes import ExitCode
from tui.text.times import show_local
from vault.errors.daemon import KeysLogged
from vault.errors.families import LockboxError
from vault.settings import read_preferences

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui.app.app import LockboxApp
    from vault.owner.interface.session import OwnerSession
    from vault.settings import Paths

BY_EAR: Final = "With a screen reader: lockbox --screen-reader"
CLOSE_SECONDS: Final = 2.0
_TOO_PLAIN: Final = (None, "", "dumb")


def has_terminal(environ: Mapping[str, str]) -> bool:
    """Whether there is a terminal to draw on."""
    return _is_terminal() and environ.get("TERM") not in _TOO_PLAIN


def is_too_plain(environ: Mapping[str, str]) -> bool:
    """Whether there is a terminal that cannot be drawn on."""
    return _is_terminal() and environ.get("TERM") in _TOO_PLAIN


def _is_terminal() -> bool:
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def run(paths: Paths) -> int:
    """Run the terminal UI to its end; raises `KeysLogged` where what is typed into a real vault would be logged."""
    from tui.app.app import LockboxApp
    from tui.app.hardening import key_log_setting
    from vault.client.attach import harden_process

    harden_process()  # before a passphrase is typed or a recovery key is shown
    why = key_log_setting(os.environ)
    if why and paths.database.exists():
        raise KeysLogged(what=why)
    # What libraries would write of an error nobody foresaw may quote what was typed.
    logging.disable(logging.CRITICAL)
    show_local(True)
    if not paths.database.exists():
        print(BY_EAR, flush=True)  # before anything is drawn: who listens to the screen hears this alone
    app = LockboxApp(paths, read_preferences(paths))
    code = app.run()
    _close_session(app)
    if app.goes_on_in_lines:
        from tui.by_ear.conversation import converse

        return converse(paths)
    if app.exit_message:
        for prefix, line in zip(("error", "hint"), app.exit_message.splitlines(), strict=False):
            print(f"lockbox: {prefix}: {line.rstrip('.')}", file=sys.stderr)
    # Also where it crashed after it was told to end, which had set a code of its own.
    return ExitCode.FAILED if app.has_crashed else code or app.return_code or ExitCode.OK


def _close_session(app: LockboxApp) -> None:
    """End the session; the process that has the vault open stays, and locks itself when it was not used."""
    vault, app.vault = app.vault, None
    if vault is not None:
        closing = Thread(target=lambda: _close(vault), daemon=True)
        closing.start()
        closing.join(CLOSE_SECONDS)


def _close(vault: OwnerSession) -> None:
    with suppress(LockboxError):
        vault.close()
