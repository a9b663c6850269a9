"""Run slow work in a thread, so that the keys go on, and drawing to its end; no thread is waited for at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import copy_context
from threading import Thread
from typing import Any, Final, TypeVar

T = TypeVar("T")

_GOING_ON: Final[set[asyncio.Task[Any]]] = set()  # the loop itself keeps no task alive


async def in_thread(work: Callable[[], T]) -> T:
    """Call a function in a thread and return its result, or raise what it raised.

    The thread is a daemon, so that a program that was told to end does not wait for an answer it no longer wants. It
    runs in a copy of the context: there a screen that has been left meanwhile still finds its program.
    """
    loop, context = asyncio.get_running_loop(), copy_context()
    future: asyncio.Future[T] = loop.create_future()

    def finish(set_to: Callable[[], None]) -> None:
        # The loop may be closed, and who asked may have left: then nobody is there to be told.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(lambda: None if future.done() else set_to())

    def run() -> None:
        try:
            result = context.run(work)
        except Exception as error:  # handed to whoever waits; nothing is swallowed
            finish(lambda failed=error: future.set_exception(failed))  # type: ignore[misc]
        else:
            finish(lambda: future.set_result(result))

    Thread(target=run, daemon=True, name="lockbox-work").start()
    return await future


async def to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """The result of work that goes on to its end even when whoever waits for it is told to stop."""
    task = asyncio.ensure_future(work)
    _GOING_ON.add(task)
    task.add_done_callback(_GOING_ON.discard)
    return await asyncio.shield(task)
