"""Make the pictures of docs/screens: `make screens`, or one by its name: `python tests/tui/make_screens.py NAME ...`.

Everything on them is made up, the diary of `lockbox demo --sample` among it. Clock, keys, ids and noise are fixed, so
that a picture changes only where its screen did; a slow test makes all of them elsewhere (`--to DIR`) and compares.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "screens"
NOW = datetime(2026, 11, 21, 12, 0, 30, tzinfo=UTC)
SIZE = (100, 30)
sys.path.insert(0, str(ROOT))

from rich.console import Console  # noqa: E402
from textual.pilot import Pilot  # noqa: E402

from tests.worlds.approving import approve  # noqa: E402
from tests.worlds.importing import import_file  # noqa: E402
from tests.worlds.screens import UnlockedApp, play, press, sees, served  # noqa: E402
from tests.worlds.vaults import new_world  # noqa: E402 (found by the line above)
from tests.worlds.world import World  # noqa: E402
from tui.app.app import LockboxApp  # noqa: E402
from tui.demo.card import SVG  # noqa: E402
from vault.audit import log  # noqa: E402
from vault.client.client import Client  # noqa: E402
from vault.owner.interface.session import OwnerSession  # noqa: E402
from vault.requester.aim import Aim  # noqa: E402
from vault.requester.description import job_from_description  # noqa: E402
from vault.requester.jobs import new_job, sign_job  # noqa: E402
from vault.requester.keys import keygen  # noqa: E402
from vault.sample.make import COLLECTION, JOB, SENSITIVITIES, TYPES, VARIABLE, write_diary  # noqa: E402
from vault.sealing import random as sealing_random  # noqa: E402
from vault.settings import Paths, Preferences  # noqa: E402
from vault.training import process  # noqa: E402
from vault.vault import Vault  # noqa: E402
from vault.views.records import FileChoice  # noqa: E402
from vault.views.runs import Pulse, RunView  # noqa: E402

LAB, NIGHTS = "Sleep lab", "Night study"
# The learner with a fixed stream instead of the system's; nothing that is learned here is anybody's.
STILL_LEARNER = """
import hashlib, os, runpy
state = [0]
def still(length):
    state[0] += 1
    return hashlib.shake_256(b"screens %d" % state[0]).digest(length)
os.urandom = still
runpy.run_module("learner", run_name="__main__")
"""
Story = Callable[[Pilot[int]], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture: the screen it begins on, what has to stand there, and what is done before it is taken."""

    name: str
    page: str
    sees: str
    keys: tuple[str, ...] = ()
    then: str = ""


# Only shown, never opened: where everything lies is nothing for a picture.
ELSEWHERE = Paths(vault=Path("sample", "vault"), state=Path("sample", "state"))

PICTURES = (
    Picture(name="home", page="home", sees="What waits for you"),
    Picture(name="requests", page="requests", sees="waits for you"),
    Picture(
        name="run-dialog", page="requests", sees="waits for you", keys=("a",), then="Run on this computer"
    ),
    Picture(name="training", page="training", sees="learns from"),
    Picture(name="release", page="release", sees="held: it waits for your decision"),
    Picture(
        name="release-dialog",
        page="release",
        sees="held: it waits",
        keys=("R",),
        then="cannot be called back",
    ),
    Picture(name="for-you", page="release", sees="held: it waits", keys=("down", "f"), then="mean loss"),
    Picture(name="budget", page="budget", sees="left,"),
    Picture(name="audit", page="audit", sees="all there are", keys=("v",), then="verified to entry"),
    Picture(name="data", page="data", sees="rows in"),
    Picture(name="consents", page="consents", sees=LAB),
)


# the same each time ------------------------------------------------------------------------------------------


def hold_still() -> None:
    """No key, id, salt or noise of this process or of a learner is drawn by chance."""
    number = count()

    def still(length: int) -> bytes:
        return hashlib.shake_256(b"screens %d" % next(number)).digest(length)

    sealing_random.sodium_random = still  # type: ignore[attr-defined]
    assert log.append.__kwdefaults__ is not None
    log.append.__kwdefaults__["salt"] = still
    process.COMMAND = (sys.executable, "-I", "-c", STILL_LEARNER)
    assert Console.export_svg.__kwdefaults__ is not None
    Console.export_svg.__kwdefaults__["code_format"] = SVG  # loads no font from anywhere


# what happened ------------------------------------------------------------------------------------------------


def lived(folder: Path) -> World:
    """Two months of a made-up diary: two requesters, two updates that left, one kept, one held, one request."""
    world = new_world(folder, now=NOW - timedelta(days=60))
    diary = folder / "sleep-diary.csv"
    write_diary(diary, last=world.clock.now.date() - timedelta(days=1))
    with world.vault() as vault:
        choice = FileChoice(
            path=diary,
            name=COLLECTION,
            unit="day",
            time_field="day",
            types=TYPES,
            sensitivities=SENSITIVITIES,
        )
        import_file(vault, choice)
        for name in (LAB, NIGHTS):
            vault.add_requester(name, keygen(folder / name).public, contact="nobody; made up")
        vault.trust_requester(LAB)
        for days, who, epsilon, end in PAST:
            world.clock.now = NOW - timedelta(days=days)
            request = ran(world, vault, who, epsilon)
            if end == "send":
                vault.send(request, confirm_digest=vault.release(request).digest)
            elif end == "keep":
                vault.withhold(request)
        world.clock.now = NOW - timedelta(minutes=50)
        held = ran(world, vault, LAB, "1")
        world.clock.now = NOW
        assert vault.release(held).can_be_sent
        vault.submit(job(world, NIGHTS, "1"))
    return world


PAST = ((50, LAB, "1", "send"), (31, NIGHTS, "0.5", "keep"), (12, LAB, "2", "send"))


def ran(world: World, vault: Vault, who: str, epsilon: str) -> str:
    request = vault.submit(job(world, who, epsilon)).line.id
    approve(vault, request, draft=True)
    vault.train(request, progress=lambda _step, _of: None)
    return request


def job(world: World, who: str, epsilon: str) -> Path:
    folder = world.folder / f"{who} {world.clock.now:%m-%d} {epsilon}"
    description = folder.with_suffix(".toml")
    shutil.copyfile(JOB, description)
    asked = job_from_description(description)
    new_job(asked, aim=Aim(most=Decimal(epsilon)), folder=folder, now=world.clock.now)
    sign_job(folder, world.folder / who / "requester.key")
    return folder


# the pictures -------------------------------------------------------------------------------------------------


class Posing(UnlockedApp):
    """The program as it is with the sample, at a fixed time and without a blinking cursor."""

    def now(self) -> datetime:
        return NOW

    def show_first_screen(self, sentence: str = "") -> None:
        assert not sentence, sentence
        self.show_vault(self._given, page=self._page, is_sample=True)


def take(picture: Picture, vault: OwnerSession) -> str:
    found: list[str] = []

    async def story() -> None:
        app = Posing(vault, ELSEWHERE, page=picture.page)
        async with app.run_test(size=SIZE) as pilot:
            await sees(pilot, picture.sees, seconds=60)
            await sees(pilot, "locks in", seconds=60)  # the top line has heard of it
            for key in picture.keys:
                await pilot.pause(0.5)
                await press(pilot, key)
            await sees(pilot, picture.then, seconds=60)
            await pilot.pause(1.0)
            found.append(app.export_screenshot(title=f"lockbox: {picture.name.replace('-', ' ')}"))

    play(story())
    return found[0]


def welcome(folder: Path) -> str:
    found: list[str] = []
    os.environ[VARIABLE] = str(folder / "no-sample")

    async def story() -> None:
        nowhere = Paths(vault=folder / "new" / "vault", state=folder / "new-state")
        app = LockboxApp(nowhere, Preferences(), environ={})
        async with app.run_test(size=SIZE) as pilot:
            await sees(pilot, "sample data")
            await pilot.pause(0.5)
            found.append(app.export_screenshot(title="lockbox"))

    play(story())
    return found[0]


def with_a_run(vault: OwnerSession) -> None:
    """A run half way through, as the process would tell of it."""
    line = vault.requests()[0]
    run = RunView(
        request=line.id, requester=line.requester, collection=line.collection, step=37, of=60,
        started_at="2026-11-21T12:00:12Z", epsilon=vault.request(line.id).price.epsilon, confined=True,
        landlock_abi=6, seccomp=True, missing=(),
    )  # fmt: skip
    pulse = Client.pulse
    setattr(Client, "runs", lambda _self: [run])  # noqa: B010 (no action stands in the class)

    def told(self: Client, *, is_background: bool = True) -> Pulse:
        return replace(pulse(self, is_background=is_background), runs=(run,))

    Client.pulse = told  # type: ignore[method-assign]


def check(name: str, svg: str, folder: Path) -> None:
    """A picture shows nothing of this machine and loads nothing from anywhere."""
    links = svg.replace("http://www.w3.org/2000/svg", "")
    shown = [text for text in (str(folder), str(ROOT), str(Path.home()), "http") if text in links]
    if shown or "url(http" in svg:
        raise SystemExit(f"{name} shows {shown}")


def main(names: list[str], target: Path) -> None:
    """Make those pictures, or all."""
    wanted = [one for one in PICTURES if not names or one.name in names]
    target.mkdir(exist_ok=True)
    hold_still()
    with tempfile.TemporaryDirectory(prefix="lb") as place:
        os.environ["LOCKBOX_RUNTIME"], os.environ["LOCKBOX_CONFIG"] = f"{place}/run", f"{place}/config.toml"
        folder = Path(place) / "w"
        folder.mkdir()
        made = {"welcome": welcome(folder)} if not names or "welcome" in names else {}
        if wanted:
            made |= all_of(wanted, lived(folder))
        for name, svg in made.items():
            check(name, svg, folder)
            (target / f"{name}.svg").write_text(svg, encoding="utf-8")
            print(f"{name}.svg")


def all_of(wanted: list[Picture], world: World) -> dict[str, str]:
    made = {}
    with served(world) as vault:
        for one in wanted:
            if one.name != "training":
                made[one.name] = take(one, vault)
        for one in wanted:
            if one.name == "training":
                with_a_run(vault)
                made[one.name] = take(one, vault)
    return made


if __name__ == "__main__":
    asked = argparse.ArgumentParser()
    asked.add_argument("names", nargs="*")
    asked.add_argument("--to", type=Path, default=FOLDER)
    given = asked.parse_args()
    main(given.names, given.to)
