"""Acts asked of the process that has the vault open, each from the stage before it, and what there is afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.worlds.approving import approve
from tests.worlds.kills.checks import Truth, truth
from tests.worlds.vaults import copy_of, new_world
from tests.worlds.world import NAME, World
from vault.requester.releases import verify_release
from vault.vault import Vault

ROWS = {"nights": 300}
Words = tuple[str | Path, ...]


def _import(world: World, vault: Vault) -> None:
    world.imported(vault, rows=300)


def _submit(world: World, vault: Vault) -> None:
    vault.submit(world.folder / "job")


def _approve(_world: World, vault: Vault) -> None:
    approve(vault, vault.requests()[0].id, draft=True)


def _train(_world: World, vault: Vault) -> None:
    vault.train(vault.requests()[0].id, progress=lambda _step, _of: None)


STAGES: Mapping[str, Callable[[World, Vault], None]] = {
    "imported": _import,
    "submitted": _submit,
    "approved": _approve,
    "held": _train,
}


def stages(folder: Path) -> dict[str, World]:
    """A vault of today before each act, each a copy of the one before and one act further."""
    world = new_world(folder / "known", now=datetime.now(UTC))
    with world.vault() as vault:
        world.introduced(vault)
    world.job()
    world.table(rows=300)
    made = {"known": world}
    for stage, act in STAGES.items():
        world = copy_of(world, folder / stage)
        with world.vault() as vault:
            act(world, vault)
        made[stage] = world
    return made


# the acts -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A command, the stage it is asked in, and the states a request may have undone, half-way and done."""

    stage: str
    words: Callable[[World], Words]
    undone: frozenset[str]
    half: frozenset[str] | None = None
    done: frozenset[str]


def _words(*words: str) -> Callable[[World], Words]:
    return lambda _world: words


def _of_request(*words: str) -> Callable[[World], Words]:
    def of(world: World) -> Words:
        with world.vault(writable=False) as vault:
            return tuple(word.format(id=vault.requests()[0].id) for word in words)

    return of


def _send(world: World) -> Words:
    with world.vault(writable=False) as vault:
        (held,) = vault.releases()
    return ("release", "send", held.id, "--confirm-digest", held.digest[:8], "--to", place(world))


def _withdraw(world: World) -> Words:
    with world.vault(writable=False) as vault:
        (grant,) = vault.grants()
    return ("consent", "withdraw", grant.id)


def place(world: World) -> Path:
    """A folder for the update that is not there yet."""
    return world.folder / f"out-{sum(1 for _ in world.folder.glob('out-*'))}"


def _one(state: str) -> frozenset[str]:
    return frozenset({state})


TABLE = ("--collection", "nights", "--unit", "day", "--time", "day")
ACTS: Mapping[str, Act] = {
    "import": Act(
        stage="known",
        words=lambda world: ("import", world.folder / "nights.csv", *TABLE),
        undone=frozenset(),
        done=frozenset(),
    ),
    "submit": Act(
        stage="imported",
        words=lambda world: ("request", "submit", world.folder / "job"),
        undone=frozenset(),
        done=_one("waiting"),
    ),
    "approve": Act(
        stage="submitted",
        words=_of_request("request", "approve", "{id}", "--draft-grant"),
        undone=_one("waiting"),
        done=_one("approved"),
    ),
    "train": Act(
        stage="approved",
        words=_of_request("train", "{id}"),
        undone=_one("approved"),
        half=_one("failed"),
        done=_one("held"),
    ),
    "release": Act(
        stage="held", words=_send, undone=_one("held"), half=_one("sending"), done=_one("released")
    ),
    "withdraw": Act(stage="held", words=_withdraw, undone=_one("held"), done=_one("destroyed")),
    "erase": Act(
        stage="held",
        words=_words("data", "erase", "nights", "--confirm", "nights"),
        undone=_one("held"),
        done=_one("destroyed"),
    ),
}


# what there is afterwards -------------------------------------------------------------------------------------


def standing(world: World, act: str) -> str:
    """Whether an act is undone, half-way at a place that is known, or done, in a vault that nobody has open."""
    world.clock.now = datetime.now(UTC)
    found = truth(world)
    states, known = frozenset(found.states.values()), ACTS[act]
    if act == "import":
        assert found.rows in ({}, ROWS)
        return "done" if found.rows else "undone"
    names = [name for name in ("undone", "half", "done") if getattr(known, name) == states]
    assert len(names) == 1, f"after {act} requests are {set(states)}"
    _check_parts(world, act, found, names[0])
    return names[0]


def _check_parts(world: World, act: str, found: Truth, name: str) -> None:
    """What stands beside the request: the rows, the charge, and what left."""
    was_charged = act in {"release", "withdraw", "erase"} or (act == "train" and name != "undone")
    assert found.rows == ({} if (act, name) == ("erase", "done") else ROWS)
    assert len(found.charges) == was_charged
    assert found.lost == ((act, name) == ("train", "half"))
    assert found.kinds.count("consent.withdraw") == (act in {"withdraw", "erase"} and name == "done")
    places = list(world.folder.glob("out-*"))
    assert name != "undone" or not places
    assert (act, name) != ("release", "done") or places
    for one in places:
        _check_release(world, one)


def _check_release(world: World, folder: Path) -> None:
    """What left is the held update, whole and signed."""
    key = world.folder / "vault.pub"
    with world.vault(writable=False) as vault:
        key.write_text(vault.vault_key(NAME))
        (held,) = vault.releases()
    assert verify_release(folder, key).digest == held.digest
