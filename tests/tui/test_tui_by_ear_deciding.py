"""By ear, what is decided was heard first, and is done after its own word or number and nothing else."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from tests.worlds.hearing import Watched, hear, words
from tests.worlds.importing import import_file
from tests.worlds.vaults import new_world
from tests.worlds.world import JOB, NAME, World
from tui.actions import questions
from tui.by_ear import consents, releases, requests, talk
from tui.by_ear.acting import carry_out
from vault.views.records import FileChoice
from vault.views.releases import ReleaseView

DAY = "2026-01-{:02}"
TEA = """
[[fields]]
name = "tea"
role = "feature"
necessity = "optional"
transform = {{ kind = "standard", center = 2, scale = 1, clip = 3, fill = 2 }}
"""
ASKED = ("Requests, the newest first.", f"{NAME}, about nights")
DECIDE = ("What do you want to do?", "Decide whether it runs")
NO_COFFEE, NO_TEA = ("coffee is optional", "Not coffee"), ("tea is optional", "Not tea")
COFFEE, TEA_TOO = ("coffee is optional", "Allow coffee too"), ("tea is optional", "Allow tea too")
EXPLICIT = ("Do you consent explicitly to jobs reading", "Yes, I consent explicitly")
RUN = ("To do it, type RUN in capital letters.", "RUN")
HELD = ("Held updates", f"For {NAME}, from nights: held")
RELEASE = ("What do you want to do?", "Release it")
TO_NOBODY = ("Path of a new folder for it", "")
WORD = ("To do it, type RELEASE in capital letters.", "RELEASE")
GIVEN = ("Consents, those in force first.", f"{NAME}, academic research, nights: active")
GIVEN_UP = ("What do you want to do?", "Withdraw it.")


@pytest.fixture(scope="module")
def asking_template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A vault with a consent by hand, and a request for two columns of a special category and two optional ones."""
    world = new_world(tmp_path_factory.mktemp("asked"))
    path = world.folder / "drinks.csv"
    with path.open("w", newline="") as file:
        rows = ([DAY.format(day), 100 * day, day % 5, day % 3, "yes"] for day in range(1, 31))
        csv.writer(file).writerows([["day", "steps", "coffee", "tea", "good"], *rows])
    special = {"steps": "special", "coffee": "special"}
    choice = FileChoice(path=path, name="nights", unit="day", time_field="day", sensitivities=special)
    with world.vault() as vault:
        import_file(vault, choice)
        world.introduced(vault)
        until = world.clock.now + timedelta(days=90)
        vault.grant(
            requester=NAME, collection="nights", fields=["good"], purpose="AcademicResearch", not_after=until
        )
        vault.submit(world.job(text=JOB + TEA))
    return world


@pytest.fixture(scope="module")
def _asking(asking_template: World) -> Iterator[Watched]:
    with asking_template.vault(writable=False) as vault:
        yield Watched(vault=vault)


@pytest.fixture
def asking(_asking: Watched) -> Watched:
    """That vault, watched."""
    return Watched(vault=_asking.vault)


@pytest.fixture(scope="module")
def _lived(lived_template: World) -> Iterator[Watched]:
    with lived_template.vault(writable=False) as vault:
        yield Watched(vault=vault)


@pytest.fixture
def lived(_lived: Watched) -> Watched:
    """The vault with a past and a held update, watched."""
    return Watched(vault=_lived.vault)


def hears_requests(vault: Any, *answers: tuple[str, str]) -> str:
    return hear(lambda talk: requests.hear_requests(talk, vault), *answers)


def hears_releases(vault: Any, *answers: tuple[str, str]) -> str:
    return hear(lambda talk: releases.hear_releases(talk, vault, is_practice=False), *answers)


def hears_consents(vault: Any, *answers: tuple[str, str]) -> str:
    return hear(lambda talk: consents.hear_consents(talk, vault), *answers)


# a run --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["", "run", "RUN it"])
def test_by_ear_only_its_word_runs(asking: Watched, typed: str) -> None:
    said = hears_requests(asking, ASKED, DECIDE, NO_COFFEE, NO_TEA, EXPLICIT, (RUN[0], typed))

    assert asking.deeds == []
    assert "Decide later. Nothing was changed." in said


@pytest.mark.parametrize(
    ("answers", "granted"),
    [
        ((NO_COFFEE, NO_TEA), set()),
        ((COFFEE, NO_TEA), {"coffee"}),
        ((NO_COFFEE, TEA_TOO), {"tea"}),
        ((COFFEE, TEA_TOO), {"coffee", "tea"}),
    ],
)
def test_by_ear_an_optional_column_is_allowed_by_a_yes_of_its_own(
    asking: Watched, answers: tuple[tuple[str, str], ...], granted: set[str]
) -> None:
    hears_requests(asking, ASKED, DECIDE, *answers, EXPLICIT, RUN)

    [(name, _, facts)] = asking.deeds
    assert (name, facts["optional"], facts["special_confirmed"]) == ("approve", granted, True)


@pytest.mark.parametrize(("answer", "asked"), [(NO_COFFEE, "steps"), (COFFEE, "coffee, steps")])
def test_by_ear_a_special_category_takes_a_yes_of_its_own_that_names_each_column(
    asking: Watched, answer: tuple[str, str], asked: str
) -> None:
    said = hears_requests(
        asking,
        ASKED,
        DECIDE,
        answer,
        NO_TEA,
        (f"Do you consent explicitly to jobs reading {asked}, for this purpose?", "No. Decide later"),
    )

    assert asking.deeds == []
    assert "type RUN" not in said


def test_by_ear_the_consent_and_its_price_are_said_before_the_word_is_asked(asking: Watched) -> None:
    said = hears_requests(asking, ASKED, DECIDE, COFFEE, NO_TEA, EXPLICIT, RUN)

    draft = asking.preview_approval(asking.requests()[0].id, draft=True, optional={"coffee"}).draft
    heard = said.partition("Approving writes this consent.")[2].partition("type RUN")[0]
    assert "It may read: coffee, good, steps." in heard
    assert f"as its record will say: {words(draft.notice)}" in heard
    assert "A guess whether one given day is in it is right at most 55 times in 100" in heard
    assert "It costs ε 1.00 now, whether or not you release the result: 2.8 % of" in heard


def test_by_ear_the_price_is_said_before_anything_can_be_decided(asking: Watched) -> None:
    said = hears_requests(asking, ASKED).partition("What do you want to do?")[0]

    assert "It costs 2.8 % of a lifetime cap of ε 8 per day" in said
    assert "at δ 0.000001 per day; the number ε alone would allow 74 right guesses in 100." in said


# a release ----------------------------------------------------------------------------------------------------


class _Quiet:
    """Waits for input, without waiting: whether the enter key was pressed within the time."""

    def __init__(self, *, is_pressed: bool) -> None:
        self.waited: list[float] = []
        self._is_pressed = is_pressed

    def select(self, read: list[Any], _write: list[Any], _other: list[Any], seconds: float) -> Any:
        self.waited.append(seconds)
        return (read if self._is_pressed else [], [], [])


@pytest.mark.parametrize("typed", ["", "release", "RELEASE it", "RUN"])
def test_by_ear_only_its_word_releases(lived: Watched, monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    monkeypatch.setattr(talk, "select", _Quiet(is_pressed=False))
    said = hears_releases(lived, HELD, RELEASE, TO_NOBODY, (WORD[0], typed))

    assert lived.deeds == []
    assert "Do not release now. Nothing was changed." in said


def test_by_ear_a_release_waits_ten_seconds_in_which_the_enter_key_cancels_it(
    lived: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = _Quiet(is_pressed=True)
    monkeypatch.setattr(talk, "select", quiet)
    said = hears_releases(lived, HELD, RELEASE, TO_NOBODY, WORD, ("To cancel, press the enter key.", ""))

    assert (lived.deeds, quiet.waited) == ([], [10])
    assert "Cancelled: nothing was recorded, nothing left." in said


def test_by_ear_the_digest_that_was_said_is_the_one_that_is_released(
    lived: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The update gets another digest each time that it is looked at."""
    looks: list[ReleaseView] = []

    def look(release_id: str) -> ReleaseView:
        looks.append(replace(lived.vault.release(release_id), digest=f"{len(looks):032x}"))
        return looks[-1]

    lived.instead["release"] = look
    quiet = _Quiet(is_pressed=False)
    monkeypatch.setattr(talk, "select", quiet)
    said = hears_releases(lived, HELD, RELEASE, TO_NOBODY, WORD)

    [(name, _, facts)] = lived.deeds
    assert (name, facts["to"], quiet.waited) == ("send", None, [10])
    assert f"digest: {facts['confirm_digest']}." in said


# what is withdrawn, and the simple actions --------------------------------------------------------------------


def test_by_ear_a_withdrawal_is_asked_about(asking: Watched) -> None:
    hears_consents(asking, GIVEN, GIVEN_UP, ("No new run starts under it", "Keep it."))
    assert asking.deeds == []

    hears_consents(asking, GIVEN, GIVEN_UP, ("No new run starts under it", "Withdraw it."))
    assert [name for name, _, _ in asking.deeds] == ["withdraw"]


@pytest.mark.parametrize(("typed", "deeds"), [("withdraw", []), ("YES", []), ("WITHDRAW", ["withdraw"])])
def test_by_ear_a_withdrawal_that_destroys_an_update_takes_its_word(
    lived: Watched, typed: str, deeds: list[str]
) -> None:
    grant = next(one for one in lived.grants() if lived.preview_withdraw(one.id).destroyed)
    lived.instead["grants"] = lambda: [grant]
    word = ("type WITHDRAW in capital letters.", typed)
    hears_consents(lived, (GIVEN[0], f"{NAME}, academic research, nights"), GIVEN_UP, word)

    assert [name for name, _, _ in lived.deeds] == deeds


def _subject(vault: Watched, page: str) -> Any:
    """What an action of this page is about: a request with a no that holds, or the held update."""
    if page == "requests":
        return replace(vault.request(vault.requests()[0].id), no_until="2027-01-01T00:00:00+00:00")
    return vault.release(next(one.id for one in vault.releases() if one.state == "held"))


def test_by_ear_what_is_too_long_is_refused_and_asked_for_again(lived: Watched) -> None:
    """Nothing of what was typed is cut off without a word."""
    subject = _subject(lived, "requests")
    action, question = next(each for each in questions("requests") if each[0].entries)
    (entry,) = action.entries
    asked = f"Type {entry.placeholder}:"
    said = hear(
        partial(carry_out, vault=lived, action=action, subject=subject),
        (asked, "x" * (entry.longest + 1)),
        (asked, "x" * entry.longest),
        ("What do you want?", f"{question.verb}."),
    )
    assert f"at most {entry.longest} letters go into this field, and {entry.longest + 1} stand there" in said
    ((_, given, named),) = lived.deeds
    assert "x" * entry.longest in (*given, *named.values())


@pytest.mark.parametrize("page", ["requests", "release"])
def test_by_ear_every_simple_action_says_what_follows_and_is_asked_about(lived: Watched, page: str) -> None:
    subject, found = _subject(lived, page), questions(page)
    assert found
    for number, (action, question) in enumerate(found, start=1):
        entries = [(f"Type {entry.placeholder}:", "some text") for entry in action.entries]
        word = (f"type {question.word} in capital letters", question.word.lower())
        no = word if question.word else ("What do you want?", f"{question.safe}.")
        said = hear(partial(carry_out, vault=lived, action=action, subject=subject), *entries, no)
        assert len(lived.deeds) == number - 1, action.name
        assert words(talk.spoken(question.consequence(subject))) in said, action.name

        yes = (word[0], question.word) if question.word else (no[0], f"{question.verb}.")
        hear(partial(carry_out, vault=lived, action=action, subject=subject), *entries, yes)
        assert len(lived.deeds) == number, action.name
