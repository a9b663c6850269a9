"""What cannot be done is said with what would help, and what is counted is counted in the collection."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.worlds.commands import assert_refused, run, secrets_of
from tests.worlds.world import World

DOUBTFUL = "when,n\n" + "".join(f"{1 + n % 12}/{1 + n % 11}/2026,{n}\n" for n in range(30))
EPOCHS = "ts,n\n" + "".join(f"{1_700_000_000 + n * 86_400},{n}\n" for n in range(30))


def written(world: World, name: str, text: str) -> Path:
    path = world.folder / name
    path.write_text(text)
    return path


def plain(text: str) -> str:
    return " ".join(text.split())


def walks(first: int, count: int) -> str:
    days = [date(2025, 1, 1) + timedelta(days=first + n) for n in range(count)]
    return "day,steps\n" + "".join(f"{day},{first * 1000 + n}\n" for n, day in enumerate(days))


@pytest.mark.parametrize(
    ("text", "words", "says"),
    [
        (DOUBTFUL, ("--unit", "day"), "--date-format when=dmy or when=mdy"),
        (DOUBTFUL, ("--time", "n"), "n is not a column of dates or times; the column when looks like dates"),
        (EPOCHS, ("--unit", "day"), "As times: --date-format ts=epoch"),
        (EPOCHS.replace("ts", "ts; at"), ("--unit", "day"), "As times: --date-format 'ts; at=epoch'"),
        ("a,n\nx,1\ny,2\n", ("--unit", "day"), "dates in a form of their own are said so: --date-format COLUMN=dmy"),
    ],
)  # fmt: skip
def test_days_that_nobody_can_tell_are_refused_with_what_to_say(
    today: World, text: str, words: tuple[str, ...], says: str
) -> None:
    outcome = run(today.paths, "import", written(today, "odd.csv", text), *words, "--dry-run")

    assert_refused(outcome, 1, says, secrets_of(today))


def test_few_units_are_those_of_the_collection_with_the_rows(today: World) -> None:
    assert run(today.paths, "import", written(today, "walks.csv", walks(0, 200))).code == 0
    into = ("--collection", "walks", "--dry-run")
    some = run(today.paths, "import", written(today, "some.csv", walks(100, 150)), *into)
    others = run(today.paths, "import", written(today, "others.csv", walks(200, 150)), *into)

    assert "With these rows walks has only 250 units: an update" in plain(some.err)
    assert (others.code, "only" in others.err) == (0, False), others.err


def test_lists_that_cells_spell_may_become_vectors(today: World) -> None:
    """Also those of which an example shows only the beginning."""
    rows = "".join(f'{n},"{[n / 8] * 60}",{n} {n + 1},{n}\n' for n in range(30))
    path = written(today, "lists.csv", f"n,window,pair,code\n{rows}")
    plan = json.loads(run(today.paths, "import", path, "--dry-run", "--json").out)

    assert {one["name"]: one["vector"] for one in plan["columns"]} == {
        "n": "", "window": "vector(60)", "pair": "vector(2)", "code": "",
    }  # fmt: skip


def test_a_column_that_no_collection_has_is_named(today: World) -> None:
    outcome = run(today.paths, "data", "search", "--column", "nope", "5")

    assert_refused(outcome, 1, "no collection has a column nope", secrets_of(today))


@pytest.mark.parametrize(
    "words",
    [("import", ""), *((pytest.param(one, marks=pytest.mark.slow)) for one in (
        ("import", "x.csv", "--plan", ""), ("data", "export", "nights", ""), ("--vault", "", "status"),
        ("job", "keygen", " "),
    ))],
)  # fmt: skip
def test_an_empty_path_is_no_folder(today: World, words: tuple[str, ...]) -> None:
    assert_refused(run(today.paths, *words), 1, "an empty name is no file or folder", secrets_of(today))


@pytest.mark.parametrize(
    ("card", "code", "says"),
    [
        ("fitbit", 1, "of fitbit there are fitbit/activities, fitbit/sleep, fitbit/body"),
        ("mine", 7, "a part of a known export such as fitbit/sleep; see: lockbox formats"),
    ],
)
def test_a_card_that_is_not_there_names_those_that_are(today: World, card: str, code: int, says: str) -> None:
    outcome = run(today.paths, "job", "new", "--template", "--card", card)

    assert (outcome.code, says in plain(outcome.err)) == (code, True), outcome.err
