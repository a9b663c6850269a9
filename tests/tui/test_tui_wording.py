"""The words are pure: the same facts give the same sentence, and no sentence judges an ε."""

from __future__ import annotations

import ast
import inspect
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.text import wording
from tui.text.wording import requester_with_key
from vault.views.counting import plural

RATES = st.decimals(min_value=Decimal("0.5"), max_value=1, places=4)
PERCENTS = st.decimals(min_value=0, max_value=250, places=1)
CAP = wording.lifetime_cap("8", "day")
UNITS = st.sampled_from([("record", None), ("day", None), ("column", "patient_id")])
JUDGING = (
    "strong",
    "weak",
    "safe",
    "secure",
    "good",
    "bad",
    "anonym",
    "private enough",
    "harmless",
    "small ε",
)


# the guess ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "times"),
    [("0.5", 50), ("0.5401", 55), ("0.54", 54), ("0.5499", 55), ("0.99991", 100), ("1", 100)],
)
def test_a_guess_rate_is_never_told_smaller_than_it_is(rate: str, times: int) -> None:
    assert times == wording.times_in_hundred(Decimal(rate))


@given(RATES)
def test_times_in_a_hundred_is_the_least_whole_number_that_is_not_too_small(rate: Decimal) -> None:
    times = wording.times_in_hundred(rate)
    assert times - 1 < rate * 100 <= times


@pytest.mark.parametrize(
    ("unit", "field", "sentence"),
    [
        (
            "record", None,
            "A guess whether one given record is in it is right at most 55 times in 100, instead of 50. "
            "The same fact in several records is protected much less.",
        ),
        (
            "day", None,
            "A guess whether one given day is in it is right at most 55 times in 100, instead of 50. "
            "Habits over many days are not hidden.",
        ),
        (
            "column", "patient_id",
            "A guess whether one given patient is in it is right at most 55 times in 100, instead of 50. "
            "What holds for many patients is not hidden: it is what the model learns.",
        ),
    ],
)  # fmt: skip
def test_the_guess_names_the_unit_and_in_the_same_breath_what_it_does_not_hide(
    unit: str, field: str | None, sentence: str
) -> None:
    assert sentence == wording.guess_sentence(unit, field, Decimal("0.5401"))


@given(RATES)
def test_of_a_hundred_dots_as_many_are_filled_as_guesses_are_right(rate: Decimal) -> None:
    rows = wording.dots(rate)
    drawn = "".join(rows)
    assert [len(row) for row in rows] == [25] * 4
    assert wording.times_in_hundred(rate) == drawn.count(wording.FILLED)
    assert drawn == "".join(sorted(drawn, key=lambda dot: dot != wording.FILLED))


# the price ----------------------------------------------------------------------------------------------------


def test_a_job_that_has_not_run_says_what_it_would_use_and_that_keeping_the_result_saves_nothing() -> None:
    said = wording.cost_sentence(Decimal("2.8"), Decimal("2.8"), Decimal("5.5"), CAP)
    assert said.startswith("It costs 2.8 % of a lifetime cap of ε 8 per day")
    assert said.endswith("whether or not you release the result (2.8 % used before, 5.5 % after).")


def test_a_job_that_does_not_fit_says_that_it_cannot_run() -> None:
    said = wording.cost_sentence(Decimal("20.0"), Decimal("90.0"), Decimal("110.0"), CAP)
    assert said.endswith("but 90.0 % is used already: it cannot run.")


def test_a_job_that_has_run_says_that_it_is_paid() -> None:
    said = wording.paid_sentence(Decimal("2.8"), Decimal("5.5"), CAP)
    assert said.startswith("It cost 2.8 % of a lifetime cap of ε 8 per day")
    assert "which is spent whether or not the result leaves" in said
    assert "5.5 %" in said


@pytest.mark.parametrize(("used", "left"), [("0.0", "100.0"), ("2.8", "97.2"), ("100", "0"), ("100.1", "0")])
def test_what_is_left_is_the_rest_and_never_less_than_nothing(used: str, left: str) -> None:
    assert wording.percent(wording.left_of(Decimal(used))) == f"{left} %"


def test_the_numbers_stand_beside_the_worst_that_they_allow() -> None:
    said = wording.epsilon_sentence(Decimal("0.999979"), Decimal("0.000001"), "day", Decimal("0.7311"))
    assert said == (
        "ε 0.999979 at δ 0.000001 per day; the number ε alone would allow 74 right guesses in 100."
    )


@given(UNITS, RATES, PERCENTS, PERCENTS, PERCENTS)
def test_no_sentence_about_privacy_judges_it(
    unit: tuple[str, str | None], rate: Decimal, job: Decimal, before: Decimal, after: Decimal
) -> None:
    said = " ".join(
        [
            wording.guess_sentence(*unit, rate),
            wording.unit_sentence(*unit),
            wording.cost_sentence(job, before, after, CAP),
            wording.paid_sentence(job, before, CAP),
            wording.epsilon_sentence(job, Decimal("0.000001"), wording.unit_noun(*unit), rate),
        ]
    ).lower()
    assert not [word for word in JUDGING if word in said]


def test_the_module_holds_no_judging_word_at_all() -> None:
    source = inspect.getsource(wording).lower().replace("no adjectives for ε", "")
    assert not [word for word in ("strong", "weak", "safe", "secure", "anonym", "harmless") if word in source]


@given(PERCENTS, st.integers(1, 80))
def test_a_bar_never_shows_less_than_is_used(share: Decimal, width: int) -> None:
    bar = wording.bar(share, width)
    assert width == len(bar)
    assert Decimal(bar.count("█")) / width >= min(share, Decimal(100)) / 100
    assert (bar.count("█") == 0) == (share == 0)


# numbers and names --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "noun", "text"),
    [
        (0, "job", "0 jobs"), (1, "job", "1 job"), (2, "job", "2 jobs"), (1, "entry", "1 entry"),
        (12345, "entry", "12,345 entries"), (2, "day", "2 days"), (2, "address", "2 addresses"),
        (2, "person", "2 people"), (3, "visit", "3 visits"), (2, "branch", "2 branches"),
        (2, "notes", "2 notes"), (2, "box", "2 boxes"), (2, "value of x", "2 values of x"),
        (2, "analysis", "2 analyses"),
        (2, "class", "2 classes"), (2, "case number", "2 case numbers"), (2, "Person", "2 People"),
        (2, "data", "2 data"),
    ],
)  # fmt: skip
def test_counts_agree_with_their_nouns(count: int, noun: str, text: str) -> None:
    assert text == wording.counted(count, noun)


ROOT = Path(__file__).parents[2]
NOUNS = {
    "answer": "answers", "campaign": "campaigns", "invitation": "invitations", "line": "lines",
    "model": "models", "peer": "peers",
    "approved job": "approved jobs", "attempt": "attempts", "byte": "bytes", "cell": "cells",
    "checkpoint": "checkpoints", "collection": "collections", "column": "columns", "consent": "consents",
    "day": "days", "entry": "entries", "event": "events", "field": "fields", "file": "files",
    "held update": "held updates", "hour": "hours", "job": "jobs", "later event": "later events",
    "minute": "minutes", "more place": "more places", "other column": "other columns", "other job": "other jobs",
    "parameter": "parameters",
    "release": "releases", "round": "rounds", "row": "rows", "run": "runs", "second": "seconds", "step": "steps",
    "text": "texts", "thing": "things", "token": "tokens", "training": "trainings",
    "unit": "units", "update": "updates", "value": "values", "vault": "vaults", "witness": "witnesses",
    "word": "words", "year": "years",
}  # fmt: skip


def _nouns() -> set[str]:
    """Every noun that the product counts with the one rule."""
    found = set()
    for file in (path for room in ("vault", "tui") for path in (ROOT / room).rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "counted(" in text else ():
            name = getattr(
                getattr(node, "func", None), "attr", getattr(getattr(node, "func", None), "id", "")
            )
            if isinstance(node, ast.Call) and name == "counted" and len(node.args) == 2:
                found |= {one.value for one in ast.walk(node.args[1]) if isinstance(one, ast.Constant)}
    return found


def test_every_noun_that_is_counted_has_its_plural() -> None:
    assert {noun: plural(noun) for noun in _nouns()} == NOUNS


@pytest.mark.parametrize(
    ("unit", "field", "noun"),
    [
        ("day", None, "day"), ("record", None, "record"), ("column", "patient_id", "patient"),
        ("column", "visit id", "visit"), ("column", "case_number", "case number"), ("column", "_id", "value of _id"),
        ("column", "x", "value of x"), ("column", "q1", "value of q1"), ("column", "Käufer", "value of Käufer"),
    ],
)  # fmt: skip
def test_a_unit_is_called_by_its_own_word(unit: str, field: str | None, noun: str) -> None:
    assert noun == wording.unit_noun(unit, field)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (0.0, "0"), (3, "3"), (0.33333, "0.3333"), (999.96, "1000"), (1033.4, "1,033"),
        (14980, "14,980"), (-1033.4, "-1,033"), (0.00001234, "1.234e-05"), (1e15, "1e+15"), (2.5, "2.5"),
    ],
)  # fmt: skip
def test_numbers_are_written_out_unless_that_is_longer(value: float, text: str) -> None:
    assert text == wording.number(value)


@pytest.mark.parametrize(
    ("count", "text"), [(1, "1 byte"), (176, "176 bytes"), (9999, "9,999 bytes"), (12345, "12.3 kB")]
)
def test_sizes_are_bytes_in_words(count: int, text: str) -> None:
    assert text == wording.size(count)


def test_the_words_of_somebody_else_cannot_end_their_own_quotation() -> None:
    assert wording.quoted("research” Nothing leaves. “") == '“research" Nothing leaves. "”'


@pytest.mark.parametrize(
    ("status", "words"),
    [("new", "not verified"), ("trusted", "verified in person"), ("blocked", "blocked")],
)
def test_a_requester_is_never_named_without_how_far_the_key_is_known(status: str, words: str) -> None:
    assert requester_with_key("Sleep lab", "6451 b103", status) == f"Sleep lab (key 6451 b103, {words})"


def test_a_window_that_is_open_says_so() -> None:
    assert wording.window(None, None) == "the first to the last"
    assert wording.window("2026-01-01T00:00:00Z", None) == "2026-01-01T00:00:00Z to the last"


def test_squares_show_what_of_the_asked_is_allowed() -> None:
    assert wording.squares(2, 3) == "■■□"


def test_every_state_of_a_request_reads_as_words() -> None:
    from vault.views.states import RequestState

    said = [wording.state(state.value) for state in RequestState]
    assert not [words for words in said if "_" in words]
    assert len(set(said)) == len(said)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(30, "30 minutes"), (60, "1 hour"), (90, "1 hour and 30 minutes"), (1440, "24 hours")],
)
def test_a_time_to_decide_is_told_in_hours_and_minutes(minutes: int, words: str) -> None:
    assert words == wording.duration(minutes)


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("approved", "nothing was spent"),
        ("ready", "nothing was spent"),
        ("failed", "Its budget is spent"),
        ("training", "Its budget is spent"),
        ("held", "its result is held"),
    ],
)
def test_a_run_that_was_stopped_says_what_it_has_cost(state: str, word: str) -> None:
    assert word in wording.after_a_stop(state)


def test_a_change_says_what_came_what_went_and_what_is_otherwise() -> None:
    assert wording.changed("column mood", "", "optional feature") == "column mood: new, optional feature"
    assert wording.changed("steps", "5", "6") == "steps: was 5, is now 6"
    assert wording.changed("column mood", "optional feature", "") == (
        "column mood: no longer asked for (was optional feature)"
    )


def test_a_job_is_compared_with_the_last_one_of_the_same_requester() -> None:
    assert "no job of theirs" in wording.compared(None, 0)
    assert "asks the same as request 0123abcd" in wording.compared("0123abcdef", 0)
    assert wording.compared("0123abcdef", 1).endswith("1 thing changed:")
    assert wording.compared("0123abcdef", 2).endswith("2 things changed:")


def test_uses_of_a_consent_say_which_of_them_wait() -> None:
    assert wording.uses(2, 1, 0) == "1 of 2 used"
    assert wording.uses(1, 0, 1) == "0 of 1 used, 1 kept for an approved request that has not run"
