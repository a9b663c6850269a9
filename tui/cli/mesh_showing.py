"""What a command shows of a mesh: how it stands, and each event while it runs."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final

from tui.cli.rounds_decided import not_asked
from tui.cli.terminal import write_facts, write_json, write_table, write_wrapped
from tui.couriers.meshes import awaited
from tui.text import mesh_facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from learner.federation.confined_process import Event
    from learner.federation.mesh import Tell
    from learner.federation.mesh_folder import Access, MeshFolder, MeshState, Seen
    from tui.couriers.decided import Decided

_INWARD: Final = ("v", "missing", "last_of", "past_since")
"""What a mesh keeps of itself, and its status does not say."""


def as_json(folder: MeshFolder, known: Decided) -> dict[str, Any]:
    """How one mesh stands, for programs."""
    access, state, seen = _facts(folder, known)
    peers = [{"name": name, "key": key} for key, name in names_of(folder).items()]
    about: dict[str, Any] = {
        "campaign": access.campaign,
        "requester": access.requester,
        "key": access.key,
        "peers": peers,
    }
    said = {name: value for name, value in asdict(state).items() if name not in _INWARD}
    waits = awaited(folder, access, state)
    about["awaited"] = None if waits is None else asdict(waits)
    return {**about, **said, "connected": seen.connected, "dropped": seen.dropped}


def draw(folder: MeshFolder, known: Decided) -> None:
    """How one mesh stands, with a row for each round."""
    access, state, seen = _facts(folder, known)
    names = names_of(folder)
    write_facts(mesh_facts.facts(access, state, seen))
    rows = [mesh_facts.round_row(one, names) for one in state.rounds]
    if state.is_over:
        rows.append(mesh_facts.last_row(state.last, names))
    if rows:
        write_table(("round", "what became of it", "mixed from", "not mixed, because"), rows)
    waits = awaited(folder, access, state)
    for sentence in (
        *([] if waits is None else [mesh_facts.awaited(waits, names)]),
        *([mesh_facts.OVER] if state.is_over else []),
        *([mesh_facts.ALMOST] if state.past_since and not state.is_over else []),
        *(f"Not taken from the network: {one}" for one in seen.dropped),
        *mesh_facts.lacking(tuple(sorted({*state.missing, *seen.missing}))),
        *not_asked(state.rounds, known),
    ):
        write_wrapped(sentence)


def _facts(folder: MeshFolder, known: Decided) -> tuple[Access, MeshState, Seen]:
    """What a mesh keeps, with what the vault knows of its rounds."""
    from learner.federation.mesh_folder import Access, MeshState, Seen

    access, state = folder.facts(Access), folder.facts(MeshState)
    told = replace(state, rounds=known.told(access.campaign, state.rounds))
    return access, told, folder.net.facts(Seen)


def teller(names: Mapping[str, str], *, for_programs: bool) -> Tell:
    """What writes each event of a mesh that runs, as a sentence or for programs."""

    def tell(event: Event) -> None:
        if for_programs:
            write_json(dict(event))
        else:
            write_wrapped(mesh_facts.event(event, names))

    return tell


def names_of(folder: MeshFolder) -> dict[str, str]:
    """The name of each peer by its key."""
    return {one.key: one.name for one in folder.campaign().document.peers}
