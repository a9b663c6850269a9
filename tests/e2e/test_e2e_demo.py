"""The demo runs on real data, its numbers hold, and its printed commands do what it does."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.worlds import learners
from tests.worlds.commands import PATIENCE
from tests.worlds.forks import fork
from tui.cli.entry_point import run
from tui.demo.card import WIDTH
from tui.demo.narrator import Narrator
from tui.demo.story import play, prepare
from vault.settings import Paths
from vault.vault import NOTICE

LOCKBOX = str(Path(sys.executable).with_name("lockbox"))
pytestmark = pytest.mark.usefixtures("real_learner")
PASSPHRASE = b"a passphrase for the rerun\n"


def lockbox(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run one command in a folder, with the vault in it."""
    ours, theirs = os.pipe()
    os.write(theirs, PASSPHRASE)
    os.close(theirs)
    environment = {
        **os.environ,
        "LOCKBOX_VAULT": str(folder / "vault"),
        "LOCKBOX_STATE": str(folder / "state"),
    }
    try:
        return subprocess.run(
            [LOCKBOX, "--passphrase-fd", str(ours), *words],
            cwd=folder,
            env=environment,
            pass_fds=[ours],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        os.close(ours)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """One demo with a scripted person, kept, and what it printed."""
    folder = tmp_path_factory.mktemp("demo") / "kept"
    words = ["demo", "--auto", "--keep", str(folder)]
    with fork(words, dict(os.environ), learner=learners.REAL) as process, ThreadPoolExecutor(1) as reader:
        err = reader.submit(process.stderr.read)
        out = process.stdout.read()
        assert process.wait(PATIENCE) == 0, err.result()
    return folder, out


@pytest.mark.slow
def test_the_closing_card_is_80_columns_and_says_what_happened(played: tuple[Path, str]) -> None:
    _, text = played
    card = text[text.index("╭") : text.rindex("╯") + 1].splitlines()
    assert {WIDTH} == {len(line) for line in card}
    assert any("asked 8 columns  ■■■■■■□□  allowed 6" in line for line in card)
    assert any("STAYED  455 patients" in line for line in card)
    assert sum("✗" in line for line in card) == 5


@pytest.mark.slow
def test_the_card_is_also_a_picture_that_loads_nothing(played: tuple[Path, str]) -> None:
    folder, _ = played
    svg = (folder / "card.svg").read_text()
    assert "STAYED" in svg
    assert [
        link for link in re.findall(r"https?://[^\"' )<]+", svg) if link != "http://www.w3.org/2000/svg"
    ] == []


def test_a_picture_takes_the_place_of_no_file_and_that_is_said_before_the_story(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = tmp_path / "photo.svg"
    taken.write_text("mine")
    for words in ((), ("--together",)):
        assert run(["demo", "--auto", "--svg", str(taken), *words]) == 1
        assert "something is already there" in " ".join(capsys.readouterr().err.split())
    assert taken.read_text() == "mine"


def test_the_price_stays_under_one_point_one(played: tuple[Path, str]) -> None:
    folder, text = played
    release = json.loads((folder / "outbox" / "release.json").read_bytes())
    assert float(release["epsilon"]) <= 1.1
    assert release["delta"] == "0.000001"
    assert f"ε {release['epsilon']} at δ 0.000001 per patient" in " ".join(text.split())


def test_a_scripted_person_is_labelled(played: tuple[Path, str]) -> None:
    assert played[1].count("typed by a scripted person (--auto)") == 3


def test_the_notice_and_the_special_category_are_shown_before_the_consent(played: tuple[Path, str]) -> None:
    """What the receipt claims was shown and agreed to is on the screen."""
    text = " ".join(played[1].split())
    shown = text[: text.index("Type ALLOW")]
    assert NOTICE in shown
    assert "such as health): diagnosis." in shown
    assert "diagnosis (special), mean_concavity" in shown
    assert "Do you consent explicitly to jobs reading diagnosis, for this purpose?" in text
    assert re.search(r"\$ lockbox request approve [0-9a-f]{8} --draft-grant --special", text)


@dataclass(slots=True, kw_only=True)
class Hand:
    """A person who types the demo's commands in another folder, with the ids that come up there."""

    folder: Path
    request: str = ""
    key: str = ""
    codes: list[tuple[str, int]] = field(default_factory=list)

    def type(self, printed: str) -> None:
        words = self.translated(shlex.split(printed)[1:])
        self.prepare(words)
        outcome = lockbox(self.folder, *words)
        self.codes.append((" ".join(words[:2]), outcome.returncode))
        assert "Traceback" not in outcome.stderr
        if words[:2] == ["request", "submit"] and outcome.returncode == 0:
            self.request = outcome.stdout.strip()
        if words[:2] == ["requester", "vault-key"]:
            (self.folder / "vault.pub").write_text(outcome.stdout)

    def translated(self, words: list[str]) -> list[str]:
        match words[:2]:
            case ["request", "approve"] | ["release", "show"]:
                words[2] = self.request[:8]
            case ["train", _]:
                words[1] = self.request[:8]
            case ["release", "send"]:
                words[2] = self.request[:8]
                if words[4] != "00000000":
                    shown = lockbox(self.folder, "release", "show", self.request, "--json").stdout
                    words[4] = json.loads(shown)["digest"][:8]
            case ["consent", "withdraw"]:
                words[2] = json.loads(lockbox(self.folder, "consent", "list", "--json").stdout)["id"][:8]
            case ["audit", "verify"]:
                words[5] = lockbox(self.folder, "audit", "key").stdout.strip()
        return words

    def prepare(self, words: list[str]) -> None:
        """What the demo says in words: a changed copy of the job, an edited copy of the trail."""
        if words == ["request", "submit", "changed"]:
            self.edited_copy("job-1", "changed", "manifest.json", b'"steps":100', b'"steps":900')
        if "edited" in words:
            self.edited_copy("trail", "edited", "entries.jsonl", b'"outcome":"permit"', b'"outcome":"deny"')

    def edited_copy(self, source: str, target: str, name: str, old: bytes, new: bytes) -> None:
        shutil.copytree(self.folder / source, self.folder / target)
        file = self.folder / target / name
        file.write_bytes(file.read_bytes().replace(old, new, 1))


@pytest.mark.slow
def test_the_printed_commands_typed_by_hand_tell_the_same_story(
    played: tuple[Path, str], tmp_path: Path
) -> None:
    kept, text = played
    for name in ("patients.csv", "job.toml"):
        shutil.copy(kept / name, tmp_path)
    hand = Hand(folder=tmp_path)
    for line in text.splitlines():
        if line.startswith("  $ lockbox "):
            hand.type(line.removeprefix("  $ "))
    refused = [(command, code) for command, code in hand.codes if code != 0]
    expected = [("request submit", 6), ("release send", 4), ("request approve", 4), ("audit verify", 6)]
    assert expected == refused, hand.codes
    assert (tmp_path / "model.safetensors").exists()
    assert len(hand.codes) >= 20


@pytest.mark.slow
def test_a_viewer_who_says_no_ends_the_story_and_nothing_leaves(tmp_path: Path) -> None:
    """Without the word ALLOW, the run is not approved."""
    narrator = Narrator(folder=tmp_path, is_scripted=False)
    from tui.demo import story

    cast = prepare(narrator, Paths(vault=tmp_path / "vault", state=tmp_path / "state"))
    narrator.ask_for_word = lambda _question, _word: False  # type: ignore[method-assign]
    with pytest.raises(story.Declined):
        play(cast)
    assert not (tmp_path / "outbox").exists()


@pytest.mark.slow
def test_at_least_19_of_20_demos_reach_85_percent_on_patients_who_never_entered(tmp_path: Path) -> None:
    reached = []
    for number in range(20):
        folder = tmp_path / str(number)
        folder.mkdir()
        narrator = Narrator(folder=folder, is_scripted=True)
        outcome = play(prepare(narrator, Paths(vault=folder / "vault", state=folder / "state")))
        reached.append(outcome.private)
        assert abs(outcome.majority - 0.63) < 0.01
        assert outcome.epsilon <= 1.1
    assert sum(one >= 0.85 for one in reached) >= 19, reached


@pytest.mark.slow
def test_the_installed_command_plays_it_from_nothing(tmp_path: Path) -> None:
    done = lockbox(tmp_path, "demo", "--auto")
    assert done.returncode == 0, done.stderr
    assert "asked 8 columns  ■■■■■■□□  allowed 6" in done.stdout
