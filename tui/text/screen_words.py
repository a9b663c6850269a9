"""What an error says on a screen: a command that it names is a place there, an option the field that stands for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from tui.text.error_words import with_way_out

if TYPE_CHECKING:
    from vault.errors.families import LockboxError

PLACES: Final = {
    "lockbox campaign list": "4 Requests",
    "lockbox campaign show ID": "4 Requests",
    "lockbox campaign submit DIR": "4 Requests, Take in…",
    "lockbox consent explain JOB": "4 Requests",
    "lockbox consent list": "3 Consents",
    "lockbox consent withdraw ID": "3 Consents, Withdraw…",
    "lockbox courier join": "4 Requests, Take in…",
    "lockbox courier leave ID": "4 Requests, Leave…",
    "lockbox courier status": "4 Requests",
    "lockbox data erase NAME": "2 Data, Erase…",
    "lockbox data erase": "2 Data, Erase…",
    "lockbox data list": "2 Data",
    "lockbox model list": "0 Models",
    "lockbox release list": "6 Release",
    "lockbox release show ID": "6 Release",
    "lockbox request lift ID": "4 Requests, Lift your no…",
    "lockbox request list": "4 Requests",
    "lockbox request show ID": "4 Requests",
    "lockbox request submit JOBDIR": "4 Requests, Take in…",
    "lockbox requester add NAME KEYFILE": "4 Requests, Take in…",
    "lockbox requester list": "4 Requests",
    "lockbox requester unblock NAME": "4 Requests, Unblock…",
    "lockbox settings drills off": "9 Settings",
}
"""The commands that errors name, and where the screens do the same."""
_COMMAND: Final = re.compile("|".join(sorted(map(re.escape, PLACES), key=len, reverse=True)))
_OPTION: Final = re.compile(r"--([a-z]+(?:-[a-z]+)*)(?: [A-Z]{2,}\b)?")


def on_screen(error: LockboxError, fields: Mapping[str, str] | None = None) -> str:
    """The sentence of an error and the way out; `fields` are the labels of what stands there, by option."""
    said = _COMMAND.sub(lambda found: PLACES[found[0]], with_way_out(error))
    return _OPTION.sub(lambda found: _field(found, fields or {}), said)


def _field(found: re.Match[str], fields: Mapping[str, str]) -> str:
    return f"“{fields[found[1]]}”" if found[1] in fields else found[0]
