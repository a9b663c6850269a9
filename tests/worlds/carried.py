"""A campaign that a courier carries: a served vault, its owner, and a coordinator that answers from memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from learner.federation.courier_campaign import ServedCampaign
from learner.federation.courier_door import Door
from learner.federation.courier_errand import Errand
from learner.federation.courier_folder import KEY_FILE, Access, CourierFolder
from learner.federation.courier_https import Reply
from tests.worlds.campaign_logs import WorldLog
from tests.worlds.campaigns import campaign, round_of
from tests.worlds.daemon import eventually
from tests.worlds.served import serving
from tests.worlds.world import NAME, PASSPHRASE, World
from vault.client import attach
from vault.client.given_line import GivenLine
from vault.errors.federation import CoordinatorUnreachable
from vault.requester.campaign_log import enrolled_leaf
from vault.requests.bundle import signature_line

TOKEN = "7" * 64
VAULT_KEY = bytes([7] * 32)
"""By which the coordinator knows the vault."""


@dataclass
class MemoryCoordinator:
    """Stands for the outside world: one campaign, its files and what was put there, unless it ``is_away``."""

    folder: Path
    log: WorldLog
    clock: Any
    is_away: bool = False
    answers_with: int = 201
    put: list[tuple[str, bytes]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """The vault is enrolled."""
        self.log.leaves.append(enrolled_leaf(VAULT_KEY))

    def open(self, number: int) -> None:
        """Open a round."""
        job = round_of(self.folder, number)
        self.log.open(job, number)
        for one in job.iterdir():
            self.files[f"/rounds/{number}/{one.name}"] = one.read_bytes()

    def end(self) -> None:
        """End with the weights of the first round as the model."""
        files = self.log.end(self.files["/rounds/1/weights.safetensors"])
        self.files["/model/model.json"] = files.document
        self.files["/model/model.sig"] = signature_line(files.signature)
        self.files["/model/model.safetensors"] = files.weights

    def ask(self, method: str, path: str, *, token: str = "", body: bytes | None = None, etag: str = "",
            limit: int) -> Reply:  # fmt: skip
        """Answer as a coordinator does."""
        if self.is_away:
            raise CoordinatorUnreachable(url="https://lab.example.org:8443", reason="it is away")
        assert token == TOKEN
        self.asked.append(f"{method} {path}")
        found = self._found(method, path.removeprefix(f"/campaigns/{self.log.digest}"), body or b"")
        assert len(found.body) <= limit
        return found

    def _found(self, method: str, path: str, body: bytes) -> Reply:
        known = dict(self.files) | {"/log/checkpoint": self.log.note()}
        place, _, skipped = path.partition("?from=")
        if method == "PUT":
            self.put.append((path, body))
            return self._reply(self.answers_with, b"")
        if place == "/log/leaves":
            return self._reply(200, b"".join(line + b"\n" for line in self.log.leaves[int(skipped) :]))
        return self._reply(200 if path in known else 404, known.get(path, b""))

    def _reply(self, status: int, body: bytes) -> Reply:
        date = format_datetime(self.clock().replace(microsecond=0), usegmt=True)
        return Reply(status=status, headers={"date": date}, body=body)


@dataclass
class CarriedWorld:
    """A world whose campaign a courier carries."""

    world: World
    coordinator: MemoryCoordinator
    folder: CourierFolder
    owner: Any
    told: list[dict[str, object]] = field(default_factory=list)

    def errand(self, *, with_vault: bool = True, clock: Any = None) -> list[dict[str, object]]:
        """Let a courier go once, and give back what it told."""
        coordinator: Any = self.coordinator  # one that lies in memory
        served: Any = ServedCampaign(
            coordinator=coordinator,
            digest=self.coordinator.log.digest,
            token=TOKEN,
            clock=clock or self.world.clock,
        )
        before, line = len(self.told), attach.line_to(self.world.paths)
        assert line is not None
        with line:
            door = Door(line=GivenLine(line), token=self.folder.access().door) if with_vault else None
            state = self.folder.state()
            Errand(folder=self.folder, served=served, door=door, tell=self.told.append, state=state).run()
        return self.told[before:]

    def trained(self) -> tuple[str, str]:
        """Run what waits to be run; the id of the held update and what confirms it."""
        eventually(lambda: bool(self._ready()), "no round is approved by the word on the campaign")
        held = self.owner.train(self._ready()[0])
        return held.id, held.digest[:8]

    def _ready(self) -> list[str]:
        return [one.id for one in self.owner.requests() if one.state == "approved"]

    def released(self) -> None:
        """Run what waits to be run, and let its update go."""
        held, digest = self.trained()
        self.owner.send(held, confirm_digest=digest)


def carried_template(world: World) -> World:
    """Make the vault of this world one that joined a campaign of three rounds; it is served by nobody yet."""
    with world.vault() as vault:
        world.imported(vault)
        world.introduced(vault)
    campaign(world)
    return world


@contextmanager
def carrying(world: World) -> Iterator[CarriedWorld]:
    """Serve the vault of such a world within this block, its campaign joined and carried."""
    folder = world.folder / "campaign"
    with world.vault() as vault:
        found = vault.submit_campaign(folder)
        vault.join_campaign(found.line.id, digest=found.digest)
        door = vault.issue_token(NAME)
    place = CourierFolder(world.folder / "courier")
    place.path.mkdir(mode=0o700)
    place.keep(Access(campaign=found.line.id, requester=NAME, token=TOKEN, door=door))
    for name in ("campaign.json", "campaign.sig"):
        place.write(name, (folder / name).read_bytes())
    place.write(KEY_FILE, VAULT_KEY)
    coordinator = MemoryCoordinator(folder=folder, log=WorldLog(folder), clock=world.clock)
    with serving(world), attach.attach(world.paths, attach.passphrase_secret(PASSPHRASE)) as owner:
        yield CarriedWorld(world=world, coordinator=coordinator, folder=place, owner=owner)
