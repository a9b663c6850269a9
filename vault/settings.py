"""Where things are, and the few things a person can set. Nothing secret stands here."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from vault.errors.families import Invalid, Unavailable

if TYPE_CHECKING:
    from platformdirs import PlatformDirs

APP_NAME = "lockbox"
VAULT_VARIABLE = "LOCKBOX_VAULT"
STATE_VARIABLE = "LOCKBOX_STATE"
RUNTIME_VARIABLE = "LOCKBOX_RUNTIME"
CONFIG_VARIABLE = "LOCKBOX_CONFIG"
DATABASE: Final = "vault.db"
LONGEST_LOCK_MINUTES: Final = 24 * 60
THEMES: Final = ("system", "dark", "light", "contrast")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """The folders and the file lockbox uses, absolute; none is made here.

    ``state`` keeps the high-water mark that tells an older copy of the vault from the newest. It must lie
    outside ``vault``, or who puts an old folder back puts the old mark back with it: Invalid otherwise.
    ``runtime`` holds the socket of the process that has the vault open, ``config`` is the file of preferences.
    """

    vault: Path
    state: Path
    runtime: Path = field(default_factory=lambda: _runtime(os.environ))
    config: Path = field(default_factory=lambda: _config(os.environ))

    def __post_init__(self) -> None:
        if _resolved(self.state).is_relative_to(_resolved(self.vault)):
            raise Invalid(reason="the state folder must not lie inside the vault folder")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], *, vault: Path | None = None) -> Self:
        """The folders for this user: ``vault`` (given by hand), else the variables, else the defaults.

        The defaults are ``vault`` in the user's data folder for lockbox, ``state`` in its state folder, ``lockbox``
        in the user's runtime folder (or one in the temporary folder, named after the user) and ``config.toml`` in
        its config folder. An empty variable counts as not set.
        """
        chosen = vault or _folder(environ, VAULT_VARIABLE) or _usual().user_data_path / "vault"
        state = _folder(environ, STATE_VARIABLE) or _usual().user_state_path / "state"
        return cls(
            vault=chosen.absolute(),
            state=state.absolute(),
            runtime=_runtime(environ),
            config=_config(environ),
        )

    @property
    def database(self) -> Path:
        """The encrypted database of this vault."""
        return self.vault / DATABASE

    @property
    def socket(self) -> Path:
        """Where the process that has this vault open listens: a short name, since such paths end at 107 bytes."""
        return self.runtime / f"{self._name()}.sock"

    @property
    def session(self) -> Path:
        """Where the command line keeps the token of its session with that process."""
        return self.runtime / f"{self._name()}.token"

    @property
    def tries(self) -> Path:
        """Where wrong passphrases are counted until the vault can record them."""
        return self.state / f"{self._name()}.tries"

    @property
    def courier(self) -> Path:
        """Where couriers keep what they need for the campaigns that they carry; never a key of the vault."""
        return self.state / f"{self._name()}.courier"

    @property
    def mesh(self) -> Path:
        """Where the peer of each mesh keeps what it needs; never a key of the vault."""
        return self.state / f"{self._name()}.mesh"

    @property
    def outbox(self) -> Path:
        """Where earlier versions put what a requester was to fetch; nothing reads or writes it any more."""
        return self.state / "outbox"

    def _name(self) -> str:
        return hashlib.sha256(os.fsencode(self.vault.resolve())).hexdigest()[:16]


def _resolved(folder: Path) -> Path:
    """Where a folder lies in the end; raises `Invalid` for links that lead in a circle."""
    try:
        return folder.resolve()
    except RuntimeError:
        raise Invalid(reason=f"the links at {folder} lead in a circle") from None


def _folder(environ: Mapping[str, str], variable: str) -> Path | None:
    text = environ.get(variable, "")
    return Path(text) if text else None


def _runtime(environ: Mapping[str, str]) -> Path:
    chosen = _folder(environ, RUNTIME_VARIABLE)
    if chosen is None:
        session = _folder(environ, "XDG_RUNTIME_DIR")
        chosen = session / APP_NAME if session else _temporary() / f"{APP_NAME}-{os.getuid()}"
    return chosen.absolute()


def _temporary() -> Path:
    from tempfile import gettempdir

    return Path(gettempdir())


def _config(environ: Mapping[str, str]) -> Path:
    chosen = _folder(environ, CONFIG_VARIABLE)
    return (chosen or _usual().user_config_path / "config.toml").absolute()


def _usual() -> PlatformDirs:
    """The folders of this user where no variable names another."""
    from platformdirs import PlatformDirs

    return PlatformDirs(APP_NAME, appauthor=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What a person may set: minutes without use until the vault locks (1 to 1440), screens without motion, colours."""

    lock_minutes: int = 15
    calm: bool = False
    theme: str = THEMES[0]

    def __post_init__(self) -> None:
        is_number = type(self.lock_minutes) is int
        if not (is_number and 1 <= self.lock_minutes <= LONGEST_LOCK_MINUTES):
            raise Invalid(reason=f"lock_minutes has to be a whole number from 1 to {LONGEST_LOCK_MINUTES}")
        if type(self.calm) is not bool:
            raise Invalid(reason="calm has to be true or false")
        if self.theme not in THEMES:
            raise Invalid(reason=f"theme has to be one of {', '.join(THEMES)}")


def read_preferences(paths: Paths) -> Preferences:
    """The preferences of this user, the defaults where nothing is set; raises `Invalid` and `Unavailable`."""
    from vault.strict_toml import parse_toml

    try:
        said = parse_toml(paths.config.read_bytes())
    except FileNotFoundError:
        return Preferences()
    except OSError as error:
        raise Unavailable(reason=f"{paths.config} cannot be read ({error.strerror})") from None
    except ValueError:
        raise Invalid(reason=f"{paths.config} is not TOML") from None
    return _preferences(said, paths.config)


def write_preferences(paths: Paths, preferences: Preferences) -> None:
    """Keep the preferences, or what was kept before; raises `Unavailable` where they cannot be written."""
    import tomli_w

    from vault.sealing.durable import replace_files

    said = {one.name: getattr(preferences, one.name) for one in fields(preferences)}
    try:
        paths.config.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(reason=f"{paths.config} cannot be written ({error.strerror})") from None
    replace_files(paths.config.parent, {paths.config.name: tomli_w.dumps(said).encode()})


def _preferences(said: Mapping[str, Any], file: Path) -> Preferences:
    known = [one.name for one in fields(Preferences)]
    for name in said:
        if name not in known:
            raise Invalid(reason=f"{file} sets {name!r}; what can be set is {' and '.join(known)}")
    try:
        return Preferences(**said)
    except Invalid as error:
        raise Invalid(reason=f"{file}: {error.facts['reason']}") from None
