"""The trail on the screen: grouped by request, in pages, filtered, verified, exported, its key shown when asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Select

from tests.worlds.screens import SIZES, on_page, play, press, really, sees, served, until, words_in, words_of
from tests.worlds.vaults import copy_of, new_world
from tests.worlds.world import NAME, World
from tui.dialogs.audit import AuditExportDialog, EntryDialog, KeyDialog
from tui.dialogs.trail_filter import TrailFilterDialog
from tui.screens.audit import ENTRIES, NO_MATCH, UNVERIFIED, Audit, rows
from tui.text import times, wording
from tui.widgets.table import ListTable
from vault.audit.entries import EntryType
from vault.client.client import Client
from vault.errors.audit import LogBroken
from vault.owner.interface.session import OwnerSession
from vault.store.tables import LogEntry
from vault.views.audit import AuditCheck, AuditLine
from vault.views.history import TimelineGroup, TrailFilter
from vault.views.status import VaultStatus

Looked = tuple[World, OwnerSession]
LONG = 600


@pytest.fixture(scope="module")
def looked(today_template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looked]:
    """A vault that these tests only look at."""
    world = copy_of(today_template, tmp_path_factory.mktemp("looked") / "copy")
    with served(world) as vault:
        yield world, vault


async def told(pilot: Pilot[int], selector: str, words: str) -> None:
    """Wait until these words stand in the place of one widget."""
    await until(pilot, lambda: bool(pilot.app.screen.query(selector)))
    await until(pilot, lambda: words in words_in(pilot.app, selector))


async def export_to(pilot: Pilot[int], path: str) -> None:
    """Type a path and press enter: once in the field, which leads to the button, and once on the button."""
    screen = pilot.app.screen
    field = screen.query_one("#folder", Input)
    field.value = path
    field.focus()
    await until(pilot, lambda: pilot.app.focused is field)
    await press(pilot, "enter")
    button = screen.query_one("#export")
    # A button does not feel a second press for a fifth of a second.
    await until(pilot, lambda: pilot.app.focused is button and not button.has_class("-active"))
    await press(pilot, "enter")


async def press_button(pilot: Pilot[int], selector: str) -> None:
    """Go to a button and press it, once the dialog hears keys."""
    button = pilot.app.screen.query_one(selector)
    button.focus()
    await until(pilot, lambda: pilot.app.focused is button)
    await press(pilot, "enter")


def table(pilot: Pilot[int]) -> ListTable:
    return pilot.app.screen.query_one("#audit-list", ListTable)


# reading ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_every_entry_stands_once_under_its_request_and_the_whole_of_it_below(
    looked: Looked, size: tuple[int, int]
) -> None:
    world, vault = looked

    async def story() -> None:
        groups = vault.timeline()
        async with on_page(vault, world, "audit", size=size) as pilot:
            await sees(pilot, groups[0].title)
            await sees(pilot, UNVERIFIED)
            keys = [str(row.value) for row in table(pilot).rows]
            assert keys == [
                key
                for group in groups
                for key in (
                    f"group {group.request or group.title}",
                    *(f"entry {line.seq}" for line in group.lines),
                )
            ]
            first = groups[0].lines[0]
            await press(pilot, "down")
            await told(pilot, "#audit-entry", f"#{first.seq} {first.sentence}"[: size[0]])
            newest = max(line.seq for group in groups for line in group.lines)
            await until(pilot, lambda: f"entries #0 to #{newest}, all there are" in words_of(pilot.app))

    play(story())


@pytest.mark.parametrize("size", SIZES)
def test_enter_opens_an_entry_or_all_of_a_request(looked: Looked, size: tuple[int, int]) -> None:
    world, vault = looked

    async def story() -> None:
        group = vault.timeline()[0]
        async with on_page(vault, world, "audit", size=size) as pilot:
            await sees(pilot, group.title)
            await press(pilot, "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, EntryDialog))
            count = wording.counted(len(group.lines), "entry")
            await told(pilot, "#consequence", f"{count}; times are UTC.")
            await told(pilot, "#details", f"#{group.lines[0].seq} {times.short_time(group.lines[0].ts)}")
            await press(pilot, "escape", "down", "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, EntryDialog))
            await told(pilot, "#consequence", "1 entry")
            await told(pilot, "#details", f"({group.lines[0].type})")

    play(story())


def test_a_search_keeps_the_entries_that_have_it_and_escape_gives_all_back(looked: Looked) -> None:
    world, vault = looked

    async def story() -> None:
        imports = [line.seq for line in vault.audit_lines() if "import" in line.sentence.casefold()]
        async with on_page(vault, world, "audit", size=(80, 24)) as pilot:
            await sees(pilot, "all there are")
            whole = table(pilot).row_count
            await press(pilot, "slash", *"import")
            await until(pilot, lambda: table(pilot).row_count < whole)
            assert [f"entry {seq}" for seq in imports] == [
                str(row.value) for row in table(pilot).rows if str(row.value).startswith("entry")
            ]
            await press(pilot, *"zzz")
            await sees(pilot, NO_MATCH[:40])
            await press(pilot, "escape")
            await until(pilot, lambda: table(pilot).row_count == whole)

    play(story())


def test_a_group_whose_title_has_the_text_stays_whole_where_no_entry_has_it() -> None:
    line = AuditLine(seq=3, ts="2026-11-21T12:00:00Z", type="decision", sentence="It was allowed.")
    group = TimelineGroup(request="ab" * 16, title="Sleep lab, research: held", lines=(line,))
    assert len(list(rows([group], "held", 40))) == 2
    assert len(list(rows([group], "abab", 40))) == 2
    assert len(list(rows([group], "ALLOWED", 40))) == 2
    assert list(rows([group], "refused", 40)) == []


def test_a_filter_leaves_what_is_about_one_requester_and_one_outcome_and_can_be_taken_away(
    looked: Looked,
) -> None:
    world, vault = looked
    only = TrailFilter(requester=NAME, outcome="spent")

    async def story() -> None:
        async with on_page(vault, world, "audit", size=(80, 24)) as pilot:
            await sees(pilot, "all there are")
            whole = table(pilot).row_count
            await press(pilot, "f")
            await until(pilot, lambda: isinstance(pilot.app.screen, TrailFilterDialog))
            pilot.app.screen.query_one("#trail-requester", Select).value = NAME
            pilot.app.screen.query_one("#trail-outcome", Select).value = "spent"
            await press_button(pilot, "#show")
            await sees(pilot, f"only about {NAME}, budget was spent: 1 entry")
            assert [str(row.value) for row in table(pilot).rows] == [
                key
                for group in vault.timeline(about=only)
                for key in (f"group {group.request}", *(f"entry {line.seq}" for line in group.lines))
            ]
            await press(pilot, "f")
            await until(pilot, lambda: isinstance(pilot.app.screen, TrailFilterDialog))
            await press_button(pilot, "#all")
            await sees(pilot, "all there are")
            await until(pilot, lambda: table(pilot).row_count == whole)

    play(story())


# pages ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A vault whose trail has hundreds of entries."""
    world = new_world(tmp_path_factory.mktemp("long"))
    with world.vault() as vault, vault._opened.act() as act:
        for _ in range(LONG):
            act.record(EntryType.ACCESS_VIEW, hidden={})
    return world


@pytest.mark.slow
def test_a_long_trail_comes_in_pages_and_never_whole(long: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int | None] = []

    def watched(
        self: OwnerSession,
        *,
        before: int | None = None,
        limit: int | None = None,
        about: TrailFilter | None = None,
    ) -> list[TimelineGroup]:
        asked.append(limit)
        return really(self, "timeline", before=before, limit=limit, about=about)

    monkeypatch.setattr(Client, "timeline", watched, raising=False)

    async def story(vault: OwnerSession) -> None:
        newest = vault.status().audit_entries - 1
        async with on_page(vault, long, "audit", size=(100, 30)) as pilot:
            await sees(pilot, f"entries #{newest - ENTRIES + 1} to #{newest}, of #0 to #{newest} · older: o")
            await press(pilot, "n")
            await sees(pilot, "These are the newest entries.")
            await press(pilot, "o")
            await sees(pilot, f"to #{newest - ENTRIES}, of #0")
            await sees(pilot, "older: o · newer: n")
            await press(pilot, "o")
            await sees(pilot, f"entries #0 to #{newest - 2 * ENTRIES}, of")
            await press(pilot, "o")
            await sees(pilot, "These are the oldest entries.")
            await press(pilot, "n")
            await sees(pilot, f"to #{newest - ENTRIES}, of #0")
            await press(pilot, "n")
            await sees(pilot, f"to #{newest}, of #0")
            assert table(pilot).row_count <= ListTable.LONGEST

    with served(long) as vault:
        play(story(vault))
    assert all(limit is not None and limit <= ENTRIES for limit in asked)


# verifying and handing out -----------------------------------------------------------------------------------


def test_verifying_says_to_which_entry_and_what_it_agrees_with(looked: Looked) -> None:
    world, vault = looked

    async def story() -> None:
        async with on_page(vault, world, "audit", size=(80, 24)) as pilot:
            await sees(pilot, "all there are")
            await press(pilot, "v")
            await told(pilot, "#audit-verified", "✓ verified to entry")
            found = vault.verify_audit()
            said = words_in(pilot.app, "#audit-verified")
            assert f"verified to entry {found.size - 1}, root {found.root[:16]}…" in said
            assert "what this computer has seen of it before" in said

    play(story())


def test_a_changed_entry_is_said_and_stays_on_the_screen(today: World) -> None:
    with today.vault() as vault, vault._opened.store.write() as uow:
        row = uow.get(LogEntry, 2)
        assert row is not None
        row.leaf = bytes(32)
        uow.commit()

    async def story(vault: OwnerSession) -> None:
        with pytest.raises(LogBroken) as broken:
            vault.verify_audit()
        async with on_page(vault, today, "audit", size=(60, 20)) as pilot:
            await sees(pilot, "all there are")
            await press(pilot, "v")
            await told(pilot, "#audit-verified", f"✗ {broken.value}")
            assert pilot.app.screen.query_one("#audit-verified").has_class("bad")

    with served(today) as vault:
        play(story(vault))


def test_an_older_copy_is_never_told_as_verified(looked: Looked, monkeypatch: pytest.MonkeyPatch) -> None:
    world, vault = looked
    reason = "this vault was put back from an older copy"

    def older(self: OwnerSession) -> VaultStatus:
        return replace(really(self, "status"), read_only_because=reason)

    monkeypatch.setattr(Client, "status", older, raising=False)

    async def story() -> None:
        async with on_page(vault, world, "audit", size=(80, 24)) as pilot:
            await sees(pilot, "all there are")
            await press(pilot, "v")
            await told(pilot, "#audit-verified", "✗")
            said = words_in(pilot.app, "#audit-verified")
            assert "put back from an older copy" in said
            assert "verified to" not in said

    play(story())


def test_keys_work_while_the_trail_is_verified(looked: Looked, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may take long; whoever verifies goes on reading."""
    import threading

    world, vault = looked
    may_end = threading.Event()

    def slow(self: OwnerSession) -> AuditCheck:
        assert may_end.wait(20)
        return really(self, "verify_audit")

    monkeypatch.setattr(Client, "verify_audit", slow, raising=False)

    async def story() -> None:
        async with on_page(vault, world, "audit", size=(80, 24)) as pilot:
            await sees(pilot, "all there are")
            await press(pilot, "v")
            await told(pilot, "#audit-verified", "… recomputing every entry")
            await press(pilot, "down", "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, EntryDialog))
            await press(pilot, "escape")
            may_end.set()
            await told(pilot, "#audit-verified", "✓ verified to entry")

    play(story())


@pytest.mark.parametrize("size", SIZES)
def test_the_export_says_what_is_not_in_it_and_writes_what_verifies(
    today: World, size: tuple[int, int]
) -> None:
    folder = today.folder / "bundle"

    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, today, "audit", size=size) as pilot:
            await sees(pilot, "all there are")
            await press(pilot, "e")
            await until(pilot, lambda: isinstance(pilot.app.screen, AuditExportDialog))
            await told(pilot, "#consequence", "It names no column, requester, file or value.")
            assert pilot.app.focused is pilot.app.screen.query_one("#folder")
            await export_to(pilot, "")
            await told(pilot, "#problem", "Type the path of a new folder.")
            await export_to(pilot, str(today.paths.vault / "x"))
            await told(pilot, "#problem", "it lies inside the vault")
            assert not folder.exists()
            await export_to(pilot, str(folder))
            await until(pilot, lambda: isinstance(pilot.app.screen, Audit))
            await told(pilot, "#audit-verified", "exported and checked, root")
        assert (folder / "checkpoint").is_file()
        written = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
        for name in (NAME, "nights", "coffee"):
            assert name.encode() not in written

    with served(today) as vault:
        play(story(vault))


@pytest.mark.parametrize("size", SIZES)
def test_the_verifier_key_is_shown_when_it_is_asked_for(looked: Looked, size: tuple[int, int]) -> None:
    world, vault = looked

    async def story() -> None:
        vkey = vault.audit_key()
        async with on_page(vault, world, "audit", size=size) as pilot:
            await sees(pilot, "all there are")
            assert vkey not in words_of(pilot.app)
            await press(pilot, "K")
            await until(pilot, lambda: isinstance(pilot.app.screen, KeyDialog))
            await until(pilot, lambda: vkey in words_in(pilot.app, "#vkey").replace(" ", ""))
            assert pilot.app.focused is pilot.app.screen.query_one("#safe")

    play(story())


def test_the_curtain_hides_who_and_hostile_words_are_shown_as_they_are(
    looked: Looked, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, vault = looked
    line = AuditLine(seq=1, ts="2026-11-21T12:00:00Z", type="x", sentence="[red]You[/] \x1b[31mlooked.")
    group = TimelineGroup(request=None, title="[bold]x[/] \u202e[link=y]", lines=(line,))
    monkeypatch.setattr(Client, "timeline", lambda _self, **_page: [group], raising=False)

    async def story() -> None:
        async with on_page(vault, world, "audit", size=(80, 24)) as pilot:
            await sees(pilot, "[bold]x[/] \\u202e[link=y]")
            await sees(pilot, "[red]You[/] \\x1b[31mlooked.")
            await press(pilot, "down", "enter")
            await told(pilot, "#details", "[red]You[/] \\x1b[31mlooked.")
            await press(pilot, "escape", "ctrl+k")
            await until(pilot, lambda: "looked" not in words_of(pilot.app))

    play(story())


def test_a_new_vault_has_its_first_entry_there(tmp_path: Path) -> None:
    world = new_world(tmp_path)
    with served(world) as vault:

        async def story() -> None:
            async with on_page(vault, world, "audit", size=(60, 20)) as pilot:
                await sees(pilot, "entries #0 to #0, all there are")

        play(story())
