"""Starting the terminal UI: who may, how it ends, and what stands there instead where a full screen helps nobody."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Final

from vault.errors.daemon import KeysLogged
from vault.errors.families import LockboxError
from vault.settings import read_preferences

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui.app.app import LockboxApp
    from vault.owner.interface.session import OwnerSession
    from vault.settings import Paths

GOODBYE_SECONDS: Final = 2.0


def is_possible(environ: Mapping[str, str]) -> bool:
    """Whether there is a terminal to draw on."""
    return sys.stdin.isatty() and sys.stdout.isatty() and environ.get("TERM") not in (None, "", "dumb")


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
    app = LockboxApp(paths, read_preferences(paths))
    code = app.run()
    _say_goodbye(app)
    if app.last_words:
        for prefix, line in zip(("error", "hint"), app.last_words.splitlines(), strict=False):
            print(f"lockbox: {prefix}: {line.rstrip('.')}", file=sys.stderr)
    return app.return_code or 0 if code is None else code


def _say_goodbye(app: LockboxApp) -> None:
    """End the session; the process that has the vault open stays, and locks itself when it was not used."""
    vault, app.vault = app.vault, None
    if vault is not None:
        closing = Thread(target=lambda: _close(vault), daemon=True)
        closing.start()
        closing.join(GOODBYE_SECONDS)


def _close(vault: OwnerSession) -> None:
    with suppress(LockboxError):
        vault.close()
