"""What is said of the audit trail: how far it verifies, what a filter leaves, what a bundle proves and opens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tui.text import wording
from tui.text.layout import one_line
from tui.text.wording import quoted
from vault.errors.audit import LogBroken

if TYPE_CHECKING:
    from vault.owner.interface.session import OwnerSession
    from vault.views.audit import AuditCheck, HiddenField
    from vault.views.history import TrailFilter

NAME_ROOM: Final = 40

BEFORE_OPENING: Final = "Whoever gets this bundle will read, and can prove to anybody:"
AFTER_OPENING: Final = (
    "What you have given away cannot be taken back. Each of these entries gets an entry on the trail."
)


SEEN: Final = "It agrees with itself and with what this computer has seen of it before."
NOT_SEEN: Final = (
    "It agrees with itself; when it was opened, this computer had nothing of it to compare it with."
)


OUTCOME_WORDS: Final = {
    "allowed": "you or a consent allowed it",
    "refused": "it was refused, denied or blocked",
    "ran": "a run began or ended",
    "failed": "a run failed",
    "spent": "budget was spent",
    "left": "an update left",
    "kept": "an update was kept, or ended here",
    "ended": "a consent or a request ended",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The names that the trail can be narrowed to."""

    requesters: tuple[str, ...]
    collections: tuple[str, ...]


def known_in(vault: OwnerSession) -> Known:
    """Everybody who may ask, and every collection there is or was asked for."""
    asked = {one.collection for one in vault.requests()}
    return Known(
        requesters=tuple(sorted(one.name for one in vault.requesters())),
        collections=tuple(sorted(asked | {one.name for one in vault.collections()})),
    )


def only_words(only: TrailFilter) -> str:
    """What a filter leaves, in words."""
    parts = [
        f"about {wording.short(only.requester, NAME_ROOM)}" if only.requester else "",
        f"of {wording.short(only.collection, NAME_ROOM)}" if only.collection else "",
        OUTCOME_WORDS.get(only.outcome, only.outcome),
    ]
    return f"only {', '.join(part for part in parts if part)}"


def verified(vault: OwnerSession) -> str:
    """How far the trail is whole, as a sentence; raises `LogBroken` and what verifying raises."""
    found, older = vault.verify_audit(), vault.status().read_only_because
    if older:
        raise LogBroken(reason=older)
    return verified_sentence(found)


def verified_sentence(found: AuditCheck) -> str:
    """How far it was verified, the root of it, and what it was compared with."""
    compared = SEEN if found.seen_before else NOT_SEEN
    return f"verified to entry {found.size - 1:,}, root {found.root[:16]}… {compared}"


def opened_sentence(field: HiddenField) -> str:
    """One hidden field with what it says."""
    return f"entry {field.seq}, {field.type}: {field.name} is {quoted(one_line(field.value))}"


def opening_sentences(fields: Sequence[HiddenField]) -> list[str]:
    """What opening these fields to others means."""
    return [BEFORE_OPENING, *(f"  {opened_sentence(field)}" for field in fields), AFTER_OPENING]


def bundle_sentences(found: AuditCheck) -> list[str]:
    """What a bundle proves and opens beside what every bundle has."""
    sentences = []
    if found.goes_on_from:
        entries = "entry" if [*found.goes_on_from] == [1] else "entries"
        sentences.append(f"It goes on from the trail of {_numbers(found.goes_on_from)} {entries}.")
    if found.proven:
        word = "entry" if len(found.proven) == 1 else "entries"
        sentences.append(f"Proven one by one: {word} {_numbers(found.proven)}.")
    return [*sentences, *(f"Opened: {opened_sentence(field)}" for field in found.opened)]


def _numbers(numbers: Sequence[int]) -> str:
    return ", ".join(f"{number:,}" for number in numbers)
