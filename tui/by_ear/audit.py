"""The trail, by ear: the newest entries, those about somebody or something, and whether it verifies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.text import times
from tui.text.audit_facts import OUTCOME_WORDS, known_in, only_words, verified
from vault.views.history import TRAIL_OUTCOMES, TrailFilter

if TYPE_CHECKING:
    from tui.by_ear.talk import Talk
    from vault.owner.interface.session import OwnerSession
    from vault.views.audit import AuditLine

NEWEST: Final = 20
CHOICES: Final = (
    f"Hear the newest {NEWEST} entries.",
    "Hear what is about one requester.",
    "Hear what is about one collection.",
    "Hear what ended in one way.",
    "Recompute every entry, and check every page of the database.",
)


def hear_audit(talk: Talk, vault: OwnerSession) -> None:
    """What to hear of the trail, again and again."""
    while (chosen := talk.choose("The audit trail.", CHOICES)) is not None:
        if chosen == 0:
            _say_lines(talk, vault.audit_lines(newest=NEWEST))
        elif chosen == len(CHOICES) - 1:
            talk.say("Recomputing; this may take a while.", f"{verified(vault)}")
        elif (only := _chosen_filter(talk, vault, CHOICES[chosen])) is not None:
            groups = vault.timeline(about=only, limit=NEWEST)
            talk.say(f"The newest entries, {only_words(only)}:")
            _say_lines(
                talk, sorted((line for one in groups for line in one.lines), key=lambda line: line.seq)
            )


def _chosen_filter(talk: Talk, vault: OwnerSession, choice: str) -> TrailFilter | None:
    known = known_in(vault)
    if choice == CHOICES[1]:
        who = _one_of(talk, "Which requester?", known.requesters)
        return TrailFilter(requester=who) if who else None
    if choice == CHOICES[2]:
        which = _one_of(talk, "Which collection?", known.collections)
        return TrailFilter(collection=which) if which else None
    chosen = talk.choose("What came of it?", [f"{OUTCOME_WORDS[one]}." for one in TRAIL_OUTCOMES])
    return None if chosen is None else TrailFilter(outcome=TRAIL_OUTCOMES[chosen])


def _one_of(talk: Talk, question: str, names: tuple[str, ...]) -> str:
    if not names:
        talk.say("There is none yet.")
    chosen = talk.choose(question, names)
    return "" if chosen is None else names[chosen]


def _say_lines(talk: Talk, lines: list[AuditLine]) -> None:
    """The oldest of them first."""
    for line in lines:
        talk.say(f"Entry {line.seq}, {times.full_time(line.ts)}: {line.sentence}")
    if not lines:
        talk.say("There is none.")
