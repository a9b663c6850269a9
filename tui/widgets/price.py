"""What one job costs: the guess about one unit as 100 dots and a sentence, the budget, and the numbers a key below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from tui.text import attack_facts, wording
from tui.widgets.dots import NARROW, Dots
from tui.widgets.plain import Plain

if TYPE_CHECKING:
    from vault.views.price import PriceView

LONGEST_NOUN = 20


class PriceBox(Vertical):
    """The price of one job; `toggle_numbers` shows ε, δ and the worst case or hides them again."""

    def __init__(self, price: PriceView, *, id: str | None = None) -> None:
        super().__init__(id=id, classes="price")
        self._price = price

    def compose(self) -> ComposeResult:
        """Dots beside the sentences; above them, in two rows, where there is little room."""
        rate = self._price.guess_rate
        with Horizontal(classes="price-lines"):
            yield Dots(rate, id="dots-block")
            with Vertical(classes="price-words"):
                yield Dots(rate, columns=NARROW, id="dots-lines")
                yield Plain(guess(self._price), classes="guess")
                yield self._attacked()
                yield Plain(cost(self._price), classes="cost")
                yield Plain(budget_bar(self._price), classes="budget-bar")
                yield Plain(numbers(self._price), classes="numbers")

    def _attacked(self) -> Plain:
        """Out of sight until there is something to say."""
        found = Plain(attacked(self._price), classes="attacked")
        found.display = self._price.attack is not None
        return found

    def show_price(self, price: PriceView) -> None:
        """Show what the budget says now about the same job."""
        self._price = price
        for name, words in (("cost", cost), ("budget-bar", budget_bar), ("numbers", numbers)):
            for found in self.query(f".{name}").results(Plain):
                found.set_text(words(price))

    def toggle_numbers(self) -> None:
        """Show or hide ε, δ and the worst case."""
        self.toggle_class("-numbers")


def noun_of(price: PriceView) -> str:
    """What one privacy unit is called, short enough for a sentence that must not be cut."""
    return wording.short(wording.unit_noun(price.unit, price.unit_field), LONGEST_NOUN)


def guess(price: PriceView) -> str:
    """The sentence that every price begins with."""
    field = price.unit_field
    while field and len(wording.unit_noun(price.unit, field)) > LONGEST_NOUN:
        field = wording.short(field, len(field) - 1)
    return wording.guess_sentence(price.unit, field, price.guess_rate)


def attacked(price: PriceView) -> str:
    """What came of attacking a stand-in of the job, where that was done."""
    return attack_facts.sentence(price.attack) if price.attack else ""


def cost(price: PriceView) -> str:
    """What it takes from the lifetime budget, before and after it was paid."""
    if price.paid:
        cap = wording.lifetime_cap(price.lifetime_epsilon, noun_of(price))
        return wording.paid_sentence(price.job_percent, price.used_percent_before, cap)
    return wording.cost_now(
        price.epsilon, price.job_percent, price.used_percent_before, price.used_percent_after
    )


def budget_bar(price: PriceView, width: int = 25) -> str:
    """The lifetime budget as a bar: what is used, and what this job would take of what is left."""
    after = min(price.used_percent_after, wording.WHOLE)
    used = wording.bar(price.used_percent_before, width).count("█")
    with_it = max(used, wording.bar(after, width).count("█"))
    drawn = "█" * used + "▒" * (with_it - used) + "░" * (width - with_it)
    return f"{drawn}  █ used" if price.paid else f"{drawn}  █ used  ▒ this job"


def numbers(price: PriceView) -> str:
    """The price as numbers, with the assumption it rests on where there is one."""
    sentence = wording.epsilon_sentence(price.epsilon, price.delta, noun_of(price), price.worst_case)
    return f"{sentence} {wording.NUMERICAL_ASSUMPTION}" if price.numerical_assumption else sentence
