"""A process has the vault open: every command goes through it with the same outcome, and never beside it."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.sweeps import sweep, sweep_of_many
from tests.worlds import learners
from tests.worlds.approving import approve
from tests.worlds.commands import Outcome, Terminal, begin, descriptor_of, environment, run, run_installed
from tests.worlds.daemon import eventually, facts, is_served, leave_session, serving, until_it_trains
from tests.worlds.vaults import copy_of, new_world
from tests.worlds.world import NAME, PASSPHRASE, World
from tui.cli import entry_point
from vault.errors.storage import VaultBusy
from vault.requester.keys import keygen
from vault.settings import Paths

Here = Callable[..., Outcome]

READING = [
    *("status", "budget", "budget --history", "data list", "data erase nights --dry-run"),
    *("requester list", f"requester vault-key '{NAME}'", "consent list", "consent show CONSENT"),
    *("consent explain JOB", "consent receipt CONSENT"),
    f"consent what-if --to '{NAME}' --collection nights --fields good,steps --purpose AcademicResearch",
    *("request list", "request show REQUEST", "release list", "release show RELEASE"),
    *("audit show", "audit show --by-request", "audit verify", "audit key"),
    "import TABLE --collection other --dry-run",
    # these are recorded, so they come last
    *("data show nights", "data browse nights --limit 7", "data search nights 2026-01-03"),
]


def refused(outcome: Outcome, code: int, says: str) -> None:
    assert (code, True) == (outcome.code, says in outcome.err), outcome.err


def ids(world: World) -> dict[str, str]:
    with world.vault(writable=False) as vault:
        return {
            "REQUEST": next(one.id for one in vault.requests() if one.state == "waiting"),
            "RELEASE": vault.releases()[0].id,
            "CONSENT": vault.grants()[0].id,
            "JOB": str(world.folder / "job"),
            "TABLE": str(world.table("other.csv", seed=9)),
        }


def settled_copy(template: World, folder: Path) -> World:
    """A copy in which what the passing of time ends has ended, as in any vault that was opened to be written."""
    world = copy_of(template, folder)
    world.clock.now = datetime.now(UTC)
    world.vault().close()
    return world


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """Run a command line in this process: quicker, and the same code but for its start."""
    monkeypatch.setattr("vault.client.attach.harden_process", lambda: True)

    def run_here(world: World, *words: str, secret: str | None = PASSPHRASE) -> Outcome:
        monkeypatch.setenv("LOCKBOX_VAULT", str(world.paths.vault))
        monkeypatch.setenv("LOCKBOX_STATE", str(world.paths.state))
        ours = descriptor_of(secret or "")
        capsys.readouterr()
        try:
            code = entry_point.run([*(["--passphrase-fd", str(ours)] if secret else []), *words])
        finally:
            os.close(ours)
        seen = capsys.readouterr()
        return Outcome(code=code, out=seen.out, err=seen.err)

    return run_here


def words_of(command: str, known: dict[str, str]) -> list[str]:
    return [known.get(word, word) for word in shlex.split(command)]


@pytest.fixture(scope="module")
def looked_at(today_template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A vault held open for tests that change nothing in it."""
    world = copy_of(today_template, tmp_path_factory.mktemp("open") / "copy")
    with serving(world):
        leave_session(world)
        yield world


@pytest.fixture
def served(today: World) -> Iterator[World]:
    """Today's vault, held open by a process, with a session left for commands."""
    with serving(today):
        leave_session(today)
        yield today


@pytest.fixture
def approved(known_world: World) -> World:
    """A vault with one approved request; its learner is made up."""
    today = datetime.now(UTC)
    with known_world.vault() as vault:
        known_world.days_pass(vault, max(0, (today - known_world.clock.now).days))
        known_world.clock.now = today
        known_world.imported(vault)
        shutil.rmtree(known_world.folder / "job")  # one of a fixed day, which has an end
        approve(vault, vault.submit(known_world.job()).line.id, draft=True)
    return known_world


def learner(world: World, mark: str, *, pause: float) -> tuple[str, ...]:
    return learners.pretended(learners.zeros(world.folder / "job"), mark=mark, pause=pause)


# the same outcome ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reading", sweep([READING[::3], READING]), ids=["some", "all"])
def test_every_reading_command_tells_the_same_through_the_process_byte_by_byte(
    today_template: World, tmp_path: Path, here: Here, reading: list[str]
) -> None:
    """What holds it open has noted that; the copy was taken with the same trail."""
    world = copy_of(settled_copy(today_template, tmp_path / "settled"), tmp_path / "copy")
    known = ids(world)
    commands = [[*words_of(command, known), "--json"] for command in reading]
    with serving(world):
        leave_session(world)
        shutil.copytree(world.folder, tmp_path / "aside")
        # each in a process of its own, since one is let through a hundred times a second
        through = [run(world.paths, *words, secret=None) for words in commands]
        with pytest.raises(VaultBusy):
            world.vault()
    shutil.rmtree(world.folder)
    (tmp_path / "aside").rename(world.folder)
    alone = [here(world, *words) for words in commands]
    for words, one, other in zip(commands, alone, through, strict=True):
        assert one.out, (words, one.err)
        assert (words, one.code, timeless(one.out), one.err) == (
            *(words, other.code, timeless(other.out), other.err),
        )


def timeless(told: str) -> str:
    """What a command told without the second that it is now."""
    return re.sub(r'("(?:date|clock|vault)": "20[0-9-]+)T[0-9:]+Z"', r"\1", told)


def test_the_whole_story_goes_through_the_process(tmp_path: Path) -> None:
    world = new_world(tmp_path / "world", now=datetime.now(UTC) - timedelta(hours=1))
    keys = keygen(world.folder / "lab")
    out = world.folder / "out"
    with serving(world):
        leave_session(world)

        def done(*words: str | Path, secret: str | None = None) -> str:
            outcome = run(world.paths, *words, secret=secret)
            assert outcome.code == 0, (words, outcome.err)
            return outcome.out

        done("import", world.table(), "--collection", "nights", "--unit", "day", "--time", "day")
        done("requester", "add", NAME, keys.public, secret=PASSPHRASE)
        world.clock.now = datetime.now(UTC)
        full = done("request", "submit", world.job()).strip()
        done("request", "approve", full[:8], "--draft-grant", secret=PASSPHRASE)
        done("train", secret=PASSPHRASE)
        (held,) = facts(world, "release", "list")
        words = ("release", "send", full[:8], "--confirm-digest", held["digest"][:8], "--to", out)
        done(*words, secret=PASSPHRASE)
        (world.folder / "vault.pub").write_text(done("requester", "vault-key", NAME))
        done(
            "update", "verify", out, "--vault-key", world.folder / "vault.pub", "--job", world.folder / "job"
        )
        done("consent", "withdraw", facts(world, "consent", "list")[0]["id"])
        done("audit", "verify")
        done("backup", world.folder / "backup.tar")
    with world.vault(writable=False) as vault:
        assert vault.releases()[0].state == "released"
        assert vault.grants()[0].state == "withdrawn"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    sweep_of_many(
        [
            (["settings", "calm"], 2, "needs a value"),
            (["serve"], 7, "unlocked already"),
            (["data", "show", "nowhere"], 1, "there is no collection nowhere"),
            (["consent", "withdraw", "ffffffff"], 1, "there is no consent ffffffff"),
            (
                ["import", "nights.csv", "--collection", "nights", "--unit", "day", "--time", "day"],
                4,
                "already imported",
            ),
            (["train", "REQUEST"], 4, "the request is waiting"),
            (["release", "send", "RELEASE", "--confirm-digest", "00000000", "--to", "new"], 4, "digest"),
            (["data", "export", "nights", "nights.csv"], 1, "nothing can be written to"),
            (["settings", "calm", "maybe"], 1, "calm is on or off"),
            (["serve", "--lock-minutes", "0"], 7, "unlocked already"),
        ],
        default=5,
    ),
)
def test_an_error_keeps_its_sentence_its_hint_and_its_code(
    today: World, looked_at: World, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int, says: str
) -> None:
    """Relative paths are those of whoever asks, and told as they are there."""
    monkeypatch.chdir(today.folder)
    known = ids(today)
    words = [known.get(word, word) for word in words]
    through = run(looked_at.paths, *words)
    refused(through, code, says)
    if words[0] != "serve":
        alone = run(today.paths, *words)
        assert (alone.code, alone.err) == (through.code, through.err.replace(f"{today.folder}/", ""))


# who may what -------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_wrong_passphrase_opens_nothing_there_either(looked_at: World) -> None:
    refused(run(looked_at.paths, "status", secret="wrong"), 3, "that passphrase does not open this vault")


def test_a_session_alone_lets_nothing_happen(looked_at: World) -> None:
    request = ids(looked_at)["REQUEST"]
    refused(
        run(looked_at.paths, "request", "approve", request, "--draft-grant", secret=None),
        3,
        "no passphrase was given",
    )
    assert (
        next(one["state"] for one in facts(looked_at, "request", "list") if one["id"] == request) == "waiting"
    )


def test_on_a_terminal_the_passphrase_is_asked_for_what_lets_something_happen(served: World) -> None:
    request = ids(served)["REQUEST"]
    with Terminal(served.paths, "request", "approve", request, "--draft-grant") as terminal:
        terminal.wait_for("Approve this one run?")
        terminal.type("y")
        terminal.wait_for("passphrase, so that it is you who means it:")
        assert not terminal.echoes
        terminal.type(PASSPHRASE)
        terminal.wait_for("Run it now")
        terminal.type("n")
        assert terminal.end() == 0
    assert (
        next(one["state"] for one in facts(served, "request", "list") if one["id"] == request) == "approved"
    )


def test_a_session_that_is_over_is_forgotten_and_the_passphrase_asked_as_ever(looked_at: World) -> None:
    looked_at.paths.session.write_text("of another time")
    refused(run(looked_at.paths, "status", secret=None), 3, "no passphrase was given")
    assert not looked_at.paths.session.exists()
    leave_session(looked_at)


def test_commands_work_from_any_folder_and_with_the_recovery_key(looked_at: World) -> None:
    words = ("--recovery-key", "status", "--json")
    outcome = run_installed(looked_at.paths, *words, secret=looked_at.recovery_key)
    assert outcome.code == 0, outcome.err


@pytest.mark.slow
def test_the_passphrase_is_changed_through_the_process(served: World) -> None:
    new = "vexed walnuts hum 4 lullabies"
    with Terminal(served.paths, "passphrase", "change") as terminal:
        terminal.wait_for("current passphrase:")
        terminal.type(PASSPHRASE)
        terminal.wait_for("new passphrase")
        terminal.type(new)
        terminal.wait_for("again:")
        terminal.type(new)
        assert terminal.end() == 0, terminal.screen
    refused(run(served.paths, "status"), 3, "that passphrase does not open")
    assert run(served.paths, "status", secret=new).code == 0
    assert run(served.paths, "lock", secret=new).code == 0
    assert run(served.paths, "status", secret=new).code == 0


# a run there --------------------------------------------------------------------------------------------------


def test_a_withdrawal_from_a_second_terminal_ends_the_run(approved: World) -> None:
    with serving(approved, learner=learner(approved, "withdrawn", pause=5.0)):
        leave_session(approved)
        with begin(approved.paths, "train") as training:
            until_it_trains(approved)
            assert facts(approved, "status")[0]["running"] == 1
            assert facts(approved, "request", "list")[0]["state"] == "training"
            consent = facts(approved, "consent", "list")[0]["id"]
            assert run(approved.paths, "consent", "withdraw", consent, secret=None).code == 0
            _, err = training.communicate(timeout=30)
        assert training.returncode in (4, 7), err
        assert "lockbox: error: " in err
        assert facts(approved, "request", "list")[0]["state"] == "failed"
        assert list(learners.alive("withdrawn")) == []


@pytest.mark.slow
def test_ctrl_c_stops_the_run_there_and_says_what_it_cost(approved: World) -> None:
    with serving(approved, learner=learner(approved, "stopped", pause=5.0)):
        leave_session(approved)
        with Terminal(approved.paths, "train", is_installed=True) as terminal:
            terminal.wait_for("passphrase, so that it is you who means it:")
            terminal.type(PASSPHRASE)
            until_it_trains(approved)
            terminal.press_ctrl_c()
            terminal.wait_for("stays spent")
            assert terminal.end() == 130
        assert (facts(approved, "request", "list")[0]["state"], facts(approved, "status")[0]["running"]) == (
            "failed",
            0,
        )
        assert list(learners.alive("stopped")) == []


@pytest.mark.slow
@pytest.mark.parametrize("has_session", [True, False])
def test_locking_ends_no_run_unless_that_is_said(has_session: bool, approved: World) -> None:
    with serving(approved, learner=learner(approved, "locked", pause=5.0)) as process:
        leave_session(approved)
        with begin(approved.paths, "train") as training:
            until_it_trains(approved)
            assert facts(approved, "status")[0]["running"] == 1
            if not has_session:
                approved.paths.session.unlink()
            refused(run(approved.paths, "lock", secret=None), 4, "a training runs")
            assert facts(approved, "status", secret=PASSPHRASE)[0]["running"] == 1
            assert run(approved.paths, "lock", "--stop-training", secret=None).code == 0
            assert process.wait(timeout=30) == 0
            _, err = training.communicate(timeout=30)
        assert training.returncode in (3, 7), err
    assert list(learners.alive("locked")) == []
    assert facts(approved, "request", "list", secret=PASSPHRASE)[0]["state"] == "failed"


def test_after_a_kill_the_next_command_opens_the_vault_itself_and_tells_the_truth(approved: World) -> None:
    with serving(approved, learner=learner(approved, "killed", pause=5.0)) as process:
        leave_session(approved)
        with begin(approved.paths, "train") as training:
            until_it_trains(approved)
            process.kill()
            _, err = training.communicate(timeout=30)
        assert (training.returncode, "ended before it answered" in err) == (7, True), err
    assert approved.paths.socket.exists()
    refused(run(approved.paths, "status", secret=None), 3, "no passphrase was given")
    assert run(approved.paths, "requester", "trust", NAME).code == 0
    assert facts(approved, "request", "list", secret=PASSPHRASE)[0]["state"] == "failed"
    assert float(facts(approved, "budget", secret=PASSPHRASE)[0]["used_percent"]) > 0
    eventually(lambda: list(learners.alive("killed")) == [], "a learner is left")
    with serving(approved):
        assert run(approved.paths, "audit", "verify").code == 0


# beginning and ending -----------------------------------------------------------------------------------------


def test_a_signal_ends_the_process_in_order(today: World) -> None:
    with serving(today) as process:
        assert stat.S_IMODE(today.paths.socket.stat().st_mode) == 0o600
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
        assert (process.returncode, err.endswith("The vault is locked.\n")) == (0, True), err
    assert [
        one.name for one in today.paths.runtime.iterdir() if one.name.startswith(today.paths.socket.stem)
    ] == []
    with today.vault() as vault:
        assert vault.status().audit_entries > 0


def test_unlock_starts_a_process_that_lives_on_and_lock_ends_it(today: World) -> None:
    assert run(today.paths, "status", secret=None).code == 3
    outcome = run_installed(today.paths, "unlock")
    try:
        assert (outcome.code, outcome.out, "is unlocked" in outcome.err) == (0, "", True), outcome.err
        assert stat.S_IMODE(today.paths.session.stat().st_mode) == 0o600
        assert run(today.paths, "status", secret=None).code == 0
        assert run(today.paths, "unlock").code == 0
        assert run(today.paths, "settings", "lock-minutes", "9", secret=None).code == 0
    finally:
        outcome = run(today.paths, "lock", secret=None)
    assert (outcome.code, is_served(today)) == (0, False), outcome.err
    assert not today.paths.session.exists()
    assert run(today.paths, "lock", secret=None).code == 0
    today.vault().close()


def test_lock_takes_no_passphrase_where_the_screens_have_the_vault_open(today: World) -> None:
    """Whose session is their own: the process is told by a signal, and ends in order."""
    with serving(today) as process:
        outcome = run(today.paths, "lock", secret=None)
        assert (outcome.code, "The vault is locked." in outcome.err) == (0, True), outcome.err
        assert process.wait(timeout=30) == 0
    assert not is_served(today)


def test_lock_says_so_where_a_process_elsewhere_has_the_vault_open(today: World) -> None:
    """A command at work, or a vault that was unlocked in a session with another folder for sockets."""
    with today.vault():
        refused(run(today.paths, "lock", secret=None), 7, "cannot be asked from here")
    outcome = run(today.paths, "lock", secret=None)
    assert (outcome.code, "no process held it open" in outcome.err) == (0, True)
    none = replace(today.paths, vault=today.folder / "none")
    refused(run(none, "lock", secret=None), 7, "there is no vault")
    none.vault.mkdir()
    refused(run(none, "lock", secret=None), 7, "there is no vault")
    assert list(none.vault.iterdir()) == []


def test_a_wrong_passphrase_starts_nothing(today: World) -> None:
    refused(run(today.paths, "unlock", secret="wrong"), 3, "that passphrase does not open this vault")
    refused(run(today.paths, "serve", secret="wrong"), 3, "that passphrase does not open this vault")
    assert not is_served(today)


def test_a_process_with_another_state_folder_is_not_used(served: World) -> None:
    """Its reminder is not the one that this command would hold the vault against."""
    aside = Paths(vault=served.paths.vault, state=served.folder / "other")
    refused(run(aside, "status"), 7, "another state folder")
    assert run(aside, "lock").code == 0
    assert run(aside, "status").code == 0


def test_a_process_that_has_a_copy_open_which_lay_here_before_is_not_used(served: World) -> None:
    shutil.copytree(served.paths.vault, served.folder / "older", ignore=shutil.ignore_patterns("*.lock"))
    served.paths.vault.rename(served.folder / "moved")
    (served.folder / "older").rename(served.paths.vault)
    refused(run(served.paths, "status"), 7, "another copy of this vault")
    assert run(served.paths, "lock", secret=None).code == 0


def test_a_folder_that_others_can_enter_is_not_trusted_with_a_passphrase(
    today: World, tmp_path: Path
) -> None:
    runtime = tmp_path / "r"
    runtime.mkdir(mode=0o777)
    runtime.chmod(0o777)
    os.environ["LOCKBOX_RUNTIME"], before = str(runtime), os.environ["LOCKBOX_RUNTIME"]
    try:
        assert "LOCKBOX_RUNTIME" in environment(today.paths)
        refused(run(today.paths, "serve"), 7, "other users of this computer can enter")
        assert run(today.paths, "status").code == 0
    finally:
        os.environ["LOCKBOX_RUNTIME"] = before
