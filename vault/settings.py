"""Where things are: the folder of the vault and that of its high-water mark. Nothing secret stands here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from platformdirs import user_data_path, user_state_path

from vault.errors import Invalid

APP_NAME = "lockbox"
VAULT_VARIABLE = "LOCKBOX_VAULT"
STATE_VARIABLE = "LOCKBOX_STATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """The two folders lockbox uses, absolute; neither is made here.

    ``state`` keeps the high-water mark that tells an older copy of the vault from the newest. It must lie
    outside ``vault``, or who puts an old folder back puts the old mark back with it: Invalid otherwise.
    """

    vault: Path
    state: Path

    def __post_init__(self) -> None:
        if self.state.resolve().is_relative_to(self.vault.resolve()):
            raise Invalid(reason="the state folder must not lie inside the vault folder")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], *, vault: Path | None = None) -> Self:
        """The folders for this user: ``vault`` (given by hand), else the variables, else the defaults.

        The defaults are ``vault`` in the user's data folder for lockbox and ``state`` in its state folder.
        An empty variable counts as not set.
        """
        chosen = (
            vault or _folder(environ, VAULT_VARIABLE) or user_data_path(APP_NAME, appauthor=False) / "vault"
        )
        state = _folder(environ, STATE_VARIABLE) or user_state_path(APP_NAME, appauthor=False) / "state"
        return cls(vault=chosen.absolute(), state=state.absolute())


def _folder(environ: Mapping[str, str], variable: str) -> Path | None:
    text = environ.get(variable, "")
    return Path(text) if text else None
