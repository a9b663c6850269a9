"""What came of attacking a stand-in of a job, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.text import wording

if TYPE_CHECKING:
    from vault.views.attack import AttackView

NO_PROOF: Final = "A failed attack proves nothing and says nothing about habits."
ABOVE: Final = "That is more than the bound allows: do not run it, and report it, for something is broken."
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
    return f"{said} {ABOVE if found.is_above_bound else NO_PROOF}"
