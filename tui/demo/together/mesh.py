"""The same question without a server: whoever answers becomes a peer of a mesh, and mixes what others released."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui.demo.together.asker import MESH_ROUNDS, Asker
from tui.demo.together.commands import PATIENCE, CommandFailed, places, running, show

if TYPE_CHECKING:
    from learner.federation.mesh_folder import MeshFolder
    from tui.demo.together.member import Member

SELDOM: Final = 86_400
"""Seconds between two looks at the vault by itself: here each is sent when there is something to look at."""
LOOK: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A house as a peer of the mesh."""

    member: Member
    address: str

    @property
    def introduction(self) -> Path:
        """What it gives to who founds the mesh."""
        return self.member.folder / "mesh.introduction"

    @property
    def folder(self) -> MeshFolder:
        """What it keeps of the mesh."""
        from learner.federation.mesh_folder import joined

        return joined(self.member.paths.mesh)[0]

    def introduce(self) -> None:
        """Write its introduction."""
        member = self.member
        words = ("mesh", "introduce", "--requester", member.unlike.topic.asker, "--name", member.name)
        member.command(*words, "--address", self.address, "--to", self.introduction)

    def join(self, membership: Path) -> None:
        """Join by its membership, and agree to all rounds by one consent."""
        self.member.command("mesh", "join", membership)
        self.member.agree()

    def look(self) -> None:
        """Go to the vault once: take what was released, and begin the next round where all models are here."""
        from learner.federation.mesh import errand
        from vault.client.attach import line_to

        for _ in errand(self.folder, lambda: line_to(self.member.paths)):
            pass

    def answer(self) -> None:
        """Run the round that is here, and let its model go to the peers."""
        self.member.learn()
        self.member.release_all()
        self.look()

    def word(self, number: int) -> str:
        """What became of a round."""
        from learner.federation.mesh_folder import MeshState

        rounds = self.folder.facts(MeshState).rounds
        return next((one.word for one in rounds if one.number == number), "")

    def model(self) -> Path:
        """What came of the mesh, as this peer mixed it."""
        file = self.member.folder / "mesh.safetensors"
        self.member.command("mesh", "model", "--to", file)
        return file

    def accepted(self, key: str) -> tuple[int, int]:
        """How often a peer's model was mixed, and how often one came."""
        from learner.federation.mesh_folder import MeshState

        state = self.folder.facts(MeshState)
        found = [one for each in state.rounds for one in each.verdicts if one.key == key]
        found += [one for one in state.last if one.key == key]
        return sum(one.word == "accepted" for one in found), len(found)

    @property
    def key(self) -> str:
        """Its key for who founded the mesh."""
        from learner.federation.mesh_folder import Access

        return self.folder.facts(Access).key


def is_there() -> bool:
    """Whether the library of the network is installed."""
    return find_spec("zenoh") is not None


def peers_of(members: Iterable[Member]) -> list[Peer]:
    """Each at a port of this computer that is free."""
    from learner.federation.connections import listener

    with ExitStack() as taken:
        bound = [
            (one, taken.enter_context(listener("127.0.0.1", 0, most=1, of_address=1))) for one in members
        ]
        return [Peer(member=one, address=f"127.0.0.1:{found.getsockname()[1]}") for one, found in bound]


def learn(peers: list[Peer], asker: Asker, each: Callable[[Callable[[Peer], object], str], None]) -> None:
    """Found the mesh and go through its rounds; ``each`` has every peer do something."""
    show("mesh", "introduce", "--requester", asker.topic.asker, "…", who="each peer")
    each(Peer.introduce, "introducing themselves")
    memberships = dict(
        zip(
            (one.address for one in peers), asker.found_mesh([one.introduction for one in peers]), strict=True
        )
    )
    show("mesh", "join", "N-NAME.membership", who="each peer")
    each(lambda one: one.join(memberships[one.address]), "joining")
    show("mesh", "run", who="each peer")
    with ExitStack() as network:
        for one in peers:
            words = ("mesh", "run", "--every", SELDOM, "--json")
            network.enter_context(
                running(*words, folder=one.member.folder, begun="event", extra=places(one.member.paths))
            )
        for number in range(1, MESH_ROUNDS + 1):
            _until(partial(_have_begun, peers, number))
            each(Peer.answer, f"round {number}: learning and approving")
            _until(partial(_have_all, peers, number))
            each(Peer.look, f"round {number}: mixing")
            asker.narrator.note(f"round {number}: {len(peers)} released models at each of {len(peers)} peers")


def _have_begun(peers: list[Peer], number: int) -> bool:
    return all(one.word(number) == "waiting" for one in peers)


def _have_all(peers: list[Peer], number: int) -> bool:
    """Whether each has the models of all."""
    return all(
        len([key for key in one.folder.net.shared() if key[0] == number]) == len(peers) for one in peers
    )


def _until(is_so: Callable[[], bool]) -> None:
    """Come back when it is so; raises ``CommandFailed`` if it takes too long."""
    end = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > end:
            raise CommandFailed(command="mesh run", reason="nothing happens any more")
        time.sleep(LOOK)
