"""A sending that comes to nothing leaves the update held, where this is certain; else it may have left, and can go."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tests.worlds.commands import assert_refused, run
from tests.worlds.disks import fill_up, open_to_all
from tests.worlds.vaults import copy_of
from tests.worlds.world import NAME, World
from vault import release
from vault.audit.sent_releases import SentReleases
from vault.errors.families import LockboxError
from vault.errors.release import ReleaseMayHaveLeft, ReleaseNotWritten
from vault.errors.requests import WrongState
from vault.store.tables import HeldRow
from vault.vault import Vault

CANNOT_BE_MADE = "x" * 250
"""A name that a folder can have, and the draft beside it cannot."""


def fails_to_sync(_path: Path) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def send(vault: Vault, to: Path) -> None:
    (one,) = vault.releases()
    vault.send(one.id, confirm_digest=one.digest, to=to)


def kept(vault: Vault) -> bytes | None:
    with vault._opened.read() as uow:
        (held,) = uow.find(HeldRow)
        return held.update


def test_where_nothing_could_be_written_nothing_left_and_no_is_still_an_answer(today: World) -> None:
    with today.vault(writable=False) as vault:
        one = next(one for one in vault.releases() if one.state == "held")
    short, to = one.id[:8], today.folder / CANNOT_BE_MADE
    failed = run(today.paths, "release", "send", short, "--confirm-digest", one.digest[:8], "--to", to)
    assert_refused(failed, 7, "file name too long; nothing left", [])
    assert "may have left" not in failed.err
    kept_private = run(today.paths, "release", "withhold", short)
    assert (kept_private.code, "nothing left" in kept_private.err) == (0, True)


def test_what_is_held_again_has_its_entry_and_counts_as_nowhere_left(held_world: World) -> None:
    with held_world.vault() as vault:
        price = vault.budget()[0].used_percent
        with pytest.raises(ReleaseNotWritten, match="nothing left"):
            send(vault, held_world.folder / CANNOT_BE_MADE)
        (one,), status, lines = vault.releases(), vault.status(), vault.audit_lines(newest=3)
        assert (one.state, one.may_have_left, one.can_be_sent, one.for_you) == ("held", False, True, None)
        assert (status.held, status.may_have_left, vault.budget()[0].used_percent) == (1, 0, price)
        assert {line.type for line in lines} == {"release.approve", "release.intent", "training.run"}
        assert any("it is held again: its sending failed and nothing left" in line.sentence for line in lines)
        vault.verify_audit()
        again = SentReleases()
        with vault._opened.read() as uow:
            again.follow(uow)
        assert again.may_have_left == 0
        send(vault, held_world.folder / "out")
        assert vault.releases()[0].state == "released"


def test_a_full_disk_on_the_way_says_one_thing(held_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with held_world.vault() as vault:
        fill_up(monkeypatch)
        with pytest.raises(ReleaseNotWritten) as said:
            send(vault, held_world.folder / "out")
    assert str(said.value).endswith("out: no space left on device; nothing left.")
    assert not list(held_world.folder.glob(".out*"))


def test_where_others_could_look_into_the_draft_it_may_have_left(
    held_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stick or a share may give every folder to everybody."""
    with held_world.vault() as vault:
        open_to_all(monkeypatch)
        fill_up(monkeypatch)
        with pytest.raises(ReleaseMayHaveLeft):
            send(vault, held_world.folder / "out")
        assert vault.releases()[0].state == "sending"


def test_where_nobody_can_tell_whether_the_draft_went_it_may_have_left(
    held_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stick that was pulled out has it still."""
    stick, pulled = held_world.folder / "stick", held_world.folder / "pulled"
    stick.mkdir()

    def gone(_path: Path) -> None:
        monkeypatch.setattr(os, "fsync", lambda _descriptor: fails_to_sync(stick))
        stick.rename(pulled)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with held_world.vault() as vault:
        monkeypatch.setattr(release, "date_alike", gone)
        with pytest.raises(LockboxError):
            send(vault, stick / "out")
        assert vault.releases()[0].state == "sending"


def test_a_draft_in_a_folder_that_was_renamed_is_taken_away_all_the_same(
    held_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, renamed = held_world.folder / "place", held_world.folder / "renamed"
    place.mkdir()

    def moved(_path: Path) -> None:
        place.rename(renamed)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with held_world.vault() as vault:
        monkeypatch.setattr(release, "date_alike", moved)
        with pytest.raises(ReleaseNotWritten, match="nothing left"):
            send(vault, place / "out")
        assert (vault.releases()[0].state, list(renamed.iterdir())) == ("held", [])


def test_a_sending_whose_folder_appeared_may_have_left(
    held_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held_world.vault() as vault:
        monkeypatch.setattr(release, "sync", fails_to_sync)
        with pytest.raises(LockboxError, match="count as having left"):
            send(vault, held_world.folder / "out")
        assert (vault.releases()[0].state, (held_world.folder / "out").is_dir()) == ("sending", True)


def test_a_second_sending_that_fails_does_not_unsay_the_first(
    held_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held_world.vault() as vault:
        with monkeypatch.context() as patch:
            patch.setattr(release, "sync", fails_to_sync)
            with pytest.raises(LockboxError):
                send(vault, held_world.folder / "out")
        with pytest.raises(ReleaseMayHaveLeft):
            send(vault, held_world.folder / CANNOT_BE_MADE)
        assert (vault.releases()[0].state, vault.status().may_have_left) == ("sending", 1)


@pytest.mark.parametrize("act", ["withhold", "withdraw", "too late"])
def test_what_is_still_here_of_an_update_that_may_have_left_can_be_destroyed(
    held_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    world = copy_of(held_world, tmp_path / "other")
    monkeypatch.setattr(release, "sync", fails_to_sync)
    with world.vault() as vault:
        with pytest.raises(LockboxError):
            send(vault, world.folder / "out")
        one = vault.releases()[0].id
        if act == "withhold":
            vault.withhold(one)
        elif act == "withdraw":
            assert vault.withdraw(vault.grants()[0].id).may_have_left == (one,)
        else:
            world.clock.forward(hours=2)
            vault.settle()
        after, said = vault.releases()[0], [line.sentence for line in vault.audit_lines(newest=4)]
        assert (after.state, after.may_have_left, after.can_be_sent, kept(vault)) == (
            "sending",
            True,
            False,
            None,
        )
        assert any("which may have left: its bytes are deleted here" in line for line in said)
        with pytest.raises(WrongState, match="nothing of it is here any more"):
            vault.withhold(one)
        assert vault.status().may_have_left == 1


def test_what_is_destroyed_while_it_is_sent_and_comes_to_nothing_is_destroyed(
    held_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held_world.vault() as vault:

        def meanwhile(*_given: object, **_named: object) -> None:
            vault.withdraw(vault.grants()[0].id)
            raise ReleaseNotWritten(path="out", reason="gone")

        monkeypatch.setattr(release, "_write", meanwhile)
        with pytest.raises(ReleaseNotWritten):
            send(vault, held_world.folder / "out")
        assert (vault.releases()[0].state, vault.status().may_have_left) == ("destroyed", 0)
        assert vault.requesters()[0].name == NAME
