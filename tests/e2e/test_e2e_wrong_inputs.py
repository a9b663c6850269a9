"""Forty wrong inputs get forty plain sentences, each with its exit code, and change nothing."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path

import pytest

from tests.sweeps import sweep_of_many
from tests.worlds.commands import assert_refused, run
from tests.worlds.world import World

FILE = Path(__file__).with_name("wrong_inputs.toml")
INPUTS = tomllib.loads(FILE.read_text(encoding="utf-8"))["input"]
CASES = [(one["words"], one["code"], one["says"]) for one in INPUTS]
WALKS = "day,steps,mood\n2026-01-01,100,1\n2026-01-02,200,2\n2026-01-03,x,3\n"
JARGON = ("Traceback", "Errno", "Exception", "None", "null", "0x", "<class", "invalid literal")


def test_there_are_forty_of_them_and_none_twice() -> None:
    assert (len(INPUTS), len({words for words, _, _ in CASES})) == (40, 40)


@pytest.mark.parametrize(("words", "code", "says"), sweep_of_many(CASES))
def test_what_is_typed_wrong_is_said_in_one_plain_sentence(
    words: str, code: int, says: str, today: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(today.folder)
    Path("walks.csv").write_text(WALKS)
    Path("empty.csv").write_text("")
    with today.vault(writable=False) as vault:
        before = (vault.collections(), vault.grants(), vault.requesters(), vault.requests(), vault.budget())
    outcome = run(today.paths, *shlex.split(words))
    assert_refused(outcome, code, says, [])
    assert not [word for word in JARGON if word in outcome.err]
    with today.vault(writable=False) as vault:
        assert before == (
            vault.collections(), vault.grants(), vault.requesters(), vault.requests(), vault.budget()
        )  # fmt: skip
