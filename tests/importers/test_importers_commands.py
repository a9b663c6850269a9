"""What `lockbox import` says and stores, and how it ends: a look says the same as the import would."""

from __future__ import annotations

import json

import pytest

from tests.worlds.commands import assert_refused, run, secrets_of
from tests.worlds.world import World

BAD = "n,x\n1,a\nb,c\n3,d\n"


def names(world: World) -> list[str]:
    return [json.loads(line)["name"] for line in run(world.paths, "data", "list", "--json").out.splitlines()]


@pytest.mark.parametrize("look", [(), ("--dry-run",)])
def test_nothing_is_stored_where_a_row_is_refused(today: World, look: tuple[str, ...]) -> None:
    path = today.folder / "odd.csv"
    path.write_text(BAD, encoding="utf-8")
    outcome = run(today.paths, "import", path, "--type", "n=int", *look)

    says = "1 of the rows of odd.csv cannot be imported, so nothing was stored; the first is line 3: n: not a whole"
    assert_refused(outcome, 1, says, secrets_of(today))
    assert names(today) == ["nights"]


def test_the_loss_of_rows_can_be_accepted_and_json_is_one_object(today: World) -> None:
    path = today.folder / "odd.csv"
    path.write_text(BAD, encoding="utf-8")
    outcome = run(today.paths, "import", path, "--type", "n=int", "--allow-refused", "--json")
    report = json.loads(outcome.out)

    assert (outcome.code, report["rows"], [row["line"] for row in report["refused"]]) == (0, 2, [3])
    assert names(today) == ["nights", "odd"]


def test_a_file_that_is_there_already_raises_no_other_question(today: World) -> None:
    outcome = run(today.paths, "import", today.folder / "nights.csv", "--collection", "again", "--dry-run")

    assert_refused(outcome, 4, "this very file was already imported on", secrets_of(today))
    assert (outcome.out, "Note" in outcome.err) == ("", False)


def test_the_same_people_under_another_unit_are_refused_in_the_look_with_the_way_out(today: World) -> None:
    people = today.folder / "people.csv"
    rows = [(f"p{number:03}", number % 60 + 20, number * 7 % 101) for number in range(120)]
    people.write_text("patient_id,age,score\n" + "".join(f"{a},{b},{c}\n" for a, b, c in rows))
    assert run(today.paths, "import", people, "--unit", "patient_id").code == 0
    again = today.folder / "again.csv"
    again.write_text("patient_id,age,score\n" + "".join(f"{a},{b},{c}\n" for a, b, c in rows[::-1]))
    outcome = run(today.paths, "import", again, "--dry-run")

    assert_refused(
        outcome, 4, "people holds the same people and counts by column:patient_id", secrets_of(today)
    )
    said = " ".join(outcome.err.split())
    assert "As its unit: --unit patient_id." in said
    assert "They make the collection" not in said
    assert run(today.paths, "import", again, "--dry-run", "--unit", "patient_id").code == 0


@pytest.mark.slow
def test_two_words_of_one_column_are_refused(today: World) -> None:
    path = today.folder / "odd.csv"
    path.write_text("a,é\n2,3\n", encoding="utf-8")
    for words, says in (
        (("--rename", "a=x", "--rename", "a=y"), "two words are said of the column a"),
        (("--type", "é=int", "--type", "e\u0301=text"), "one column is named twice"),
    ):
        assert_refused(run(today.paths, "import", path, "--dry-run", *words), 1, says, secrets_of(today))


@pytest.mark.slow
def test_names_are_one_however_they_are_typed(today: World) -> None:
    path = today.folder / "e\u0301te\u0301.csv"
    path.write_text("who,é\n1,2\n1,3\n", encoding="utf-8")
    shown = run(
        today.paths, "import", path, "--rename", "who=pe\u0301", "--unit", " pe\u0301 ", "--dry-run", "--json"
    )
    plan = json.loads(shown.out)

    assert (plan["collection"], plan["unit"]["field"], plan["units"]) == ("été", "pé", 1)
