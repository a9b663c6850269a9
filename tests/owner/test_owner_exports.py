"""The trail says that something was exported only where that was begun, and what fails then says that it says so."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.worlds.disks import full_at
from tests.worlds.world import World
from vault.errors.families import LockboxError
from vault.errors.storage import DiskFull, NotExported
from vault.lifecycle import opened
from vault.vault import Vault
from vault.views.cards import CardChoice

EXPORTS: dict[str, Callable[[Vault, Path], object]] = {
    "rows": lambda vault, to: vault.export_collection("nights", to, as_format="csv"),
    "pictures": lambda vault, to: vault.export_pictures("nights", to),
    "card": lambda vault, to: vault.hand_out_card(
        CardChoice(collection="nights", columns={"steps": "int"}), to
    ),
    "trail": lambda vault, to: vault.export_audit(to),
    "backup": lambda vault, to: vault.backup(to),
}


def refused(vault: Vault, act: Callable[[], object]) -> LockboxError:
    """What was said, once it is seen that the trail says nothing."""
    before = len(vault.audit_lines())
    with pytest.raises(LockboxError) as raised:
        act()
    assert len(vault.audit_lines()) == before
    return raised.value


def waits(patch: pytest.MonkeyPatch, act: Callable[[], object]) -> int:
    """For how many writes this waits."""
    waited = full_at(patch, 0)
    act()
    return len(waited)


def test_what_is_refused_by_its_arguments_is_on_no_trail(held_world: World) -> None:
    with held_world.vault() as vault:
        target = held_world.folder / "x.xlsx"
        said = refused(vault, lambda: vault.export_collection("nights", target, as_format="xlsx"))
        assert "no export as xlsx" in str(said)
        for act in EXPORTS.values():
            assert "/proc/x" in str(refused(vault, lambda act=act: act(vault, Path("/proc/x"))))


def test_a_disk_that_is_full_beforehand_is_on_no_trail(
    held_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = os.write

    def full(handle: int, data: bytes) -> int:
        if not any(data):
            raise OSError(errno.ENOSPC, "no space")
        return written(handle, data)

    target = held_world.folder / "out"
    with held_world.vault() as vault, monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        for act in EXPORTS.values():
            assert isinstance(refused(vault, lambda act=act: act(vault, target)), DiskFull)
            assert not target.exists()


def test_a_disk_that_fills_up_afterwards_is_not_said_to_have_changed_nothing(held_world: World) -> None:
    """At the last that is waited for, when the record of it has long been there."""
    with held_world.vault() as vault:
        for name, act in EXPORTS.items():
            with pytest.MonkeyPatch.context() as patch:
                last = waits(patch, lambda act=act, name=name: act(vault, held_world.folder / name))
            target, before = held_world.folder / f"{name} again", len(vault.audit_lines())
            with pytest.MonkeyPatch.context() as patch:
                full_at(patch, last)
                with pytest.raises(NotExported, match=r"the disk is full\. The trail names this attempt"):
                    act(vault, target)
            assert not target.exists()
            assert len(vault.audit_lines()) == before + 1


@pytest.mark.parametrize("name", sorted(EXPORTS.keys() - {"backup"}))
def test_what_takes_the_place_once_it_is_recorded_stays_and_the_record_is_named(
    held_world: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    target, write_mark = held_world.folder / "out", opened.write_mark

    def taken(*facts: Any, **more: Any) -> None:
        write_mark(*facts, **more)
        target.write_text("mine")

    with held_world.vault() as vault:
        monkeypatch.setattr(opened, "write_mark", taken)
        with pytest.raises(NotExported, match=r"already there\. The trail names this attempt"):
            EXPORTS[name](vault, target)
    assert target.read_text() == "mine"


def test_a_trail_goes_to_a_folder_of_the_longest_name_that_there_can_be(held_world: World) -> None:
    with held_world.vault() as vault:
        vault.export_audit(held_world.folder / ("x" * 255))
    assert (held_world.folder / ("x" * 255) / "checkpoint").is_file()
