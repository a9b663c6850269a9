"""Of several campaigns that couriers carry, what one fails with keeps none of the others from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from learner.federation import courier
from learner.federation.courier_folder import ACCESS_FILE, Access, CourierFolder, draft_folder, settled
from tests.worlds.invitations import invitation
from tests.worlds.vaults import paths_in
from tui.cli.commands import courier as commands
from tui.cli.entry_point import run
from tui.cli.exit_codes import ExitCode
from tui.couriers.decided import UNKNOWN
from vault.errors.federation import CoordinatorBusy


@pytest.fixture
def carried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[CourierFolder]:
    """The folders of couriers of four campaigns, of which the first is damaged."""
    paths, found = paths_in(tmp_path), []
    monkeypatch.setenv("LOCKBOX_VAULT", str(paths.vault))
    monkeypatch.setenv("LOCKBOX_STATE", str(paths.state))
    for name in "abcd":
        draft = draft_folder(paths.courier, name * 64)
        draft.agree(invitation(campaign=name * 64))
        draft.keep(Access(campaign=name * 32, requester="Sleep lab", token="", door=""))
        found.append(settled(draft))
    found[0].write(ACCESS_FILE, b"{}")
    return found


@pytest.mark.parametrize("how", [(), ("--json",)])
def test_the_status_of_a_damaged_folder_is_an_error_behind_that_of_all_others(
    carried: list[CourierFolder], capsys: pytest.CaptureFixture[str], how: tuple[str, ...]
) -> None:
    assert run(["courier", "status", *how]) == ExitCode.BROKEN
    said = capsys.readouterr()
    assert [said.out.count(name * 32) for name in "bcd"] == [1, 1, 1]
    assert f"{carried[0].path.name} cannot be read" in said.err.replace("\n", " ")


def test_who_fails_on_an_errand_keeps_no_other_courier_at_home_and_the_vault_is_asked_once(
    carried: list[CourierFolder], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone, asked = list[CourierFolder](), list[object]()

    def errand(folder: CourierFolder, **_named: Any) -> None:
        gone.append(folder)
        folder.access()
        if folder == carried[1]:
            raise CoordinatorBusy(sentence="it is full")

    def decided(context: object) -> object:
        asked.append(context)
        return UNKNOWN

    monkeypatch.setattr(courier, "errand", errand)
    monkeypatch.setattr(commands, "decided_here", decided)
    assert run(["courier", "run", "--once"]) == ExitCode.BROKEN
    assert (gone, len(asked)) == (carried, 1)
    said = " ".join(capsys.readouterr().err.split())
    assert "Campaign bbbbbbbb: The coordinator cannot answer now: it is full." in said
    assert "Campaign cccccccc: the coordinator was asked" in said
