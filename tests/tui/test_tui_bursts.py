"""Whatever is pressed, and however fast: no screen breaks, and nothing is paid, sent, destroyed, given or taken in."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.sweeps import sweep_of_many
from tests.worlds.campaigns import campaign
from tests.worlds.models import keep_model
from tests.worlds.screens import (
    on_page,
    play,
    program_in,
    sees,
    served,
    text_of,
)
from tests.worlds.world import World
from tui.app.page_classes import SCREENS_BY_NAME
from vault.owner.interface.session import OwnerSession

PAGES = ("requests", "release", *sorted({*SCREENS_BY_NAME} - {"requests", "release"}))
"""Every page; first those where what is decided weighs most."""
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
LEAST = 80
CASES = [("requests", LEAST), *((page, 556) for page in PAGES)]
PIECES, MOST = 5, 5000
"""So many keys on each page are pressed in pieces, each of which ends in two or three minutes on a slow machine."""
LONG = [
    pytest.param(page, MOST // PIECES + BURST * piece, marks=pytest.mark.audit, id=f"{page}-{MOST}-{piece}")
    for page in PAGES
    for piece in range(PIECES)
]


def decided(vault: OwnerSession) -> dict[str, object]:
    """All that a key may not change: what was paid, what is held or left, who may ask or learn, what is kept."""
    return {
        "paid": [(line.collection, line.requester, line.used_percent) for line in vault.budget()],
        "updates": [(one.id, one.state) for one in vault.releases()],
        "consents": [(one.id, one.state) for one in vault.grants()],
        "requesters": [(one.id, one.fingerprint) for one in vault.requesters()],
        "data": [(one.name, one.rows) for one in vault.collections()],
        "models": [(one.name, one.is_private) for one in vault.models()],
        "campaigns": [(one.id, one.state) for one in vault.campaigns()],
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
    if page == "requests" and count > LEAST:
        with today.vault() as vault:
            vault.submit_campaign(campaign(today))

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
