"""The keys a person chose instead of ours, from one file beside the settings."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from textual.keys import KEY_ALIASES, Keys, _character_to_key

from tui.app.key_action import EVERYWHERE
from tui.app.key_names import keys_of
from tui.app.keymap import ACTIONS, LEAVES
from vault.errors.families import Invalid, Unavailable
from vault.strict_toml import parse_toml

if TYPE_CHECKING:
    from pathlib import Path

    from vault.settings import Paths

FILE: Final = "keys.toml"
RESERVED: Final = ("enter", "escape", "tab", "shift+tab", LEAVES, "ctrl+c")
"""They mean the same everywhere, in every dialog."""
NAMED: Final = {key.value for key in Keys} | {_character_to_key(sign) for sign in string.punctuation}
ALIASES: Final = {
    **{other: key for key, others in KEY_ALIASES.items() for other in others},
    "esc": "escape",
    "return": "enter",
    "ctrl+left_square_bracket": "escape",
}
"""A terminal sends the same for these and for the key behind them."""
HEARD_IN_FIELDS: Final = re.compile(r"(ctrl|alt)\+.+|(\w+\+)*f\d+")


def keys_file(paths: Paths) -> Path:
    """Where the file lies."""
    return paths.config.with_name(FILE)


def read_own_keys(paths: Paths) -> dict[str, str]:
    """Action → keys with commas between them; empty without a file. Raises `Invalid` and `Unavailable`."""
    file = keys_file(paths)
    try:
        said = parse_toml(file.read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise Unavailable(reason=f"{file} cannot be read ({error.strerror})") from None
    except ValueError:
        raise Invalid(reason=f"{file} is not TOML") from None
    return _checked(said, file)


def _checked(said: Mapping[str, object], file: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    known = {one.id for one in ACTIONS}
    for name, keys in said.items():
        if name not in known:
            raise Invalid(
                reason=f"{file} names {name!r}, which is no action; the help of each screen names them"
            )
        named = [normalised(key) for key in keys.split(",")] if isinstance(keys, str) else []
        if not named or not all(map(_is_key, named)):
            raise Invalid(reason=f'{file}: {name} has to be a key such as "f" or "ctrl+f", and not {keys!r}')
        found[name] = ",".join(named)
    _check_urgent(found, file)
    _check_clashes(found, file)
    return found


def normalised(typed: str) -> str:
    """A key as the toolkit calls it, however it is written: `Ctrl+F`, `shift+a`, `?`."""
    *modifiers, last = [part.strip() for part in re.sub(r"(^|\+)\+$", r"\1plus", typed.strip()).split("+")]
    held = sorted({one.lower() for one in modifiers})
    last = _character_to_key(last) if len(last) == 1 else last.lower()
    if held == ["shift"] and len(last) == 1:
        return last.upper()
    named = "+".join([*held, last.lower() if held else last])
    return ALIASES.get(named, named)


def _is_key(key: str) -> bool:
    last = key.rpartition("+")[2]
    return key not in RESERVED and ((len(last) == 1 and last.isprintable()) or key in NAMED or last in NAMED)


def urgent_keys(own: Mapping[str, str]) -> frozenset[str]:
    """What is heard at any moment, also by who has just opened a dialog: it locks, hides or leaves."""
    return frozenset(_urgent(own)) | {LEAVES}


def _urgent(own: Mapping[str, str]) -> Iterator[str]:
    for one in ACTIONS:
        if one.is_urgent:
            yield from keys_of(one, own).split(",")


def _check_urgent(own: Mapping[str, str], file: Path) -> None:
    """What is heard in fields too must be nothing that is typed there."""
    for key in _urgent(own):
        if not HEARD_IN_FIELDS.fullmatch(key):
            raise Invalid(
                reason=f"{file}: {key} is typed in fields, so that it cannot lock or hide; ctrl+f or f5 can"
            )


def _check_clashes(own: Mapping[str, str], file: Path) -> None:
    for where in {one.where for one in ACTIONS}:
        taken: dict[str, str] = {}
        for one in ACTIONS:
            for key in keys_of(one, own).split(",") if one.where in (where, EVERYWHERE) else ():
                if taken.setdefault(key, one.id) != one.id:
                    raise Invalid(reason=f"{file}: {key} would be the key of {taken[key]} and of {one.id}")
