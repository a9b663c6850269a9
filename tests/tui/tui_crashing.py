"""The program with a mistake in it that has a secret in its hands: `python tui_crashing.py WHERE`, run by a test."""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import Any

from textual import work
from textual.app import ComposeResult
from textual.screen import Screen

import tui.app.app
from tui.cli import main

SECRET = "vivid-otter-44-secret"
CRASHES = ("action", "worker", "task", "compose", "app", "thread", "mount", "picture")
WHERE = sys.argv[-1]


class Illustrated(Exception):
    """An error that brings a picture of itself."""

    def __rich__(self) -> str:
        return f"Traceback: {SECRET}"


class BadCompose(Screen[None]):
    def compose(self) -> ComposeResult:
        passphrase = SECRET
        raise ValueError(passphrase)


class BadMount(Screen[None]):
    def on_mount(self) -> None:
        passphrase = SECRET
        raise ValueError(passphrase)


class Crashing(tui.app.app.LockboxApp):
    """It crashes in one of many places."""

    BINDINGS = [("x", "crash", "")]  # noqa: RUF012

    def on_mount(self) -> None:
        if WHERE == "app":
            _crash()
        super().on_mount()
        self.set_timer(0.2, self.action_crash)

    async def action_crash(self) -> None:
        passphrase = SECRET
        match WHERE:
            case "action":
                _crash(passphrase)
            case "worker":
                self.crash_in_worker(passphrase)
            case "thread":
                self.vault = Quiet()  # type: ignore[assignment]
                self.crash_in_thread(passphrase)
            case "compose":
                self.push_screen(BadCompose())
            case "mount":
                self.push_screen(BadMount())
            case "picture":
                raise Illustrated
            case "task":
                self.forgotten = asyncio.create_task(_crash_later(passphrase))
                threading.Thread(target=_crash, args=[passphrase]).start()
                await asyncio.sleep(0.3)
                del self.forgotten
                self.exit(1)

    @work
    async def crash_in_worker(self, passphrase: str) -> None:
        raise RuntimeError(passphrase)

    @work
    async def crash_in_thread(self, passphrase: str) -> None:
        await self.ask(lambda _vault: _crash(passphrase))


class Quiet:
    def quietly(self) -> Quiet:
        return self

    def pulse(self, **_given: Any) -> None:
        raise tui.app.app.LockboxError

    def close(self) -> None:
        pass


def _crash(passphrase: str = SECRET) -> None:
    raise ValueError(passphrase)


async def _crash_later(passphrase: str) -> None:
    raise ValueError(passphrase)


if __name__ == "__main__":
    tui.app.app.LockboxApp = Crashing  # type: ignore[misc]
    sys.argv = ["lockbox"]
    main()
