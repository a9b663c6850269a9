"""The owners that tests kill. A nursery has everything imported and forks one owner for each order on stdin.

Usage: python -m tests.worlds.kills.child FOLDER, where FOLDER holds a job that was calibrated and signed. An order
is a line of JSON; what the owner says comes on stdout, a line each, then "dead STATUS".
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.worlds import forks, prices, statements
from tests.worlds.approving import approve
from tests.worlds.importing import import_file
from tests.worlds.kills.points import ALL, die
from tests.worlds.world import Clock, World
from vault.requester.jobs import sign_job
from vault.requests.evaluate import price_of
from vault.requests.parse import manifest_bytes, parse_manifest
from vault.sealing.random import random_id
from vault.sealing.slots import TEST_COST
from vault.settings import Paths
from vault.training import process
from vault.vault import Vault, passphrase_secret
from vault.views.records import FileChoice

NOW = datetime(2026, 11, 21, 12, 0, 30, tzinfo=UTC)
Order = dict[str, Any]
NEVER = -1


def say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def nursery(template: Path) -> None:
    prices.keep()
    statements.keep()
    price_of(parse_manifest((template / "manifest.json").read_bytes()))  # kept, and inherited
    forks.live_once()
    gc.freeze()  # so that forks share what is loaded
    say("ready")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            owner(json.loads(line))
        _, status = os.waitpid(child, 0)
        say("dead", status)


def owner(order: Order) -> None:
    """One life; it says its number first, and ends only by dying."""
    say("pid", os.getpid())
    process.COMMAND = tuple(order["learner"])
    folder = Path(order["folder"])
    paths = Paths(vault=folder / "vault", state=folder / "state")
    world = World(folder=folder, paths=paths, clock=Clock(now=NOW), recovery_key="")
    try:
        LIVES[order["do"]](world, order)
        say("over")
    except BaseException:  # the end of this process either way; the test reads what is said here
        say("failed", traceback.format_exc().replace("\n", " | "))
    os._exit(0)


# what owners do ---------------------------------------------------------------------------------------------


def act_once(world: World, order: Order) -> None:
    """Everything that comes before an act, and then the act with a kill in it."""
    with world.vault() as vault:
        subject = PREPARE[order["act"]](world, vault)
        say("subject", subject)
        if order["at"]:
            ALL[order["at"]]()
        dies_at = 2 if order["at"] == "the learner trains" else NEVER
        DO[order["act"]](world, vault, subject, dies_at)
        say("done", order["act"], subject)


def settle(world: World, order: Order) -> None:
    """Open the vault, with a kill on the way."""
    ALL[order["at"]]()
    world.vault().close()


def change_passphrase(world: World, order: Order) -> None:
    ALL[order["at"]]()
    old, new = (passphrase_secret(order[name]) for name in ("old", "new"))
    Vault.change_passphrase(world.paths, old, new, cost=TEST_COST)


def make(world: World, order: Order) -> None:
    """Make another vault beside the one that is there."""
    ALL[order["at"]]()
    made = Paths(vault=world.folder / "made", state=world.folder / "state")
    Vault.create(made, passphrase_secret(order["word"]), cost=TEST_COST)


def hold(world: World, _order: Order) -> None:
    """Be the writer until killed."""
    with world.vault() as vault:
        vault.status()
        say("holding")
        sys.stdin.readline()


def live(world: World, order: Order) -> None:
    """Finish what an earlier life left open, then go on for ever."""
    with world.vault() as vault:
        for line in vault.requests():
            if line.state == "approved":
                told("train", line.id, lambda one=line.id: train(world, vault, one))  # type: ignore[misc]
        for release in vault.releases():
            if release.may_have_left or release.state == "held":
                told("release", release.id, lambda one=release.id: send(world, vault, one))  # type: ignore[misc]
        for number in range(order["first"], order["first"] + 1_000_000):
            live_once(world, vault, f"c{number}")


def live_once(world: World, vault: Vault, name: str) -> None:
    told("import", name, lambda: imported(world, vault, name))
    job = another_job(world, name)
    request = vault.submit(job).line.id
    say("acknowledged", "submit", request)
    told("approve", request, lambda: approve(vault, request, draft=True))
    told("train", request, lambda: train(world, vault, request))
    told("release", request, lambda: send(world, vault, request))


def told(act: str, subject: str, work: Callable[[], None]) -> None:
    say("begin", act, subject)
    work()
    say("acknowledged", act, subject)


# acts -------------------------------------------------------------------------------------------------------


def imported(world: World, vault: Vault, name: str) -> None:
    """A table of its own bytes, since a file that was imported is refused the second time."""
    path = world.table(f"{name}.csv", rows=300, seed=int.from_bytes(os.urandom(4)))
    import_file(vault, FileChoice(path=path, name=name, unit="day", time_field="day"))


def another_job(world: World, collection: str) -> Path:
    """The calibrated job of the world, asked of another collection under another id."""
    folder = world.folder / "jobs" / random_id()
    shutil.copytree(world.folder / "job", folder)
    manifest = parse_manifest((folder / "manifest.json").read_bytes())
    changed = manifest.model_copy(update={"job_id": random_id(), "collection": collection})
    (folder / "manifest.json").write_bytes(manifest_bytes(changed))
    sign_job(folder, world.folder / "lab" / "requester.key")
    return folder


def train(world: World, vault: Vault, request: str, dies_at: int = NEVER) -> None:
    vault.train(request, progress=lambda step, _of: die() if step == dies_at else None)


def send(world: World, vault: Vault, request: str) -> None:
    number = sum(1 for _ in world.folder.glob(f"out-{request}-*"))
    to = world.folder / f"out-{request}-{number}"
    vault.send(request, confirm_digest=vault.release(request).digest, to=to)


# what comes before each act, and each act --------------------------------------------------------------------


def _submitted(world: World, vault: Vault) -> str:
    imported(world, vault, "fresh")
    return vault.submit(another_job(world, "fresh")).line.id


def _approved(world: World, vault: Vault) -> str:
    request = _submitted(world, vault)
    approve(vault, request, draft=True)
    return request


def _held(world: World, vault: Vault) -> str:
    request = _approved(world, vault)
    train(world, vault, request)
    return request


def _new_job(world: World, vault: Vault) -> str:
    imported(world, vault, "fresh")
    return str(another_job(world, "fresh"))


def _withdraw(_world: World, vault: Vault, _subject: str, _dies_at: int) -> None:
    (grant,) = vault.grants()
    vault.withdraw(grant.id)


PREPARE: dict[str, Callable[[World, Vault], str]] = {
    "import": lambda _world, _vault: "fresh",
    "submit": _new_job,
    "approve": _submitted,
    "train": _approved,
    "send": _held,
    "withhold": _held,
    "withdraw": _held,
    "erase": _held,
    "backup": lambda world, _vault: str(world.folder / "backup.tar"),
    "retrain": lambda _world, vault: next(one.id for one in vault.requests() if one.state == "approved"),
    "resend": lambda _world, vault: vault.releases()[0].id,
}

DO: dict[str, Callable[[World, Vault, str, int], None]] = {
    "import": lambda world, vault, name, _: imported(world, vault, name),
    "submit": lambda _world, vault, job, _: vault.submit(Path(job)) and None,
    "approve": lambda _world, vault, request, _: approve(vault, request, draft=True),
    "train": train,
    "send": lambda world, vault, request, _: send(world, vault, request),
    "withhold": lambda _world, vault, request, _: vault.withhold(request),
    "withdraw": _withdraw,
    "erase": lambda _world, vault, _, _dies_at: vault.erase_collection("fresh") and None,
    "backup": lambda _world, vault, target, _: vault.backup(Path(target)),
    "retrain": train,
    "resend": lambda world, vault, request, _: send(world, vault, request),
}

LIVES: dict[str, Callable[[World, Order], None]] = {
    "act": act_once,
    "settle": settle,
    "change_passphrase": change_passphrase,
    "make": make,
    "hold": hold,
    "live": live,
}


if __name__ == "__main__":
    nursery(Path(sys.argv[1]))
