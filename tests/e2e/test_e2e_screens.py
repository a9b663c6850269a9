"""What an owner reads: whole consequences at any width, the same facts as JSON, no sign that steers the terminal."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.sweeps import sweep
from tests.worlds.commands import assert_clean, secrets_of
from tests.worlds.vaults import copy_of
from tests.worlds.world import NAME, PASSPHRASE, World
from tui.cli import entry_point

HOSTILE = "[bold red]Sleep[/]"

MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What one command wrote."""

    code: int
    out: str
    err: str


Screen = Callable[..., Shown]


@pytest.fixture(scope="module")
def looked_at(today_template: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A vault that these tests only look at."""
    return copy_of(today_template, tmp_path_factory.mktemp("looked") / "copy")


@pytest.fixture(scope="module")
def secrets(looked_at: World) -> list[str]:
    """What must not be seen of it."""
    return secrets_of(looked_at)


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Screen:
    """Run a command line in this process: quicker, and the same code but for its start."""
    monkeypatch.setattr("vault.vault.harden_process", lambda: True)
    monkeypatch.setattr("vault.client.attach.harden_process", lambda: True)

    def run(world: World, *words: str | Path, columns: int = 80) -> Shown:
        monkeypatch.setenv("LOCKBOX_VAULT", str(world.paths.vault))
        monkeypatch.setenv("LOCKBOX_STATE", str(world.paths.state))
        monkeypatch.setenv("COLUMNS", str(columns))
        ours, theirs = os.pipe()
        os.write(theirs, PASSPHRASE.encode())
        os.close(theirs)
        capsys.readouterr()
        try:
            code = entry_point.run(["--passphrase-fd", str(ours), *map(str, words)])
        finally:
            os.close(ours)
        seen = capsys.readouterr()
        return Shown(code=code, out=seen.out, err=seen.err)

    return run


def ids(world: World) -> dict[str, str]:
    """The ids of the request that waits, of the held update and of its consent."""
    with world.vault(writable=False) as vault:
        return {
            "REQUEST": next(line.id for line in vault.requests() if line.state == "waiting"),
            "RELEASE": vault.releases()[0].id,
            "CONSENT": vault.grants()[0].id,
            "JOB": str(world.folder / "job"),
            "TABLE": str(world.table("other.csv", seed=9)),
            "NAME": NAME,
        }


COULD = "--collection nights --fields good,coffee --purpose AcademicResearch"
READING = [
    # those with the most to say, which are looked at by default
    *(
        "request show REQUEST",
        "release show RELEASE",
        "consent show CONSENT",
        "data show nights",
        "audit show",
    ),
    *("status", "doctor", "paths", "budget", "data list"),
    *("requester list", "requester vault-key NAME"),
    *("consent list", "consent explain JOB", "consent receipt CONSENT"),
    *("consent explain REQUEST", f"consent what-if --to NAME {COULD}"),
    *("request list", "release list", "audit verify", "audit key"),
    *("job check JOB", "import TABLE --collection other --dry-run"),
]
WHOLE = {"requester vault-key NAME", "audit key", "consent receipt CONSENT"}  # keys and JSON are never broken
DRY = ["request approve REQUEST --dry-run", "request approve REQUEST --dry-run --draft-grant"]


def filled(world: World, command: str) -> list[str]:
    known = ids(world)
    return [known.get(word, word) for word in command.split()]


@pytest.mark.parametrize("command", sweep(READING, default=5))
def test_every_reading_command_gives_its_facts_as_json(
    looked_at: World, screen: Screen, command: str
) -> None:
    seen = screen(looked_at, *filled(looked_at, command), "--json")
    assert seen.code == 0
    lines = seen.out.splitlines()
    assert lines
    assert all(json.loads(line)["v"] == 1 for line in lines)


@pytest.mark.parametrize("command", sweep([DRY[1], *READING, DRY[0]], default=6))
def test_every_screen_fits_a_narrow_terminal_loses_no_word_there_and_shows_no_secret(
    looked_at: World, screen: Screen, secrets: list[str], command: str
) -> None:
    words, narrow = filled(looked_at, command), 60
    wide = screen(looked_at, *words, columns=80)
    seen = screen(looked_at, *words, columns=narrow)
    assert (wide.code, seen.code) == (0, 0)
    assert_clean(wide.out + wide.err + seen.out + seen.err, secrets)
    if command not in WHOLE:
        lines = [line for line in (seen.out + seen.err).splitlines() if not line.startswith("  lockbox ")]
        assert [line for line in lines if cell_len(line) > narrow and " " in line.strip()] == []
    if command != "data show nights":  # its plots are drawn to the width
        unbroken = "".join(seen.out.split())
        # a time of now is another second on the second screen
        words_of_wide = [word for word in wide.out.split() if not MOMENT.fullmatch(word.rstrip(",."))]
        assert [word for word in words_of_wide if word not in unbroken] == []


def joined(text: str) -> str:
    """The text as if no line had been broken."""
    return " ".join(text.split())


def test_a_request_shows_who_asks_what_for_what_it_costs_and_what_consents_say(
    looked_at: World, screen: Screen
) -> None:
    seen = joined(screen(looked_at, "request", "show", ids(looked_at)["REQUEST"], columns=60).out)
    for said in (
        "Sleep lab (key ",
        ", not verified)",
        "academic research: “Do steps tell the night?”",
        "“deleted when the study ends”",
        "What stands in quotes is their word",
        "Habits over many days are not hidden.",
        "whether or not you release the result",
        "What your consents say now: refused",
        "coffee (optional feature): not allowed",
        "The smallest change that would turn it: ",
    ):
        assert said in seen


def test_a_dry_run_of_an_approval_says_what_it_would_write_and_changes_nothing(
    today: World, screen: Screen
) -> None:
    before = screen(today, "audit", "show").out
    seen = screen(today, "request", "approve", ids(today)["REQUEST"], "--draft-grant", "--dry-run")
    assert "Approving writes this consent:" in seen.out
    assert "■■□ allowed 2 of 3" in joined(seen.out)
    assert "good, steps (sensitive), and each row's unit and each row's time" in seen.out
    assert "withheld  coffee" in seen.out
    assert "Nothing was changed (dry run)." in seen.err
    assert before == screen(today, "audit", "show").out


def test_a_dry_run_without_a_draft_says_that_approving_would_be_refused(
    looked_at: World, screen: Screen
) -> None:
    seen = screen(looked_at, "request", "approve", ids(looked_at)["REQUEST"], "--dry-run")
    assert "Approving it would be refused; with --draft-grant it writes the consent it needs" in joined(
        seen.out
    )


def test_also_widens_the_drafted_consent_and_nothing_else(today: World, screen: Screen) -> None:
    request = ids(today)["REQUEST"]
    seen = screen(today, "request", "approve", request, "--draft-grant", "--also", "coffee", "--dry-run")
    assert "■■■ allowed 3 of 3" in joined(seen.out)
    assert (
        screen(today, "request", "approve", request, "--draft-grant", "--also", "day", "--dry-run").code == 1
    )
    with today.vault() as vault:
        vault.grant(
            requester=NAME, collection="nights", fields=["good", "steps"], purpose="AcademicResearch",
            not_after=today.clock.now.replace(year=today.clock.now.year + 1),
        )  # fmt: skip
    idle = screen(today, "request", "approve", request, "--draft-grant", "--also", "coffee")
    assert (idle.code, "--also would change nothing" in idle.err) == (1, True)


def test_a_request_that_does_not_wait_is_not_shown_as_if_it_could_be_approved(
    looked_at: World, screen: Screen
) -> None:
    held = ids(looked_at)["RELEASE"]
    assert screen(looked_at, "request", "approve", held, "--dry-run").code == 4
    assert "What your consents say now" not in screen(looked_at, "request", "show", held).out


def test_a_held_update_says_that_it_is_paid_and_cannot_be_called_back(
    looked_at: World, screen: Screen
) -> None:
    release = ids(looked_at)["RELEASE"]
    seen = screen(looked_at, "release", "show", release)
    assert "when it runs" not in seen.out
    assert "which is spent whether or not the result leaves" in joined(seen.out)
    assert "What leaves cannot be called back" in seen.out
    assert f"  lockbox release withhold {release[:8]}\n" in seen.out
    assert "We attacked" not in seen.out


def test_a_dry_run_of_an_import_names_the_budget_that_it_would_fix(looked_at: World, screen: Screen) -> None:
    table = looked_at.folder / "again.csv"
    table.write_bytes((looked_at.folder / "nights.csv").read_bytes() + b"\n")
    new = screen(looked_at, "import", table, "--collection", "new", "--lifetime", "2.50", "--dry-run")
    assert "One lifetime budget with nights, for good: ε 2.5 for all of them" in joined(new.err)
    assert "nights falls from ε 8 to ε 2.5, for good." in joined(new.err)
    for lifetime in ("much", "0", "-1", "1e999999"):
        wrong = screen(looked_at, "import", table, "--collection", "new", "--lifetime", lifetime, "--dry-run")
        assert wrong.code == 1
    more = screen(looked_at, "import", table, "--collection", "nights", "--dry-run")
    assert "behind the 100 rows that nights has already" in joined(more.err)
    other = screen(looked_at, "import", table, "--collection", "nights", "--lifetime", "2", "--dry-run")
    assert (other.code, "stays as it is" in other.err) == (1, True)


@pytest.mark.parametrize("command", sweep(["release show", "request show", "consent receipt"]))
def test_too_few_letters_of_an_id_are_said_to_be_too_few(
    looked_at: World, screen: Screen, command: str
) -> None:
    seen = screen(looked_at, *command.split(), "25")
    assert seen.code == 1
    assert "25 is too short for an id: at least its first 4 characters are needed" in joined(seen.err)


def test_a_vector_that_is_not_said_as_one_is_refused_with_its_form(looked_at: World, screen: Screen) -> None:
    for word in ("pixel", "=64"):
        seen = screen(looked_at, "import", looked_at.folder / "nights.csv", "--dry-run", "--vector", word)
        assert (seen.code, "a vector is written NAME=N or NAME=FIRST..LAST" in joined(seen.err)) == (1, True)


@pytest.mark.parametrize("epsilon", ["nan", "inf", "-1", "0", "1e999999", "much"])
def test_a_cap_that_caps_nothing_is_refused(looked_at: World, screen: Screen, epsilon: str) -> None:
    seen = screen(
        looked_at, "consent", "grant", "--to", NAME, "--collection", "nights", "--fields", "good",
        "--purpose", "AcademicResearch", "--until", "2100-01-01", "--epsilon", epsilon,
    )  # fmt: skip
    assert (seen.code, f"{epsilon} is not a number above 0" in seen.err) == (1, True)


@pytest.mark.parametrize("words", [["data", "export", "nights"], ["audit", "export"], ["backup"]])
def test_nothing_for_people_is_written_into_the_vault(today: World, screen: Screen, words: list[str]) -> None:
    own = {"keys.lockbox", "keys.copy.lockbox", "vault.db", "vault.db-wal", "vault.db-shm", "writer.lock"}
    seen = screen(today, *words, today.paths.vault / "out.csv")
    assert (seen.code, "it lies inside the vault" in seen.err) == (1, True)
    assert {path.name for path in today.paths.vault.iterdir()} <= own


# words of other people ----------------------------------------------------------------------------------------


def test_markup_in_names_is_shown_and_never_obeyed(today: World, screen: Screen) -> None:
    table = today.folder / "[link=x]table.csv"
    table.write_text("day,[bold]steps[/],note\n2026-01-01,1,[red]a[/red]\n2026-01-02,2,[red]a[/red]\n")
    keys = screen(today, "job", "keygen", today.folder / "other").out.strip()
    assert screen(today, "requester", "add", HOSTILE, keys, "--contact", "[blink]call me").code == 0
    assert screen(today, "import", table).code == 0
    for words, text in (
        (["requester", "list"], HOSTILE),
        (["requester", "list"], "[blink]call me"),
        (["data", "list"], "[bold]steps[/]"),
        (["data", "show", "[link=x]table"], "[red]a[/red]"),
        (["audit", "show"], "[link=x]table.csv"),
    ):
        assert text in joined(screen(today, *words).out)


@pytest.mark.parametrize("hidden", sweep(["\x1b[8m\x07\x9b", "\r\u202e\u200b\u2066"]))
def test_what_cannot_be_seen_never_reaches_the_terminal(today: World, screen: Screen, hidden: str) -> None:
    table = today.folder / f"a{hidden}b.csv"
    table.write_text(f'day,note\n2026-01-01,"x{hidden}y"\n2026-01-02,"x{hidden}y"\n', newline="")
    seen = [screen(today, "import", table, "--collection", "notes")]
    assert seen[0].code == 0
    seen += [
        screen(today, *words)
        for words in (
            ["data", "show", "notes"],
            ["data", "show", "notes", "--json"],
            ["audit", "show"],
            ["audit", "show", "--json"],
            ["import", table, "--collection", f"c{hidden}d"],
            ["requester", "add", f"N{hidden}", today.folder / "lab" / "requester.pub"],
            ["requester", "block", f"N{hidden}"],
            ["data", "show", f"n{hidden}"],
            ["request", "show", f"r{hidden}"],
            ["import", today.folder / f"no{hidden}.csv"],
        )
    ]
    for one in seen:
        assert_clean(one.out + one.err, [])


def test_columns_with_names_that_cannot_be_seen_are_not_imported(today: World, screen: Screen) -> None:
    table = today.folder / "columns.csv"
    table.write_text("day,no\u202ete\n2026-01-01,x\n")
    seen = screen(today, "import", table)
    assert (seen.code, "the name of column 2" in seen.err) == (1, True)
    assert_clean(seen.err, [])


@pytest.mark.parametrize("columns", [60, 80])
def test_consents_are_one_table_at_any_usual_width(looked_at: World, screen: Screen, columns: int) -> None:
    """Not a block of facts for each: the states stand below one another."""
    with looked_at.vault(writable=False) as vault:
        found = vault.grants()
    first, *lines = screen(looked_at, "consent", "list", columns=columns).out.splitlines()
    assert first.split() == ["id", "requester", "may", "read", "for", "state", "(UTC)"]
    assert [one.id[:8] for one in found] == [line.split()[0] for line in lines if not line.startswith(" ")]
    told = "".join("".join(lines).split())
    assert all(one.state.split()[0] in told for one in found)
