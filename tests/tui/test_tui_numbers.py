"""The numbers on every screen are those of the command that does the same, over the real process that serves both."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.worlds.commands import PATIENCE, run
from tests.worlds.daemon import facts, serving
from tests.worlds.screens import on_page, play, press, sees, until, words_in, words_of
from tests.worlds.vaults import copy_of
from tests.worlds.world import PASSPHRASE, World
from tui.app.page_classes import SCREENS_BY_NAME
from tui.text import times, wording
from vault.client import attach
from vault.owner.interface.session import OwnerSession

Json = list[dict[str, Any]]
SIZE = (220, 110)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """A vault behind its process, a session of the screens, and its commands."""

    world: World
    vault: OwnerSession

    def json(self, *words: str) -> Json:
        return facts(self.world, *words, secret=PASSPHRASE)


@pytest.fixture(scope="module")
def lived(lived_template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    world = copy_of(lived_template, tmp_path_factory.mktemp("lived") / "copy")
    with (
        serving(world),
        attach.attach(world.paths, attach.passphrase_secret(PASSPHRASE), is_owner=True) as vault,
    ):
        yield Lived(world=world, vault=vault)


def shown(lived: Lived, page: str, first: str, check: Callable[[Pilot[int], str], Any], *keys: str) -> None:
    """What stands on a screen once `first` is there, given to `check` in one line."""

    async def story() -> None:
        async with on_page(lived.vault, lived.world, page, size=SIZE, calm=True) as pilot:
            await sees(pilot, first)
            await press(pilot, *keys)
            await until_it_holds(pilot, check)

    play(story())


async def until_it_holds(pilot: Pilot[int], check: Callable[[Pilot[int], str], Any]) -> None:
    """Wait until what is checked stands there: a table is as wide as its page only once that was laid out."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            found = check(pilot, words_of(pilot.app))
            if found is not None:
                await found
        except AssertionError:
            if time.monotonic() > end:
                raise
            await pilot.pause(0.05)
        else:
            return


def test_no_screen_is_missing_here() -> None:
    here = {name for name in globals() if name.startswith("test_the_numbers_of_")}
    assert {f"test_the_numbers_of_{page}" for page in SCREENS_BY_NAME} == here


@pytest.mark.slow
def test_the_numbers_of_home(lived: Lived) -> None:
    (status,), budget, trail = lived.json("status"), lived.json("budget"), lived.json("audit", "show")

    def check(_pilot: Pilot[int], said: str) -> None:
        assert wording.counted(status["released"], "update") + " left this computer" in said
        assert (
            f"{sum(status[one] for one in ('requests_waiting', 'campaigns_waiting', 'approved', 'held'))} wait for you"
            in said
        )
        assert said.count("◆ update held") == status["held"]
        assert said.count("? asks to learn") == status["requests_waiting"]
        for line in budget:
            if "used_percent" in line and line["requester"] is None:
                assert re.search(rf"{line['collection']} [█░]+ {line['used_percent']} % used", said)
        newest = max(trail, key=lambda line: int(line["seq"]))
        assert f"#{newest['seq']} {times.short_time(newest['ts'])} {newest['sentence']}"[:90] in said

    shown(lived, "home", "update left this computer", check)


@pytest.mark.slow
def test_the_numbers_of_data(lived: Lived) -> None:
    collections, budget = lived.json("data", "list"), lived.json("budget")
    used = {one["collection"]: one["used_percent"] for one in budget if one.get("requester", "") is None}

    def check(pilot: Pilot[int], said: str) -> None:
        details = inside(pilot, "#data-details")
        for one in collections:
            sensitive = sum(field["sensitivity"] != "ordinary" for field in one["fields"])
            columns = len(one["fields"])
            assert f"{one['name']} {one['rows']} {columns} {sensitive} of {columns}" in said
            assert f"{used[one['name']]} %" in said
        first = collections[0]
        assert f"{first['rows']} rows in {len(first['fields'])} columns" in details
        assert f"a lifetime cap of ε {first['lifetime_epsilon']} per {first['unit']}" in details

    shown(lived, "data", "rows in", check)


@pytest.mark.slow
def test_the_numbers_of_consents(lived: Lived) -> None:
    consents = lived.json("consent", "list")
    first = consents[0]
    columns = next(one["fields"] for one in lived.json("data", "list") if one["name"] == first["collection"])

    def check(_pilot: Pilot[int], said: str) -> None:
        for one in consents:
            if one["collection"] == first["collection"]:
                assert re.search(rf"{one['state']} {one['requester']} .*?{one['not_after'][:10]}", said)
        may = [field["name"] in first["fields"] for field in columns]
        assert " ".join("●" if one else "·" for one in may) in said
        assert wording.uses(first["uses"], first["uses_spent"], first["uses_kept"]) in said
        assert f"at most ε {first['epsilon_cap']}" in said
        assert first["id"] in said

    shown(lived, "consents", f"{first['state']}:", check)


@pytest.mark.slow
def test_the_numbers_of_requests(lived: Lived) -> None:
    requests = lived.json("request", "list")
    (waiting,) = [one["id"] for one in requests if one["state"] == "waiting"]
    (whole,) = lived.json("request", "show", waiting)
    price = whole["price"]

    async def check(pilot: Pilot[int], said: str) -> None:
        rows = pilot.app.screen.query_one("#requests").row_count  # type: ignore[attr-defined]
        assert rows == len(requests)
        asked = [field for field in whole["decision"]["fields"]]
        assert "□" * sum(not field["permitted"] for field in asked) in said
        assert wording.epsilon_up(Decimal(price["epsilon"])) in said
        place = next(index for index, one in enumerate(requests) if one["id"] == waiting)
        await press(pilot, *["down"] * place, "e")
        await told(pilot, "#request-pane", f"request {waiting[:8]}")
        pane = inside(pilot, "#request-pane")
        times = wording.times_in_hundred(Decimal(price["guess_rate"]))
        assert f"right at most {times} times in 100" in pane
        assert f"{price['used_percent_before']} % used before, {price['used_percent_after']} % after" in pane
        assert f"{price['job_percent']} % of this collection's lifetime privacy budget" in pane
        assert f"ε {price['epsilon']} at δ {Decimal(price['delta']):f}" in pane
        assert f"{whole['parameters']} parameters" in pane
        assert f"{whole['noise_multiplier']:g} times the clip norm {whole['clip_norm']:g}" in pane

    shown(lived, "requests", "waits for you", check)


@pytest.mark.slow
def test_the_numbers_of_training(lived: Lived) -> None:
    ran = [one for one in lived.json("request", "list") if one["state"] in ("held", "withheld", "released")]

    def check(_pilot: Pilot[int], said: str) -> None:
        assert len(ran) == 3
        for one in ran:
            assert re.search(rf"{one['id'][:8]} \S+( \S+)? {one['requester']} {one['collection']}", said)

    shown(lived, "training", ran[0]["id"][:8], check)


@pytest.mark.slow
def test_the_numbers_of_release(lived: Lived) -> None:
    updates = lived.json("release", "list")
    (held,) = [one for one in updates if one["state"] == "held"]

    def check(pilot: Pilot[int], _said: str) -> None:
        rows = pilot.app.screen.query_one("#release-list").row_count  # type: ignore[attr-defined]
        assert rows == len(updates)
        pane = inside(pilot, "#release-details")
        price = held["price"]
        assert f"one file of {held['size']} bytes" in pane
        assert f"in each of {held['steps']} steps" in pane
        assert f"noise {held['noise_multiplier']:g} times as large" in pane
        assert held["digest"] in pane.replace(" ", "")
        assert f"It cost {price['job_percent']} % of a lifetime cap of ε {price['lifetime_epsilon']}" in pane
        assert f"{price['used_percent_after']} % of it is used now" in pane

    shown(lived, "release", "held: it waits", check)


@pytest.mark.slow
def test_the_numbers_of_budget(lived: Lived) -> None:
    budget, history = lived.json("budget"), lived.json("budget", "--history")

    def check(pilot: Pilot[int], _said: str) -> None:
        bars = inside(pilot, "#budget-bars")
        jobs = inside(pilot, "#budget-jobs")
        numbers = inside(pilot, "#budget-plot")
        for line in budget:
            if "price" in line:
                price = line["price"]
                assert f"? not run {price['job_percent']} % {price['used_percent_after']} %" in jobs
            else:
                name = line["requester"] or line["collection"]
                assert re.search(rf"{name} [█░]+ {line['used_percent']} % used", bars)
        for one in history:
            when = times.short_time(one["at"])
            assert f"{when} {one['job_percent']} % {one['used_percent']} % {one['requester']}" in jobs
            assert f"{when} {one['collection']} {one['used_percent']} %" in numbers

    shown(lived, "budget", "left, ", check)


@pytest.mark.slow
def test_the_numbers_of_audit(lived: Lived) -> None:
    trail, groups = lived.json("audit", "show"), lived.json("audit", "show", "--by-request")

    async def check(pilot: Pilot[int], said: str) -> None:
        listed = inside(pilot, "#audit-list")
        for line in trail:
            assert (
                f"#{line['seq']} {times.short_time(line['ts'])} {line['sentence']}"[:80].rsplit(" ", 1)[0]
                in listed
            )
        assert all(group["title"] in listed for group in groups)
        assert f"#0 to #{max(line['seq'] for line in trail)}" in said
        await press(pilot, "v")
        (check,) = lived.json("audit", "verify")
        await told(
            pilot, "#audit-verified", f"verified to entry {check['size'] - 1}, root {check['root'][:16]}…"
        )

    shown(lived, "audit", "all there are", check)


@pytest.mark.slow
def test_the_numbers_of_models(lived: Lived) -> None:
    (sent,) = [one for one in lived.json("release", "list") if one["state"] == "released"]
    added = run(lived.world.paths, "model", "add", lived.world.folder / "sent", "--name", "nightly")
    assert added.code == 0, added.err
    (model,) = lived.json("model", "list")

    def check(pilot: Pilot[int], said: str) -> None:
        details = inside(pilot, "#models-details")
        assert model["release_digest"] == sent["digest"]
        assert f"{model['kind']}, {model['parameters']} parameters" in details
        assert f"the release {sent['digest'][:8]} of this vault" in details
        assert model["is_own"]
        assert f"{model['name']} {model['kind']} {model['predicts']} noised" in said

    shown(lived, "models", "noised", check)


@pytest.mark.slow
def test_the_numbers_of_settings(lived: Lived) -> None:
    (settings,) = lived.json("settings")

    def check(_pilot: Pilot[int], said: str) -> None:
        assert f"lock after {settings['lock_minutes']} minutes" in said
        assert f"calm mode {'on' if settings['calm'] else 'off'}" in said

    shown(lived, "settings", "lock after", check)


async def told(pilot: Pilot[int], selector: str, words: str) -> None:
    """Wait until these words stand in the place of one widget."""
    await until(pilot, lambda: words in inside(pilot, selector))


def inside(pilot: Pilot[int], selector: str) -> str:
    """What stands in the place of one widget, without the line at its side."""
    return " ".join(re.sub("[│▏]", " ", words_in(pilot.app, selector)).split())
