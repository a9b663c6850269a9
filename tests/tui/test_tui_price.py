"""What one job costs, as it stands on the screen: the guess first, never an adjective, every number of the façade."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from tests.worlds.screens import play
from tui.text import wording
from tui.widgets.price import LONGEST_NOUN, PriceBox, budget_bar, cost, guess, numbers
from vault.views.price import PriceView

PRICE = PriceView(
    unit="day",
    unit_field=None,
    lifetime_epsilon="8",
    epsilon=Decimal("0.999979"),
    delta=Decimal("0.000001"),
    guess_rate=Decimal("0.5433"),
    worst_case=Decimal("0.7311"),
    numerical_assumption=False,
    paid=False,
    job_percent=Decimal("2.8"),
    used_percent_before=Decimal("39.0"),
    used_percent_after=Decimal("41.8"),
)


def test_the_guess_is_the_sentence_of_this_job_and_unit() -> None:
    assert guess(PRICE) == (
        "A guess whether one given day is in it is right at most 55 times in 100, instead of 50. "
        "Habits over many days are not hidden."
    )
    assert "one given patient is in it" in guess(replace(PRICE, unit="column", unit_field="patient_id"))


def test_the_cost_is_told_as_spent_now_whatever_is_decided_later() -> None:
    assert cost(PRICE) == (
        "It costs ε 1.00 now, whether or not you release the result: 2.8 % of this collection's lifetime privacy "
        "budget (39.0 % used before, 41.8 % after)."
    )


def test_what_does_not_fit_the_budget_is_told_so() -> None:
    told = cost(replace(PRICE, used_percent_before=Decimal("98.0"), used_percent_after=Decimal("100.8")))
    assert told.endswith("but 98.0 % is used already. It cannot run.")


def test_what_was_paid_is_told_as_paid() -> None:
    assert cost(replace(PRICE, paid=True)).startswith("It cost 2.8 % of a lifetime cap of ε 8 per day")


def test_the_numbers_have_epsilon_delta_and_the_worst_case() -> None:
    assert numbers(PRICE) == (
        "ε 0.999979 at δ 0.000001 per day; the number ε alone would allow 74 right guesses in 100."
    )
    assert "A2" in numbers(replace(PRICE, numerical_assumption=True))


def test_epsilon_is_rounded_up_never_down() -> None:
    assert wording.epsilon_up(Decimal("0.800001")) == "ε 0.81"
    assert wording.epsilon_up(Decimal("0.80")) == "ε 0.80"
    assert wording.epsilon_up(Decimal("0.000001")) == "ε 0.01"


@given(before=st.decimals(0, 100, places=1), job=st.decimals("0.1", 30, places=1), width=st.integers(10, 60))
def test_the_bar_is_always_as_wide_as_it_is_and_shows_this_job_wherever_there_is_room(
    before: Decimal, job: Decimal, width: int
) -> None:
    price = replace(PRICE, used_percent_before=before, used_percent_after=before + job)
    drawn = budget_bar(price, width).partition("  ")[0]
    assert width == len(drawn)
    assert drawn == "█" * drawn.count("█") + "▒" * drawn.count("▒") + "░" * drawn.count("░")
    assert wording.bar(before, width).count("█") == drawn.count("█")
    assert min(Decimal(100), before + job) * width / 100 <= drawn.count("█") + drawn.count("▒")


@given(st.text("abc_", min_size=1, max_size=80) | st.integers(1, 80).map("_".__mul__))
def test_however_long_the_unit_is_called_its_sentence_is_short_enough(field: str) -> None:
    assert len(guess(replace(PRICE, unit="column", unit_field=field))) <= 165 + 2 * LONGEST_NOUN


def test_the_box_draws_as_many_dots_as_the_guess_is_right_in_a_hundred_times() -> None:
    class Shown(App[None]):
        def compose(self) -> ComposeResult:
            yield PriceBox(PRICE)

    async def story() -> None:
        async with Shown().run_test() as pilot:
            for dots in pilot.app.query("Dots"):
                drawn = str(dots.render())
                assert (drawn.count("●"), drawn.count("○")) == (55, 45)
            box = pilot.app.query_one(PriceBox)
            box.show_price(replace(PRICE, used_percent_after=Decimal("50.0")))
            await pilot.pause()
            assert "50.0 % after" in str(pilot.app.query_one(".cost").render())
            box.toggle_numbers()
            assert box.has_class("-numbers")

    play(story())
