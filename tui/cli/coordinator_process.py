"""A coordinator in the place of the command that was asked for it: what serves for months loads no command line."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from tui.cli.entry_point import end_with, run_alone
from vault.errors.federation import NoCoordinator

if TYPE_CHECKING:
    from learner.federation.coordinator import Coordinator, Event

SETTINGS_FILE: Final = "coordinator.toml"
"""As a folder names it; what reads it is not loaded before it is known to be there."""
PAGE, LINES = "page", "lines"
# from where this very code was loaded, whatever the interpreter would find by itself
_ROOT: Final = str(Path(__file__).parents[2])
_PROGRAM: Final = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from tui.cli.coordinator_process import main; main()"
)


def become_server(folder: Path, *, has_page: bool) -> NoReturn:
    """Serve in place of this process, under its number and with what it has open; raises ``NoCoordinator``."""
    if not (folder / SETTINGS_FILE).exists():
        raise NoCoordinator(path=folder)
    # what was begun apart from the folder it stands in stays so
    apart = "-I" if sys.flags.isolated else "-P"
    shown = PAGE if has_page else LINES
    os.execv(sys.executable, (sys.executable, apart, "-c", _PROGRAM, _ROOT, shown, str(folder)))  # noqa: S606


def main() -> NoReturn:
    """Serve the coordinator of a folder until it is told to end."""
    shown, folder = sys.argv[1:]
    serving = _with_page if shown == PAGE else _with_lines
    end_with(lambda: run_alone(lambda: serving(Path(folder))))


def _with_page(folder: Path) -> None:
    """Serve with a live page of how it stands."""
    from learner.federation.coordinator_server import serve
    from learner.federation.overview import overview
    from tui.cli.coordinator_page import live_page, page

    changed = threading.Event()
    with closing(_opened(folder, lambda _event: changed.set())) as coordinator:
        address = coordinator.folder.settings.address
        with live_page(lambda: page(overview(coordinator), address, coordinator.silent_because), changed):
            serve(coordinator)


def _with_lines(folder: Path) -> None:
    """Serve with one JSON line for each thing that happens."""
    from learner.federation.coordinator_server import serve
    from tui.cli.terminal import write_json

    writing = threading.Lock()

    def heard(event: Event) -> None:
        with writing:  # several threads tell what happens, and a line is a line
            write_json({"event": event.kind, **_said(event)})

    with closing(_opened(folder, heard)) as coordinator:
        address = coordinator.folder.settings.address
        facts = {"event": "serving", "address": address, "campaign": coordinator.digest}
        serve(coordinator, started=lambda port: write_json({**facts, "port": port}))


def _opened(folder: Path, heard: Callable[[Event], None]) -> Coordinator:
    from learner.federation.coordinator import Coordinator
    from learner.federation.coordinator_folder import open_folder

    return Coordinator(open_folder(folder), heard=heard)


def _said(event: Event) -> dict[str, object]:
    """What there is to say of an event."""
    return {name: value for name, value in asdict(event).items() if name != "kind" and value}
