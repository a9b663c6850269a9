"""What a person meets at a terminal: questions, hidden answers, and a way out of each of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.worlds.commands import Terminal, assert_clean, run, secrets_of
from tests.worlds.world import NAME, PASSPHRASE, World
from vault.settings import Paths
from vault.vault import Vault, passphrase_secret

CHOSEN = "a passphrase of my own"
RECOVERY_KEY = re.compile(r"^[0-9A-Z]{5}(?:-[0-9A-Z]{4,5})+$", re.MULTILINE)
MADE = re.compile(r"^ {4}((?:[a-z-]+\s+){7}[a-z-]+)$", re.MULTILINE)  # eight words, which may fill two lines


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """Where a vault is going to be made."""
    return Paths(vault=tmp_path / "vault", state=tmp_path / "state")


@pytest.fixture(scope="session")
def secrets(today_template: World) -> list[str]:
    """What must not be seen of today's vault."""
    return secrets_of(today_template)


def sheet(screen: str) -> str:
    """The recovery key on the sheet."""
    found = RECOVERY_KEY.search(screen)
    assert found is not None, screen
    return found[0]


def opens(paths: Paths, passphrase: str, *, rows: int = 0) -> bool:
    """Whether this passphrase opens the vault, which has so many rows."""
    with Vault.open(paths, passphrase_secret(passphrase), writable=False) as vault:
        return vault.status().rows == rows


# init ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_init_asks_for_a_passphrase_twice_and_for_the_recovery_key_once_more(paths: Paths) -> None:
    with Terminal(paths, "init", is_installed=True) as terminal:
        terminal.wait_for("new passphrase, 12 characters or more (empty: one is made for you): ")
        terminal.type(CHOSEN)
        terminal.wait_for("again: ")
        terminal.type(CHOSEN)
        key = sheet(terminal.wait_for("type it back to be sure it is right: "))
        terminal.type("not the key")
        terminal.wait_for("That is not it; look at the sheet again.")
        terminal.wait_for("type it back")
        terminal.type(key.replace("-", " ").lower())
        terminal.wait_for("Next: lockbox import FILE --dry-run")
        assert terminal.end() == 0
        assert_clean(terminal.screen, [CHOSEN])
    assert opens(paths, CHOSEN)


@pytest.mark.slow
def test_a_recovery_key_that_is_not_typed_back_is_said_to_be_unconfirmed(paths: Paths) -> None:
    with Terminal(paths, "init") as terminal:
        for question in ("new passphrase", "again: "):
            terminal.wait_for(question)
            terminal.type(CHOSEN)
        for _ in range(3):
            terminal.wait_for("type it back to be sure it is right: ")
            terminal.type("no")
        terminal.wait_for("lockbox: error: the vault is made, but the recovery key was not typed back")
        assert terminal.end() == 1
    assert paths.vault.exists()


@pytest.mark.slow
def test_ctrl_c_while_the_recovery_key_is_typed_back_says_that_the_vault_is_made(paths: Paths) -> None:
    with Terminal(paths, "init") as terminal:
        for question in ("new passphrase", "again: "):
            terminal.wait_for(question)
            terminal.type(CHOSEN)
        terminal.wait_for("type it back to be sure it is right: ")
        terminal.press_ctrl_c()
        terminal.wait_for("The vault is made, and the key above is its recovery key.")
        terminal.wait_for("lockbox: error: interrupted")
        assert terminal.end() == 130
    assert opens(paths, CHOSEN)


@pytest.mark.slow
def test_a_weak_passphrase_is_asked_for_again(paths: Paths) -> None:
    with Terminal(paths, "init") as terminal:
        for _ in range(3):
            terminal.wait_for("new passphrase")
            terminal.type("short")
            terminal.wait_for("Too weak: it is shorter than 12 characters.")
        terminal.wait_for("lockbox: error: that input cannot be used: this passphrase is too weak")
        assert terminal.end() == 1
    assert not paths.vault.exists()


def test_two_different_passphrases_make_no_vault(paths: Paths) -> None:
    with Terminal(paths, "init") as terminal:
        terminal.wait_for("new passphrase")
        terminal.type(CHOSEN)
        terminal.wait_for("again: ")
        terminal.type(CHOSEN + "!")
        terminal.wait_for("lockbox: error: that input cannot be used: the two passphrases differ")
        assert terminal.end() == 1
        assert_clean(terminal.screen, [CHOSEN])
    assert not paths.vault.exists()


def test_an_empty_passphrase_is_answered_with_a_made_one_that_has_to_be_typed_back(paths: Paths) -> None:
    with Terminal(paths, "init") as terminal:
        terminal.wait_for("new passphrase")
        terminal.type("")
        offered = MADE.search(terminal.wait_for("type it back: "))
        assert offered is not None
        made = " ".join(offered[1].split())
        terminal.type(made)
        key = sheet(terminal.wait_for("type it back to be sure it is right: "))
        assert terminal.screen.count(offered[1]) == 1
        terminal.type(key)
        assert terminal.end() == 0
    assert opens(paths, made)


def test_an_offered_passphrase_typed_back_wrongly_makes_no_vault(paths: Paths) -> None:
    with Terminal(paths, "init") as terminal:
        terminal.wait_for("new passphrase")
        terminal.type("")
        for _ in range(3):
            terminal.wait_for("type it back: ")
            terminal.type("something else")
            terminal.wait_for("That is not it")
        terminal.wait_for("that is not the passphrase that was")
        assert terminal.end() == 1
    assert not paths.vault.exists()


@pytest.mark.parametrize("question", ["new passphrase", "again: "])
def test_ctrl_c_at_a_question_of_init_leaves_nothing_behind(paths: Paths, question: str) -> None:
    with Terminal(paths, "init") as terminal:
        terminal.wait_for("new passphrase")
        if question != "new passphrase":
            terminal.type(CHOSEN)
            terminal.wait_for(question)
        assert not terminal.echoes
        terminal.press_ctrl_c()
        terminal.wait_for("lockbox: error: interrupted")
        assert terminal.end() == 130
        assert terminal.echoes
        assert_clean(terminal.screen, [CHOSEN])
    assert list(paths.vault.parent.iterdir()) == []


# opening ------------------------------------------------------------------------------------------------------


def test_a_passphrase_is_asked_for_without_showing_it(today: World, secrets: list[str]) -> None:
    with Terminal(today.paths, "status") as terminal:
        terminal.wait_for("passphrase: ")
        terminal.type(PASSPHRASE)
        terminal.wait_for("audit trail")
        assert terminal.end() == 0
        assert_clean(terminal.screen, secrets)


def test_a_wrong_passphrase_is_not_shown_either(today: World, secrets: list[str]) -> None:
    with Terminal(today.paths, "status") as terminal:
        terminal.wait_for("passphrase: ")
        terminal.type("sesame")
        terminal.wait_for("lockbox: error: that passphrase does not open this vault")
        assert terminal.end() == 3
        assert_clean(terminal.screen, [*secrets, "sesame"])


def test_a_question_that_gets_no_answer_ends_as_a_missing_passphrase(today: World) -> None:
    with Terminal(today.paths, "status") as terminal:
        terminal.wait_for("passphrase: ")
        terminal.press_ctrl_d()
        terminal.wait_for("lockbox: error: no passphrase was given")
        assert terminal.end() == 3


def test_a_terminal_is_no_descriptor_to_read_a_passphrase_from(today: World) -> None:
    """It would show what is typed."""
    with Terminal(today.paths, "--passphrase-fd", "0", "status") as terminal:
        terminal.wait_for("lockbox: error: that input cannot be used: descriptor 0 is a terminal")
        assert terminal.end() == 1


def test_the_recovery_key_sets_a_new_passphrase_without_being_shown(today: World, secrets: list[str]) -> None:
    with Terminal(today.paths, "recover") as terminal:
        terminal.wait_for("recovery key: ")
        terminal.type(today.recovery_key)
        for question in ("new passphrase", "again: "):
            terminal.wait_for(question)
            terminal.type(CHOSEN)
        terminal.wait_for("The new passphrase is in force")
        assert terminal.end() == 0
        assert_clean(terminal.screen, [*secrets, CHOSEN])
    with today.vault(writable=False, passphrase=CHOSEN) as vault:
        assert vault.status().rows == 100


def test_a_descriptor_gives_what_opens_the_vault_and_the_new_passphrase(today: World) -> None:
    one_line = run(today.paths, "passphrase", "change", secret=PASSPHRASE)
    assert (one_line.code, "the current passphrase, then the new" in " ".join(one_line.err.split())) == (
        1,
        True,
    )
    three = run(today.paths, "passphrase", "change", secret=f"{PASSPHRASE}\n{CHOSEN}\n{CHOSEN}")
    assert (three.code, "gives more than 2 lines" in " ".join(three.err.split())) == (1, True)
    weak = run(today.paths, "passphrase", "change", secret=f"{PASSPHRASE}\nshort")
    assert (weak.code, "too weak" in weak.err) == (1, True)
    same = run(today.paths, "passphrase", "change", secret=f"{PASSPHRASE}\n{PASSPHRASE}")
    assert (same.code, "passphrase that the vault has already" in " ".join(same.err.split())) == (1, True)
    by_key = run(today.paths, "--recovery-key", "passphrase", "change", secret=today.recovery_key)
    assert (by_key.code, "is set by: lockbox recover" in " ".join(by_key.err.split())) == (2, True)
    assert run(today.paths, "passphrase", "change", secret=f"{PASSPHRASE}\n{CHOSEN}").code == 0
    assert opens(today.paths, CHOSEN, rows=100)
    assert run(today.paths, "recover", secret=f"{today.recovery_key}\n{PASSPHRASE}").code == 0
    assert opens(today.paths, PASSPHRASE, rows=100)


# importing ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "code", "says", "rows"),
    [
        ("y", 0, "10 rows sealed into more; 0 refused.", 110),
        ("", 4, "lockbox: error: you said no; nothing was changed", 100),
        ("\x03", 130, "lockbox: error: interrupted", 100),
    ],
)
def test_import_shows_the_rows_and_asks_before_it_seals_them(
    today: World, answer: str, code: int, says: str, rows: int
) -> None:
    table = today.table("more.csv", rows=10, seed=3)
    with Terminal(today.paths, "import", table) as terminal:
        terminal.wait_for("passphrase: ")
        terminal.type(PASSPHRASE)
        preview = terminal.wait_for("Seal these rows into the collection more? [y/N] ")
        assert "10 rows fit, 0 are refused." in preview
        terminal.answer(answer)
        terminal.wait_for(says)
        assert terminal.end() == code
    with today.vault(writable=False) as vault:
        assert rows == vault.status().rows


@pytest.mark.slow
def test_what_is_neither_yes_nor_no_is_asked_again(today: World) -> None:
    table = today.table("more.csv", rows=10, seed=3)
    with Terminal(today.paths, "import", table) as terminal:
        terminal.wait_for("passphrase: ")
        terminal.type(PASSPHRASE)
        terminal.wait_for("Seal these rows into the collection more? [y/N] ")
        terminal.type("9")
        terminal.wait_for("9 is no answer to that")
        terminal.wait_for("Seal these rows into the collection more? [y/N] ")
        terminal.type("y")
        terminal.wait_for("10 rows sealed into more; 0 refused.")
        assert terminal.end() == 0


# approving and running ----------------------------------------------------------------------------------------


def state_of(world: World, request: str) -> str:
    with world.vault(writable=False) as vault:
        return vault.request(request).line.state


def approving(world: World) -> tuple[str, Terminal]:
    """A terminal that asks whether to approve the request that waits."""
    with world.vault(writable=False) as vault:
        request = next(line.id for line in vault.requests() if line.state == "waiting")
    terminal = Terminal(world.paths, "request", "approve", request[:8], "--draft-grant")
    terminal.wait_for("passphrase: ")
    terminal.type(PASSPHRASE)
    shown = terminal.wait_for("Approve this one run? [y/N] ")
    assert f"{NAME} (key " in shown
    assert "whether or not you release the result" in shown
    return request, terminal


def test_nothing_is_approved_without_a_yes(today: World) -> None:
    request, terminal = approving(today)
    with terminal:
        terminal.type("n")
        terminal.wait_for("lockbox: error: you said no; nothing was changed")
        assert terminal.end() == 4
    assert state_of(today, request) == "waiting"


def test_an_approved_request_can_wait_and_ctrl_c_takes_nothing_back(today: World) -> None:
    request, terminal = approving(today)
    with terminal:
        terminal.type("y")
        terminal.wait_for("is approved for one run.")
        terminal.wait_for("The budget is spent from then on. [y/N] ")
        terminal.press_ctrl_c()
        terminal.wait_for("lockbox: error: interrupted")
        assert terminal.end() == 130
    assert state_of(today, request) == "approved"
    with today.vault(writable=False) as vault:
        assert vault.budget()[0].jobs == 1


def test_an_approved_request_is_run_at_once_if_that_is_wanted(today: World, secrets: list[str]) -> None:
    request, terminal = approving(today)
    with terminal:
        terminal.type("y")
        terminal.wait_for("The budget is spent from then on. [y/N] ")
        terminal.type("y")
        terminal.wait_for("The result is held in the vault.")
        assert terminal.end() == 0
        shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\r", "", terminal.screen)
        assert_clean(shown, secrets)
    assert state_of(today, request) == "held"


# pipes --------------------------------------------------------------------------------------------------------


def test_without_a_terminal_nothing_is_asked(today: World) -> None:
    """A pipe gets the way to go on instead of a question that nobody answers."""
    with today.vault(writable=False) as vault:
        request = next(line.id for line in vault.requests() if line.state == "waiting")
    outcome = run(today.paths, "request", "approve", request, "--draft-grant")
    assert outcome.code == 0
    assert f"Run it: lockbox train {request[:8]}" in outcome.err
    assert "?" not in outcome.err
