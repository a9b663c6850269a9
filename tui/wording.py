"""The words, in one place for the command line and the screens; pure text, no adjectives for ε."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

FILLED, EMPTY = "●", "○"


def unit_noun(unit: str, unit_field: str | None) -> str:
    """What one privacy unit is called: day, record, or the column's own word (patient_id → patient)."""
    if unit == "column" and unit_field:
        return unit_field.removesuffix("_id").removesuffix(" id").replace("_", " ").strip() or unit_field
    return unit


def times_in_hundred(guess_rate: Decimal) -> int:
    """The guess rate as whole times in 100, rounded up."""
    return int((guess_rate * 100).to_integral_value(rounding=ROUND_CEILING))


def guess_sentence(unit: str, unit_field: str | None, guess_rate: Decimal) -> str:
    """What the price of one job means, for its unit, and what it does not hide."""
    noun = unit_noun(unit, unit_field)
    return (
        f"A guess whether one given {noun} is in it is right at most {times_in_hundred(guess_rate)} times in 100, "
        f"instead of 50. {not_hidden(unit, noun)}"
    )


def not_hidden(unit: str, noun: str) -> str:
    """What a unit does not protect, said in the same breath."""
    match unit:
        case "record":
            return "The same fact in several records is protected much less."
        case "day":
            return "Habits over many days are not hidden."
        case _:
            return f"What holds for many {_plural(noun)} is not hidden: it is what the model learns."


def _plural(noun: str) -> str:
    return noun[:-1] + "ies" if noun.endswith("y") and noun[-2:-1] not in "aeiou" else noun + "s"


def unit_sentence(unit: str, unit_field: str | None) -> str:
    """Which rows count as one, in plain words."""
    match unit:
        case "record":
            return "each row counts as its own unit"
        case "day":
            return "all rows of one day count as one unit"
        case _:
            return f"all rows with the same {unit_field} count as one unit"


def dots(guess_rate: Decimal, *, columns: int = 25) -> list[str]:
    """100 dots, as many filled as a guess is right in 100 times."""
    filled = times_in_hundred(guess_rate)
    row = FILLED * filled + EMPTY * (100 - filled)
    return [row[start : start + columns] for start in range(0, 100, columns)]


def squares(allowed: int, asked: int) -> str:
    """Asked columns as squares, the allowed ones filled."""
    return "■" * allowed + "□" * (asked - allowed)


def percent(value: Decimal) -> str:
    """A percentage as it is shown; it was rounded where it was made."""
    return f"{value} %"


def size(count: int) -> str:
    """Bytes in words."""
    return f"{count:,} bytes" if count < 10_000 else f"{count / 1000:,.1f} kB"


def state(word: str, *, may_have_left: bool = False) -> str:
    """A state of a request as a person reads it."""
    words = {
        "refused_policy": "refused by policy",
        "refused_person": "refused by you",
        "waiting": "waits for you",
        "sending": "sending (may have left)",
    }
    return words.get(word, word)
