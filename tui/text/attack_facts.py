"""What came of attacking a stand-in of a job, or its very run, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.text import wording
from vault.views.attack import FEWEST_UNITS
from vault.views.counting import plural

if TYPE_CHECKING:
    from vault.views.attack import AttackView

NO_PROOF: Final = "A failed attack proves nothing and says nothing about habits."
ABOVE: Final = "That is more than the bound allows: do not run it, and report it, for something is broken."
LUCK: Final = (
    "That is above the bound, but so few guesses come to that by luck: it proves nothing either way, and says nothing "
    "about habits."
)
WHAT_IT_DOES: Final = (
    "The learner runs this job on made-up data, with starting weights that give away the most, and guesses which of "
    "many made-up units were in. No record is read, nothing is charged and nothing leaves."
)


def sentence(found: AttackView) -> str:
    """How often the guesses were right, and what they could not have told; of few guesses no number."""
    if found.right_rate is None or found.least_seen is None:
        return (
            f"We attacked a stand-in, but it came to {found.guesses} guesses in the time there is: of fewer than 100 "
            "no number is shown."
        )
    right, least = (wording.times_in_hundred(rate) for rate in (found.right_rate, found.least_seen))
    said = (
        f"We attacked a stand-in of this job, on made-up data, {found.guesses} times and were right {right} in 100; "
        f"the test could not have seen less than {least}."
    )
    return f"{said} {ABOVE if found.is_above_bound else LUCK if found.is_above_by_luck else NO_PROOF}"


def run_sentence(found: AttackView, noun: str) -> str:
    """How often the owner's units were told from made-up ones by their very run, and how little that says."""
    units = plural(noun)
    if found.right_rate is None or found.least_seen is None:
        return (
            f"No attack on this very run was tried: of fewer than {FEWEST_UNITS} {units}, or of a network that learns "
            "from fewer at once, no number is shown."
        )
    right, least = (wording.times_in_hundred(rate) for rate in (found.right_rate, found.least_seen))
    return (
        f"We attacked this very run, a weaker test than that of a stand-in: of your {units} and made-up ones, put "
        f"together from halves of yours, somebody who knows all else and saw {found.steps_seen} of its steps would "
        f"have told {right} in 100 right, and by luck 50 ({found.guesses} guesses; the test could not have seen less "
        f"than {least}). That is one run and a mean over what you have: a single {noun} may stand out more. {NO_PROOF}"
    )
