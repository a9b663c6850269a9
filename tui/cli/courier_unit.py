"""The systemd user unit of the courier."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from vault.client.launch import LOCKBOX
from vault.errors.families import Unavailable
from vault.settings import CONFIG_VARIABLE, RUNTIME_VARIABLE, STATE_VARIABLE, VAULT_VARIABLE

if TYPE_CHECKING:
    from vault.settings import Paths

NAME: Final = "lockbox-courier.service"
_UNIT: Final = """\
[Unit]
Description=Lockbox courier: rounds to the vault, released updates to their coordinator
Wants=network-online.target
After=network-online.target

[Service]
{environment}
ExecStart={command}
Restart=always
RestartSec=60
NoNewPrivileges=yes
UMask=0077

[Install]
WantedBy=default.target
"""


def unit_text(paths: Paths) -> str:
    """The unit for the vault at these places."""
    places = {
        VAULT_VARIABLE: paths.vault,
        STATE_VARIABLE: paths.state,
        RUNTIME_VARIABLE: paths.runtime,
        CONFIG_VARIABLE: paths.config,
    }
    return _UNIT.format(
        environment="\n".join(f"Environment={_quoted(f'{name}={place}')}" for name, place in places.items()),
        command=" ".join(_quoted(word).replace("$", "$$") for word in (*LOCKBOX, "courier", "run")),
    ).rstrip("\n")


def install_unit(paths: Paths) -> Path:
    """Put the unit among those of this user, in place of an earlier one, and return where; raises `Unavailable`."""
    from platformdirs import user_config_path

    file = user_config_path("systemd") / "user" / NAME
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{unit_text(paths)}\n", encoding="utf-8")
    except OSError as error:
        raise Unavailable(reason=f"{file} cannot be written ({error.strerror})") from None
    return file


def _quoted(text: str) -> str:
    """A word as systemd reads it, with its quotes, backslashes and % kept from meaning anything."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'
