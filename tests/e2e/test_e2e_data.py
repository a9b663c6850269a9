"""An owner's records through the façade and the commands: what was looked at is imported, what was erased is gone."""

from __future__ import annotations

import json
import os
from base64 import urlsafe_b64decode
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.worlds.commands import assert_refused, run, secrets_of
from tests.worlds.importing import import_file
from tests.worlds.world import World
from vault.errors.families import Invalid
from vault.errors.records import FileChanged, FileMissing, PlanUnknown, UnknownCollection, Unreadable
from vault.importers import read
from vault.store.tables import Disclosure
from vault.views.records import FileChoice, RowFilter

MARKER = "marker-7f3a"


def nights(world: World, **wishes: object) -> FileChoice:
    """The usual table, to be imported as the usual collection."""
    known: dict[str, object] = {"path": world.folder / "nights.csv", "name": "nights", "unit": "day"}
    return FileChoice(**{**known, "time_field": "day", **wishes})  # type: ignore[arg-type]


# a file looked at is the file imported ------------------------------------------------------------------------


def test_a_file_that_was_looked_at_is_parsed_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    parses: list[str] = []
    real = read.parse
    monkeypatch.setattr(
        "vault.importers.planned_reading.parse",
        lambda file, **how: parses.append(file.name) or real(file, **how),
    )
    choice = nights(world, path=world.table())
    with world.vault() as vault:
        seen = vault.plan_import(choice)
        again = vault.plan_import(replace(choice, unit="record"))
        done = vault.import_planned(again.id)

        assert (str(seen.unit), str(again.unit)) == ("day", "record")
        assert (parses, seen.rows, done.rows) == (["nights.csv"], 100, 100)
        assert (seen.collection, seen.rows_before, seen.lifetime_epsilon) == ("nights", None, "8")
        assert vault._plans.get(choice.path) is None


def test_other_choices_or_other_bytes_are_parsed_again(world: World) -> None:
    choice = nights(world, path=world.table())
    with world.vault() as vault:
        first = vault.plan_import(choice)
        second = vault.plan_import(nights(world, types={"steps": "float"}))
        world.table(rows=50)
        third = vault.plan_import(choice)

    assert [one.columns[1].type for one in (first, second)] == ["int", "float"]
    assert (first.digest == second.digest, first.digest == third.digest) == (True, False)
    assert (first.rows, third.rows) == (100, 50)


def test_a_file_that_changed_after_it_was_looked_at_is_not_imported(world: World) -> None:
    choice = nights(world, path=world.table())
    with world.vault() as vault:
        seen = vault.plan_import(choice)
        with choice.path.open("a") as file:
            file.write("2026-01-01,1,1,no\n")
        with pytest.raises(FileChanged, match=r"^nights\.csv is not the file you looked at any more"):
            vault.import_planned(seen.id)

        assert vault.collections() == []
        assert import_file(vault, choice).rows == 101


def test_what_is_sealed_is_what_was_looked_at_and_no_other_plan(world: World) -> None:
    with world.vault() as vault:
        first = vault.plan_import(nights(world, path=world.table()))
        second = vault.plan_import(nights(world, name="others"))
        for plan in (first.id, "", "0" * 32):
            with pytest.raises(PlanUnknown, match="not at hand any more; nothing was stored"):
                vault.import_planned(plan)
        assert vault.collections() == []
        assert vault.import_planned(second.id).collection == "others"
        with pytest.raises(PlanUnknown):
            vault.import_planned(second.id)


def test_two_who_look_at_files_do_not_undo_each_other(world: World) -> None:
    """Such as a command and a screen, over one process that has the vault open."""
    world.table()
    world.table("other.csv", seed=2)
    with world.vault() as vault:
        first = vault.plan_import(nights(world))
        second = vault.plan_import(nights(world, path=world.folder / "other.csv", name="others"))

        assert vault.import_planned(first.id).collection == "nights"
        assert vault.import_planned(second.id).collection == "others"


def test_what_a_collection_is_called_and_costs_is_checked_before_the_file_is_parsed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world.vault() as vault:
        import_file(vault, nights(world, path=world.table()))
        for wishes, reason in (
            ({"name": ""}, "a collection's name is 1 to 80 characters that can be seen"),
            ({"name": "x\u200by"}, "a collection's name is 1 to 80 characters that can be seen"),
            ({"name": "new", "lifetime": "none"}, "a lifetime budget is a number"),
            ({"lifetime": "9"}, "its lifetime privacy budget stays as it is"),
        ):
            monkeypatch.setattr("vault.importers.planned_reading.parse", None)
            choice = nights(world, **wishes)
            with pytest.raises(Invalid, match=reason):
                vault.plan_import(choice)


def test_what_is_no_file_is_called_by_its_name(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(world.folder / "pipe.csv")
    with world.vault() as vault:
        for path, reason in (
            (world.folder, f"^{world.folder.name} cannot be read as csv: it is a folder"),
            (world.folder / "pipe.csv", r"^pipe\.csv cannot be read as csv: it is not a file"),
        ):
            with pytest.raises(Unreadable, match=reason):
                vault.plan_import(nights(world, path=path))
        with pytest.raises(FileMissing):
            vault.plan_import(nights(world, path=world.folder / "not there.csv"))
        world.table()
        monkeypatch.setattr("pathlib.Path.read_bytes", lambda _path: (_ for _ in ()).throw(PermissionError))
        with pytest.raises(Unreadable, match="this user cannot read it"):
            import_file(vault, nights(world))


# looking ------------------------------------------------------------------------------------------------------


def test_every_page_is_recorded_and_never_what_was_searched_for(world: World) -> None:
    with world.vault() as vault:
        world.imported(vault)
        vault.browse("nights", search=MARKER)
        vault.browse("nights", first=50)
        vault.browse("nights", first=5000)
        with pytest.raises(UnknownCollection):
            vault.browse("days")
        with pytest.raises(Invalid):
            vault.browse("nights", limit=501)
        kinds = [line.type for line in vault.audit_lines()]
        with vault._opened.read() as uow:
            hidden = "".join(urlsafe_b64decode(f"{row.d}==").decode() for row in uow.find(Disclosure))

    assert kinds == ["log.genesis", "record.import", "access.view", "access.view", "access.view"]
    assert MARKER not in hidden
    for which in ("rows with a text, 1 to 100", "rows, 51 to 100", "no row, as there are 100"):
        assert which in hidden


# commands -----------------------------------------------------------------------------------------------------


def test_rows_are_browsed_and_searched_by_command(today: World) -> None:
    paths = today.paths
    page = run(paths, "data", "browse", "nights", "--first", "2", "--limit", "3")
    found = run(paths, "data", "search", "nights", "TRUE", "--limit", "1", "--json")
    none = run(paths, "data", "browse", "nights", "--search", "nowhere")

    assert [line.split()[0] for line in page.out.splitlines()[1:]] == ["3", "4", "5"]
    assert "3 to 5 of 100 rows; the next: --first 5" in page.err
    shown = json.loads(found.out)
    assert (shown["v"], shown["collection"], len(shown["rows"]), shown["total"]) == (1, "nights", 1, 100)
    assert 1 < shown["matches"] < 100
    assert (none.out, none.code) == ("", 0)
    assert "nights has 0 rows with “nowhere”, of 100." in none.err


def test_an_empty_text_finds_every_row_from_a_day_on(today: World) -> None:
    found = run(today.paths, "data", "search", "", "--since", "2026-01-01", "--json")
    one = run(today.paths, "data", "search", "nights", "", "--json")

    assert (found.code, one.code) == (0, 0), found.err + one.err
    assert [json.loads(line)["collection"] for line in found.out.splitlines()] == ["nights"]
    assert json.loads(one.out)["matches"] == 100


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["data", "search", ""], "an empty text fits every row"),
        (["data", "search", " ", "x"], "an empty text fits every row"),
        (["data", "browse", "nights", "--limit", "501"], "a page has 1 to 500 rows"),
        (["data", "browse", "nights", "--limit", "0"], "a page has 1 to 500 rows"),
        (["data", "browse", "nights", "--first=-1"], "-1 is not a whole number from 0 on, such as 5000"),
        (["data", "search", "nights", "x" * 10_000], "at most 200 printable characters"),
        (["data", "search", "nights", "\x1b[2J"], "at most 200 printable characters"),
        (["data", "browse", "\x1b[31mdays"], "there is no collection"),
        (["data", "erase", "days", "--confirm", "days"], "there is no collection days"),
        (["data", "erase", "nights"], "--confirm NAME"),
        (["import", "."], "holds no file that ends with"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(today: World, words: list[str], says: str) -> None:
    assert_refused(run(today.paths, *words), 1, says, secrets_of(today))


def test_importing_says_what_the_classes_of_its_columns_mean(today: World) -> None:
    table = today.folder / "people.csv"
    table.write_text("mail,salary,note\na@example.org,1,x\n")
    shown = run(today.paths, "import", table, "--dry-run")
    listed = run(today.paths, "data", "list")

    for said in (shown.err, listed.err):
        assert "sensitive: " in said
        assert "ordinary: " not in said
    assert shown.err.count("identifying: ") == 1


def test_an_export_says_what_a_spreadsheet_would_run(today: World) -> None:
    path = today.folder / "odd.csv"
    path.write_text('note,n\n"=HYPERLINK(""http://x"")",1\nplain,2\n')
    run(today.paths, "import", path, "--collection", "odd")
    plain = run(today.paths, "data", "export", "odd", today.folder / "plain.csv")
    safe = run(today.paths, "data", "export", "odd", today.folder / "safe.csv", "--safe-for-spreadsheets")

    assert "1 text that would be read as a formula by a spreadsheet" in " ".join(plain.err.split())
    assert "--safe-for-spreadsheets" in plain.err
    assert "\n\"'=HYPERLINK" in (today.folder / "safe.csv").read_text().replace("\r", "")
    assert "an apostrophe or a mark stands there now" in " ".join(safe.err.split())


# searching all of them ----------------------------------------------------------------------------------------


def test_every_collection_is_searched_and_recorded_and_the_text_is_not(today: World) -> None:
    notes = today.folder / "notes.csv"
    notes.write_text(f"at,note\n2026-01-02,a {MARKER} b\n2026-01-03,nothing\n")
    with today.vault() as vault:
        import_file(vault, FileChoice(path=notes, name="notes"))
        plain = today.folder / "plain.csv"
        plain.write_text(f"word\n{MARKER}\n{MARKER}\n")
        import_file(vault, FileChoice(path=plain, name="plain"))
        before = len(vault.audit_lines())
        found = vault.search_all(RowFilter(text=MARKER.upper()), limit=1)
        looks = [line.sentence for line in vault.audit_lines()[before:]]
        timed = vault.search_all(RowFilter(text=MARKER, since=datetime(2026, 1, 1, tzinfo=UTC)))
        with pytest.raises(Invalid, match="a search is for a text"):
            vault.search_all(RowFilter())
        with vault._opened.read() as uow:
            hidden = "".join(urlsafe_b64decode(f"{row.d}==").decode() for row in uow.find(Disclosure))
    said = run(today.paths, "data", "search", MARKER)
    none = run(today.paths, "data", "search", MARKER, "--since", "2026-01-03")

    assert [(page.collection, page.matches, page.row_numbers) for page in found] == [
        ("notes", 1, (1,)),
        ("plain", 2, (1,)),
    ]
    assert looks == [
        f"You looked at {name} (rows with a text, 1 to 1)." for name in ("nights", "notes", "plain")
    ]
    assert [page.collection for page in timed] == ["notes"]
    assert MARKER not in hidden.lower()
    assert said.out.splitlines()[0] == "notes:"
    assert f"1 to 2 of 2 rows with “{MARKER}”, of 2" in said.err
    assert (none.code, none.out, none.err) == (0, "", "No row of any collection fits.\n")


# pictures -----------------------------------------------------------------------------------------------------


def test_a_page_with_pictures_is_an_export_on_the_trail_and_places_stay_on_the_screen(today: World) -> None:
    path, page = today.folder / "ways.csv", today.folder / "page.html"
    path.write_text("latitude,longitude,pulse\n" + "".join(f"52.53,13.38,{60 + row}\n" for row in range(9)))
    with today.vault() as vault:
        import_file(vault, FileChoice(path=path, name="ways"))
    as_json = run(today.paths, "data", "show", "ways", "--json")
    done = run(today.paths, "data", "show", "ways", "--html", page)

    assert [json.loads(line)["is_place"] for line in as_json.out.splitlines()] == [True, True, False]
    assert "52.53" not in as_json.out
    assert "13.38" not in as_json.out
    assert (done.code, done.out) == (0, "")
    said = " ".join(done.err.split())
    assert f"1 column of 9 rows drawn in {page}, readable by anyone who gets that file." in said
    assert "so these are not drawn: latitude, longitude." in said
    assert "60 to" in page.read_text()
    assert "52.53" not in page.read_text()
    with today.vault() as vault:
        assert vault.audit_lines()[-1].sentence == "You exported records of ways to page.html."
