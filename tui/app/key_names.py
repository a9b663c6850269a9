"""What keys are called on the screens: ours, and those that a person chose instead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from tui.app.key_action import EVERYWHERE, KeyAction
from tui.app.keymap import ACTIONS

_SIGNS: Final = {"question_mark": "?", "slash": "/", "comma": ","}
_BOLD: Final = re.compile(r"\*\*([^*\s]+)\*\*")
_BY_ID: Final = {one.id: one for one in ACTIONS}


def key_name(keys: str) -> str:
    """A key, or several, as a person reads them."""
    return " ".join(_SIGNS.get(key, key) for key in keys.split(","))


def keys_of(action: KeyAction, own: Mapping[str, str]) -> str:
    """The keys of an action: a person's own, or ours."""
    return own.get(action.id, action.keys)


def key_of(name: str, own: Mapping[str, str]) -> str:
    """The first key of the action of this id, as a person reads it."""
    return key_name(keys_of(_BY_ID[name], own).split(",")[0])


def with_own_keys(words: str, where: str, own: Mapping[str, str]) -> str:
    """The help of a screen with a person's own keys where ours stand in bold; ? is a sign of the lists there."""
    told = {
        key_name(key): key_of(one.id, own)
        for one in ACTIONS
        if one.id in own and one.where in (where, EVERYWHERE)
        for key in one.keys.split(",")
        if key != "question_mark"
    }
    return _BOLD.sub(lambda found: f"**{told.get(found[1], found[1])}**", words)
