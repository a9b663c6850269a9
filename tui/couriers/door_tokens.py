"""Ending the tokens that couriers and meshes have at the door of the vault."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from learner.federation.courier_folder import CourierFolder
    from learner.federation.mesh_folder import MeshFolder
    from vault.owner.interface.owner import Owner


def end_tokens(vault: Owner, folders: Iterable[CourierFolder | MeshFolder]) -> None:
    """End every token at the vault's door that lies in one of these folders."""
    for door in {one.door() for one in folders} - {""}:
        vault.end_token(door)
