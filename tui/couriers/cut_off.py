"""What a joining left that was ended on its way: its token ends and its folder is removed by the next command."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from tui.couriers.door_tokens import end_tokens
from vault.errors.families import Unavailable

if TYPE_CHECKING:
    from pathlib import Path

    from vault.owner.interface.owner import Owner


def end_cut_off_couriers(vault: Owner, home: Path) -> None:
    """End what joinings by an invitation left here that nobody is at work on."""
    if home.is_dir():
        from learner.federation.courier_folder import cut_off
        from learner.federation.folder_removal import remove_destroyed

        found = cut_off(home)
        # where it was settled half, the token in its place is the same, and works
        end_tokens(vault, [one for one in found if one.door() != one.place.door()])
        for one in found:
            with suppress(Unavailable):  # status and doctor say what cannot be removed
                one.destroy()
        remove_destroyed(home)


def end_cut_off_meshes(vault: Owner, home: Path) -> None:
    """The same of meshes by a membership."""
    if home.is_dir():
        from learner.federation.folder_removal import remove_destroyed
        from learner.federation.mesh_folder import cut_off

        found = cut_off(home)
        end_tokens(vault, [one for one in found if one.door() != one.place.door()])
        for one in found:
            with suppress(Unavailable):
                one.destroy()
        remove_destroyed(home)


def left_over(courier: Path, mesh: Path) -> list[Path]:
    """The folders of joinings that were cut off, and what was left of a campaign and could not be removed."""
    from learner.federation import courier_folder, mesh_folder
    from learner.federation.folder_removal import destroyed_in

    couriers = [one.path for one in courier_folder.cut_off(courier)]
    meshes = [one.path for one in mesh_folder.cut_off(mesh)]
    return [*couriers, *destroyed_in(courier), *meshes, *destroyed_in(mesh)]
