"""A systemd user unit that keeps a command of ours going."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vault.client.launch import LOCKBOX
from vault.errors.families import Unavailable
from vault.settings import CONFIG_VARIABLE, RUNTIME_VARIABLE, STATE_VARIABLE, VAULT_VARIABLE
from vault.wire.served_vault import write_private

if TYPE_CHECKING:
    from vault.settings import Paths

_TEXT: Final = """\
[Unit]
Description={description}
Wants=network-online.target
After=network-online.target

[Service]
{environment}
ExecStart={command}
{restart}
RestartSec=60
NoNewPrivileges=yes
UMask=0077

[Install]
WantedBy=default.target
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserUnit:
    """A unit by name: the words of its command, and when systemd starts that again."""

    name: str
    description: str
    words: tuple[str, ...]
    restart: str = "Restart=always"

    @property
    def file(self) -> Path:
        """Where systemd looks for it."""
        from platformdirs import user_config_path

        return user_config_path("systemd") / "user" / f"{self.name}.service"

    @property
    def start(self) -> str:
        """The command that starts it, now and at every login."""
        return f"systemctl --user enable --now {self.name}"

    def text(self, paths: Paths) -> str:
        """The unit for the vault at these places."""
        places = {
            VAULT_VARIABLE: paths.vault,
            STATE_VARIABLE: paths.state,
            RUNTIME_VARIABLE: paths.runtime,
            CONFIG_VARIABLE: paths.config,
        }
        environment = (f"Environment={_quoted(f'{name}={place}')}" for name, place in places.items())
        return _TEXT.format(
            description=self.description,
            environment="\n".join(environment),
            command=" ".join(_quoted(word).replace("$", "$$") for word in (*LOCKBOX, *self.words)),
            restart=self.restart,
        ).rstrip("\n")

    def install(self, paths: Paths) -> Path:
        """Put it among those of this user, in place of an earlier one, and return where; raises `Unavailable`."""
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            write_private(self.file, f"{self.text(paths)}\n")
        except OSError as error:
            raise Unavailable(reason=f"{self.file} cannot be written ({error.strerror})") from None
        return self.file


COURIER: Final = UserUnit(
    name="lockbox-courier",
    description="Lockbox courier: rounds to the vault, released updates to their coordinator",
    words=("courier", "run"),
)


def mesh_unit(campaign: str, options: tuple[str, ...] = ()) -> UserUnit:
    """The unit of one mesh; once that was left, or where there is none, it is not started again."""
    return UserUnit(
        name=f"lockbox-mesh-{campaign[:8]}",
        description="Lockbox mesh: released models to and from its peers, rounds to the vault",
        words=("mesh", "run", campaign, *options),
        restart="Restart=on-failure\nRestartPreventExitStatus=1 2",
    )


def _quoted(text: str) -> str:
    """A word as systemd reads it, with its quotes, backslashes, % and ends of lines kept from meaning anything."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("\n", "\\n")
    return f'"{escaped}"'
