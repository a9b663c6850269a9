"""The tables of one kind of export share one budget, whatever was erased or renamed; otherwise a person says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.importers.catalogue import apple_export as apple
from tests.importers.catalogue import made_exports as made
from tests.sweeps import sweep, sweep_of_many
from tests.worlds.importing import import_file
from tests.worlds.world import World
from vault.errors.budget import WiderNotProven
from vault.errors.families import Invalid
from vault.records.kept_fingerprints import open_fingerprint, seal_fingerprint
from vault.store.tables import ImportedFile
from vault.vault import Vault
from vault.views.records import FileChoice, OverlapReason

KIN = OverlapReason.SAME_EXPORT
CHANGED: dict[str, Any] = {"drop": ("vo2max",), "rename": {"steps": "walked"}}
HEARTBEATS: dict[str, Any] = {"drop": ("source",), "rename": {"unit": "per"}}


@pytest.fixture
def export(today: World) -> Path:
    path = today.folder / "export.xml"
    path.write_bytes(apple.export(20))
    return path


def learned_from(vault: Vault, export: Path, **wishes: Any) -> None:
    """The days of an export, of whose budget something is spent."""
    import_file(vault, FileChoice(path=export, name="days", people={"nights": "same"}, **wishes))


def found(vault: Vault, export: Path, **more: Any) -> list[tuple[str, OverlapReason, bool]]:
    plan = vault.plan_import(FileChoice(path=export, name="more", part="rings", **more))
    return [(one.collection, one.reason, one.joins) for one in plan.overlaps if one.collection != "nights"]


@pytest.mark.parametrize(
    ("end", "wishes"),
    sweep_of_many(
        [(end, wishes) for end in ("erased", "kept", "fingerprint destroyed") for wishes in (CHANGED, {})]
    ),
)
def test_another_table_of_an_export_is_known(
    today: World, export: Path, end: str, wishes: dict[str, Any]
) -> None:
    with today.vault() as vault:
        learned_from(vault, export, **wishes)
        if end != "kept":
            vault.erase_collection("days", fingerprint_too=end != "erased")

        assert found(vault, export) == [("days", KIN, True)]


def test_one_that_was_imported_before_its_export_was_kept_is_known_by_its_columns(
    today: World, export: Path
) -> None:
    with today.vault() as vault:
        learned_from(vault, export)
        with vault._opened.store.write() as uow:
            for file in uow.find(ImportedFile):
                assert file.fingerprint
                known = open_fingerprint(vault._opened.keys, file.fingerprint, file.digest)
                file.fingerprint = seal_fingerprint(
                    vault._opened.keys, replace(known, export=""), file.digest
                )
            uow.commit()
        there = found(vault, export)
        vault.erase_collection("days")

        assert there == found(vault, export) == [("days", KIN, True)]


@pytest.mark.parametrize("is_erased", sweep([False, True]))
def test_a_token_alone_says_of_no_table_of_an_export_that_it_is_of_others(
    today: World, export: Path, is_erased: bool
) -> None:
    choice = FileChoice(path=export, name="rings", part="rings", people={"days": "other"})
    with today.vault() as vault:
        learned_from(vault, export)
        if is_erased:
            vault.erase_collection("days")
        plan = vault.plan_import(choice)
        with pytest.raises(WiderNotProven, match="although days is a table of the same kind of export"):
            vault.import_planned(plan.id)
        (apart,) = [one for one in plan.overlaps if one.collection == "days"]
        done = vault.import_under_consent(vault.plan_import(choice).id)

    assert (apart.reason, apart.joins, plan.needs_passphrase, done.joined) == (KIN, False, True, ())


def test_whoever_says_it_of_one_table_of_two_is_shown_both(today: World, export: Path) -> None:
    with today.vault() as vault:
        import_file(vault, FileChoice(path=export, name="days"))
        later = {"part": "heart-rate", "people": {"days": "other"}, **HEARTBEATS}
        import_file(vault, FileChoice(path=export, name="beats", **later))

        assert found(vault, export, people={"days": "other"}) == [("beats", KIN, False), ("days", KIN, False)]
        assert found(vault, export, people={"days": "other", "beats": "same"}) == [
            ("beats", KIN, True),
            ("days", KIN, False),
        ]


def test_a_table_that_is_read_as_a_plain_one_is_known(today: World) -> None:
    banks = (made.MONZO, made.REVOLUT, made.CHASE)
    first, second, third = (today.folder / f"{number}.csv" for number in range(3))
    for path, text in zip((first, second, third), banks, strict=True):
        path.write_text(text, encoding="utf-8")
    with today.vault() as vault:
        import_file(vault, FileChoice(path=first, name="one"))
        plain = vault.plan_import(FileChoice(path=second, name="two", as_format="csv"))
        import_file(vault, FileChoice(path=second, name="two", as_format="csv", people={"one": "other"}))
        later = vault.plan_import(FileChoice(path=third, name="three"))

    for plan, names in ((plain, ["one"]), (later, ["one", "two"])):
        assert [one.collection for one in plan.overlaps if one.reason is KIN and one.joins] == names


def test_nobody_says_from_outside_that_a_collection_is_of_an_export(today: World) -> None:
    choice = FileChoice(path=today.table("theirs.csv", seed=99), name="theirs", people={"nights": "kin"})
    with today.vault() as vault, pytest.raises(Invalid, match="kin is none of same, other"):
        vault.plan_import(choice)
