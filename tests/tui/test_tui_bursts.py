"""Whatever is pressed, and however fast: no screen breaks, and nothing is paid, sent, destroyed, given or taken in."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.sweeps import sweep_of_many
from tests.worlds.models import keep_model
from tests.worlds.screens import (
    SIZES,
    at_rest,
    on_page,
    play,
    press,
    program_in,
    sees,
    served,
    text_of,
    until,
)
from tests.worlds.world import World
from tui.dialogs.dialog import Dialog
from tui.widgets.table import ListTable
from vault.owner.interface.session import OwnerSession

PAGES = (
    "requests",
    "release",
    "home",
    "data",
    "consents",
    "training",
    "budget",
    "audit",
    "settings",
    "models",
)
KEYS = (
    *"abcdefghijklmnoprstuvwxyzABDEGKORNSTVWY0123456789.,/!",
    *("enter",) * 4,
    *("tab",) * 4,
    *(
        "right",
        "left",
        "up",
        "down",
        "down",
        "escape",
        "escape",
        "space",
        "space",
        "pagedown",
        "pagedown",
        "pageup",
    ),
    *(
        "home",
        "end",
        "backspace",
        "shift+tab",
        "ctrl+p",
        "ctrl+k",
        "ctrl+o",
        "ctrl+r",
        "ctrl+c",
        "f1",
        "question_mark",
        "slash",
    ),
)
"""Everything but what leaves or locks, with what moves and decides more often than a person would press it."""
BURST = 20
CASES = [("requests", 80), *((page, 556) for page in PAGES)]
LONG = [pytest.param(page, 5000, marks=pytest.mark.audit) for page in PAGES]


def decided(vault: OwnerSession) -> dict[str, object]:
    """All that a key may not change: what was paid, what is held or left, who may ask or learn, what is kept."""
    return {
        "paid": [(line.collection, line.requester, line.used_percent) for line in vault.budget()],
        "updates": [(one.id, one.state) for one in vault.releases()],
        "consents": [(one.id, one.state) for one in vault.grants()],
        "requesters": [(one.id, one.fingerprint) for one in vault.requesters()],
        "data": [(one.name, one.rows) for one in vault.collections()],
        "models": [(one.name, one.is_private) for one in vault.models()],
    }


async def burst(pilot: Pilot[int], keys: Sequence[str]) -> None:
    for key in keys:
        if pilot.app._exit:
            return
        await pilot.press(key)


@pytest.mark.parametrize(("page", "count"), [*sweep_of_many(CASES), *LONG])
def test_no_burst_of_keys_decides_anything(
    page: str, count: int, today: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    chance = random.Random(f"{page} {count}")
    if page == "models":
        keep_model(today)

    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, today, page, size=(80, 24)) as pilot:
            await sees(pilot, "locks in")
            for _ in range(count // BURST):
                await burst(pilot, chance.choices(KEYS, k=BURST))
                assert not pilot.app._exit, text_of(pilot.app)
            assert not program_in(pilot).has_crashed

    with served(today) as vault:
        before = decided(vault)
        play(story(vault))
        assert decided(vault) == before


DIALOGS = (
    ("requests", "a"), ("requests", "x"), ("requests", "o"), ("requests", "t"), ("requests", "b"), ("requests", "n"),
    ("release", "R"), ("release", "D"), ("data", "D"), ("data", "e"), ("data", "i"), ("consents", "n"),
    ("consents", "w"), ("consents", "x"), ("audit", "e"), ("audit", "K"), ("audit", "f"), ("budget", "h"),
    ("settings", "enter"), ("models", "a"),
)  # fmt: skip
NEAR = (("requests", "a"), ("requests", "x"), ("requests", "o"), ("release", "R"), ("release", "D"))
"""Where what is decided weighs most; the others stand at three more sizes in the slow tests."""


@pytest.mark.parametrize("size", [*SIZES, pytest.param((60, 21), marks=pytest.mark.slow)])
def test_every_dialog_shows_its_consequence_and_its_buttons_at_once(
    size: tuple[int, int], today: World
) -> None:
    hidden: list[str] = []
    with today.vault() as vault:
        waiting = [one.id for one in vault.requests() if one.state == "waiting"]

    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, today, "requests", size=size) as pilot:
            app = program_in(pilot)
            for page, key in DIALOGS if size != (60, 20) else NEAR:
                app.open_page(page)
                await at_rest(pilot, page)
                for table in app.screen.query(ListTable):
                    table.point_at(waiting[0])
                await press(pilot, key)
                await until(pilot, lambda: isinstance(app.screen, Dialog) and bool(app.screen.query("#safe")))
                await until(pilot, lambda: app.screen.query_one("#safe").region.height > 0)
                await pilot.pause()
                inside = app.screen.region
                for one in app.screen.query("#consequence, #buttons Button"):
                    if not inside.contains_region(one.region) or not one.region:
                        hidden.append(f"{page} {key} {one.id}")
                await press(pilot, "escape")
                await until(pilot, lambda: not isinstance(app.screen, Dialog))

    with served(today) as vault:
        play(story(vault))
    assert hidden == []
