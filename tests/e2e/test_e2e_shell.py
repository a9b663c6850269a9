"""What the shell is told: what the tab key completes, the manual page, and waiting for a vault that is written to."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.test_e2e_docs import COMMANDS
from tests.worlds.commands import LOCKBOX, Terminal, environment, run, run_installed, start
from tests.worlds.world import World
from vault.store.lock import writer_lock

MEMORY = 40_000 * 1024
"""Too little for a thread, and some left for Python: without a byte to unwind with it may go round for ever (3.11)."""


def completed(world: World, asked: str, words: str) -> list[str]:
    """What stands next after these words, as the shell's own script asks for it."""
    first, last = str(len(words.split()) - 1), words.rsplit(maxsplit=1)[-1]
    protocol = {
        "_LOCKBOX_COMPLETE": asked,
        "COMP_WORDS": words,
        "COMP_CWORD": last if asked.startswith("fish") else first,
    }
    done = subprocess.run(
        [LOCKBOX], env={**environment(world.paths), **protocol}, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_bash_completes_commands_and_options_by_the_script_it_is_given(today: World) -> None:
    script = run(today.paths, "shell", "completion", "bash", secret=None).out
    press = (
        f'COMP_WORDS=(lockbox requ); COMP_CWORD=1; _lockbox_completion {LOCKBOX}; echo "${{COMPREPLY[@]}}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", f"{script}\n{press}"],
        env=environment(today.paths),
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout.split(), done.stderr) == (["requester", "request"], "")


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_another_shell_gets_a_script_that_asks_for_the_same(today: World, shell: str) -> None:
    script = run(today.paths, "shell", "completion", shell, secret=None).out
    assert f"_LOCKBOX_COMPLETE={shell}_complete" in script
    said = "\n".join(completed(today, f"{shell}_complete", "lockbox requ"))
    assert "requester" in said
    assert "request" in said


def test_the_manual_has_every_command_with_its_sentence(today: World) -> None:
    page = run(today.paths, "shell", "manual", secret=None).out
    for name, command in COMMANDS.items():
        assert command.help
        head = f".SS lockbox {name}\n".replace("-", "\\-")
        assert head in page
        first = page.split(head, 1)[1].split("\n", 1)[0].replace("\\-", "-")
        assert first == " ".join(command.help.split())


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_the_manual_is_what_the_formatter_expects(today: World, tmp_path: Path) -> None:
    page = tmp_path / "lockbox.1"
    page.write_text(run(today.paths, "shell", "manual", secret=None).out)
    done = subprocess.run(["groff", "-man", "-ww", "-z", page], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_a_command_waits_for_a_vault_that_is_written_to_as_long_as_it_was_told(today: World) -> None:
    with writer_lock(today.paths.vault):
        outcome = run(today.paths, "requester", "block", "nobody")
        assert (outcome.code, "--wait 60" in outcome.err) == (7, True)
        outcome = run(today.paths, "--wait", "1", "requester", "block", "nobody")
        assert (outcome.code, "waiting at most 1 second." in outcome.err) == (7, True)
        waiting = start(today.paths, "--wait", "600", "audit", "export", today.folder / "out")
        assert waiting.stderr is not None
        # on a busy machine it says first that it is at work
        assert any("waiting at most 600 seconds" in line for line in waiting.stderr)
    waiting.communicate()
    assert waiting.returncode == 0
    assert run(today.paths, "--wait", "-1", "status").code == 1


def test_a_terminal_that_cannot_be_drawn_on_is_told_what_can_be_done_there(today: World) -> None:
    with Terminal(today.paths) as terminal:
        said = terminal.wait_for("--help")
        assert "this terminal cannot draw the screens (TERM=dumb)" in said
        assert terminal.end() == 2


def test_a_socket_that_cannot_be_made_says_where_another_place_is_named(
    today: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCKBOX_RUNTIME", str(tmp_path / ("x" * 100)))
    outcome = run(today.paths, "serve")
    assert (outcome.code, "shorter folder is named by LOCKBOX_RUNTIME" in outcome.err) == (7, True), (
        outcome.err
    )


def test_memory_that_ends_at_the_start_is_no_mistake_of_lockbox(today: World) -> None:
    outcome = run_installed(today.paths, "status", before=("prlimit", f"--as={MEMORY}"))
    assert (outcome.code, "no memory left" in outcome.err) == (7, True), outcome.err
