"""The keys a person chose instead of ours, from one file beside the settings."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from textual.keys import KEY_ALIASES, Keys

from tui.app.keymap import ACTIONS, EVERYWHERE, KeyAction
from vault.errors.families import Invalid, Unavailable

if TYPE_CHECKING:
    from pathlib import Path

    from vault.settings import Paths

FILE: Final = "keys.toml"
RESERVED: Final = ("enter", "escape", "tab", "shift+tab", "ctrl+q", "ctrl+c")
"""They mean the same everywhere, in every dialog."""
NAMED: Final = (
    {key.value for key in Keys} | set(KEY_ALIASES) | {"question_mark", "slash", "comma", "full_stop", "minus"}
)


def keys_file(paths: Paths) -> Path:
    """Where the file lies."""
    return paths.config.with_name(FILE)


def read_own_keys(paths: Paths) -> dict[str, str]:
    """Action → keys with commas between them; empty without a file. Raises `Invalid` and `Unavailable`."""
    file = keys_file(paths)
    try:
        said = tomllib.loads(file.read_text(encoding="utf-8"))
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
        if not isinstance(keys, str) or not all(map(_is_key, keys.split(","))):
            raise Invalid(reason=f'{file}: {name} has to be a key such as "f" or "ctrl+f", and not {keys!r}')
        found[name] = keys
    _check_clashes(found, file)
    return found


def _is_key(key: str) -> bool:
    last = key.rpartition("+")[2]
    return key not in RESERVED and ((len(last) == 1 and last.isprintable()) or key in NAMED or last in NAMED)


def _check_clashes(own: Mapping[str, str], file: Path) -> None:
    for where in {one.where for one in ACTIONS}:
        taken: dict[str, str] = {}
        for one in ACTIONS:
            for key in keys_of(one, own).split(",") if one.where in (where, EVERYWHERE) else ():
                if taken.setdefault(key, one.id) != one.id:
                    raise Invalid(reason=f"{file}: {key} would be the key of {taken[key]} and of {one.id}")


def keys_of(action: KeyAction, own: Mapping[str, str]) -> str:
    """The keys of an action: a person's own, or ours."""
    return own.get(action.id, action.keys)
