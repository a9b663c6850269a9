"""The addresses that somebody gives to a mesh that runs."""

from __future__ import annotations

from collections.abc import Iterable

from vault.errors.families import Invalid


def check_addresses(option: str, addresses: Iterable[str], *, is_reached: bool = False) -> None:
    """Refuse what is not host:port before anything is started; raises `Invalid`.

    ``is_reached`` are those that others connect to: zenoh takes a number of IPv6 for no name of a certificate.
    """
    from learner.federation.mesh_forms import is_address

    for one in addresses:
        if not is_address(one):
            raise Invalid(reason=f"{option} {one!r} is not an address like host:port")
        if is_reached and one.startswith("["):
            raise Invalid(
                reason=f"{option} {one!r} is a number of IPv6, which zenoh connects to by a name alone"
            )
