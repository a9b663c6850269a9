"""Home, the top line and the conversation say of an older copy, and of a vault that this computer does not know, so."""

from __future__ import annotations

import shutil

import pytest

from tests.worlds.hearing import hear
from tests.worlds.screens import on_page, play, sees, served, words_in
from tests.worlds.world import World
from tui.by_ear.beginning import Opened
from tui.by_ear.conversation import _talk_about
from tui.cli.accessible import left_line
from tui.text import digest_facts, wording
from tui.text.reopening_facts import NEWER_COPY, NOTHING_HERE, copy_sentences, reopening_sentences
from tui.widgets.bar import VaultBar
from vault.errors.rollback import OlderVault
from vault.owner.interface.session import OwnerSession
from vault.requester.keys import keygen
from vault.vault import Vault


def used(world: World, name: str) -> None:
    """Do something that goes on its trail."""
    with world.vault() as vault:
        vault.add_requester(name, keygen(world.folder / name).public)


@pytest.fixture
def older(world: World) -> World:
    """A vault whose database is of before its last act."""
    used(world, "First")
    kept = world.folder / "older.db"
    shutil.copy(world.paths.database, kept)
    used(world, "Second")
    shutil.copy(kept, world.paths.database)
    return world


def beginning(vault: OwnerSession, world: World) -> str:
    """What the conversation says before its menu."""
    opened = Opened(vault=vault, paths=world.paths, own_paths=world.paths)
    return hear(lambda talk: _talk_about(talk, opened))


def test_an_older_copy_is_said_on_home_in_the_top_line_and_by_ear(older: World) -> None:
    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, older, "home", size=(60, 20)) as pilot:
            await sees(pilot, "! This vault is read-only: it records")
            await sees(pilot, "seen before on this computer.")
            await sees(pilot, "lock it, then: lockbox reopen")
            await sees(pilot, f"? {NOTHING_HERE}")
            await sees(pilot, "vault · READ-ONLY ·")
            await pilot.press("5")
            await sees(pilot, "vault · READ-ONLY ·")

    with served(older) as vault:
        play(story(vault))
        assert beginning(vault, older).startswith("This vault is read-only: it records")


def test_a_vault_without_its_reminder_is_said_so_on_home_and_by_ear(world: World) -> None:
    used(world, "First")
    shutil.rmtree(world.paths.state)

    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, world, "home") as pilot:
            await sees(pilot, "! This computer has no reminder of this vault")
            assert "READ-ONLY" not in words_in(pilot.app, VaultBar.__name__)

    with served(world) as vault:
        play(story(vault))
        assert beginning(vault, world).startswith("This computer has no reminder of this vault")


def test_an_ordinary_vault_has_none_of_it_said(world: World) -> None:
    with world.vault() as vault:
        assert copy_sentences(vault.status()) == []
        assert nothing_said(vault) == (wording.NOTHING_LEFT, digest_facts.NOTHING_LEFT)


def nothing_said(vault: Vault) -> tuple[str, str]:
    """What the beginning by ear and the digest say where nothing left."""
    return left_line(vault.status()), digest_facts.happened(vault.digest())[0]


def test_an_older_copy_never_says_that_nothing_left_reopened_or_not(older: World) -> None:
    unknown = NOTHING_HERE, digest_facts.NOTHING_HERE
    with older.vault() as vault:
        assert nothing_said(vault) == unknown
        planned = vault.preview_reopen()
        assert NEWER_COPY in reopening_sentences(planned)
        vault.reopen(confirm=planned.confirm)
        assert nothing_said(vault) == unknown
    older.clock.forward(days=8)
    with older.vault() as vault:
        assert nothing_said(vault) == (NOTHING_HERE, digest_facts.NOTHING_LEFT)
        assert copy_sentences(vault.status()) == []


def test_an_older_copy_promises_nothing_of_an_erasure(older: World) -> None:
    with older.vault() as vault:
        for preview in (vault.preview_erase, vault.preview_undo_import):
            with pytest.raises(OlderVault):
                preview("nights")
