"""The own side of a process that confines itself: it does one task alone, tells events and ends with a code.

It writes one JSON object a line on standard output, and nothing anywhere else: what an error quotes may be a token.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from enum import IntEnum
from typing import NoReturn

from vault.errors.daemon import DaemonGone
from vault.errors.families import LockboxError
from vault.wire.errors import error_body


class Exit(IntEnum):
    """How the process ended: well, with an error that it told, without its line to the vault, or by our mistake."""

    DONE = 0
    FAILED = 1
    LINE_LOST = 3
    BROKEN = 4


def end_with(task: Callable[..., None], arguments: list[str]) -> NoReturn:
    """Do the task, tell the error that it raises, and end the process."""
    sys.dont_write_bytecode = True
    try:
        task(*arguments)
    except DaemonGone:
        os._exit(Exit.LINE_LOST)
    except LockboxError as error:
        tell({"event": "trouble", **error_body(error).model_dump()})
        os._exit(Exit.FAILED)
    except BaseException:  # the boundary of the process: whatever it is, its text may hold a token
        os._exit(Exit.BROKEN)
    os._exit(Exit.DONE)


def tell(fact: dict[str, object]) -> None:
    """Write one line."""
    os.write(1, json.dumps({"v": 1, **fact}).encode() + b"\n")
