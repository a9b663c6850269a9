"""Whatever goes wrong, the terminal gets one sentence and an exit code: no traceback, and no secret."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sweeps import sweep, sweep_of_many
from tests.worlds.commands import (
    FILE_LIMIT,
    PYTHON,
    Outcome,
    assert_clean,
    assert_refused,
    run,
    run_installed,
    secrets_of,
)
from tests.worlds.importing import import_file
from tests.worlds.mounts import READ_ONLY, SMALL_DISK
from tests.worlds.world import JOB, NAME, PASSPHRASE, World
from tui.cli import entry_point
from vault.settings import Paths
from vault.store.tables import ChargeRow, HeldRow
from vault.views.records import FileChoice

REVOKED, EXHAUSTED, BROKEN, UNAVAILABLE = 4, 5, 6, 7


@pytest.fixture(scope="session")
def secrets(today_template: World) -> list[str]:
    """What must not be seen of today's vault."""
    return secrets_of(today_template)


def rows_of(world: World) -> int:
    """How many records the vault holds now."""
    with world.vault(writable=False) as vault:
        return vault.status().rows


def flip(path: Path, *, at: int) -> None:
    """Change one bit of a file."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


# what opens the vault ---------------------------------------------------------------------------------------


def test_a_wrong_passphrase_is_named_and_not_shown(today: World, secrets: list[str]) -> None:
    outcome = run(today.paths, "status", secret="sesame, my other one")
    assert_refused(outcome, 3, "that passphrase does not open this vault", [*secrets, "sesame"])


def test_a_mistyped_recovery_key_is_not_shown_again(today: World, secrets: list[str]) -> None:
    last = today.recovery_key[-1]
    mistyped = today.recovery_key[:-1] + ("A" if last != "A" else "B")
    outcome = run(today.paths, "--recovery-key", "status", secret=mistyped)
    assert_refused(outcome, 1, "the recovery key is mistyped", [*secrets, mistyped])


# what is damaged or not there -------------------------------------------------------------------------------


def test_a_damaged_header_is_no_wrong_passphrase(today: World, secrets: list[str]) -> None:
    for name in ("keys.lockbox", "keys.copy.lockbox"):
        flip(today.paths.vault / name, at=40)
    assert_refused(run(today.paths, "status"), BROKEN, "the key header of the vault is damaged", secrets)


@pytest.mark.parametrize("page", [0, -1])
def test_a_damaged_page_of_the_database_is_found(today: World, secrets: list[str], page: int) -> None:
    database = today.paths.vault / "vault.db"
    flip(database, at=100 + (page % (database.stat().st_size // 4096)) * 4096)
    outcome = run(today.paths, "audit", "verify")
    assert_refused(outcome, BROKEN, "the database", secrets)
    assert "recomputed" not in outcome.out


@pytest.mark.parametrize(
    ("missing", "says"),
    [
        (["vault.db"], "is not whole: its database vault.db is missing"),
        (
            ["keys.lockbox", "keys.copy.lockbox"],
            "is not whole: its key header (keys.lockbox and keys.copy.lockbox) is missing",
        ),
    ],
)
def test_a_missing_file_of_the_vault_is_said(
    today: World, secrets: list[str], missing: list[str], says: str
) -> None:
    for name in missing:
        (today.paths.vault / name).unlink()
    assert_refused(run(today.paths, "status"), BROKEN, says, secrets)


def test_a_missing_file_to_import_is_said(today: World, secrets: list[str]) -> None:
    outcome = run(today.paths, "import", "\x1b[31mnot\nhere.csv")
    assert_refused(outcome, UNAVAILABLE, r"there is no file \x1b[31mnot\nhere.csv", secrets)


def test_an_older_copy_of_the_vault_is_read_only_and_its_trail_does_not_verify(
    today: World, secrets: list[str]
) -> None:
    older = today.folder / "older"
    shutil.copytree(today.paths.vault, older)
    with today.vault() as vault:
        vault.trust_requester(NAME)
    shutil.rmtree(today.paths.vault)
    older.rename(today.paths.vault)
    verified = run(today.paths, "audit", "verify")
    assert_refused(verified, BROKEN, "were seen before on this computer", secrets)
    acted = run(today.paths, "requester", "block", NAME)
    assert_refused(acted, UNAVAILABLE, "this vault is an older copy", secrets)


# files of other people --------------------------------------------------------------------------------------


def test_a_table_of_mixed_types_names_the_rows_it_refuses_and_shows_none_of_their_values(
    today: World, secrets: list[str]
) -> None:
    rows = [f"2026-01-{1 + index % 28:02},{index}" for index in range(60)]
    rows[9] = "2026-01-03,[red]my private note\x1b[31m"
    table = today.folder / "mixed.csv"
    table.write_text("day,steps\n" + "\n".join(rows) + "\n")
    words = ("import", table, "--type", "steps=int")
    for more, code, said in (
        ((), 1, "--allow-refused"),
        (("--allow-refused",), 0, "59 rows sealed into mixed;"),
    ):
        outcome = run(today.paths, *words, *more)
        assert (outcome.code, said in outcome.err) == (code, True), outcome.err
        assert "  line 11: " in outcome.err
        assert "private note" not in outcome.all
        assert_clean(outcome.all, secrets)


@pytest.mark.parametrize("content", [b"day,steps\n2026-01-01,\0\n", b""])
def test_a_table_that_is_none_stores_nothing(today: World, secrets: list[str], content: bytes) -> None:
    table = today.folder / "hostile.csv"
    table.write_bytes(content)
    assert_refused(run(today.paths, "import", table), 1, "hostile.csv cannot be read as csv", secrets)


def test_a_manifest_changed_after_signing_is_refused(today: World, secrets: list[str]) -> None:
    job = today.folder / "tampered"
    shutil.copytree(today.folder / "job", job)
    manifest = job / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"steps":5', b'"steps":4'))
    outcome = run(today.paths, "request", "submit", job)
    assert_refused(outcome, BROKEN, "does not carry a valid signature of its requester", secrets)


def waiting(world: World) -> str:
    """The id of the request that waits."""
    with world.vault(writable=False) as vault:
        return next(line.id for line in vault.requests() if line.state == "waiting")


def test_an_expired_consent_allows_nothing(today: World, secrets: list[str]) -> None:
    request = waiting(today)
    outcome = run(today.paths, "request", "approve", request[:8])
    assert_refused(outcome, REVOKED, "no consent covers this", secrets)
    assert "ended on" in outcome.err
    assert "lockbox request approve ID --draft-grant" in " ".join(outcome.err.split())
    assert "Approving it would be refused" in outcome.out
    assert request == waiting(today)


def test_an_exhausted_budget_allows_nothing_either(today: World, secrets: list[str]) -> None:
    request = waiting(today)
    with today.vault() as vault, vault._opened.store.write() as uow:
        row = uow.find(ChargeRow)[0]
        row.vector = json.dumps([100 * spent for spent in json.loads(row.vector)])
        uow.commit()
    outcome = run(today.paths, "request", "approve", request[:8], "--draft-grant")
    assert_refused(outcome, EXHAUSTED, "the privacy budget does not allow this job", secrets)
    assert request == waiting(today)


def test_a_digest_that_is_not_the_held_one_lets_nothing_leave(today: World, secrets: list[str]) -> None:
    with today.vault(writable=False) as vault:
        held = vault.releases()[0]
    wrong = ("0" if held.digest[0] != "0" else "1") + held.digest[1:8]
    to = today.folder / "out"
    outcome = run(today.paths, "release", "send", held.id, "--confirm-digest", wrong, "--to", to)
    assert_refused(outcome, REVOKED, "the digest you confirmed is not that of the held update", secrets)
    assert not to.exists()


def test_a_held_update_that_was_changed_does_not_leave(today: World, secrets: list[str]) -> None:
    with today.vault() as vault:
        held = vault.releases()[0]
        with vault._opened.store.write() as uow:
            row = uow.get(HeldRow, held.id)
            assert row is not None
            assert row.update is not None
            row.update = row.update[:-1] + bytes([row.update[-1] ^ 1])
            uow.commit()
    to = today.folder / "out"
    outcome = run(today.paths, "release", "send", held.id, "--confirm-digest", held.digest[:8], "--to", to)
    assert_refused(outcome, BROKEN, "the held update is not the one that was held", secrets)
    assert not to.exists()


# disks ------------------------------------------------------------------------------------------------------


@pytest.fixture
def read_only(mounting: list[str]) -> Callable[[Path], list[str]]:
    """The start of a command that finds a folder on a read-only disk."""
    return lambda folder: [*mounting, "sh", "-c", READ_ONLY, str(folder)]


@pytest.mark.slow
def test_a_vault_on_a_read_only_disk_can_be_looked_at_and_says_why_no_more(
    today: World, secrets: list[str], read_only: Callable[[Path], list[str]]
) -> None:
    before = read_only(today.paths.vault)
    looked = run_installed(today.paths, "status", before=before)
    assert (looked.code, looked.err) == (0, "")
    acted = run_installed(today.paths, "requester", "block", NAME, before=before)
    assert_refused(acted, UNAVAILABLE, "nothing can be written to", secrets)


@pytest.mark.slow
def test_an_act_whose_reminder_cannot_be_written_is_said_to_be_stored(
    today: World, secrets: list[str], read_only: Callable[[Path], list[str]]
) -> None:
    outcome = run_installed(today.paths, "requester", "block", NAME, before=read_only(today.paths.state))
    assert_refused(outcome, UNAVAILABLE, "what you did is stored and recorded, but the reminder", secrets)
    with today.vault(writable=False) as vault:
        assert vault.requesters()[0].status == "blocked"


def big_table(folder: Path, rows: int) -> Path:
    """A table that is a good deal larger than a vault."""
    table = folder / "big.csv"
    draw = "".join(f"{index},{index * 7919 % 104729},{index * 104729 % 7919}\n" for index in range(rows))
    table.write_text("a,b,c\n" + draw)
    return table


@pytest.mark.slow
def test_a_full_disk_changes_nothing(today: World, secrets: list[str], mounting: list[str]) -> None:
    used = sum(path.stat().st_size for path in today.paths.vault.iterdir())
    disk = today.folder / "disk"
    disk.mkdir()
    table = big_table(today.folder, 30_000)
    # The vault is copied onto a disk with little room beyond it, and looked at before that disk goes away.
    mount = SMALL_DISK.format(size=used + 400_000)
    both = 'lockbox=$0; "$lockbox" "$@"; echo "code $?" >&2; cp -a "$LOCKBOX_VAULT" "$LOCKBOX_STATE/after"'
    outcome = run_installed(
        Paths(vault=disk / "vault", state=today.paths.state),
        "import", table,
        before=[*mounting, "sh", "-c", mount, str(disk), str(today.paths.vault), "sh", "-c", both],
    )  # fmt: skip
    said, _, rest = outcome.err.partition("code ")
    assert rest.strip() == str(UNAVAILABLE)
    assert_refused(
        Outcome(code=7, out=outcome.out, err=said), 7, "the disk is full; nothing was changed", secrets
    )
    after = World(
        folder=today.folder, clock=today.clock, recovery_key=today.recovery_key,
        paths=Paths(vault=today.paths.state / "after", state=today.folder / "fresh"),
    )  # fmt: skip
    assert rows_of(after) == 100


@pytest.mark.slow
def test_a_limit_on_file_sizes_is_met_like_a_full_disk(today: World, secrets: list[str]) -> None:
    """No mount is needed for this one, so it runs everywhere."""
    used = max(path.stat().st_size for path in today.paths.vault.iterdir())
    table = big_table(today.folder, 6_000)
    outcome = run_installed(today.paths, "import", table, before=[*PYTHON, FILE_LIMIT, str(used + 30_000)])
    assert_refused(outcome, UNAVAILABLE, "the disk is full; nothing was changed", secrets)
    assert rows_of(today) == 100


@pytest.mark.parametrize("words", sweep([("paths",), ("audit", "show")]), ids=["of a few lines", "long"])
def test_output_that_cannot_be_written_is_said(
    words: tuple[str, ...], today: World, secrets: list[str]
) -> None:
    """However little it is: what never fills a buffer fails when it is written at the end."""
    shell = ["sh", "-c", '"$0" "$@" > /dev/full']
    outcome = run_installed(today.paths, *words, before=shell)
    assert_refused(outcome, UNAVAILABLE, "No space left on device", secrets)


# interruptions and crashes ----------------------------------------------------------------------------------


INTERRUPT = """
import os, signal, tui.cli, vault.records.writing as writing

def interrupted(*given):
    os.kill(os.getpid(), signal.SIGINT)
    return seal_segment(*given)

seal_segment, writing.seal_segment = writing.seal_segment, interrupted
tui.cli.main()
"""


@pytest.mark.slow
def test_an_interrupted_import_stores_nothing_and_can_be_made_again(today: World, secrets: list[str]) -> None:
    """Ctrl-C while the rows are being sealed: the signal is real, its moment is not left to chance."""
    table = big_table(today.folder, 2_000)
    outcome = run_installed(today.paths, "import", table, program=[sys.executable, "-c", INTERRUPT])
    assert_refused(outcome, 130, "interrupted", secrets)
    assert rows_of(today) == 100
    with today.vault() as vault:
        again = import_file(vault, FileChoice(path=table, name="big", unit="record"))
    assert again.rows == 2_000


CRASH = """
import sys, tui.cli, vault.vault

def crash(self):
    passphrase = {passphrase!r}
    keys = [self._opened.keys]
    try:
        raise ValueError(f"first {{passphrase}}")
    except ValueError as error:
        raise {kind}(f"then {{passphrase}}") from error

vault.vault.Vault.status = crash
tui.cli.main()
"""


@pytest.mark.parametrize(
    ("kind", "code", "says"),
    sweep_of_many(
        [
            ("RuntimeError", 1, "lockbox made a mistake of its own (RuntimeError)"),
            ("MemoryError", UNAVAILABLE, "the computer has no memory left for this"),
        ]
    ),
)
def test_a_crash_says_what_kind_it_was_and_nothing_of_what_was_in_hand(
    today: World, secrets: list[str], kind: str, code: int, says: str
) -> None:
    program = [sys.executable, "-c", CRASH.format(passphrase=PASSPHRASE, kind=kind)]
    outcome = run_installed(today.paths, "status", program=program)
    assert_refused(outcome, code, says, secrets)


def test_a_command_that_cannot_start_a_thread_names_memory(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry_point._report(RuntimeError("can't start new thread")) == UNAVAILABLE
    assert "the computer has no memory left for this" in capsys.readouterr().err


LATE_CRASH = """
import atexit, sys, threading, warnings, tui.cli, vault.vault
passphrase = {passphrase!r}

class Careless:
    def __del__(self):
        raise RuntimeError(passphrase)

def thread():
    raise RuntimeError(passphrase)

def crash(self):
    warnings.warn(passphrase)
    Careless()
    running = threading.Thread(target=thread)
    running.start()
    running.join()
    return status(self)

status, vault.vault.Vault.status = vault.vault.Vault.status, crash
tui.cli.main()
"""


@pytest.mark.slow
def test_nothing_is_printed_behind_the_back_of_the_command(today: World, secrets: list[str]) -> None:
    """A warning, an error in a destructor and one in a thread all come with source lines of their own."""
    program = [sys.executable, "-c", LATE_CRASH.format(passphrase=PASSPHRASE)]
    outcome = run_installed(today.paths, "status", program=program)
    assert (outcome.code, outcome.err) == (0, "")
    assert_clean(outcome.all, secrets)


@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_error(today: World, secrets: list[str]) -> None:
    shell = ["sh", "-c", '("$0" "$@"; echo "code $?" >&2) | head -n 1']
    outcome = run_installed(today.paths, "audit", "show", before=shell)
    assert outcome.out.count("\n") == 1
    assert_clean(outcome.all, secrets)
    assert not [line for line in outcome.err.splitlines() if "error" in line]


@pytest.mark.slow
def test_what_a_terminal_of_another_encoding_cannot_show_is_spelled_out(
    today: World, secrets: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "PYTHONIOENCODING", "ascii")
    outcome = run_installed(today.paths, "budget")
    assert outcome.code == 0
    assert r"\u2588" in outcome.out
    assert_clean(outcome.all, secrets)


def test_what_is_wrong_with_what_was_given_is_said_of_that(today: World) -> None:
    table, key = today.folder / "nights.csv", today.folder / "lab" / "requester.pub"
    (today.folder / "typo.toml").write_text(
        JOB.format(unit="day", steps=5).replace("collection", "colection")
    )
    (today.folder / "rate.toml").write_text(
        JOB.format(unit="day", steps=5).replace("sampling_rate", "sample_rate")
    )
    tried = [
        (1, "a date is written YYYY-MM-DD", ("date", "confirm", "28.11.2026")),
        (1, "nights.csv is not a folder; a job is one", ("request", "submit", table)),
        (1, "job is the folder of a job", ("update", "verify", today.folder / "job", "--vault-key", key)),
        (1, "the description has a key colection, and the nearest it knows is collection",
         ("job", "new", today.folder / "typo.toml", "--epsilon", "1", "--to", today.folder / "made")),
        (1, "has a key [training] sample_rate, and the nearest it knows is [training] sampling_rate",
         ("job", "new", today.folder / "rate.toml", "--epsilon", "1", "--to", today.folder / "made")),
    ]  # fmt: skip
    for code, words, command in tried:
        outcome = run(today.paths, *command)
        assert (outcome.code, words in " ".join(outcome.err.split())) == (code, True), outcome.err
