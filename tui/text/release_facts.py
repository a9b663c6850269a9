"""What a person should know of an update before it leaves, as names and facts."""

from __future__ import annotations

import shlex
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui.text import attack_facts, times, wording
from tui.text.parse import names_text
from tui.text.request_facts import part_of
from tui.text.wording import requester_with_key

if TYPE_CHECKING:
    from vault.views.releases import ReleaseView
    from vault.views.requests import RoundOf

NOT_MEASURED: Final = (
    "No attack on this very update is shown before your decision: it would be computed from your rows. What is said "
    "about guesses is proven from the noise, also against somebody who knows everything else in this collection."
)

BY_COURIER: Final = "the courier that brought its round takes it to the coordinator"
BY_MESH: Final = "your mesh, while it runs, passes it to all of its peers"
NOT_BY_MESH: Final = (
    "From a folder no peer gets it, now or later: the others go on without your model of this round."
)
NOT_BY_COURIER: Final = (
    "From a folder no courier takes it, now or later: the coordinator does not get it, and its round goes on "
    "without you."
)


def is_carried(one: ReleaseView) -> bool:
    """Whether a courier brought the round that it answers."""
    return one.round is not None and one.round.is_carried


def is_of_mesh(one: ReleaseView) -> bool:
    """Whether it answers a round of a mesh, so that all of its peers get it."""
    return one.round is not None and bool(one.round.peers)


def left_for(one: ReleaseView) -> str:
    """Whom it waits for where no folder is named."""
    if is_carried(one):
        return "for the courier to take"
    return "for your mesh to pass on" if is_of_mesh(one) else "for them to fetch by token"


def where_to(one: ReleaseView, folder: Path | None) -> str:
    """Where it goes: a folder, or to be fetched."""
    fetched = wording.KEPT_TO_FETCH if one.has_token else f"{wording.KEPT_TO_FETCH}, once they have one"
    kept = BY_COURIER if is_carried(one) else BY_MESH if is_of_mesh(one) else fetched
    return kept if folder is None else str(folder)


def beware_of_folder(one: ReleaseView, folder: Path | None) -> str:
    """What it means that it goes to a folder, empty where that is as good as any way."""
    if folder is None:
        return ""
    return NOT_BY_COURIER if is_carried(one) else NOT_BY_MESH if is_of_mesh(one) else ""


def token_missing(one: ReleaseView, folder: Path | None) -> str:
    """That they have no token to fetch it with, and how one is made; empty where they have, or it goes another way."""
    if folder is not None or one.has_token or is_carried(one) or is_of_mesh(one):
        return ""
    make = f"lockbox requester token {shlex.quote(one.recipient)}"
    return f"{one.recipient} has no token yet, and fetches nothing without one. To make one: {make}"


def ways_out(one: ReleaseView) -> tuple[str, ...]:
    """How it is let go by commands, a line each: the way by which it comes to its round first."""
    send = f"  lockbox release send {one.id[:8]} --confirm-digest {one.digest[:8]}"
    if is_carried(one):
        return (
            "To let it leave, and have the courier that brought its round take it to the coordinator:",
            send,
            "  lockbox courier run --once",
            f"It could go to a folder, by --to DIR. {NOT_BY_COURIER}",
        )
    if is_of_mesh(one):
        return (
            "To let it leave, to all peers of its mesh:",
            send,
            "  lockbox mesh run",
            f"It could go to a folder, by --to DIR. {NOT_BY_MESH}",
        )
    return (
        "To let it leave, into a folder or, without --to, for them to fetch by token:",
        f"{send} --to DIR",
        *filter(None, [token_missing(one, None)]),
    )


def after_sending(one: ReleaseView, folder: Path | None) -> tuple[str, ...]:
    """What became of it, by a command: who gets it how, and until when; what answers a round counts until that ends."""
    what = f"one update of {wording.size(one.size)}, signed"
    if folder is not None:
        verify = f"Give it to them; they check it by: lockbox update verify {shlex.quote(str(folder))} --vault-key KEY"
        return (f"{folder} holds what leaves for {one.recipient}: {what}.", verify, *_until_round_ends(one))
    left = f"{what.capitalize()}, left for"
    if is_carried(one):
        return (
            f"{left} {one.recipient}: the courier takes it, while the vault is unlocked.",
            *_until_round_ends(one),
            "To let it go now: lockbox courier run --once",
        )
    if is_of_mesh(one):
        gets = "they get it while that runs: lockbox mesh run"
        return (f"{left} all peers of its mesh: {gets}", *_until_round_ends(one))
    until = times.full_time(one.fetch_until or one.expires_at)
    token = "with their token" if one.has_token else "once they have a token"
    fetched = f"they can fetch it {token}, while the vault is unlocked, until {until}."
    missing = filter(None, [token_missing(one, None)])
    return (f"{left} {one.recipient}: {fetched}", *missing, *_until_round_ends(one))


def _until_round_ends(one: ReleaseView) -> tuple[str, ...]:
    """The deadline of the round that it answers, and whether that is over."""
    if one.round is None:
        return ()
    end = times.full_time(one.round.ends_at)
    sent = datetime.fromisoformat(one.decided_at or one.held_at)
    if sent >= datetime.fromisoformat(one.round.ends_at):
        return (f"Its round took answers until {end}: it comes too late for that.",)
    return (f"Its round takes answers until {end}.",)


def in_round(one: RoundOf | None) -> list[tuple[str, str]]:
    """The round that an update answers, and until when it takes answers, where there is one."""
    if one is None:
        return []
    peers = [("every peer gets it", ", ".join(map(wording.quoted, one.peers)))] if one.peers else []
    return [*part_of(one), *peers, ("round ends", times.full_time(one.ends_at))]


def to_whom(one: ReleaseView, *, is_practice: bool) -> str:
    """Who gets it, how well their key is known, and which bytes they are."""
    name = requester_with_key(one.recipient, one.fingerprint, one.recipient_status)
    who = f"To the practice coordinator on this computer: {name}" if is_practice else f"To: {name}"
    others = " and all peers of its mesh" if is_of_mesh(one) else ""
    return f"{who}{others}. {wording.size(one.size)}, digest {one.digest[:8]}…"


def release_facts(one: ReleaseView) -> list[tuple[str, str]]:
    """Everything a person should know of what leaves."""
    noun = wording.unit_noun(one.price.unit, one.price.unit_field)
    return [
        ("to", requester_with_key(one.recipient, one.fingerprint, one.recipient_status)),
        *in_round(one.round),
        ("for", one.purpose_words),
        ("what leaves", wording.what_leaves(one.size)),
        ("learned from", f"{names_text(one.fields_used)} of {one.collection}"),
        ("withheld", names_text(one.fields_withheld) or "no column"),
        ("hidden by", wording.mechanism(noun, one.clip_norm, one.steps, one.noise_multiplier)),
        ("digest", one.digest),
    ]


def short_facts(one: ReleaseView) -> list[tuple[str, str]]:
    """What tells one update of several from the others, and which bytes it is."""
    unit = (one.price.unit, one.price.unit_field)
    return [
        ("to", requester_with_key(one.recipient, one.fingerprint, one.recipient_status)),
        *in_round(one.round),
        ("learned from", f"{names_text(one.fields_used)} of {one.collection}"),
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


def attack_on_run(one: ReleaseView) -> str:
    """What an attack on the run of an update came to, for the owner alone; empty where nothing is shown."""
    if one.for_you is None or one.for_you.attack is None:
        return ""
    return attack_facts.run_sentence(
        one.for_you.attack, wording.unit_noun(one.price.unit, one.price.unit_field)
    )
