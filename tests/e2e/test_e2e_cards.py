"""A data card from the owner's hands into a requester's job, and what it does not tell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.worlds.approving import approve
from tests.worlds.commands import Terminal, run
from tests.worlds.importing import import_file
from tests.worlds.vaults import copy_of
from tests.worlds.world import NAME, World
from vault.requester.jobs import sign_job
from vault.views.records import FileChoice

HEADER = (
    "Activities\nDate,Calories Burned,Steps,Distance,Floors,Minutes Sedentary,Minutes Lightly Active,"
    "Minutes Fairly Active,Minutes Very Active,Activity Calories\n"
)
QUIET = '"2026-01-01","2,100","6,543","4.9","3","800","150","5","0","640"\n'
WILD = '"2026-01-02","9,100","56,543","44.9","250","0","0","N/A","600","7,640"\n'
DIARY = "day,mood,steps,private\n2026-01-01,good,5000,1\n2026-01-02,bad,70,2\n"
JOB = """
retention = "a year"

[requester]
name = "Sleep lab"
contact = "lab@example.org"

[purpose]
dpv = "AcademicResearch"
text = "Do steps tell what is burned?"

[training]
units_guess = 200
"""


def holding(world: World, name: str, text: str) -> None:
    """A collection of this name, made of a file of its own."""
    file = world.folder / f"{name}.csv"
    file.write_text(text)
    with world.vault() as vault:
        import_file(vault, FileChoice(path=file, name=name))


def told(world: World, *words: str) -> dict[str, object]:
    shown = run(world.paths, "data", "card", *words, "--json")
    assert shown.code == 0, shown.err
    found: dict[str, object] = json.loads(shown.out)
    return found


def test_cards_of_two_neighbouring_vaults_are_equal_byte_by_byte(world: World, tmp_path: Path) -> None:
    """One more day, of another life: other lengths, other types where they are guessed, other values."""
    neighbour = copy_of(world, tmp_path / "neighbour")
    for each, more, when, odd in ((world, "", "2026-01-03", "3"), (neighbour, WILD, "unknown", "three")):
        holding(each, "moves", HEADER + QUIET + more)
        holding(each, "diary", DIARY + f"{when},bad,80,{odd}\n")
    choices = (
        ("moves",),
        ("diary", "--column", "steps=int", "--column", "private", "--labels", "mood=good,bad"),
    )
    for words in choices:
        assert told(world, *words)["text"] == told(neighbour, *words)["text"]
    assert {row["name"]: row["type"] for row in _columns(world, "diary")} == {"private": ""}
    with world.vault() as one, neighbour.vault() as other:
        types = [
            next(each for each in vault.collections() if each.name == "diary").fields
            for vault in (one, other)
        ]
    assert types[0] != types[1], "a guessed type differs, and the card does not tell it"
    with world.vault() as one, neighbour.vault() as other:
        units = [
            next(each for each in vault.collections() if each.name == "diary").unit for vault in (one, other)
        ]
    assert units == ["day", "record"], "and so does a guessed unit"
    assert told(world, "diary", "--column", "mood", "--unit", "day")["unit"] == "day"
    assert told(world, "moves")["unit"] == "day"


def _columns(world: World, collection: str) -> list[dict[str, object]]:
    columns = told(world, collection, "--column", "private")["columns"]
    assert isinstance(columns, list)
    return columns


def test_a_plain_table_tells_nothing_that_its_owner_did_not_name(world: World) -> None:
    holding(world, "diary", DIARY)
    before = run(world.paths, "audit", "show").out.count("data card")
    for words, says in (
        ((), "name columns with --column"),
        (("--column", "mood=int"), "mood is text in diary, and not int"),
        (("--column", "nope"), "no field nope"),
        (("--column", "mood", "--unit", "record"), "the unit of diary is day, and not record"),
        (("--to", "nobody"), "no requester nobody"),
        (("--labels", "mood=good"), "of the column mood, labels has fewer than 2 entries"),
    ):
        refused = run(world.paths, "data", "card", "diary", *words)
        assert (refused.code, says in " ".join(refused.err.split())) == (1, True), refused.err
    assert run(world.paths, "data", "card", "diary", "--labels", "mood=").code == 2
    shown = run(world.paths, "data", "card", "diary", "--column", "mood")
    assert "To tell it: --unit record, --unit day or --unit COLUMN" in " ".join(shown.err.split())
    assert ("steps" in shown.out, "private" in shown.out) == (False, False)
    assert run(world.paths, "audit", "show").out.count("data card") == before == 0


@pytest.mark.slow
def test_a_card_becomes_a_job_that_the_vault_takes(known_world: World) -> None:
    """Signed with the vault's key for that requester, written once, and on the record."""
    world = known_world
    holding(world, "moves", HEADER + QUIET + WILD)
    card, job, key = world.folder / "moves.card", world.folder / "asked", world.folder / "vault.pub"
    with world.vault() as vault:
        key.write_text(vault.vault_key(NAME))
    made = run(world.paths, "data", "card", "moves", card, "--to", NAME)
    assert made.code == 0, made.err
    assert run(world.paths, "data", "card", "moves", card, "--to", NAME).code == 1
    trail = " ".join(run(world.paths, "audit", "show").out.split())
    assert f"You exported a data card of moves for {NAME} to moves.card" in trail

    description = world.folder / "JOB.toml"
    description.write_text(JOB)
    words = ("job", "new", description, "--card", card, "--vault-key", key, "--to", job)
    picked = ("--label", "activity_calories", "--features", "steps,floors")
    written = run(world.paths, *words, *picked, secret=None)
    assert written.code == 0, written.err
    assert "the key that you named" in " ".join(written.err.split())
    sign_job(job, world.folder / "lab" / "requester.key")
    with world.vault() as vault:
        request = vault.submit(job).line.id
        assert vault.request(request).misfits == ()
        approve(vault, request, draft=True, special_confirmed=True)


@pytest.mark.slow
def test_a_column_with_a_comma_in_its_name_is_quoted_as_in_csv(today: World) -> None:
    path, card, description = (today.folder / name for name in ("diary.csv", "diary.card", "JOB.toml"))
    rows = (
        f"2026-01-{day:02},{'good' if day % 3 else 'bad'},{'yes' if day % 2 else 'no'}\n"
        for day in range(1, 29)
    )
    path.write_text('day,"note, free",well\n' + "".join(rows))
    description.write_text(JOB)
    asked = ("--to", NAME, "--collection", "diary", "--purpose", "AcademicResearch")
    told = ("--labels", "note, free=good,bad", "--labels", "well=yes,no", "--unit", "day")
    new = ("--card", card, "--to", today.folder / "asked", "--label", "well", "--epsilon", "1")
    for words, code in (
        (("import", path), 0),
        (("consent", "what-if", *asked, "--fields", "note, free"), 1),
        (("consent", "what-if", *asked, "--fields", '"note, free", well'), 0),
        (("data", "card", "diary", card, *told), 0),
        (("job", "new", description, *new, "--features", "note, free"), 1),
        (("job", "new", description, *new, "--features", '"note, free"'), 0),
    ):
        outcome = run(today.paths, *words)
        assert outcome.code == code, (words, outcome.err)


@pytest.mark.slow
def test_on_a_terminal_label_features_and_price_are_asked(today: World) -> None:
    description = today.folder / "JOB.toml"
    description.write_text('collection = "moves"\n' + JOB)
    words = ("job", "new", description, "--card", "fitbit/activities", "--to", today.folder / "asked")
    with Terminal(today.paths, *map(str, words)) as terminal:
        assert "energy burned" in terminal.wait_for("Which of them is to be predicted?")
        for question, answers in (
            ("", (("calory", "The data card has no column calory"), ("calories", ""))),
            ("From which", (("steps, stairs", "has no column stairs"), ("calories", "none of them"))),
            ("From which", (("steps, floors", ""),)),
            ("What may it cost at most", (("cheap", "cheap is not a number"), ("0.5", ""))),
        ):
            terminal.wait_for(question)
            for answer, says in answers:
                terminal.type(answer)
                terminal.wait_for(says)
        assert terminal.end() == 0
    checked = json.loads((today.folder / "asked" / "manifest.json").read_bytes())
    assert [each["name"] for each in checked["fields"]] == ["calories", "steps", "floors"]
