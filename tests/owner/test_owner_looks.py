"""Each action that shows something of the records: it is on the trail before the first of them is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.worlds.world import World
from vault.errors.storage import DiskFull
from vault.owner.interface.actions import ACTIONS
from vault.records.reading import ColumnReader
from vault.store.engine import Store
from vault.vault import Vault
from vault.views.records import FileChoice, RowFilter

LOOKS: dict[str, Callable[[Vault, Path], object]] = {
    "browse": lambda vault, _folder: vault.browse("nights", first=1, limit=500),
    "search_all": lambda vault, _folder: vault.search_all(RowFilter(text="1")),
    "show_collection": lambda vault, _folder: vault.show_collection("nights"),
    "export_collection": lambda vault, folder: vault.export_collection(
        "nights", folder / "out.csv", as_format="csv"
    ),
    "export_pictures": lambda vault, folder: vault.export_pictures("nights", folder / "out.csv"),
    "plan_import": lambda vault, folder: vault.plan_import(
        FileChoice(path=folder / "guess.csv", name="nights", unit="day", time_field="day")
    ),
}
# What is computed of them for the owner by a model that is kept; that it is recorded before is in test_owner_models.
OWN_LOOKS: dict[str, Callable[[Vault, Path], object]] = {
    "score_model": lambda vault, _folder: vault.score_model("mine", "nights"),
    "fit_model": lambda vault, _folder: vault.fit_model("mine", "nights"),
    "predict_collection": lambda vault, folder: vault.predict_collection(
        "mine", "nights", folder / "out.csv"
    ),
    "predict_file": lambda vault, folder: vault.predict_file(
        "mine", folder / "guess.csv", folder / "out.csv"
    ),
    "export_model": lambda vault, folder: vault.export_model("mine", folder / "out.onnx"),
}
# What shows no value of a record and nothing computed from records alone: counts of rows, names, prices, decisions, and
# what was learned, whose own entries stand on the trail. Whoever adds an action says here or above what it shows.
NOTHING_OF_RECORDS = frozenset({
    *("import_planned", "import_under_consent", "check_lifetime", "collections", "preview_erase", "erase_collection"),
    *("check_import", "data_card", "hand_out_card", "preview_undo_import", "undo_import"),
    *("add_requester", "requesters", "trust_requester", "block_requester", "unblock_requester", "rename_requester"),
    *("vault_key", "issue_token", "revoke_tokens", "preview_grant", "grant", "grants", "consent", "receipt"),
    *("preview_withdraw", "withdraw", "explain", "what_if", "submit", "requests", "request", "explain_request"),
    *("preview_approval", "approve", "refuse", "train", "runs", "stop_training", "releases", "release", "send"),
    *("withhold", "budget", "budget_history", "audit_lines", "timeline", "verify_audit", "export_audit", "audit_key"),
    *("digest", "note_digest_read", "set_drills", "attack_stand_in"),
    *("submit_campaign", "campaigns", "campaign", "preview_join", "join_campaign"),
    *("preview_leave", "leave_campaign", "attend_campaign", "sign_enrolment", "let_courier_in", "end_token"),
    "end_campaign_token",
    *("status", "date", "confirm_date", "settle", "backup", "hidden_fields", "disclose_audit", "lift_refusal"),
    *("models", "model", "add_model", "delete_model"),
})  # fmt: skip


def entries(vault: Vault) -> int:
    return len(vault.audit_lines())


def guess(folder: Path) -> None:
    """A row of the records and one that is none of them: how many are known tells which."""
    (folder / "guess.csv").write_text("day,steps,coffee,good\n2026-01-01,3201,2,no\n2026-01-02,1,1,no\n")


def test_it_is_said_of_every_action_whether_it_shows_records() -> None:
    assert LOOKS.keys() | OWN_LOOKS.keys() | NOTHING_OF_RECORDS == ACTIONS.keys()
    assert (LOOKS.keys() | OWN_LOOKS.keys()) & NOTHING_OF_RECORDS == set()


@pytest.mark.parametrize("action", LOOKS)
def test_what_shows_records_is_on_the_trail_before_they_are_read(
    held_world: World, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    with held_world.vault() as vault:
        guess(held_world.folder)
        before, opened = entries(vault), ColumnReader.__init__

        def spying(self: ColumnReader, *arguments: Any) -> None:
            seen.append(entries(vault))
            opened(self, *arguments)

        monkeypatch.setattr(ColumnReader, "__init__", spying)
        LOOKS[action](vault, held_world.folder)

        assert set(seen) == {before + 1}
        assert entries(vault) == before + 1


@pytest.mark.parametrize("action", [*LOOKS, *OWN_LOOKS])
def test_where_a_look_cannot_be_recorded_nothing_is_read(
    held_world: World, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held_world.vault() as vault:
        guess(held_world.folder)
        if action in OWN_LOOKS:
            (held,) = vault.releases()
            vault.send(held.id, confirm_digest=held.digest[:8], to=held_world.folder / "left")
            vault.add_model(held_world.folder / "left", name="mine")

        def full(_self: Store) -> None:
            raise DiskFull

        def never(*_arguments: object) -> None:
            raise AssertionError("records were opened")

        with monkeypatch.context() as patched:
            patched.setattr(Store, "write", full)
            patched.setattr(ColumnReader, "__init__", never)
            with pytest.raises(DiskFull):
                (LOOKS | OWN_LOOKS)[action](vault, held_world.folder)
        assert not (held_world.folder / "out.csv").exists()
