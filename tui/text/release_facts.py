"""What a person should know of an update before it leaves, as names and facts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui.text import wording
from tui.text.request_facts import part_of
from tui.text.wording import requester_with_key

if TYPE_CHECKING:
    from vault.views.releases import ReleaseView

NOT_MEASURED: Final = (
    "Nobody has measured an attack on this update: no such report exists. What is said about guesses is proven from "
    "the noise, also against somebody who knows everything else in this collection."
)


def to_whom(one: ReleaseView, *, is_practice: bool) -> str:
    """Who gets it, how well their key is known, and which bytes they are."""
    name = requester_with_key(one.recipient, one.fingerprint, one.recipient_status)
    who = f"To the practice coordinator on this computer: {name}" if is_practice else f"To: {name}"
    return f"{who}. {wording.size(one.size)}, digest {one.digest[:8]}…"


def release_facts(one: ReleaseView) -> list[tuple[str, str]]:
    """Everything a person should know of what leaves."""
    noun = wording.unit_noun(one.price.unit, one.price.unit_field)
    return [
        ("to", requester_with_key(one.recipient, one.fingerprint, one.recipient_status)),
        *part_of(one.round),
        ("for", one.purpose_words),
        ("what leaves", wording.what_leaves(one.size)),
        ("learned from", f"{', '.join(one.fields_used)} of {one.collection}"),
        ("withheld", ", ".join(one.fields_withheld) or "no column"),
        ("hidden by", wording.mechanism(noun, one.clip_norm, one.steps, one.noise_multiplier)),
        ("digest", one.digest),
    ]


def short_facts(one: ReleaseView) -> list[tuple[str, str]]:
    """What tells one update of several from the others, and which bytes it is."""
    unit = (one.price.unit, one.price.unit_field)
    return [
        ("to", requester_with_key(one.recipient, one.fingerprint, one.recipient_status)),
        *part_of(one.round),
        ("learned from", f"{', '.join(one.fields_used)} of {one.collection}"),
        ("what leaves", wording.what_leaves(one.size)),
        ("price", wording.guess_sentence(*unit, one.price.guess_rate)),
        ("digest", one.digest),
    ]


def folder_fault(typed: str) -> str:
    """Why nothing can be written to a typed folder, or empty; the egress looks again, and further."""
    try:
        folder = Path(typed).expanduser().absolute()
        is_taken = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
        has_parent = folder.parent.is_dir()
    except (OSError, RuntimeError):
        return f"{typed} cannot be looked at; type another folder, or none and they fetch it by token."
    if is_taken:
        return f"Something is already at {folder}; type a new folder, or none and they fetch it by token."
    return (
        ""
        if has_parent
        else f"There is no folder {folder.parent}; type another one, or none and they fetch it by token."
    )
