"""The rules every text from outside must keep before it may be shown or stored."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from vault.errors.families import Invalid
from vault.views.names import has_invisible

NAME_LIMIT = 80
TEXT_LIMIT = 500


def text_faults(text: str, *, limit: int) -> tuple[str, ...]:
    """Every rule the text breaks, as clauses that never quote it; empty when it is clean.

    ``limit`` is in characters. Control, bidi and zero-width characters, lone surrogates, private and
    unassigned code points are what Python calls not printable: Unicode categories C* and Z* but space.
    """
    if not text:
        return ("is empty",)
    if len(text) > limit:
        return (f"is longer than {limit} characters",)
    faults = []
    if has_invisible(text):
        faults.append("has a control, bidi, zero-width or other invisible character")
    if not unicodedata.is_normalized("NFC", text):
        faults.append("is not in Unicode normal form C")
    if text != text.strip():
        faults.append("begins or ends with a space")
    if unicodedata.category(text[0]).startswith("M"):
        faults.append("begins with a combining mark")
    return tuple(faults)


def listed(names: Sequence[str], *, last: str = "and") -> str:
    """Names in a sentence: commas between them, and before the last one this word."""
    return f" {last} ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def check_name_of(name: str, contact: str = "") -> None:
    """Refuse what the owner cannot call somebody who asks, and a contact that cannot be shown; raises ``Invalid``."""
    for fault in text_faults(name, limit=NAME_LIMIT):
        raise Invalid(reason=f"the name {fault}")
    for fault in text_faults(contact, limit=TEXT_LIMIT) if contact else ():
        raise Invalid(reason=f"the contact {fault}")


def check_reason(reason: str) -> None:
    """Refuse a reason of the owner's that cannot be shown; raises ``Invalid``, and empty is none."""
    for fault in text_faults(reason, limit=TEXT_LIMIT) if reason else ():
        raise Invalid(reason=f"the reason {fault}")
