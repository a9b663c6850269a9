"""The sentences and words that the command line and the screens share; no adjectives for ε."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING

from tui.text import times
from tui.text.parse import quoted_name
from vault.views import counting, requests, spread
from vault.views.names import spelled

if TYPE_CHECKING:
    from collections.abc import Sequence


FILLED, EMPTY = "●", "○"
WHOLE = Decimal(100)
QUOTE = '"'
_WORDS = re.compile("[A-Za-z]{3,}(?: [A-Za-z]+)*")
RUN_WORD, RELEASE_WORD, WITHDRAW_WORD, LEAVE_WORD = "RUN", "RELEASE", "WITHDRAW", "LEAVE"

KEY_STATUS = {"new": "not verified", "trusted": "verified in person", "blocked": "blocked"}
KEY_MARKS = {"new": "?", "trusted": "✓", "blocked": "✗"}

_STATES = {
    "refused_policy": "refused by policy",
    "refused_person": "refused by you",
    "waiting": "waits for you",
    "ready": "getting ready",
    "failed": "failed, paid all the same",
    "sending": "sending (may have left)",
    "released": "left this computer",
    "withheld": "kept private",
    "destroyed": "destroyed, its consent was withdrawn",
}

_SENSITIVITIES = {
    "sensitive": "sensitive: it could hurt you or others if it became known",
    "special": "special: of a category that the law protects most (GDPR Articles 9 and 10, such as health)",
    "identifying": "identifying: it points to a person",
}


# numbers and names ----------------------------------------------------------------------------------------


def counted(count: int, noun: str) -> str:
    """A number and its noun, in the plural unless it is one."""
    return counting.counted(count, noun)


def number(value: float) -> str:
    """A number at four digits, written out where that is not longer than a power of ten."""
    return spread.number(value)


def percent(value: Decimal) -> str:
    """A percentage as it is shown; it was rounded where it was made."""
    return f"{value} %"


def epsilon_up(value: Decimal) -> str:
    """An ε of a job at two places, rounded up, for where there is little room."""
    return f"ε {value.quantize(Decimal('0.01'), rounding=ROUND_CEILING)}"


def short(text: str, most: int) -> str:
    """A name where there is little room for it; the whole of it stands elsewhere on the same screen."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def size(count: int) -> str:
    """Bytes in words."""
    return counted(count, "byte") if count < 10_000 else f"{count / 1000:,.1f} kB"


def quoted(text: str) -> str:
    """Somebody else's words, marked as such; a quotation mark of their own cannot end them."""
    return f"“{text.replace('“', QUOTE).replace('”', QUOTE)}”"


def requester_with_key(name: str, fingerprint: str, status: str) -> str:
    """A requester, with how far the owner knows the key."""
    return f"{name} (key {fingerprint}, {KEY_STATUS[status]})"


def name_warnings(name: str, resembles: Sequence[str], alphabets: Sequence[str]) -> list[str]:
    """What is wrong with how a name looks: it can be mistaken for another, or mixes alphabets."""
    spelling = spelled(name)
    found = [f"can be mistaken for {quoted(other)}, spelled {spelling}" for other in resembles]
    mixed = [f"mixes letters of {' and '.join(alphabets)}, spelled {spelling}"] if alphabets else []
    return [*found, *mixed]


def key_warning(status: str) -> str:
    """How far the owner knows the key of a requester; anything but a verified one stands in capitals."""
    words = KEY_STATUS[status]
    return words if status == "trusted" else words.upper()


def window(begin: str | None, end: str | None) -> str:
    """Which records, by their time."""
    return f"{begin or 'the first'} to {end or 'the last'}"


def uses(allowed: int, spent: int, kept: int) -> str:
    """How many jobs a consent allows, and what became of its uses."""
    waiting = f", {kept} kept for an approved request that has not run" if kept else ""
    return f"{spent} of {allowed} used{waiting}"


def duration(minutes: int) -> str:
    """A span of time in hours and minutes."""
    hours, rest = divmod(minutes, 60)
    parts = [counted(hours, "hour")] * (hours > 0) + [counted(rest, "minute")] * (rest > 0)
    return " and ".join(parts)


def time_to_decide(minutes: int) -> str:
    """How long a result waits for its owner, and what happens to it then."""
    return (
        f"you have {duration(minutes)} after the run to decide; then the result is deleted, "
        "and the budget stays spent"
    )


# how sensitive columns are ---------------------------------------------------------------------------------


def with_sensitivity(name: str, sensitivity: str) -> str:
    """A column, with its class where that is not the ordinary one."""
    named = quoted_name(name)
    return named if sensitivity == "ordinary" else f"{named} ({sensitivity})"


def sensitivity_words(sensitivity: str) -> str:
    """What a class of sensitivity stands for."""
    return _SENSITIVITIES.get(sensitivity, sensitivity)


def special_sentence(special: Sequence[str]) -> str:
    """What of a special category would be read, and that it takes a yes of its own."""
    return (
        f"Of a special category of personal data (GDPR Articles 9 and 10, such as health): {', '.join(special)}. "
        "To have it read takes your explicit consent, a yes of its own."
    )


def special_columns(special: Sequence[str], most: int = 2) -> str:
    """The special columns by name where there is little room; where there are many, only how many more."""
    named = [short(name, 16) for name in special]
    if len(named) <= most:
        return " and ".join(named)
    return f"{', '.join(named[:most])} and {counted(len(named) - most, 'other column')}"


def special_question(special: Sequence[str]) -> str:
    """The second question, about what belongs to a special category alone."""
    return f"Do you consent explicitly to jobs reading {', '.join(special)}, for this purpose?"


# the privacy unit and its price ---------------------------------------------------------------------------


def unit_noun(unit: str, unit_field: str | None) -> str:
    """What one privacy unit is called: day, record, or the column's own word (patient_id → patient), if it is one."""
    if unit != "column" or not unit_field:
        return unit
    word = unit_field.removesuffix("_id").removesuffix(" id").replace("_", " ").strip()
    return word if _WORDS.fullmatch(word) else f"value of {unit_field}"


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
            return f"What holds for many {counting.plural(noun)} is not hidden: it is what the model learns."


def unit_sentence(unit: str, unit_field: str | None) -> str:
    """Which rows count as one, in plain words."""
    match unit:
        case "record":
            return "each row counts as its own unit"
        case "day":
            return f"all rows of one day{(unit_field and f' ({unit_field})') or ''} count as one unit"
        case _:
            return f"all rows with the same {unit_field} count as one unit"


def lifetime_cap(lifetime_epsilon: str, noun: str) -> str:
    """The most that all jobs together may ever tell about one unit."""
    return f"a lifetime cap of ε {lifetime_epsilon} per {noun}"


def left_of(used: Decimal) -> Decimal:
    """What is left of a budget of which so many percent are used: used was rounded up, so this is rounded down."""
    return max(WHOLE - used, Decimal())


def cap_sentence(lifetime_epsilon: str, delta: str, noun: str) -> str:
    """What a lifetime cap guarantees: only the worst case that its number allows, never a guess rate."""
    power = Decimal(lifetime_epsilon).exp()
    most = (WHOLE * power / (1 + power)).quantize(Decimal("0.01"), rounding=ROUND_CEILING)
    return (
        f"The cap of ε {lifetime_epsilon} at δ {delta} is what is guaranteed, and no more: in the worst case that "
        f"number allows {most.normalize():f} right guesses in 100 whether one given {noun} is in it."
    )


def cost_sentence(job: Decimal, before: Decimal, after: Decimal, cap: str) -> str:
    """What a job that has not run would take from the lifetime budget, and whether it can."""
    cost = f"{percent(job)} of {cap}, this collection's lifetime privacy budget,"
    if after > WHOLE:
        return f"It would cost {cost} but {percent(before)} is used already: it cannot run."
    return (
        f"It costs {cost} when it runs, whether or not you release the result "
        f"({percent(before)} used before, {percent(after)} after)."
    )


def cost_now(epsilon: Decimal, job: Decimal, before: Decimal, after: Decimal) -> str:
    """The cost of a job at the moment of deciding about its run, in few words."""
    share = f"{percent(job)} of this collection's lifetime privacy budget"
    if after > WHOLE:
        return f"It would cost {epsilon_up(epsilon)}: {share}, but {percent(before)} is used already. It cannot run."
    return (
        f"It costs {epsilon_up(epsilon)} now, whether or not you release the result: {share} "
        f"({percent(before)} used before, {percent(after)} after)."
    )


def paid_sentence(job: Decimal, used: Decimal, cap: str) -> str:
    """What a job that has run took from the lifetime budget, and what is used of it now."""
    return (
        f"It cost {percent(job)} of {cap}, this collection's lifetime privacy budget, which is spent whether or not "
        f"the result leaves; {percent(used)} of it is used now."
    )


NUMERICAL_ASSUMPTION = (
    "The noise of so large a model rests on a numerical assumption (A2, see docs/privacy.md)."
)


def epsilon_sentence(epsilon: Decimal, delta: Decimal, noun: str, worst_case: Decimal) -> str:
    """The price as numbers, and the most that the number alone promises."""
    return (
        f"ε {epsilon} at δ {delta:f} per {noun}; the number ε alone would allow "
        f"{times_in_hundred(worst_case)} right guesses in 100."
    )


# drawings and states --------------------------------------------------------------------------------------


def dots(guess_rate: Decimal, *, columns: int = 25) -> list[str]:
    """100 dots, as many filled as a guess is right in 100 times."""
    filled = times_in_hundred(guess_rate)
    row = FILLED * filled + EMPTY * (100 - filled)
    return [row[start : start + columns] for start in range(0, 100, columns)]


def squares(allowed: int, asked: int) -> str:
    """Asked columns as squares, the allowed ones filled."""
    return "■" * allowed + "□" * (asked - allowed)


def bar(share: Decimal, width: int) -> str:
    """A share of the whole in percent as a bar; anything used at all fills at least one cell."""
    cells = (share * width / WHOLE).to_integral_value(rounding=ROUND_CEILING)
    filled = min(width, max(0, int(cells)))
    return "█" * filled + "░" * (width - filled)


def after_a_stop(word: str) -> str:
    """What a run that did not come to its end has cost, by the state it left the request in."""
    if word in ("approved", "ready"):
        return "The run was stopped. Nothing was read and nothing was spent; it can be run again."
    if word == "held":
        return "The run had come to its end already: its budget is spent, and its result is held for your decision."
    return (
        "The run was stopped. Its budget is spent all the same: it was paid before your records were read, and stays "
        "spent. Nothing is held of it."
    )


def changed(what: str, before: str, now: str) -> str:
    """One thing that a job asks otherwise than the last one."""
    return requests.changed(what, before, now)


def drills_sentence(*, is_on: bool) -> str:
    """What comes of switching drills on, or off."""
    if not is_on:
        return "Drills are off: every request that you see was sent by somebody."
    return (
        "Drills are on: one to four weeks from now, and again after each, a request comes that nobody sent, like one "
        "you approved but for one thing. Whatever you decide about it does nothing, and you are told at once."
    )


LAST_APPROVED = "the last of theirs on these records that you approved"


def compared(request: str | None, changes: int) -> str:
    """What a job is compared with: the last one of the same requester that was approved."""
    if request is None:
        return "You have approved no job of theirs on these records before."
    if not changes:
        return f"It asks the same as request {request[:8]}, {LAST_APPROVED}."
    return f"Against request {request[:8]}, {LAST_APPROVED}, {counted(changes, 'thing')} changed:"


def state(word: str) -> str:
    """A state of a request or a held update as a person reads it."""
    return _STATES.get(word, word)


# held updates, and what left ------------------------------------------------------------------------------

UPDATE_MARKS = {
    "held": "◆",
    "sending": "▲",
    "released": "→",
    "withheld": "■",
    "destroyed": "×",
    "expired": "○",
}
_UPDATE_WORDS = {
    "sending": "may have left",
    "released": "left",
    "withheld": "kept private",
}
CANNOT_BE_CALLED_BACK = (
    "What leaves cannot be called back: withdrawing the consent later does not remove what it taught."
)
REQUESTER_BLOCKED = "requester blocked"
KEPT_TO_FETCH = "they fetch it with their token, for 90 days"
MAY_HAVE_LEFT = "A sending of these bytes was begun and not finished, so they may have left already."
NOTHING_LEFT = "Nothing has left this computer."


def update_state(word: str) -> str:
    """What became of an update, short enough for a list: a mark and a word."""
    return f"{UPDATE_MARKS[word]} {_UPDATE_WORDS.get(word, word)}"


def what_leaves(bytes_count: int) -> str:
    """All that leaves with an update."""
    return f"one file of {size(bytes_count)}, its manifest and its signature"


def mechanism(noun: str, clip_norm: float, steps: int, noise_multiplier: float) -> str:
    """How one unit is hidden in an update."""
    return (
        f"each {noun} clipped to norm {clip_norm:g} in {'the one step' if steps == 1 else f'each of {steps:,} steps'}, "
        f"and noise {noise_multiplier:g} times as large"
    )


def left_sentence(released: int, may_have_left: int, last: str | None, *, nothing: str = NOTHING_LEFT) -> str:
    """What has left this computer, by the trail; `last` is when the last update did (RFC 3339, UTC)."""
    unsure = f"{counted(may_have_left, 'update')} may have left: a sending was begun and not finished."
    if not released:
        return unsure if may_have_left else nothing
    when = f", last on {times.full_time(last)}" if last else ""
    sentence = f"{counted(released, 'update')} left this computer{when}."
    return f"{sentence} {unsure}" if may_have_left else sentence


def time_left(seconds: float) -> str:
    """How long something still lasts, rounded down: days, or hours and minutes where less than two days are left."""
    minutes = int(seconds // 60)
    if minutes < 1:
        return "less than a minute" if seconds > 0 else "no time"
    days = minutes // (24 * 60)
    return counted(days, "day") if days > 1 else duration(minutes)
