"""The trail, by ear: its entries, what they hide, whether it verifies, and writing it for others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from tui.by_ear.acting import attempt, watched
from tui.text import times, wording
from tui.text.audit_facts import (
    OUTCOME_WORDS,
    bundle_sentences,
    known_in,
    only_words,
    opened_sentence,
    opening_sentences,
    verified,
)
from tui.text.parse import parse_count, parse_names
from vault.views.audit import Opening
from vault.views.history import TRAIL_OUTCOMES, TrailFilter

if TYPE_CHECKING:
    from pathlib import Path

    from tui.by_ear.talk import Talk
    from vault.owner.interface.session import OwnerSession
    from vault.views.audit import AuditCheck, AuditLine, HiddenField

Part: TypeAlias = "Callable[[Talk, OwnerSession], None]"

NEWEST: Final = 20
OPEN_WORD: Final = "OPEN"
CHOICES: Final = (
    f"Hear the newest {NEWEST} entries.",
    "Hear what is about one requester.",
    "Hear what is about one collection.",
    "Hear what ended in one way.",
    "Recompute every entry, and check every page of the database.",
    "Hear what one entry hides from others.",
    "Write the trail so that others can verify it.",
    "Write it with what some entries hide, readable.",
    "Hear the verifier key, for an auditor.",
)
NEWEST_FIRST, VERIFY, HIDDEN, EXPORT, DISCLOSE, KEY = CHOICES[0], *CHOICES[4:]
HOLDS: Final = (
    "Who gets the folder sees when something of which kind happened. It names no column, requester, file or value. "
    "The trail records that you exported it."
)


def hear_audit(talk: Talk, vault: OwnerSession) -> None:
    """What to hear of the trail, again and again."""
    while (chosen := talk.choose("The audit trail.", CHOICES)) is not None:
        if CHOICES[chosen] in PARTS:
            _begin(talk, vault, PARTS[CHOICES[chosen]])
        elif (only := _chosen_filter(talk, vault, CHOICES[chosen])) is not None:
            groups = vault.timeline(about=only, limit=NEWEST)
            talk.say(f"The newest entries, {only_words(only)}:")
            _say_lines(
                talk, sorted((line for one in groups for line in one.lines), key=lambda line: line.seq)
            )


def _begin(talk: Talk, vault: OwnerSession, part: Part) -> None:
    attempt(talk, lambda: part(talk, vault))


def _hear_newest(talk: Talk, vault: OwnerSession) -> None:
    _say_lines(talk, vault.audit_lines(newest=NEWEST))


def _verify(talk: Talk, vault: OwnerSession) -> None:
    talk.say("Recomputing; this may take a while.", f"{verified(vault)}")


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


# for others -------------------------------------------------------------------------------------------------


def _hear_hidden(talk: Talk, vault: OwnerSession) -> None:
    number = talk.ask_for("Number of the entry, or nothing to go back:", parse_count)
    if number is not None:
        _say_hidden(talk, vault.hidden_fields(number))


def _say_hidden(talk: Talk, fields: list[HiddenField]) -> None:
    talk.say(*(f"{opened_sentence(one)}." for one in fields) if fields else ("It hides nothing.",))


def _export(talk: Talk, vault: OwnerSession) -> None:
    """Write the trail without anything that it hides."""
    talk.say(HOLDS)
    folder = talk.ask_path("Path of a new folder for it, or nothing to go back:")
    if folder is not None and talk.agrees("Write it", "Not now"):
        found = watched(talk, "Writing", lambda tell: vault.export_audit(folder, progress=tell))
        _say_written(talk, found, folder)


def _disclose(talk: Talk, vault: OwnerSession) -> None:
    """Write it with what some entries hide, once each of that was said and its number is typed."""
    numbers = talk.ask_for(
        "Numbers of the entries that are opened, with commas between them, or nothing to go back:",
        lambda typed: [parse_count(one) for one in parse_names(typed)],
    )
    fields = [field for number in numbers or () for field in vault.hidden_fields(number)]
    if not fields:
        talk.say("Nothing is opened.")
        return
    talk.say(*opening_sentences(fields))
    folder = talk.ask_path("Path of a new folder for it, or nothing to go back:")
    if folder is None or not talk.types(OPEN_WORD, "Open nothing"):
        return
    chosen = [Opening(seq=field.seq, name=field.name) for field in fields]
    found = watched(
        talk, "Writing", lambda tell: vault.disclose_audit(folder, disclose=chosen, progress=tell)
    )
    _say_written(talk, found, folder)


def _say_written(talk: Talk, found: AuditCheck | None, folder: Path) -> None:
    if found is not None:
        entries = wording.counted(found.size, "entry")
        talk.say(
            f"{entries} written to {folder} and checked, root {found.root[:16]}.", *bundle_sentences(found)
        )


def _hear_key(talk: Talk, vault: OwnerSession) -> None:
    talk.say(
        "Who has it can check that nothing recorded was changed. It opens nothing. Give it to an auditor yourself, "
        "apart from what you write for them.",
        vault.audit_key(),
    )


PARTS: Final[Mapping[str, Part]] = {
    NEWEST_FIRST: _hear_newest,
    VERIFY: _verify,
    HIDDEN: _hear_hidden,
    EXPORT: _export,
    DISCLOSE: _disclose,
    KEY: _hear_key,
}
"""What can be done besides hearing a part of it."""
