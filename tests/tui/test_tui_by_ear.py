"""A conversation decides by what was typed after its question; consents and imports are said in it part by part."""

from __future__ import annotations

import io
import os
import pty
import select
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import pytest

from tests.worlds.drilled import the_drill
from tests.worlds.importing import import_file
from tests.worlds.world import NAME, World
from tui.by_ear import importing
from tui.by_ear.budget import hear_week
from tui.by_ear.grants import give_consent
from tui.by_ear.requests import hear_request
from tui.by_ear.talk import Talk
from vault.errors.requests import WasDrill
from vault.owner.interface.session import OwnerSession
from vault.vault import Vault
from vault.views.records import FileChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody at a terminal, by its other end."""

    hand: int
    ear: int

    def type(self, line: str) -> None:
        """Type a line, and go on when the terminal has it."""
        os.write(self.hand, f"{line}\n".encode())
        select.select([self.ear], [], [])


class Heard(io.StringIO):
    """What is said; the person answers as soon as they are asked."""

    def __init__(self, person: Person, question: str, answer: str) -> None:
        super().__init__()
        self._person, self._question, self._answer = person, question, answer

    def write(self, text: str) -> int:
        """Hear it, and answer the question."""
        if text.startswith(self._question):
            self._person.type(self._answer)
        return super().write(text)


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Iterator[Person]:
    """Somebody at the terminal that the conversation reads from."""
    hand, ear = pty.openpty()
    with os.fdopen(ear, encoding="utf-8") as typed:
        monkeypatch.setattr(sys, "stdin", typed)
        yield Person(hand=hand, ear=ear)
    os.close(hand)


@pytest.mark.parametrize(
    ("ask", "ahead", "question", "safe"),
    [
        pytest.param(lambda talk: talk.types("RUN", "Decide later"), "RUN", "Word:", "no", id="word"),
        pytest.param(lambda talk: talk.agrees("Withdraw it", "Keep it"), "1", "Number:", "0", id="number"),
    ],
)
def test_what_was_typed_before_the_question_decides_nothing(
    person: Person,
    monkeypatch: pytest.MonkeyPatch,
    ask: Callable[[Talk], bool],
    ahead: str,
    question: str,
    safe: str,
) -> None:
    person.type(ahead)
    monkeypatch.setattr(sys, "stderr", Heard(person, question, safe))
    assert not ask(Talk())


@pytest.mark.parametrize(
    ("ask", "question", "answer"),
    [
        pytest.param(lambda talk: talk.types("RUN", "Decide later"), "Word:", "RUN", id="word"),
        pytest.param(lambda talk: talk.agrees("Withdraw it", "Keep it"), "Number:", "1", id="number"),
    ],
)
def test_what_is_typed_after_the_question_decides(
    person: Person,
    monkeypatch: pytest.MonkeyPatch,
    ask: Callable[[Talk], bool],
    question: str,
    answer: str,
) -> None:
    monkeypatch.setattr(sys, "stderr", Heard(person, question, answer))
    assert ask(Talk())


# a consent by hand ------------------------------------------------------------------------------------------

REFUSE = "5"
PARTS = ("1", "1", "steps, good", "2", "in spring", "2026-12-20", "2026-01-02", "", "2", "0.5")
"""Who, from what, which columns, what for, until when (at first no date), from when, to when, how often, what price."""


def says(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    """What the person types, line by line."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


def as_owner(vault: Vault) -> OwnerSession:
    """A vault that is open here: it has all that the conversation asks of one over a socket."""
    return cast("OwnerSession", vault)


def with_data(world: World, vault: Vault, **how: Any) -> None:
    choice = FileChoice(path=world.table(), name="nights", unit="day", time_field="day", **how)
    import_file(vault, choice)
    world.introduced(vault)


def test_a_consent_is_given_as_it_was_said_and_heard_whole_before(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with world.vault() as vault:
        with_data(world, vault)
        says(monkeypatch, *PARTS, "1")
        give_consent(Talk(), as_owner(vault))
        (given,) = vault.grants()
    heard = " ".join(capsys.readouterr().err.split())
    assert (given.requester, given.collection, given.fields) == (NAME, "nights", ("good", "steps"))
    assert (given.purpose_words, given.uses, given.epsilon_cap) == ("scientific research", 2, "0.5")
    assert (given.not_after[:10], (given.window_from or "")[:10]) == ("2026-12-20", "2026-01-02")
    assert "in spring is not a date" in heard
    whole = heard.index("What you agree to, as its record will say:")
    assert heard.index("not: day, coffee.") < whole < heard.index("1. Allow these 2 columns.")


@pytest.mark.parametrize("answers", [("0",), ("yes", "0")])
def test_no_consent_is_given_by_anything_but_its_number(
    world: World, monkeypatch: pytest.MonkeyPatch, answers: tuple[str, ...]
) -> None:
    with world.vault() as vault:
        with_data(world, vault)
        says(monkeypatch, *PARTS, *answers)
        give_consent(Talk(), as_owner(vault))
        assert vault.grants() == []


@pytest.mark.parametrize(("explicit", "given"), [("0", 0), ("1", 1)])
def test_what_belongs_to_a_special_category_takes_a_yes_of_its_own(
    world: World, monkeypatch: pytest.MonkeyPatch, explicit: str, given: int
) -> None:
    with world.vault() as vault:
        with_data(world, vault, sensitivities={"steps": "special"})
        says(monkeypatch, *PARTS, explicit, "1")
        give_consent(Talk(), as_owner(vault))
        assert len(vault.grants()) == given


# importing --------------------------------------------------------------------------------------------------

FILE = """\
when,px_0,px_1,px_2,mood,note,name
2026-01-01 23:30,0,1,2,3,secret,a
2026-01-02 08:00,3,4,5,asleep,secret,b
2026-01-03 09:00,6,7,8,4,secret,c
"""
SEAL = "1"


def number_of(words: str) -> str:
    """The number under which a change is asked for."""
    return str([*importing.CHANGES].index(words) + 2)


def test_a_file_is_read_otherwise_as_often_as_is_wanted_and_sealed_as_it_was_heard_last(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (world.folder / "pictures.csv").write_text(FILE)
    changes = (
        ("Make one column of numbered columns.", "px", "3"),
        ("Say what stands for a missing value.", "asleep"),
        ("Give a column another name.", "mood", "feeling"),
        ("Leave out a column.", "notes", "note"),
        ("Say the zone of its times.", "Europe/Nowhere"),
        ("Say the zone of its times.", "Europe/Berlin"),
        ("Another unit: what counts as one.", "1"),
    )
    typed = [word for change, *words in changes for word in (number_of(change), *words)]
    says(monkeypatch, str(world.folder / "pictures.csv"), "", "0", "", *typed, SEAL)
    with world.vault() as vault:
        importing.import_file(Talk(), as_owner(vault))
        (found,) = vault.collections()
        page = vault.browse("pictures")
    assert {one.name: one.type for one in found.fields} == {
        "when": "timestamp", "feeling": "int", "name": "text", "px": "vector(3)",
    }  # fmt: skip
    assert found.rows == 3
    assert [row[page.columns.index("feeling")] for row in page.rows] == ["3", "", "4"]
    heard = " ".join(capsys.readouterr().err.split())
    assert "There is no column notes." in heard
    assert "It stays as it was." in heard


def test_a_file_that_cannot_be_read_as_it_is_can_be_read_otherwise_or_left(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wide = world.folder / "wide.csv"
    wide.write_text("\n".join(",".join(row) for row in ([f"px_{n}" for n in range(600)], ["1"] * 600)))
    vector = str([*importing.AT_FIRST].index("Make one column of numbered columns.") + 1)
    with world.vault() as vault:
        says(monkeypatch, str(wide), "", "0")
        importing.import_file(Talk(), as_owner(vault))
        assert "more than 512 columns" in capsys.readouterr().err
        says(monkeypatch, str(wide), "", vector, "px", "600", "0", "", SEAL)
        importing.import_file(Talk(), as_owner(vault))
        (found,) = vault.collections()
    assert [(one.name, one.type) for one in found.fields] == [("px", "vector(600)")]


def test_rows_that_are_lost_are_named_in_the_very_answer_that_seals_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    torn = world.folder / "torn.csv"
    torn.write_text("a,b\n1,2\n3\n4,5\n")
    with world.vault() as vault:
        says(monkeypatch, str(torn), "", "0", "", "0")
        importing.import_file(Talk(), as_owner(vault))
        assert vault.collections() == []
        says(monkeypatch, str(torn), "", "0", "", SEAL)
        importing.import_file(Talk(), as_owner(vault))
        (found,) = vault.collections()
    assert found.rows == 2
    assert "1. Seal 2 rows, and lose the 1 that cannot be read." in " ".join(capsys.readouterr().err.split())


# a drill ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "noticed"),
    [
        pytest.param(("1", "0", "RUN"), "unnoticed", id="run"),
        pytest.param((REFUSE, "", "1"), "was noticed", id="refused"),
    ],
)
def test_a_drill_by_ear_says_what_it_was_and_nothing_begins(
    drilled_world: World, monkeypatch: pytest.MonkeyPatch, answers: tuple[str, ...], noticed: str
) -> None:
    with drilled_world.vault() as vault:
        says(monkeypatch, *answers)
        with pytest.raises(WasDrill, match=noticed):
            hear_request(Talk(), as_owner(vault), the_drill(vault).id)
        assert [one.state for one in vault.requests()] == ["expired"]
        assert vault.audit_lines(newest=1)[0].type == "access.view"


# the week ---------------------------------------------------------------------------------------------------


def test_the_week_is_heard_and_then_read(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    with world.vault() as vault:
        world.clock.forward(days=7)
        hear_week(Talk(), as_owner(vault))
        assert not vault.status().is_digest_due
    assert "Nothing happened in your vault in this week." in capsys.readouterr().err
