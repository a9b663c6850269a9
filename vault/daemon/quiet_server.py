"""A server of HTTP that leaves signals to whoever runs it, writes nothing down, and says when it listens."""

from __future__ import annotations

import contextlib
import gc
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, Final

import uvicorn

GARBAGE_AFTER: Final = 2_000
SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class QuietServer(uvicorn.Server):
    """Leaves the signals to us, so that what it serves is closed before the process ends."""

    on_started: Callable[[], None] = staticmethod(lambda: None)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take none."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        _keep_memory_small()
        self.on_started()


def quiet_config(app: Any, **more: Any) -> uvicorn.Config:
    """What every server here has in common: HTTP alone, no log, no word of what serves it."""
    return uvicorn.Config(
        app, loop="asyncio",  # whatever else is installed
        ws="none", lifespan="off", log_config=None, access_log=False, server_header=False,
        proxy_headers=False, **more,
    )  # fmt: skip


@contextlib.contextmanager
def signals_to(ask: Callable[[], object]) -> Iterator[None]:
    """Within this block a signal asks for the end instead of being it; only the main thread is told of signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def hear(_signal: int, _frame: FrameType | None) -> None:
        ask()

    before: dict[signal.Signals, Any] = {one: signal.signal(one, hear) for one in SIGNALS}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _keep_memory_small() -> None:
    """Look for garbage often from now on, and not in what is loaded; a short command looks for none at all.

    A process that serves for weeks would grow by all garbage that lies in circles. A process is its main thread's own.
    """
    if threading.current_thread() is threading.main_thread():
        gc.freeze()
        gc.set_threshold(GARBAGE_AFTER, 10, 10)


def silence() -> None:
    """Nothing is logged: what a library would write down could hold what was asked, and from where."""
    for name in (
        "uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi", "asyncio", "concurrent.futures",
    ):  # fmt: skip
        logger = logging.getLogger(name)
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
        logger.disabled = True
