"""A mesh that the vault of a world joined, with what its folder keeps of rounds and of the network."""

from __future__ import annotations

from base64 import b64decode
from decimal import Decimal
from pathlib import Path
from typing import Final

from learner.federation.mesh_folder import Access, MeshFolder, MeshRound, MeshState, Seen, made_folder
from learner.federation.mesh_founding import found_mesh, make_introduction
from learner.federation.mesh_mixing import Verdict, Word
from tests.worlds.answering import MadeVault
from tests.worlds.campaigns import CAMPAIGN
from tests.worlds.world import NAME, World
from vault.owner.interface.owner import Owner
from vault.requester.aim import Aim
from vault.requester.campaign_description import campaign_from_description
from vault.requester.coordinating import CAMPAIGN_FILE, CAMPAIGN_SIGNATURE_FILE, WEIGHTS_FILE, read_campaign

FEDAVG = CAMPAIGN.replace('"gradient_sum"', '"fedavg"')
OTHERS: Final = ("Ben", "Cora", "Dan")
WORDS: Final[tuple[Word, ...]] = ("accepted", "too far", "nothing came")


def founded_mesh(world: World, vault: Owner, *, names: tuple[str, ...] = OTHERS) -> Path:
    """The folder of a mesh of Anna, whose vault this is, and of others; nobody joined it yet."""
    files = []
    founder = vault.requesters()[0].fingerprint
    for name in ("Anna", *names):
        key = b64decode(vault.vault_key(NAME).split()[-1]) if name == "Anna" else MadeVault().key.public
        made = make_introduction(name=name, key=key, requester=founder, address=None)
        files.append(world.folder / f"{name}.introduction")
        files[-1].write_bytes(made.introduction)
    description, folder = world.folder / "mesh.toml", world.folder / "mesh"
    description.write_text(FEDAVG.format(unit="day", steps=1))
    found_mesh(
        campaign_from_description(description),
        files,
        world.folder / "lab" / "requester.key",
        aim=Aim(most=Decimal(1)),
        folder=folder,
        now=world.clock.now,
    )
    return folder


def joined_mesh(world: World, vault: Owner, *, names: tuple[str, ...] = OTHERS) -> MeshFolder:
    """Such a mesh, joined, with what its folder keeps: its second round is mixed, from one of the others alone."""
    folder = founded_mesh(world, vault, names=names)
    found = vault.submit_campaign(folder)
    vault.join_campaign(found.line.id, digest=found.digest)
    campaign = read_campaign(folder)
    keys = {one.name: one.key for one in campaign.document.peers}
    home = made_folder(MeshFolder(world.paths.mesh / campaign.digest[:16]))
    for file in (CAMPAIGN_FILE, CAMPAIGN_SIGNATURE_FILE, WEIGHTS_FILE):
        home.write(file, (folder / file).read_bytes())
    home.keep(Access(campaign=found.line.id, requester=NAME, key=keys["Anna"], door="0" * 64))
    home.keep(MeshState(rounds=rounds_of([keys[name] for name in names])))
    home.net.keep(Seen(connected=2, dropped=("round 1 of abcdef01: its key is none of this mesh's peers",)))
    return home


def rounds_of(others: list[str]) -> tuple[MeshRound, ...]:
    """A first round that was released, and a second one that waits: one accepted, one too far, one who sent nothing."""
    verdicts = tuple(
        Verdict(
            key=key,
            word=WORDS[place % 3],
            distance=0 if place % 3 == 2 else 12.345,
            allowed=2.5 + 10 * (place % 3 == 0),
        )
        for place, key in enumerate(others)
    )
    first = MeshRound(number=1, job="a" * 32, word="released")
    return first, MeshRound(number=2, job="b" * 32, word="waiting", verdicts=verdicts)
