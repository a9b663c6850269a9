"""A process of its own that has a vault open: VAULT STATE RUNTIME SECONDS PASSPHRASE; it says `up` once it listens.

In the one that is `stuck`, looking at requests and at a file waits for ever, as it would for a disk that is gone.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from vault.daemon.server import serve
from vault.owner.records import RecordActions
from vault.owner.requests import RequestActions
from vault.sealing.slots import TEST_COST
from vault.settings import Paths, Preferences
from vault.vault import passphrase_secret

HEAVY = {"torch", "dp_accounting", "sklearn", "textual", "typer", "scipy"}


def main() -> None:
    """Serve until told to end, by a clock that begins at a given moment."""
    vault, state, runtime, moment, passphrase = sys.argv[1:]
    began = time.monotonic()
    folder = Path(runtime)
    paths = Paths(vault=Path(vault), state=Path(state), runtime=folder, config=folder / "config.toml")

    def announce(_vault: object) -> None:
        print("up", *sorted(HEAVY & set(sys.modules)), flush=True)

    serve(
        paths,
        passphrase_secret(passphrase),
        preferences=Preferences(),
        announce=announce,
        clock=lambda: float(moment) + time.monotonic() - began,
        cost=TEST_COST,
    )


def stuck() -> None:
    """The same, in which two actions of the owner never end."""
    RequestActions.requests = _wait  # type: ignore[method-assign, assignment]
    RecordActions.plan_import = _wait  # type: ignore[method-assign, assignment]
    main()


def _wait(*_arguments: object, **_more: object) -> None:
    threading.Event().wait()


if __name__ == "__main__":
    main()
