"""How meshes stand here, for the screens: and what each keeps of its rounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tui.couriers.decided import UNKNOWN
from vault.errors.families import LockboxError
from vault.errors.meshes import MeshFolderDamaged

if TYPE_CHECKING:
    from learner.federation.mesh_folder import Access, MeshFolder, MeshState, Seen, Word
    from tui.couriers.decided import Decided


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """Of the newest round here, the keys of the others whose model came and of those for whom it waits.

    ``until`` (RFC 3339, UTC) it waits, ``own`` is what became of it here, and ``is_last`` that none comes after it.
    """

    number: int
    came: tuple[str, ...]
    missing: tuple[str, ...]
    until: str
    own: Word
    is_last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Meshed:
    """A mesh that was joined here: how far it is, what its network saw last, and the name of each peer by its key."""

    folder: MeshFolder
    access: Access
    state: MeshState
    seen: Seen
    names: Mapping[str, str]
    awaited: Awaited | None = None


def awaited(folder: MeshFolder, access: Access, state: MeshState) -> Awaited | None:
    """For whom the newest round waits; None before the first and once the last is over."""
    newest = max(state.rounds, key=lambda one: one.number, default=None)
    if newest is None or state.is_over:
        return None
    document, here = folder.campaign().document, folder.net.shared()
    others = [one.key for one in document.peers if one.key != access.key]
    return Awaited(
        number=newest.number,
        came=tuple(key for key in others if (newest.number, key) in here),
        missing=tuple(key for key in others if (newest.number, key) not in here),
        until=document.deadlines[newest.number - 1],
        own=newest.word,
        is_last=newest.number == document.rounds,
    )


def meshes_here(home: Path, known: Decided = UNKNOWN) -> dict[str, Meshed]:
    """What was joined, by the id of the campaign here; a folder that cannot be read is no mesh.

    ``known`` is what the vault knows of its rounds and no requester hears.
    """
    if not home.is_dir():
        return {}
    from learner.federation.mesh_folder import joined

    found = (_meshed(folder, known) for folder in joined(home))
    return {one.access.campaign: one for one in found if one is not None}


def _meshed(folder: MeshFolder, known: Decided) -> Meshed | None:
    from learner.federation.mesh_folder import Access

    try:
        access, peers = folder.facts(Access), folder.campaign().document.peers
    except LockboxError:
        return None  # the mesh's own status names the folder, and joining again mends it
    names = {one.key: one.name for one in peers}
    state = _state(folder)
    state = replace(state, rounds=known.told(access.campaign, state.rounds))
    return Meshed(
        folder=folder, access=access, state=state, seen=_seen(folder), names=names,
        awaited=awaited(folder, access, state),
    )  # fmt: skip


def _state(folder: MeshFolder) -> MeshState:
    from learner.federation.mesh_folder import MeshState

    try:
        return folder.facts(MeshState)
    except MeshFolderDamaged as error:
        return MeshState(trouble=str(error))


def _seen(folder: MeshFolder) -> Seen:
    from learner.federation.mesh_folder import Seen

    try:
        return folder.net.facts(Seen)
    except MeshFolderDamaged:
        return Seen()  # what has the network writes it anew
