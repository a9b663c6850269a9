"""Any part of the vault's folder put back as it was: nothing that decides becomes older without a word."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.sweeps import sweep
from tests.worlds.commands import run
from tests.worlds.older_parts import Moment, Past, pages_of, past_of
from tests.worlds.world import NAME, PASSPHRASE, World
from vault.sealing.copies import FILE_NAMES
from vault.sealing.slots import TEST_COST
from vault.vault import Vault, passphrase_secret

MOMENTS = range(5)
SETS = 200


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    """A vault with a past."""
    return past_of(tmp_path_factory.mktemp("past"))


def said_of(past: Past, moment: Moment, numbers: list[int]) -> dict[str, list[int]]:
    """What the vault is taken for with each of these pages put back alone."""
    found: dict[str, list[int]] = {}
    for number in numbers:
        past.put_back({number: moment.pages[number]})
        found.setdefault(past.verdict(), []).append(number)
    return found


def test_nothing_put_back_is_the_newest_vault(past: Past) -> None:
    past.put_back({})
    assert past.verdict() == "newest"
    assert [len(past.differing(moment)) > 5 for moment in past.moments] == [True] * 5


def some_of(past: Past, differing: list[int]) -> list[int]:
    """Every ninth page, and those of the tables that say what is allowed and paid, which fit on few."""
    past.put_back({})
    deciding = {page for table in ("grant", "charge", "request") for page in pages_of(past.world, table)}
    return sorted({*differing[::9], *deciding.intersection(differing)})


@pytest.mark.parametrize("number", sweep(["some", "all"]))
def test_a_page_put_back_alone_is_noticed(past: Past, number: str) -> None:
    moment = past.moments[3]
    differing = past.differing(moment)
    found = said_of(past, moment, some_of(past, differing) if number == "some" else differing)
    assert "silently older" not in found, found
    assert found["older"]


@pytest.mark.audit
@pytest.mark.parametrize("number", MOMENTS)
def test_every_page_of_every_moment_put_back_alone_is_noticed(past: Past, number: int) -> None:
    moment = past.moments[number]
    found = said_of(past, moment, past.differing(moment))
    assert "silently older" not in found, found


@pytest.mark.parametrize("how_many", [4, pytest.param(20, marks=pytest.mark.slow)])
def test_sets_of_pages_put_back_are_noticed(past: Past, how_many: int) -> None:
    for number, moment in enumerate(past.moments):
        for pages in past.random_sets(moment, how_many // 4, seed=number):
            past.put_back(pages)
            assert past.verdict() != "silently older", (number, sorted(pages))


@pytest.mark.audit
@pytest.mark.parametrize("number", MOMENTS)
def test_two_hundred_random_sets_of_each_moment_are_noticed(past: Past, number: int) -> None:
    for pages in past.random_sets(past.moments[number], SETS, seed=number):
        past.put_back(pages)
        for writable in (False, True):
            assert past.verdict(writable=writable) != "silently older", sorted(pages)


@pytest.mark.parametrize("number", sweep([3, 0, 1, 2, 4]))
def test_the_whole_database_of_a_moment_is_noticed_with_its_header_and_without(
    past: Past, number: int
) -> None:
    moment = past.moments[number]
    for headers in (None, moment.headers):
        past.put_back({}, headers)
        (past.world.paths.vault / "vault.db").write_bytes(b"".join(moment.pages))
        assert past.verdict() == "older"


READING = (
    ("status",), ("consent", "list"), ("request", "list"), ("requester", "list"), ("release", "list"), ("budget",),
    ("budget", "--history"), ("data", "list"), ("data", "show", "nights"), ("audit", "show"), ("audit", "verify"),
)  # fmt: skip


@pytest.mark.parametrize(
    "table", sweep(["requester", "grant", "request", "collection", "charge", "field", "held"])
)
def test_rows_that_contradict_each_other_are_damage_and_no_mistake_of_the_program(
    past: Past, table: str
) -> None:
    """Before anybody had asked: whoever stands in consents, requests and charges is then not there."""
    past.put_back({})
    numbers = pages_of(past.world, table)
    past.put_back({number: past.moments[0].pages[number] for number in numbers})
    said = {words: run(past.world.paths, *words) for words in READING}
    assert {words: found.code for words, found in said.items() if found.code not in (0, 6)} == {}
    assert not [words for words, found in said.items() if "mistake" in found.all]
    assert table != "requester" or said["consent", "list"].code == 6


def flat(text: str) -> str:
    """What was said, without the ends of its lines."""
    return " ".join(text.split())


# files --------------------------------------------------------------------------------------------------------

NEW = "another horse battery staple"


@pytest.fixture
def renewed(today: World) -> dict[str, bytes]:
    """The key header of before a change of the passphrase, which was then made."""
    before = {name: (today.paths.vault / name).read_bytes() for name in FILE_NAMES}
    Vault.change_passphrase(
        today.paths, passphrase_secret(PASSPHRASE), passphrase_secret(NEW), cost=TEST_COST
    )
    return before


def test_a_key_header_put_back_lets_an_old_passphrase_only_look(
    today: World, renewed: dict[str, bytes]
) -> None:
    for name, data in renewed.items():
        (today.paths.vault / name).write_bytes(data)
    looked = run(today.paths, "status")
    assert looked.code == 0
    assert "read-only: its key header is not the one it was last given, so an earlier" in flat(looked.err)
    assert run(today.paths, "requester", "block", NAME).code == 6
    assert run(today.paths, "requester", "list", "--json").out.count('"blocked"') == 0


@pytest.mark.parametrize("name", sweep(FILE_NAMES))
def test_one_copy_of_the_key_header_put_back_is_not_believed(
    today: World, renewed: dict[str, bytes], name: str
) -> None:
    (today.paths.vault / name).write_bytes(renewed[name])
    assert run(today.paths, "status").code == 3, "the old passphrase opens nothing"
    found = run(today.paths, "status", secret=NEW)
    assert (found.code, "read-only" in found.err) == (0, False)
    assert "the key header is bad in one copy (the two copies differ)" in flat(found.err)
    assert run(today.paths, "requester", "block", NAME, secret=NEW).code == 0
    assert (today.paths.vault / name).read_bytes() != renewed[name]


@pytest.mark.parametrize("name", sweep(FILE_NAMES))
def test_a_bad_copy_of_the_key_header_is_said_put_right_and_recorded(today: World, name: str) -> None:
    file = today.paths.vault / name
    good = file.read_bytes()
    file.write_bytes(good.replace(b"1", b"2", 1))
    looked = run(today.paths, "status")
    assert f"warning: the key header is bad in one copy ({name} does not fit its check)" in flat(looked.err)
    acted = run(today.paths, "requester", "block", NAME)
    assert "and was put right from the other one" in flat(acted.err)
    assert file.read_bytes() == good
    assert "the key header" in run(today.paths, "audit", "show").out
    assert "warning" not in run(today.paths, "status").err


MISSING = {
    "no database": ("vault.db", None, "its database vault.db is missing"),
    "empty headers": ("keys", b"", "its key header (keys.lockbox and keys.copy.lockbox) is empty"),
    "an empty database": ("vault.db", b"", "its database vault.db is empty"),
    "a folder for a database": ("vault.db", "folder", "its database vault.db is no file"),
    "no header": ("keys", None, "its key header (keys.lockbox and keys.copy.lockbox) is missing"),
}


@pytest.mark.parametrize("case", sweep(MISSING, default=2))
def test_a_vault_that_lacks_a_part_says_which_and_no_other_is_made_there(today: World, case: str) -> None:
    name, instead, reason = MISSING[case]
    for file in [today.paths.vault / each for each in (FILE_NAMES if name == "keys" else [name])]:
        _replace(file, instead)
    for command in (("status",), ("init",), ("requester", "list")):
        found = run(today.paths, *command)
        assert found.code == 6, found.err
        assert f"the vault at {today.paths.vault} is not whole: {reason}" in flat(found.err)
        assert "put that file back from a backup" in flat(found.err)


def _replace(file: Path, instead: bytes | str | None) -> None:
    file.unlink()
    if instead == "folder":
        file.mkdir()
    elif isinstance(instead, bytes):
        file.write_bytes(instead)


def test_what_lies_where_a_vault_would_be_made_is_no_vault(today: World) -> None:
    shutil.rmtree(today.paths.vault)
    today.paths.vault.mkdir(mode=0o700)
    (today.paths.vault / "notes.txt").write_text("mine")
    assert "there is something else at" in run(today.paths, "init").err
    assert run(today.paths, "status").code == 7


def test_a_draft_of_the_mark_that_a_kill_left_goes_with_the_next_command(today: World) -> None:
    (mark,) = today.paths.state.iterdir()
    (today.paths.state / f".{mark.name}.x7k2.new").write_bytes(b"half")
    assert run(today.paths, "requester", "block", NAME).code == 0
    assert list(today.paths.state.iterdir()) == [mark]


def test_a_damaged_mark_lets_one_look_and_is_named(today: World) -> None:
    (mark,) = today.paths.state.iterdir()
    mark.write_text("{}")
    looked = run(today.paths, "status")
    assert (looked.code, f"{mark} is damaged" in flat(looked.err)) == (0, True), looked.err
    acted = run(today.paths, "requester", "block", NAME)
    assert (acted.code, str(mark) in flat(acted.err)) == (6, True), acted.err
