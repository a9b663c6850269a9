"""The addresses that somebody gives to a mesh that runs."""

from __future__ import annotations

from collections.abc import Iterable

from vault.errors.families import Invalid


def check_addresses(option: str, addresses: Iterable[str]) -> None:
    """Refuse what is not host:port before anything is started; raises `Invalid`."""
    from learner.federation.mesh_forms import is_address

    for one in addresses:
        if not is_address(one):
            raise Invalid(reason=f"{option} {one!r} is not an address like host:port")
