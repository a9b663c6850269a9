"""Times are those of this computer, UTC one key away; one function shows them all."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import tui
from tests.worlds.screens import on_page, play, press, sees, served, words_of
from tests.worlds.world import World
from tui.text import times

STAMP = "2026-11-28T22:15:30Z"


@pytest.fixture
def kolkata(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A computer five and a half hours ahead."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Kolkata")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("kolkata")
def test_a_time_and_its_day_are_those_of_the_zone_that_is_shown() -> None:
    shown = (times.short_time, times.full_time, times.day_of)
    assert [str(one(STAMP)) for one in shown] == ["2026-11-28 22:15", "2026-11-28 22:15 UTC", "2026-11-28"]
    times.show_local(True)
    assert [str(one(STAMP)) for one in shown] == ["2026-11-29 03:45", "2026-11-29 03:45 IST", "2026-11-29"]
    assert times.short_time("") == ""


@pytest.mark.usefixtures("kolkata")
def test_one_key_leads_from_local_times_to_utc_and_back(today: World) -> None:
    async def story() -> None:
        async with on_page(vault, today, "audit", size=(120, 30)) as pilot:
            stamp = vault.audit_lines()[-1].ts
            in_utc = times.short_time(stamp)
            await sees(pilot, "when (UTC)")
            await sees(pilot, in_utc)
            await press(pilot, "Z")
            await sees(pilot, "Times are shown in IST, as on this computer")
            await sees(pilot, "when (local)")
            await sees(pilot, times.short_time(stamp))
            assert times.short_time(stamp) != in_utc
            await press(pilot, "Z")
            await sees(pilot, "when (UTC)")
            await sees(pilot, in_utc)
            assert "when (local)" not in words_of(pilot.app)

    with served(today) as vault:
        play(story())


def test_no_screen_writes_a_time_past_that_function() -> None:
    cut = re.compile(r"(_at|_after|_before|_until|\.ts|\.at)\[:1[06]\]|short_time\([^()]*\)\} UTC|\(UTC\)\"")
    found = [
        f"{file.name}: {line.strip()}"
        for folder in ("app", "dialogs", "screens", "widgets", "text")
        for file in sorted((Path(tui.__file__).parent / folder).glob("*.py"))
        for line in file.read_text(encoding="utf-8").splitlines()
        if cut.search(line)
    ]
    assert [line for line in found if not line.startswith(("times.py", "days_calendar.py"))] == []
