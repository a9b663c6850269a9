"""A whole story of an owner in a process of its own, which says what it has done as soon as that is acknowledged.

Usage: python -m tests.worlds.power.story FOLDER LEARNER..., where FOLDER holds a calibrated job and its requester's
keys. What is done goes as lines of JSON into FOLDER/said.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tests.worlds.approving import approve
from tests.worlds.kills.child import another_job, imported
from tests.worlds.world import NAME, PASSPHRASE, Clock, World
from vault.sealing.slots import TEST_COST
from vault.settings import Paths
from vault.training import process
from vault.vault import Vault, passphrase_secret

NEW_PASSPHRASE = "seven quiet otters under glass"
HOME, SAID, OUT = "home", "said", "out"


def world_of(folder: Path, home: Path, now: datetime) -> World:
    """The world whose vault and state lie in this home, in folders that are made with them."""
    paths = Paths(vault=home / "share/lockbox/vault", state=home / "state/lockbox")
    return World(folder=folder, paths=paths, clock=Clock(now=now), recovery_key="")


class Story:
    """Acts one after another, in a vault that is opened anew for every few of them."""

    def __init__(self, folder: Path) -> None:
        now = datetime.now(UTC)
        self.world = world_of(folder, folder / HOME, now)
        self._said = os.open(folder / SAID, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self.say("begin", now=now.isoformat())

    def say(self, act: str, **more: object) -> None:
        """Say that an act was acknowledged, and how far the trail has come by the reminder outside the vault."""
        marks = [json.loads(file.read_text())["mark"] for file in self.world.paths.state.glob("*.json")]
        seen = {name: marks[0][name] for name in ("size", "root")} if marks else {}
        os.write(self._said, json.dumps({"act": act, **seen, **more}).encode() + b"\n")

    def tell(self) -> None:
        Vault.create(self.world.paths, passphrase_secret(PASSPHRASE), cost=TEST_COST, clock=self.world.clock)
        self.say("init")
        self._in_vault(self._import)
        self._in_vault(self._approve)
        self._in_vault(self._release)
        self._in_vault(self._withdraw)
        self.say("changing")
        old, new = passphrase_secret(PASSPHRASE), passphrase_secret(NEW_PASSPHRASE)
        Vault.change_passphrase(self.world.paths, old, new, cost=TEST_COST)
        self.say("change")
        with self.world.vault(passphrase=NEW_PASSPHRASE) as vault:
            vault.erase_collection("fresh")
            self.say("erase")
            vault.rename_requester(NAME, "Night lab")
            self.say("rename")
        self.say("over")

    def _in_vault(self, acts: Callable[[Vault], None]) -> None:
        with self.world.vault() as vault:
            acts(vault)

    def _import(self, vault: Vault) -> None:
        imported(self.world, vault, "fresh")
        self.say("import")
        vault.add_requester(NAME, self.world.folder / "lab" / "requester.pub")
        self.say("requester")

    def _approve(self, vault: Vault) -> None:
        self._request = vault.submit(another_job(self.world, "fresh")).line.id
        self.say("submit")
        approve(vault, self._request, draft=True)
        self.say("approve")

    def _release(self, vault: Vault) -> None:
        vault.train(self._request, progress=lambda _step, _of: None)
        self.say("train")
        digest = vault.release(self._request).digest
        vault.send(self._request, confirm_digest=digest, to=self.world.folder / HOME / OUT)
        self.say("send")

    def _withdraw(self, vault: Vault) -> None:
        (grant,) = vault.grants()
        vault.withdraw(grant.id)
        self.say("withdraw")


if __name__ == "__main__":
    process.COMMAND = tuple(sys.argv[2:])
    Story(Path(sys.argv[1])).tell()
