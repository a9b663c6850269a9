"""What a joining left that was ended on its way: its token ends and its folder is removed by the next command."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from tui.couriers.door_tokens import end_tokens
from vault.errors.families import Unavailable
from vault.errors.federation import CourierAtWork

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from learner.federation.courier_folder import CourierFolder
    from learner.federation.mesh_folder import MeshFolder
    from vault.owner.interface.owner import Owner


def end_cut_off_couriers(vault: Owner, home: Path) -> None:
    """End what joinings by an invitation left here that nobody is at work on."""
    if home.is_dir():
        from learner.federation.courier_folder import cut_off

        _end_all(vault, home, cut_off(home))


def end_cut_off_meshes(vault: Owner, home: Path) -> None:
    """The same of meshes by a membership."""
    if home.is_dir():
        from learner.federation.mesh_folder import cut_off

        _end_all(vault, home, cut_off(home))


def _end_all(vault: Owner, home: Path, found: Sequence[CourierFolder | MeshFolder]) -> None:
    from learner.federation.folder_removal import remove_destroyed

    for one in found:
        _end(vault, one)
    remove_destroyed(home)


def _end(vault: Owner, one: CourierFolder | MeshFolder) -> None:
    """End one that nobody is at work on; what is joined again just now is left to who does that."""
    from learner.federation.folder_claim import claimed

    # status and doctor say what cannot be removed
    with suppress(Unavailable), claimed(one.path, CourierAtWork):
        # where it was settled half, the token in its place is the same, and works
        if one.door() != one.place.door():
            end_tokens(vault, [one])
        one.destroy()


def left_over(courier: Path, mesh: Path) -> list[Path]:
    """The folders of joinings that were cut off, and what was left of a campaign and could not be removed."""
    from learner.federation import courier_folder, mesh_folder
    from learner.federation.folder_removal import destroyed_in

    couriers = [one.path for one in courier_folder.cut_off(courier)]
    meshes = [one.path for one in mesh_folder.cut_off(mesh)]
    return [*couriers, *destroyed_in(courier), *meshes, *destroyed_in(mesh)]
