"""What leaves is what was held, once, and only while it still may."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from pathlib import Path

import pytest
from test_tui_release_dialog import (
    counting,
    decided,
    dialog,
    fetched,
    held,
    is_offered,
    quick,
    refusal,
    toasts,
)
from textual.widgets import Input

from tests.worlds.screens import play, sees, served, until
from tests.worlds.world import NAME, PASSPHRASE, World
from tui.dialogs.release import Countdown, ReleaseDialog
from vault.client import attach
from vault.errors.requests import WrongState
from vault.owner.interface.session import OwnerSession
from vault.requester.releases import verify_release
from vault.requests.release_manifest import RELEASE_FILE, UPDATE_FILE

__all__ = ["quick"]


def test_what_leaves_is_what_was_held_once(today: World, quick: None) -> None:
    async def story(vault: OwnerSession) -> None:
        one = held(vault)
        async with dialog(vault, today) as pilot:
            await decided(pilot)
            await until(pilot, lambda: any(f"The update left for {NAME}" in said for said in toasts(pilot)))
            number = max(line.seq for line in vault.audit_lines() if line.type == "release.sent")
            assert any(f"audit entry #{number}. It cannot be called back." in said for said in toasts(pilot))
            await sees(pilot, "→ left this computer")
            await pilot.press("R")
            await until(pilot, lambda: any("Nothing is left to decide" in said for said in toasts(pilot)))
            assert not isinstance(pilot.app.screen, ReleaseDialog)
        files = fetched(vault, today)
        assert one.digest == sha256(files[RELEASE_FILE]).hexdigest()
        assert one.update_sha256 == sha256(files[UPDATE_FILE]).hexdigest()
        with pytest.raises(WrongState):
            vault.send(one.id, confirm_digest=one.digest)

    with served(today) as vault:
        play(story(vault))


@pytest.mark.slow
def test_a_typed_folder_gets_it_and_nothing_is_kept_to_be_fetched(
    today: World, quick: None, tmp_path: Path
) -> None:
    async def story(vault: OwnerSession) -> None:
        async with dialog(vault, today) as pilot:
            pilot.app.screen.query_one("#folder", Input).value = str(tmp_path / "out")
            await decided(pilot)
            await until(pilot, lambda: any(f"The update left for {NAME}" in said for said in toasts(pilot)))

    with served(today) as vault:
        play(story(vault))
        key = tmp_path / "vault.pub"
        key.write_text(vault.vault_key(NAME))
        assert not is_offered(vault)
    facts = verify_release(tmp_path / "out", key, None)
    assert held_digest(today) == facts.digest


def held_digest(world: World) -> str:
    with world.vault() as vault:
        return vault.releases()[0].digest


@pytest.mark.slow
def test_an_update_decided_meanwhile_is_refused_in_sight(today: World, quick: None) -> None:
    async def story(vault: OwnerSession) -> None:
        async with dialog(vault, today) as pilot:
            await asyncio.to_thread(vault.withhold, held(vault).id)
            await decided(pilot)
            await until(pilot, lambda: refusal(pilot).startswith("The request is withheld; that cannot"))

    with served(today) as vault:
        play(story(vault))
        assert held(vault).state == "withheld"
        assert not is_offered(vault)


# httpcore leaves a socket open that finds nobody to connect to: here the process that was told good-bye has ended.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_vault_locked_in_the_countdown_sends_nothing(today: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Countdown, "TICK", 0.5)

    async def story(vault: OwnerSession, other: OwnerSession) -> None:
        async with dialog(vault, today) as pilot:
            await counting(pilot)
            await asyncio.to_thread(other.lock)
            await until(pilot, lambda: pilot.app.door != "")
            await pilot.pause(0.2)

    with served(today) as vault:
        secret = attach.passphrase_secret(PASSPHRASE)
        with attach.attach(today.paths, secret, is_owner=True) as other:
            play(story(vault, other))
    with today.vault() as inside:
        assert inside.releases()[0].state == "held"
