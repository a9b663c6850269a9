"""What a bundle of the audit trail proves and opens, as sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from tui.text.layout import one_line
from tui.text.wording import quoted

if TYPE_CHECKING:
    from vault.views.audit import AuditCheck, HiddenField

BEFORE_OPENING: Final = "Whoever gets this bundle will read, and can prove to anybody:"
AFTER_OPENING: Final = (
    "What you have given away cannot be taken back. Each of these entries gets an entry on the trail."
)


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
